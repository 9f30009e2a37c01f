"""The pairs themselves, not what the rule says of them: whoever wrote them has not read it."""

from __future__ import annotations

from collections import Counter

from tests.intake.people.hand_b import SAME, TWO, hand_b


def test_a_seed_says_what_is_drawn() -> None:
    assert hand_b() == hand_b()
    assert hand_b() != hand_b(seed=1)


def test_half_of_them_are_of_one_household() -> None:
    pairs = hand_b()
    assert len(pairs) >= 700
    assert sum(pair.same for pair in pairs) / len(pairs) == 0.5
    assert len(SAME) >= 14
    assert len(TWO) >= 10


def test_every_kind_occurs_and_has_one_label() -> None:
    drawn = Counter((pair.kind, pair.same) for pair in hand_b(each=5))
    assert drawn == {(kind, same): 5 for kinds, same in ((SAME, True), (TWO, False)) for kind in kinds}


def test_no_record_is_empty_and_no_pair_says_the_same_words() -> None:
    for pair in hand_b():
        for told in (pair.one, pair.other):
            assert told.people
            assert all(person.name or person.kana or person.phone for person in told.people), pair
            assert told.town or told.address or any(person.phone for person in told.people), pair
        assert pair.one != pair.other


def test_two_households_are_never_one_resident_at_one_place() -> None:
    for pair in hand_b():
        residents = pair.one.people[-1].name, pair.other.people[-1].name
        places = (pair.one.town, pair.one.address), (pair.other.town, pair.other.address)
        assert pair.same or residents[0] != residents[1] or places[0] != places[1], pair
