"""The dual prices in plain form: what one more of something would bring, and the teams of the relaxed plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.solver.bound.kinds import Kind
from matching.solver.bound.program import Floats, Program
from matching.solver.bound.routes import CAR, WALK
from matching.solver.model import Mode, Site

LEAST_POINTS = 0.01
LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Price:
    """What one more of something would bring at most, in points of the score; `there` is how many there are.

    `kind` is person, leader, woman, skill, lang, wheels, seat, truck, vehicle, driver, tool or stop. `what`: a
    leader's level, a skill, a language, a tool, a stop; of a vehicle "own car 5", "center truck 2" (its seats). `site` is empty
    where it holds for all. A person is meant who is free all day, goes anywhere and came alone; one who is several
    things at once (a leader with a car) brings the sum. A leader of level 2 brings what one of level 1 brings, too:
    that is in the points.
    """

    kind: str
    what: str
    site: str
    points: float
    there: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A team of the relaxed plan: `share` of it (0–1) is sent to these needs (in no order), that way, that many."""

    visits: tuple[str, ...]
    mode: str
    size: int
    share: float


def prices_of(program: Program, duals: Floats) -> tuple[Price, ...]:
    """Every price above nothing, the highest first."""
    problem = program.demands.problem
    site_ids = ["", *(site.id for site in problem.sites)]
    points: dict[tuple[str, str, str], float] = {}
    there: dict[tuple[str, str, str], int] = {}

    def add(kind: str, what: str, site: str, price: float, many: float) -> None:
        key = (kind, what, site)
        points[key] = points.get(key, 0.0) + max(0.0, price)
        there[key] = max(there.get(key, 0), round(many))

    sites = list(enumerate(problem.sites)) if len(problem.sites) > 1 else [(0, Site("", 0, 0))]
    cell_site = np.zeros(len(program.fits), dtype=np.int64)
    cell_site[program.sign_cell] = program.sign_site
    for cut, row in zip(program.cuts, program.cut_row, strict=True):
        if row >= len(duals):
            continue  # added since
        one = program.kinds[cut.kind]
        for name in one.either or (one.name,):
            kind, _, what = name.partition(":")
            what = "" if kind == "woman" else what.partition(":")[0]  # without the amount it is counted up to
            for i, site in sites:
                if (cut.upto[cell_site == i] > 0).any():  # one more would count among its classes
                    all_of_it = 0.0 if one.either else _at(program, one, site.id)
                    add(kind, what, site.id, duals[row], all_of_it)
    for i, site in enumerate(problem.sites):
        for tool in program.demands.tools:
            row = program.row["tool", i, tool]
            add("tool", tool, site.id, duals[row], program.rhs[row])
    for i, stop in enumerate(problem.stops):
        add("stop", stop.id, stop.site, duals[program.row["stop", i]], program.rhs[program.row["stop", i]])
    for pool in program.garage.pools:
        what = f"{'own' if pool.kind.own else 'center'} {'truck' if pool.kind.truck else 'car'} {pool.kind.seats}"
        add("vehicle", what, site_ids[1 + pool.site], duals[program.row["pool", pool]], pool.there)
    for i in program.garage.drivers:
        row = program.row["driver", i]
        add("driver", "", site_ids[1 + i], duals[row], program.rhs[row])
    for site_id in site_ids:  # a leader of a level is also one of every lower level
        before = 0.0
        for level in range(4):
            key = ("leader", str(level), site_id)
            if key in points:
                before = points[key] = points[key] + before
    found = [
        Price(*key, round(float(price), 3), there[key])
        for key, price in points.items()
        if price >= LEAST_POINTS
    ]
    return tuple(sorted(found, key=lambda one: (-one.points, one.kind, one.what, one.site)))


def _at(program: Program, kind: Kind, site: str) -> float:
    """How many of a kind can work from a site, anywhere without one."""
    return sum(
        float(many)
        for many, one in zip(kind.have, program.crowd.alike, strict=True)
        if not site or site in one.sites
    )


def need_prices(program: Program, duals: Floats) -> dict[str, float]:
    """Need id -> what its place in the plan is worth above what it takes; needs worth nothing are left out."""
    return {
        n.id: round(float(price), 3)
        for n, price in zip(program.demands.needs, duals, strict=False)
        if price >= LEAST_POINTS
    }


def stretches_of(program: Program, columns: Floats) -> tuple[Stretch, ...]:
    """The teams of the relaxed plan, those most surely sent first."""
    values = columns[len(program.extra_cost) :]
    routes, needs = program.routes, program.demands.needs
    found = []
    for i in np.flatnonzero(values > LEAST_SHARE):  # columns added since have no value yet
        option, heads = int(program.taken.option[i]), int(program.taken.heads[i])
        how = routes.how[option]
        mode = Mode.WALK if how == WALK else Mode.CAR if how == CAR else Mode.SHUTTLE
        visits = tuple(needs[n].id for n in routes.needs[routes.of[option]] if n >= 0)
        found.append(Stretch(visits, mode, heads, min(1.0, float(values[i]))))
    return tuple(sorted(found, key=lambda one: (-one.share, one.visits, one.mode, one.size)))
