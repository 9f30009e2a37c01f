"""Which needs are served together, how and by how many people: the linear program of the bound, made whole.

The program (matching.solver.bound) is solved over routes and head counts; then teams are chosen whole or not at all: the surest
are settled a few at a time while the program finds what goes best with them, and HiGHS decides about the rest at once. Most of
the loss is in that rest, most of the time would go into the others. People come later: the program has counted them by kind, so nearly always they can be found.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import highspy
import numpy as np

from matching.solver.bound.binding import Price, prices_of
from matching.solver.bound.demands import Demands
from matching.solver.bound.kinds import kinds
from matching.solver.bound.left import left_by_pins
from matching.solver.bound.people import Crowd
from matching.solver.bound.program import Floats, Ints, Program, Solution
from matching.solver.bound.routes import TooMany, routes
from matching.solver.bound.vehicles import garage
from matching.solver.search.zones import Zone

DUAL, EITHER = 1, 0
"""HiGHS' numbers for the dual simplex, and for whichever of the two has less to do after what has changed."""


@dataclass(frozen=True, slots=True)
class Care:
    """How the linear program is solved: until it is so `near` its bound (a share of it), so `few` of a kind of people (a share of
    them) may be lacking; and by which simplex."""

    near: float
    few: float
    simplex: int


ONE_ZONE = Care(0.0015, 0.0, DUAL)
SEVERAL_ZONES = Care(0.02, 0.05, EITHER)
"""Quicker by a third. Of several zones each loses more at its borders than by this, and where people are dealt out anew afterwards the
time is worth more there. A zone alone has the time, and L-base-1 would lose 0.3 %."""
WHOLE_ENOUGH = 0.002
"""Share of the best at which the choice of whole teams is done."""
LARGE = 200
"""Needs from which the surest teams are settled first: below, deciding about all at once is quick."""
SETTLED = 0.75
"""Share of the teams that are settled before the rest is decided at once."""
SURE, LIKELY = 0.9, 0.35
"""Share of a team in the program from which it is settled whatever comes, and from which it may be."""
STEP = 0.12
"""Share of the teams settled in one step at most, when they are only likely."""

SOLVED_BY, SETTLED_BY = 0.5, 0.75
"""Shares of the time, where it is short, by which the linear program has to do, and by which the surest teams are settled: a
program that is near its end gives good teams, one that leaves no time to choose them gives none."""
MOST_ROUNDS = 40
"""Rounds of the linear program at most."""
MOST_NODES = 40
"""Nodes looked at in choosing whole teams: nearly always the first is enough."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A team without names: ids of needs (in no order) and how many people."""

    visits: tuple[str, ...]
    heads: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Teams, and what one more of something would bring. `cut`: time ended it before it was as good as it gets."""

    teams: tuple[Sketch, ...]
    prices: tuple[Price, ...]
    cut: bool = False


NOTHING = Drawing((), ())


def draw(zone: Zone, until: float | None, care: Care = ONE_ZONE) -> Drawing:
    """Teams for a zone, as good as they get until then (time.monotonic; None: it takes what it takes)."""
    began = time.monotonic()
    problem = zone.problem
    left = left_by_pins(problem)
    crowd = Crowd(problem, [one for one in zone.parties if one.start <= one.end and one.sites])
    if not left.needs or not crowd.parties:
        return NOTHING
    if _left(until) <= 0:
        return replace(NOTHING, cut=True)
    try:
        found = routes(problem, left.needs, crowd.clock)
    except TooMany:
        return NOTHING
    if not len(found.needs):
        return NOTHING
    demands = Demands(problem, left, crowd, found)
    program = Program(demands, kinds(demands), garage(demands))
    # From round to round little changes: to disturb the prices against degeneracy takes a third more time than it saves. The
    # heuristic takes a fifth of the time of choosing whole teams and found none of them.
    program.h.setOptionValue("simplex_strategy", care.simplex)
    program.h.setOptionValue("dual_simplex_cost_perturbation_multiplier", 0.0)
    program.h.setOptionValue("mip_heuristic_run_root_reduced_cost", False)
    limit = _by(SOLVED_BY, began, until)
    solution = solved(program, limit, care)
    cut = _left(limit) <= 0
    prices = prices_of(program, solution.duals) if solution is not None else ()
    likely = _likely(program, solution.columns) if solution is not None else np.zeros(0, dtype=np.int64)
    if len(left.needs) > LARGE:
        limit = _by(SETTLED_BY, began, until)
        likely = _settle(program, limit, likely)
        cut = cut or _left(limit) <= 0
    teams = _whole(program, None if until is None else max(0.5, _left(until)), likely)
    cut = cut or program.h.getModelStatus() == highspy.HighsModelStatus.kTimeLimit
    return Drawing(tuple(teams), prices, cut)


def solved(program: Program, until: float | None, care: Care = ONE_ZONE) -> Solution | None:
    """The linear program, as near its end as there is time for; None if there is none."""
    best, solution = math.inf, None
    for _ in range(MOST_ROUNDS):
        if _left(until) <= 0:
            break
        solution = program.solve(None if until is None else _left(until))
        priced = program.price(solution.duals)
        best = min(best, priced.value)
        apart, size = best - solution.value, max(1.0, abs(best))
        broken = program.violated(solution.columns) if apart < 2 * care.near * size else []
        near = apart < care.near * size
        if near and not broken:
            break
        program.add_cuts(broken)
        program.add_teams(priced.options, priced.heads)
        if near and all(cut.short <= care.few * program.here(cut.kind).sum() for cut in broken):
            break
    return solution


def _by(share: float, began: float, until: float | None) -> float | None:
    return None if until is None else began + share * (until - began)


def _left(until: float | None) -> float:
    return math.inf if until is None else until - time.monotonic()


def _likely(program: Program, columns: Floats) -> Ints:
    """Columns of whole teams that are near a solution, most sent first; no two for one need."""
    return _most_sent(program, columns[len(program.extra_cost) :], lambda _: LIKELY)


def _most_sent(program: Program, share: Floats, enough: Callable[[int], float]) -> Ints:
    """Columns of teams that share no need, most sent first, down to the share that is `enough` after so many."""
    used, found = set[int](), list[int]()
    for column in np.argsort(-share, kind="stable").tolist():
        if share[column] < enough(len(found)):
            break
        visits = set(program.routes.needs[program.routes.of[program.taken.option[column]]].tolist()) - {-1}
        if not visits & used:
            used |= visits
            found.append(column)
    return np.array(found, dtype=np.int64)


def _settle(program: Program, until: float | None, likely: Ints) -> Ints:
    """Fixes the surest teams, step by step; before each the program looks for teams that go well with those. Gives back the `_likely`
    ones by the last solution, as they were before if there was none."""
    first, settled = len(program.extra_cost), np.zeros(0, dtype=np.int64)
    while _left(until) > 0:
        solution = program.solve(None if until is None else _left(until))
        if program.h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        likely = _likely(program, solution.columns)
        share = solution.columns[first:]
        more = _surest(program, share, settled)
        if len(settled) >= SETTLED * share.sum() or not len(more):
            return likely
        settled = np.concatenate([settled, more])
        priced = program.price(solution.duals)
        program.add_teams(priced.options, priced.heads)
        _fix(program, more, 1.0)
    if len(settled):
        _fix(program, more, 0.0)  # they do not go together, or it takes too long: decided with the rest
    return likely


def _surest(program: Program, share: Floats, settled: Ints) -> Ints:
    """Columns of the teams to settle next, those of which the program sends most first; no two for one need."""
    share = share.copy()
    share[settled] = 0.0
    room = max(4, round(STEP * share.sum()))
    return _most_sent(program, share, lambda many: SURE if many >= room else LIKELY)


def _fix(program: Program, columns: Ints, least: float) -> None:
    """At least so much of each of these teams."""
    many = len(columns)
    at = (columns + len(program.extra_cost)).astype(np.int32)
    program.h.changeColsBounds(many, at, np.full(many, least), np.full(many, highspy.kHighsInf))


def _whole(program: Program, seconds: float | None, likely: Ints) -> list[Sketch]:
    """Whole teams; those `likely` (columns) where the time was too short to choose any."""
    h, first, count = program.h, len(program.extra_cost), len(program.taken.option)
    h.changeColsIntegrality(
        count,
        np.arange(first, first + count, dtype=np.int32),
        np.array([highspy.HighsVarType.kInteger] * count),
    )
    h.setOptionValue("time_limit", math.inf if seconds is None else h.getRunTime() + seconds)
    h.setOptionValue("mip_rel_gap", WHOLE_ENOUGH)
    h.setOptionValue("mip_max_nodes", MOST_NODES)
    h.run()
    solution = h.getSolution()
    chosen = likely
    if solution.value_valid:
        chosen = np.flatnonzero(np.array(solution.col_value)[first:] > 0.5)
    needs = program.demands.needs
    sets = program.routes.needs[program.routes.of[program.taken.option[chosen]]]
    return [
        Sketch(tuple(needs[i].id for i in row if i >= 0), int(heads))
        for row, heads in zip(sets, program.taken.heads[chosen], strict=True)
    ]
