"""Whatever people decide by hand, a plan owns up to every rule it breaks: no morning without proposals because of it."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching.proposals.decided import unowned
from matching.solver import rules
from matching.solver.engine import solve
from matching.solver.vcjson import plan_from_json, plan_to_json
from tests.matching.instances import tiny


@settings(max_examples=120, deadline=None)
@example(seed=73)
@given(seed=st.integers(0, 100_000))
def test_a_plan_breaks_no_rule_in_silence_however_odd_the_pins_and_destinations(seed: int) -> None:
    problem = tiny(seed)
    plan = solve(problem, effort=5)
    stored = plan_from_json(plan_to_json(plan))
    broken = rules.review(problem, plan).violations
    assert unowned(problem, plan, broken) == []
    assert unowned(problem, stored, broken) == []
