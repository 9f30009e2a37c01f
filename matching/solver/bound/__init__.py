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
from matching.solver.bound.left import Left, left_by_pins
from matching.solver.bound.manning import Manning, every_column
from matching.solver.bound.people import Crowd, parties
from matching.solver.bound.program import Floats, Program, Solution, program_of
from matching.solver.bound.routes import TooMany
from matching.solver.bound.sites import by_sites
from matching.solver.bound.staffed import Staffed
from matching.solver.bound.whole import whole_teams
from matching.solver.gap import gap, gap_sentence
from matching.solver.model import Problem

__all__ = ["Bound", "Price", "Stretch", "gap", "gap_sentence", "program_of", "upper_bound"]

DEFAULT_EFFORT = 60
"""Rounds of the linear program when neither effort nor seconds are given: enough to finish with 400 needs."""
MARGIN = 0.01
"""Points added to every bound: what floating sums may lose (far less) and what check.py's rounding may gain."""
SEPARATE_AT = 0.02
"""Share of the bound below which the linear program is near enough to its own bound to look for broken rows."""
MOST_COLUMNS, MOST_PLACES = 2_500, 40_000
"""Teams, and places of people in them, up to which whole teams are decided about."""
MOST_STAFFED, MOST_ROUNDS = 1_000_000, 100
"""Options times parties up to which teams are priced with everybody in them, and rounds of that."""
MOST_NODES, MOST_WHOLE_NODES = 500, 20
"""Nodes looked at for that, with people and without, when no time is given."""
ROUNDING = 1e-6
"""Share of a bound that HiGHS' tolerances may lose where whole teams are decided about."""
MOST_AT_ONCE = 700
"""Needs up to which several sites share one linear program."""
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
    if len(left.needs) > MOST_AT_ONCE and len({n.site for n in left.needs}) > 1:
        return _by_sites(left, crowd, plain, began, seconds, effort)
    try:
        program = program_of(left, crowd)
    except TooMany:
        return plain
    if program is None:
        return Bound(left.score + MARGIN, tight=True)
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
        value, tight = _whole(program, solution.duals, priced.value, value, spare)
    return Bound(
        value,
        tight,
        rounds,
        prices_of(program, solution.duals),
        need_prices(program, solution.duals),
        stretches_of(program, solution.columns),
    )


def _by_sites(
    left: Left, crowd: Crowd, plain: Bound, began: float, seconds: float | None, effort: int | None
) -> Bound:
    """The same for a morning that is too large for one linear program and has several sites."""
    try:
        found = by_sites(left, crowd, until=None if seconds is None else began + seconds, rounds=effort)
    except TooMany:
        return plain
    value = min(plain.value, left.score + found.value + MARGIN)
    return Bound(value, found.tight, found.rounds, found.prices, found.needs, found.stretches)


def _whole(
    program: Program, duals: Floats, priced: float, value: float, seconds: float | None
) -> tuple[float, bool]:
    """The bound that whole teams prove, if they prove a lower one, and whether it was finished as far as it is tried: with
    their people at once where the morning is small, team by team where it is larger, without people where it is larger still."""
    option, heads = every_column(program)
    if not len(option) or (seconds is not None and seconds <= 0):
        return value, True
    manning = Manning(program, option, heads) if len(option) <= MOST_COLUMNS else None
    if manning is not None and manning.size <= MOST_PLACES:
        answer = manning.solve(seconds=seconds, nodes=MOST_NODES if seconds is None else None)
        found, done = answer.bound, answer.done
    elif len(program.routes.of) * len(program.crowd.parties) <= MOST_STAFFED:
        found, done = Staffed(program, duals).bound(seconds=seconds, rounds=MOST_ROUNDS), True
    else:
        nodes = MOST_WHOLE_NODES if seconds is None else None
        found, done = whole_teams(program, duals, priced, seconds=seconds, nodes=nodes), True
    whole = program.demands.left.score + found
    return min(value, whole + MARGIN + ROUNDING * abs(found)), done


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
