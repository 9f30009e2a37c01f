"""The eight letters that are typed when a card is torn."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc.core import short_code
from dvc.core.card_token import CROCKFORD, CardError
from tests.vectors import cards

CARD_IDS = st.binary(min_size=16, max_size=16)
FAR_APART = {frozenset("0X"), frozenset("1Y"), frozenset("2Z")}


def is_read(text: str) -> bool:
    try:
        short_code.parse(text)
    except CardError:
        return False
    return True


@given(CARD_IDS)
def test_what_is_printed_is_read(card_id: bytes) -> None:
    code = short_code.short_code(card_id)
    shown = short_code.display(code)
    assert len(shown) == 9
    assert short_code.parse(shown) == code
    assert short_code.parse(shown.lower()) == code


@given(CARD_IDS, st.integers(0, 7), st.sampled_from(CROCKFORD))
def test_one_wrong_letter_is_noticed(card_id: bytes, place: int, letter: str) -> None:
    code = short_code.short_code(card_id)
    if letter != code[place] and frozenset((letter, code[place])) not in FAR_APART:
        assert not is_read(code[:place] + letter + code[place + 1 :])


@given(CARD_IDS, st.integers(0, 6))
def test_two_swapped_neighbours_are_noticed(card_id: bytes, place: int) -> None:
    code = short_code.short_code(card_id)
    first, second = code[place], code[place + 1]
    if first != second and frozenset((first, second)) not in FAR_APART:
        assert not is_read(code[:place] + second + first + code[place + 2 :])


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert is_read(text) in (True, False)


@pytest.mark.parametrize(
    "case", json.loads(cards.FILE.read_text("ascii"))["short_codes"], ids=lambda case: case["note"]
)
def test_every_vector_gives_its_answer(case: cards.ShortCodeCase) -> None:
    if case["code"] is None:
        with pytest.raises(CardError, match="unreadable"):
            short_code.parse(case["typed"])
    else:
        assert short_code.parse(case["typed"]) == case["code"]
