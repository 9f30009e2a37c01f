"""How many of the calls about one household are recognised, and how many are wrongly said to be one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.people.likeness import Call, call, compare
from intake.people.naming import human
from intake.people.slips import one_slip
from tests.intake.people.fresh_pairs import as_they_come, fifth, fourth
from tests.intake.people.hand_a import hand_a
from tests.intake.people.hand_b import hand_b
from tests.intake.people.pairs import Pair, Told, held_out, tuned_on, unseen
from tests.intake.people.third_hand import third_hand


@dataclass(frozen=True)
class Score:
    """Of all pairs of one household the share that is suggested; of all suggestions the share that is right; of all pairs
    of one household the share that the desk is shown a line about, likely or not."""

    recall: float
    precision: float
    shown: float
    missed: Counter[str]
    wrong: Counter[str]

    def __str__(self) -> str:
        return (
            f"recall {self.recall:.3f}, precision {self.precision:.3f}, shown {self.shown:.3f}; missed {dict(self.missed)}, "
            f"wrongly suggested {dict(self.wrong)}"
        )


def as_call(told: Told) -> Call:
    people = [human(one.name, one.kana, one.phone, one.birth_year) for one in told.people]
    return call(people, town_name=told.town, address=told.address, city="多賀城市")


def judged(pairs: Sequence[Pair]) -> Score:
    missed, wrong, right, shown = Counter[str](), Counter[str](), 0, 0
    for pair in pairs:
        alike = compare(as_call(pair.one), as_call(pair.other))
        suggested = alike.is_likely
        shown += pair.same and alike.is_said
        right += suggested and pair.same
        missed[pair.kind] += pair.same and not suggested
        wrong[pair.kind] += suggested and not pair.same
    of_one = sum(pair.same for pair in pairs)
    suggestions = right + wrong.total()
    return Score(right / of_one, right / suggestions, shown / of_one, +missed, +wrong)


def another_draw() -> list[Pair]:
    """Calls as they come that nobody has looked at: 2,000 pairs of one household and 2,000 of two."""
    return as_they_come(seed=424242, each=500)


def another_draw_of_hand_a() -> list[Pair]:
    """Of the same kinds, 1,120 pairs of one household and 960 of two. The points were fitted with another draw."""
    return hand_a(seed=8, each=40)


def test_calls_about_one_household_are_recognised_and_others_are_left_alone() -> None:
    pairs = tuned_on()
    assert len(pairs) >= 600
    score = judged(pairs)
    print(f"{len(pairs)} labelled pairs: {score}")
    assert score.recall >= 0.95
    assert score.precision >= 0.90


@pytest.mark.parametrize(
    ("pairs", "recall", "precision"),
    [
        pytest.param(held_out, 0.95, 0.95, id="held out"),
        pytest.param(unseen, 0.95, 0.95, id="third"),
        pytest.param(fourth, 0.90, 0.95, id="fourth"),
        pytest.param(fifth, 0.95, 0.95, id="fifth"),
        pytest.param(as_they_come, 0.95, 0.90, id="as they come"),
        pytest.param(another_draw, 0.95, 0.90, id="as they come, another draw"),
        pytest.param(hand_a, 0.98, 0.98, id="another hand"),
        pytest.param(another_draw_of_hand_a, 0.98, 0.98, id="another hand, another draw"),
        pytest.param(third_hand, 0.97, 0.97, id="third hand"),
        pytest.param(hand_b, 0.95, 0.90, id="not tuned on"),
    ],
)
def test_other_names_towns_and_mistakes(
    pairs: Callable[[], list[Pair]], recall: float, precision: float
) -> None:
    """`hand_b` is another hand's, who had not read the rule, and the rule was finished before it was scored: 0.984 at 0.982
    at the first look. It stays what is not tuned on: whoever changes the rule after a look at its misses writes a new set.
    All other kinds were learnt from by now; only the draw of `another_draw` and of `another_draw_of_hand_a` was not.
    `hand_a` is another hand's (0.817 at 0.815 with the rule before it was learnt from). `fourth` holds a kind that no rule can tell (the son gives his own address), so it cannot reach the goal."""
    labelled = pairs()
    assert len(labelled) >= 600
    score = judged(labelled)
    print(f"{len(labelled)} {pairs.__name__} pairs: {score}")
    assert score.recall >= recall
    assert score.precision >= precision


EVERYBODY = [told for pair in tuned_on(each=2) + held_out(each=2) for told in (pair.one, pair.other)]


@given(st.sampled_from(EVERYBODY), st.sampled_from(EVERYBODY))
def test_the_order_of_two_calls_does_not_matter(one: Told, other: Told) -> None:
    assert compare(as_call(one), as_call(other)) == compare(as_call(other), as_call(one))


@given(st.sampled_from(EVERYBODY))
def test_a_call_is_like_itself_unless_it_says_almost_nothing(told: Told) -> None:
    assert compare(as_call(told), as_call(told)).is_said


@given(st.text("0123456789", min_size=1, max_size=12), st.data())
def test_one_slip_is_one_slip(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    assert not one_slip(text, text)
    assert one_slip(text, text[:at] + "x" + text[at + 1 :])
    assert one_slip(text, text[:at] + text[at + 1 :])
    assert one_slip(text, text[:at] + "x" + text[at:])
    assert not one_slip(text, text[:at] + "xy" + text[at:])
    if at and text[at] != text[at - 1]:
        assert one_slip(text, text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :])


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        ((("高橋 キヨ", "", "022-000-0001"), "町前1-2-3"), (("髙橋　進", "", "0220000001"), "町前一丁目2番3号"),
         ["同じ電話番号", "同じ家", "同じ町丁目で同じ姓"]),
        ((("斎藤 正", "さいとう ただし", ""), "町前1-2-3"), (("", "サイトウタダシ", ""), ""), ["同じ読みの名前"]),
        ((("佐藤 花", "", "090-0000-0001"), ""), (("佐藤 花", "", "090-0000-0010"), ""), ["同じ名前", "電話番号が1か所だけ違う"]),
        ((("佐藤 花", "", ""), "町前1-2-3 コーポ桜101"), (("鈴木 次郎", "", ""), "町前1-2-3 コーポ桜"), ["同じ建物（部屋は未確認）"]),
        ((("佐藤 花", "", ""), "町前1-2-3 コーポ桜101"), (("鈴木 次郎", "", ""), "町前1-2-3 コーポ桜203"), []),
        ((("佐藤 花子", "", ""), "町前1-2-3"), (("佐藤 華子", "", ""), "町前1-3-2"), ["よく似た名前", "同じ町丁目で同じ姓", "番地がよく似ている"]),
        ((("佐藤 花", "", "022-000-0001 / 090-0000-0002"), ""), (("", "", "090-0000-0002"), ""), ["同じ電話番号"]),
        ((("佐藤 花", "", "022-000-0001"), ""), (("", "", "000-0001"), ""), ["市外局番のほかは同じ電話番号"]),
        ((("レ ティ フオン", "", ""), ""), (("フオン レ ティ", "", ""), ""), ["同じ名前"]),
        ((("すずき はな", "鈴木 花", ""), ""), (("鈴木 花", "", ""), ""), ["同じ名前"]),
        ((("佐藤 花", "", "022-000-0001"), "町前1-2-3"), (("鈴木 次郎", "", "022-000-0001"), "町前1-2-4"), ["同じ電話番号"]),
    ],
)  # fmt: skip
def test_the_evidence_is_said_in_words(
    one: tuple[tuple[str, str, str], str], other: tuple[tuple[str, str, str], str], reasons: list[str]
) -> None:
    both = [call([human(*who)], address=where) for who, where in (one, other)]
    assert list(compare(*both).reasons) == reasons


def test_whoever_calls_for_many_does_not_make_them_one() -> None:
    helper = human("民生 委員", "みんせい いいん", "090-0000-0001")
    first = call([helper, human("高橋 キヨ", "たかはし きよ")], address="町前1-2-3")
    assert not compare(first, call([helper, human("佐藤 ハル", "さとう はる")], address="栄2-3-4")).is_likely
    assert compare(first, call([helper, human("髙橋 キヨ", "たかはし きよ")])).is_likely
