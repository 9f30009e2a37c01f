"""Random sequences of facts, cuts, repeats, wrong clocks and restores (short here; thousands in tests/faults)."""

from __future__ import annotations

import pytest

from tests.dvc.sync.lines import DirectLine
from tests.dvc.sync.machine import make_world, play
from tests.infra.scale import count
from tests.infra.tablet import ForgetfulTablet, OneClockTablet

pytestmark = pytest.mark.django_db
SEQUENCES = count(10, 20)


def test_random_sequences_of_three_tablets_break_no_invariant() -> None:
    tally = play(DirectLine, SEQUENCES, shared=make_world())
    assert tally.sequences >= SEQUENCES
    assert tally.cut
    assert tally.restores


def test_control_a_tablet_that_deletes_before_the_answer_is_found_out() -> None:
    with pytest.raises(AssertionError, match=r"an op has no receipt|never learned"):
        play(DirectLine, 20, shared=make_world(), tablet=ForgetfulTablet)


@pytest.mark.long
@pytest.mark.once
def test_control_a_clock_that_is_set_while_ops_wait_is_found_out_where_only_one_is_told() -> None:
    with pytest.raises(AssertionError, match=r"in two|datetime|what somebody said"):
        play(DirectLine, 200, shared=make_world(), tablet=OneClockTablet)
