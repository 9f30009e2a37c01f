"""The bound of a morning at many sites: a linear program for each, and those who may go to several shared out among them.

Whatever the prices asked at a site, all its teams together are worth at most a constant and, for each party that is there, what
these prices say it brings: a *line* (Program.price, Presence.brought). A party is at one site. So no plan is worth more than the
sum over the sites of their lowest lines, with the parties shared out in the way that makes the sum largest; how, is a small
linear program of its own, and any weights of the lines prove its value. One program over all sites would say the same, but takes
longer by far more than the number of sites, and in one thread.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import highspy
import numpy as np

from matching.solver.bound.binding import Price, Stretch, need_prices, prices_of, stretches_of
from matching.solver.bound.left import Left
from matching.solver.bound.people import Crowd, Party
from matching.solver.bound.presence import Presence
from matching.solver.bound.program import Floats, Ints, Program, Solution, program_of, quiet
from matching.solver.model import Problem, Site

STAYING = ((0.15, 0.0), (0.01, 0.5), (0.003, 0.4), (0.0, 0.2))
"""How much of a site's best prices so far is in the next, by how near (share of the bound) the end is: nothing while they are
far too low, little at the end."""
SEPARATE_AT = 0.02
"""Share of the bound below which a linear program is near enough to its own bound to look for broken rows."""
SHARE_OUT_AT = 0.03
"""The same for sharing people out in another way than before."""
STEP = 0.3
"""How far towards the best way to share them out one round goes: that of a few lines jumps."""
LINES = 12
"""Lines of a site, the latest, that are kept."""


@dataclass(frozen=True)
class Line:
    """What the teams of a site are worth at most: `alone`, and `each` [party] for those who are there."""

    alone: float
    each: Floats

    def at(self, here: Floats) -> float:
        return self.alone + float(self.each @ here)


class Branch:
    """The linear program of one site. `numbers`: which of the morning's parties its own are."""

    def __init__(self, site: Site, program: Program, numbers: Ints) -> None:
        self.site, self.program, self.numbers = site, program, numbers
        self.presence = Presence(program)
        self.lines: list[Line] = []
        self.best: tuple[Line, Floats] | None = None
        self.solution: Solution | None = None
        self.done = False

    def round(self, here: Floats, seconds: float | None) -> None:
        """Solves, asks for the teams worth most, and draws a line, with so much of each party here."""
        p = self.program
        self.presence.deal(here)
        solution = self.solution = p.solve(seconds)
        optimal = p.h.getModelStatus() == highspy.HighsModelStatus.kOptimal
        y = np.maximum(solution.duals, 0.0)
        if self.best is not None:
            at, centre = self.best[0].at(here), self.best[1]
            apart = (at - solution.value) / max(1.0, abs(at)) if optimal else 1.0
            stay = next((share for above, share in STAYING if apart > above), 0.0)
            y = (1 - stay) * y + stay * np.pad(centre, (0, len(y) - len(centre)))
        priced = p.price(y)
        each = self.presence.brought(y)
        line = Line(priced.value - float(each @ here), each)
        self.lines = [*self.lines[1 - LINES :], line]
        if self.best is None or priced.value < self.best[0].at(here):
            self.best = line, y
        at = self.best[0].at(here)
        self.value = at
        self.apart = (at - solution.value) / max(1.0, abs(at)) if optimal else 1.0
        broken = p.violated(solution.columns) if self.apart < SEPARATE_AT else []
        self.done = not broken and self.apart < 1e-6
        p.add_cuts(broken)
        p.add_teams(priced.options, priced.heads)


def branches(left: Left, crowd: Crowd, threads: ThreadPoolExecutor) -> list[Branch]:
    """A linear program for every site where a team can go. Raises TooMany."""
    problem = crowd.problem
    found = threads.map(lambda site: _branch(problem, left, crowd.parties, site), problem.sites)
    return [one for one in found if one is not None]


def _branch(problem: Problem, left: Left, everybody: Sequence[Party], site: Site) -> Branch | None:
    needs = [n for n in left.needs if n.site == site.id]
    numbers = [i for i, party in enumerate(everybody) if site.id in party.sites]
    if not needs or not numbers:
        return None
    stops = {n.stop for n in needs}
    here = replace(
        problem, sites=(site,), needs=tuple(needs), volunteers=(), fleet=(), pins=(),
        stops=tuple(replace(stop, site=site.id) for stop in problem.stops if stop.id in stops),
    )  # fmt: skip
    mine = replace(left, needs=needs, fleet=[one for one in left.fleet if one.site == site.id], score=0.0)
    found = [replace(everybody[i], sites=frozenset({site.id})) for i in numbers]
    program = program_of(mine, Crowd(here, found))
    return None if program is None else Branch(site, program, np.array(numbers, dtype=np.int64))


class Sharing:
    """Who may go to several sites, and how much of them is where: `here` [site][party of it]."""

    def __init__(self, sites: Sequence[Branch], many: int) -> None:
        self.sites = sites
        places = np.zeros(many, dtype=np.int64)
        for one in sites:
            places[one.numbers] += 1
        self.shared = [np.flatnonzero(places[one.numbers] > 1) for one in sites]
        """[site]: those of its parties that may go elsewhere, too."""
        rank = np.cumsum(places > 1) - 1
        self.rank = [rank[one.numbers[mine]] for one, mine in zip(sites, self.shared, strict=True)]
        self.many = int((places > 1).sum())
        self.here = [1.0 / places[one.numbers] for one in sites]

    def proven(self) -> tuple[float, list[Floats]]:
        """What no plan is worth more than, by all lines of all sites; and how the parties would be shared out for that."""
        h = quiet()
        h.changeObjectiveSense(highspy.ObjSense.kMaximize)
        count, lines = len(self.sites), sum(len(one.lines) for one in self.sites)
        starts = np.cumsum([count, *(len(mine) for mine in self.shared)])
        columns = int(starts[-1])
        free = np.full(count, highspy.kHighsInf)
        cost = np.concatenate([np.ones(count), np.zeros(columns - count)])
        h.addCols(
            columns, cost, np.concatenate([-free, np.zeros(columns - count)]),
            np.concatenate([free, np.ones(columns - count)]), 0, np.zeros(columns, dtype=np.int32),
            np.zeros(0, dtype=np.int32), np.zeros(0),
        )  # fmt: skip
        alone: list[float] = []
        of: list[int] = []
        row: list[Ints] = []
        col: list[Ints] = []
        val: list[Floats] = []
        for s, one in enumerate(self.sites):
            mine = self.shared[s]
            for line in one.lines:
                # Who can be nowhere else is here.
                alone.append(line.alone + float(line.each.sum() - line.each[mine].sum()))
                cols = np.concatenate([[s], starts[s] + np.arange(len(mine))])
                row.append(np.full(len(cols), len(of)))
                col.append(cols)
                val.append(np.concatenate([[1.0], -line.each[mine]]))
                of.append(s)
        for s, rank in enumerate(self.rank):
            row.append(lines + rank)
            col.append(starts[s] + np.arange(len(rank)))
            val.append(np.ones(len(rank)))
        rows, into, values = np.concatenate(row), np.concatenate(col), np.concatenate(val)
        order = np.argsort(rows, kind="stable")
        upper = np.array([*alone, *[1.0] * self.many])
        begin = np.searchsorted(rows[order], np.arange(len(upper)))
        h.addRows(
            len(upper), np.full(len(upper), -highspy.kHighsInf), upper, len(values), begin.astype(np.int32),
            into[order].astype(np.int32), values[order],
        )  # fmt: skip
        h.run()
        found = h.getSolution()
        weights = np.array(found.row_dual)[:lines] if found.dual_valid else np.zeros(lines)
        there = np.array(found.col_value) if found.value_valid else None
        here = self.here
        if there is not None:
            here = [one.copy() for one in self.here]
            for s, mine in enumerate(self.shared):
                here[s][mine] = there[starts[s] : starts[s] + len(mine)]
        return self._by(np.array(of), np.array(alone), np.maximum(weights, 0.0)), here

    def _by(self, of: Ints, alone: Floats, weights: Floats) -> float:
        """What these weights of the lines prove, whatever they are: each party is where it brings most."""
        value, most = 0.0, np.zeros(self.many)
        for s, one in enumerate(self.sites):
            mine = np.flatnonzero(of == s)
            w = weights[mine]
            if w.sum() <= 0:
                w = np.zeros(len(mine))
                w[-1] = 1.0
            w = w / w.sum()
            value += float(w @ alone[mine])
            each = sum(
                (a * line.each for a, line in zip(w, one.lines, strict=True)), np.zeros(len(one.numbers))
            )
            np.maximum.at(most, self.rank[s], each[self.shared[s]])
        return value + float(most.sum())

    def move(self, towards: Sequence[Floats], share: float) -> None:
        self.here = [(1 - share) * now + share * then for now, then in zip(self.here, towards, strict=True)]


@dataclass(frozen=True)
class BySites:
    """No plan is worth more than `value` (without the constant); the rest as in matching.solver.bound.Bound."""

    value: float
    tight: bool
    rounds: int
    prices: tuple[Price, ...]
    needs: dict[str, float]
    stretches: tuple[Stretch, ...]


def by_sites(left: Left, crowd: Crowd, *, until: float | None = None, rounds: int | None = None) -> BySites:
    """The lowest bound proven within so many rounds or until then (time.monotonic). Raises TooMany."""
    value, done, tight = np.inf, 0, False
    with ThreadPoolExecutor(2) as threads:
        sites = branches(left, crowd, threads)
        if not sites:
            return BySites(0.0, True, 0, (), {}, ())
        sharing = Sharing(sites, len(crowd.parties))
        while not tight and (rounds is None or done < rounds):
            if _spare(until) is not None and (_spare(until) or 0.0) <= 0:
                break
            done += 1
            list(threads.map(lambda one, here: one.round(here, _spare(until)), sites, sharing.here))
            proven, towards = sharing.proven()
            value = min(value, proven)
            below = sum(one.solution.value for one in sites if one.solution is not None)
            apart = (value - below) / max(1.0, abs(value))
            tight = all(one.done for one in sites) and apart < 1e-5
            if max(one.apart for one in sites) < SHARE_OUT_AT:
                sharing.move(towards, STEP)
    prices = [replace(price, site=price.site or one.site.id) for one in sites for price in _prices(one)]
    return BySites(
        value, tight, done, tuple(sorted(prices, key=lambda p: (-p.points, p.kind, p.what, p.site))),
        {
            need: points for one in sites if one.solution is not None
            for need, points in need_prices(one.program, one.solution.duals).items()
        },
        tuple(
            sorted(
                (
                    stretch for one in sites if one.solution is not None
                    for stretch in stretches_of(one.program, one.solution.columns)
                ),
                key=lambda one: (-one.share, one.visits, one.mode, one.size),
            )
        ),
    )  # fmt: skip


def _prices(one: Branch) -> tuple[Price, ...]:
    return prices_of(one.program, one.solution.duals) if one.solution is not None else ()


def _spare(until: float | None) -> float | None:
    return None if until is None else until - time.monotonic()
