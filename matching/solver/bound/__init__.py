"""What no plan can be worth more than: a proven upper bound on the score, what binds, and what more would bring.

`upper_bound(problem)` relaxes the morning into a linear program over teams (columns: a route of near needs, how it
travels, its window, its head count) that share people, tools, seats and vehicles, and proves its value from the
dual prices. Where the morning is small enough (up to about 150 people and 60 needs) it then decides about whole teams and who is in them
(matching.solver.bound.manning), which mostly is what the best plan is worth. Every relaxation is in the plan's favour, so check.py gives no feasible plan more. It knows nothing of
how the engine searches.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from matching.solver.bound.binding import Price, Stretch, need_prices, prices_of, stretches_of
from matching.solver.bound.demands import Demands
from matching.solver.bound.kinds import kinds
from matching.solver.bound.left import Left, left_by_pins
from matching.solver.bound.manning import Manning, every_column
from matching.solver.bound.people import Crowd, parties
from matching.solver.bound.program import Program, Solution
from matching.solver.bound.routes import TooMany, routes
from matching.solver.bound.vehicles import garage
from matching.solver.gap import gap, gap_sentence
from matching.solver.model import Problem

__all__ = ["Bound", "Price", "Stretch", "gap", "gap_sentence", "upper_bound"]

DEFAULT_EFFORT = 60
"""Rounds of the linear program when neither effort nor seconds are given: enough to finish with 400 needs."""
MARGIN = 0.01
"""Points added to every bound: what floating sums may lose (far less) and what check.py's rounding may gain."""
SEPARATE_AT = 0.02
"""Share of the bound below which the linear program is near enough to its own bound to look for broken rows."""
MOST_COLUMNS, MOST_PLACES = 2_500, 40_000
"""Teams, and places of people in them, up to which whole teams are decided about."""
MOST_NODES = 500
"""Nodes looked at for that when no time is given."""
ROUNDING = 1e-6
"""Share of a bound that HiGHS' tolerances may lose where whole teams are decided about."""
DONE_AT = 1e-6
"""Share of the bound that is not worth another round."""


@dataclass(frozen=True, slots=True)
class Bound:
    """No feasible plan has a higher score than `value`. `tight` tells whether the linear program was finished.

    `prices` are sorted by points, highest first; `needs` gives what each need's place in the plan is worth above
    what it takes; `stretches` the teams of the relaxed plan. All three are empty where only the plain bound is
    known, and come from the last round, not the best.
    """

    value: float
    tight: bool = False
    rounds: int = 0
    prices: tuple[Price, ...] = ()
    needs: dict[str, float] = field(default_factory=dict)
    stretches: tuple[Stretch, ...] = ()


def upper_bound(problem: Problem, *, seconds: float | None = None, effort: int | None = None) -> Bound:
    """The lowest bound proven within `effort` rounds or `seconds`, whichever ends first; always a valid one.

    Pinned teams count as they stand, also when they break a rule. Deterministic for (problem, effort) as long as
    `seconds` does not end it.
    """
    began = time.monotonic()
    if effort is None and seconds is None:
        effort = DEFAULT_EFFORT
    left = left_by_pins(problem)
    crowd = Crowd(problem, parties(problem, left.away))
    if not left.needs or not crowd.parties:
        return Bound(left.score + MARGIN, tight=True)
    plain = Bound(left.score + plain_worth(problem, left, crowd) + MARGIN)
    if effort == 0:
        return plain
    try:
        found = routes(problem, left.needs, crowd.clock)
    except TooMany:
        return plain
    if not len(found.needs):
        return Bound(left.score + MARGIN, tight=True)
    demands = Demands(problem, left, crowd, found)
    program = Program(demands, kinds(demands), garage(demands))
    value, rounds, tight = plain.value, 0, False
    solution: Solution | None = None
    while not tight and (effort is None or rounds < effort):
        spare = None if seconds is None else seconds - (time.monotonic() - began)
        if spare is not None and spare <= 0:
            break
        rounds += 1
        solution = program.solve(spare)
        priced = program.price(solution.duals)
        value = min(value, left.score + priced.value + MARGIN)
        apart, size = priced.value - solution.value, max(1.0, abs(value))
        broken = program.violated(solution.columns) if apart < SEPARATE_AT * size else []
        tight = not broken and apart < DONE_AT * size
        program.add_cuts(broken)
        program.add_teams(priced.options, priced.heads)
    if solution is None:
        return plain
    if tight and (effort is None or rounds < effort):
        spare = None if seconds is None else seconds - (time.monotonic() - began)
        value, tight = _whole(program, value, spare)
    return Bound(
        value,
        tight,
        rounds,
        prices_of(program, solution.duals),
        need_prices(program, solution.duals),
        stretches_of(program, solution.columns),
    )


def _whole(program: Program, value: float, seconds: float | None) -> tuple[float, bool]:
    """The bound that whole teams prove, if they prove a lower one, and whether it was finished as far as it is tried."""
    option, heads = every_column(program)
    if not len(option) or len(option) > MOST_COLUMNS or (seconds is not None and seconds <= 0):
        return value, True
    manning = Manning(program, option, heads)
    if manning.size > MOST_PLACES:
        return value, True
    answer = manning.solve(seconds=seconds, nodes=MOST_NODES if seconds is None else None)
    whole = program.demands.left.score + answer.bound
    return min(value, whole + MARGIN + ROUNDING * abs(answer.bound)), answer.done


def plain_worth(problem: Problem, left: Left, crowd: Crowd) -> float:
    """Every need by itself at its best, everybody busy and content."""
    w, everybody = problem.params.w, list(crowd.people.values())
    told = sum(bool(need) for person, need in problem.baseline.items() if person in crowd.people)
    return (
        sum(w.need * n.weight + w.cont * min(w.cont_cap, len(n.prev)) for n in left.needs)
        + w.churn * told
        + w.idle * sum(v.idle_w for v in everybody)
        + w.pref * sum(bool(v.prefs) for v in everybody)
    )
