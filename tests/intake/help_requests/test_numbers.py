"""The number of a need, as people write it."""

from __future__ import annotations

import pytest

from intake.help_requests.numbers import number_of


@pytest.mark.parametrize("text", ["12", "N12", "n12", "Ｎ１２", " N 12 ", "№12", "No.12", "12番", "0012"])
def test_a_number_is_read_in_any_common_writing(text: str) -> None:
    assert number_of(text) == 12


@pytest.mark.parametrize("text", ["", "N", "番", "12人", "NN12", "1234567890", "1-2", "十二", "M12"])
def test_anything_else_is_no_number(text: str) -> None:
    assert number_of(text) is None
