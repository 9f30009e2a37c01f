"""The pairs of another hand: the same every time, enough of every kind, and something said in every call.

How well the rule tells them is not asked here.
"""

from __future__ import annotations

from collections import Counter

from tests.intake.people.hand_a import SAME, TWO, hand_a
from tests.intake.people.pairs import Told


def says(told: Told) -> bool:
    return any(one.name or one.kana for one in told.people) and bool(told.town or told.address)


def test_one_seed_makes_one_set_and_another_seed_another() -> None:
    assert hand_a() == hand_a()
    assert hand_a() != hand_a(seed=1)


def test_there_are_enough_of_both_labels_and_every_kind_occurs_equally_often() -> None:
    pairs = hand_a()
    same = sum(pair.same for pair in pairs)
    assert len(pairs) >= 700
    assert 0.45 <= same / len(pairs) <= 0.55
    assert len(SAME) >= 14
    assert len(TWO) >= 10
    counted = Counter((pair.kind, pair.same) for pair in pairs)
    assert counted == {(kind, True): 16 for kind in SAME} | {(kind, False): 16 for kind in TWO}


def test_every_call_names_somebody_and_somewhere_and_no_pair_is_one_call_typed_twice() -> None:
    for pair in hand_a() + hand_a(seed=2):
        assert says(pair.one), pair
        assert says(pair.other), pair
        assert pair.one != pair.other, pair
