"""A plan is mended where the morning has changed: taken over, filled up, and searched through near there only.

A pure function of the problem, the plan before and what is different: the slate only saves the time of measuring.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.solver.model import MODES, Mode, Plan, Ride, Team
from matching.solver.replan.around import Around
from matching.solver.replan.machine import CHANGED, losses, settle, take_over
from matching.solver.replan.slate import Slate
from matching.solver.rules import broken_teams
from matching.solver.search.anneal import anneal, mend, refresh
from matching.solver.search.arrays import (
    C_CHURN,
    C_K,
    C_MOST,
    C_TOOLS,
    C_UNITS,
    FLEET,
    FREE,
    HELD,
    K_FINE,
    K_SHARE,
    K_SKILL,
    MAX_RIDES,
    MAX_VISITS,
    MODE,
    MY_FLEET,
    MY_FREE,
    MY_NEEDS,
    MY_SLOTS,
    MY_UNITS,
    N_TIER,
    NEEDS,
    NF,
    NU,
    NUMBER,
    NV,
    PART,
    PLACE,
    RIDE,
    RNG,
    SCORE,
    SITE,
    SIZE,
    SLOTS,
    STATS,
    STOP,
    TEAM,
    U_LOCK,
    UNITS,
    VISIT,
    Book,
    Ints,
    Part,
)  # fmt: skip
from matching.solver.search.crews_of import rides_of
from matching.solver.search.run import HARD, LOGS, MIX, MOST_REMEMBERED, TRIAL_ROWS

CALM: Final = 3
"""How many times what a change of an announcement costs it is held to cost here: a plan that follows every event must
not use each of them to set everybody's morning right."""
MOVES: Final = 1000
"""Moves of the search for each round of effort."""
HOT, COLD = 12.0, 2.0
"""Temperatures, points."""
FINE, SHARE = 1_000_000, 500
"""What a lack costs meanwhile: thousandths of a point, 1024ths of what the team's needs are worth."""
TEAMS_NEAR, TEAMS_ANYWHERE, NEEDS_WAITING = 40, 30, 40
"""How many teams and waiting needs may change besides those the event is about."""
URGENT, OFFERED = 3, 8
"""How many waiting needs of tier 1 and others are offered to everybody again."""
SPARE_FREE, SPARE_BUSY = 60, 160
"""How many units are looked at for each place in a team: free ones, and those their teams miss least."""
LEFT_TO: Final = -1
"""The part of whoever may not be moved."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The teams that do not stand already, and whether every lock that can be met is met."""

    teams: tuple[Team, ...]
    locks_met: bool


def repaired(
    slate: Slate,
    previous: Plan,
    around: Around,
    wanted: Sequence[tuple[str, str]],
    *,
    effort: int,
    seed: int = 0,
) -> Repaired:
    """`previous` mended for the slate's problem. `wanted`: (person, need) that a coordinator decided and that can be met."""
    repair = _Repair(slate, previous, around, wanted, seed)
    repair.take_over()
    if not repair.locks_are_met():
        return Repaired((), False)
    repair.settle()
    repair.search(effort * MOVES)
    teams = repair.teams()
    return Repaired(teams, repair.locks_are_met())


class _Repair:
    def __init__(
        self, slate: Slate, previous: Plan, around: Around, wanted: Sequence[tuple[str, str]], seed: int
    ) -> None:
        self.slate, self.around, self.wanted = slate, around, wanted
        self.world = slate.world._replace(c=slate.world.c.copy(), u=slate.world.u.copy())
        standing = {pin.team.id for pin in slate.problem.pins}
        self.before = [team for team in previous.teams if team.id not in standing]
        self.world.c[C_CHURN] = round(self.world.c[C_CHURN] * CALM)
        for person, need in wanted:
            self.world.u[slate.unit_of[person], U_LOCK] = slate.number_of[need]
        needs, units, width = (
            len(slate.needs),
            len(slate.units),
            int(self.world.c[C_UNITS] + self.world.c[C_MOST] + 1),
        )
        self.book = Book(
            rows=np.zeros((needs, width), dtype=np.int64),
            at=np.full((units, 3), -1, dtype=np.int64),
            visits=np.full((needs, 2), -1, dtype=np.int64),
            rides=np.full(len(self.world.f), -1, dtype=np.int64),
        )
        problem = slate.problem
        self.stops = np.array([slate.supplies.seats[s.id] for s in problem.stops] or [0], dtype=np.int64)
        self.tools = np.array(
            [
                [slate.supplies.tools.get((s.id, tool), 0) for tool in slate.frame.tools]
                for s in problem.sites
            ],
            dtype=np.int64,
        ).reshape(len(problem.sites), -1)
        # Two events one after the other look at different corners of the plan.
        mixed = (
            f"{seed} {problem.now} {len(problem.volunteers)} {needs} {units} {around.people} {around.needs}"
        )
        self.dice = np.random.Generator(np.random.PCG64(zlib.crc32(mixed.encode())))
        self.hard = self._cost(*HARD)

    def _cost(self, fine: int, share: int) -> Ints:
        cost = np.zeros(K_SKILL + self.world.c[C_K], dtype=np.int64)
        cost[K_FINE], cost[K_SHARE] = fine, share
        return cost

    # ── the plan before ────────────────────────────────────────────────────────────────────────
    def take_over(self) -> None:
        """The teams of the plan before, as far as they still hold."""
        slate, unit_of, number_of = self.slate, self.slate.unit_of, self.slate.number_of
        number = {v.id: i for i, v in enumerate(slate.supplies.fleet)}
        before = self.before
        visits = [number_of.get(n, -1) for team in before for n in team.visits]
        units = [unit_of.get(m, -1) for team in before for m in team.members]
        of_center = [[ride.id for ride in team.vehicles if ride.id != ride.driver] for team in before]
        rides = [number.get(ride, -1) for some in of_center for ride in some]
        ends = np.zeros((len(before) + 1, 3), dtype=np.int64)
        ends[1:] = np.cumsum(
            [(len(t.visits), len(t.members), len(some)) for t, some in zip(before, of_center, strict=True)] or [(0, 0, 0)],
            axis=0,
        )[: len(before)]  # fmt: skip
        shuttle = [team.mode != Mode.SHUTTLE for team in self.before]
        # Those that hold shuttle seats first: another might find the shuttle shorter and take theirs.
        order = np.argsort(np.array(shuttle, dtype=np.int64), kind="stable")
        slots = np.full(len(self.before), -1, dtype=np.int64)
        part = self.part(np.arange(len(slate.units)), np.arange(len(slate.needs)))
        take_over(
            self.book, part, self.world, order, _ints(visits), _ints(units), _ints(rides),
            ends, slots, self.hard,
        )  # fmt: skip
        self.team_in = {
            int(slot) // 2: team for slot, team in zip(slots, self.before, strict=True) if slot >= 0
        }
        self.shaken = [int(slot) // 2 for slot in slots if slot >= 0 and slot % 2 == CHANGED]
        broken = [t for slot, t in zip(slots, before, strict=True) if slot < 0 or slot % 2 == CHANGED]
        self.freed = [number_of[n] for team in broken for n in team.visits if n in number_of]
        self.loose = [unit_of[m] for team in broken for m in team.members if m in unit_of]
        self.at_first = self.book.rows.copy()

    def part(self, units: Ints, needs: Ints) -> Part:
        """The piece of the plan that may change now, with everything there is left of things."""
        b = self.book
        b.at[:, PART] = b.visits[:, PART] = LEFT_TO
        fleet = np.flatnonzero((b.rides < 0) | np.isin(b.rides, b.visits[needs, TEAM]))
        empty = np.flatnonzero(b.rows[:, NV] == 0)[::-1]
        own = np.full(
            (7, max(len(b.at), len(b.visits), len(b.rides), MOST_REMEMBERED) + 1), -1, dtype=np.int64
        )
        nums = np.zeros(STATS + 8, dtype=np.int64)
        free = units[b.at[units, TEAM] < 0]
        for which, length, numbers in (
            (MY_UNITS, UNITS, units), (MY_NEEDS, NEEDS, needs), (MY_FLEET, FLEET, fleet), (MY_FREE, FREE, free),
            (MY_SLOTS, SLOTS, empty),
        ):  # fmt: skip
            own[which, : len(numbers)] = numbers
            nums[length] = len(numbers)
        b.at[free, PLACE] = np.arange(len(free))
        b.at[units, PART] = b.visits[needs, PART] = nums[NUMBER] = 0
        nums[RNG] = self.dice.integers(1, 2**62)
        width = b.rows.shape[1]
        return Part(
            own, nums, *self._left(), np.zeros((TRIAL_ROWS, width), dtype=np.int64),
            np.zeros((MOST_REMEMBERED, width), dtype=np.int64),
        )  # fmt: skip

    def _left(self) -> tuple[Ints, Ints]:
        """Shuttle seats and tools that no team holds."""
        stops, tools = self.stops.copy(), self.tools.copy()
        w, rows = self.world, self.book.rows
        there = rows[rows[:, NV] > 0]
        riding = there[there[:, HELD] > 0]
        np.subtract.at(stops, riding[:, STOP], riding[:, HELD])
        at = int(w.c[C_UNITS] - w.c[C_TOOLS])
        np.subtract.at(tools, there[:, SITE], there[:, at : at + w.c[C_TOOLS]])
        return stops, tools

    def locks_are_met(self) -> bool:
        b, slate = self.book, self.slate
        for person, need in self.wanted:
            team = b.at[slate.unit_of[person], TEAM]
            if team < 0 or b.visits[slate.number_of[need], TEAM] != team:
                return False
        return True

    # ── the change ─────────────────────────────────────────────────────────────────────────────
    def settle(self) -> None:
        slate = self.slate
        new_needs = [slate.number_of[n] for n in self.around.needs if n in slate.number_of]
        new_units = [slate.unit_of[m] for m in self.around.people if m in slate.unit_of]
        self.asked = list(dict.fromkeys([*self.freed, *new_needs]))
        self.asked.sort(key=self._importance)
        self.people = list(dict.fromkeys([*self.loose, *new_units]))
        part = self.part(np.arange(len(slate.units)), np.arange(len(slate.needs)))
        settle(
            self.book, part, self.world, _ints(self.shaken), _ints([*self.asked, *self._waiting()]), _ints(self.people),
            self._spare(part), self.hard,
        )  # fmt: skip

    def _spare(self, part: Part) -> Ints:
        """Units that could go elsewhere: some of the free ones, and those whose teams lose least by it."""
        lost = np.zeros(len(self.slate.units), dtype=np.int64)
        losses(self.book, part, self.world, self.hard, lost)
        team = self.book.at[:, TEAM]
        free, busy = np.flatnonzero(team < 0), np.flatnonzero(team >= 0)
        if len(free) > SPARE_FREE:
            free = np.sort(self.dice.choice(free, SPARE_FREE, replace=False))
        return np.concatenate([free, busy[np.argsort(-lost[busy], kind="stable")[:SPARE_BUSY]]])

    def _waiting(self) -> list[int]:
        """Some needs that wait, the heavier the likelier: of what the last events set free, somebody may go there."""
        n, team = self.world.n, self.book.visits[:, TEAM]
        found: list[int] = []
        for waiting, most in (
            (np.flatnonzero((team < 0) & (n[:, N_TIER] == 1)), URGENT),
            (np.flatnonzero((team < 0) & (n[:, N_TIER] != 1)), OFFERED),
        ):
            weight = np.array([1e-9 + self.slate.needs[i].weight for i in waiting])
            share = weight / weight.sum() if len(waiting) else weight
            thrown = (
                self.dice.choice(waiting, most, replace=False, p=share) if len(waiting) > most else waiting
            )
            found += thrown.tolist()
        return sorted(found, key=self._importance)

    def _importance(self, need: int) -> tuple[bool, float, int]:
        return self.world.n[need, N_TIER] != 1, -self.slate.needs[need].weight, need

    def search(self, moves: int) -> None:
        """Moves among the teams near the change and a few others; what is worse in the end is taken back."""
        b = self.book
        if not moves:
            self._finish(np.arange(len(self.slate.needs)))
            return
        needs = self._neighbourhood()
        teams = b.visits[needs, TEAM]
        inside = np.zeros(len(b.rows) + 1, dtype=np.bool_)
        inside[teams[teams >= 0]] = True
        at = b.at[:, TEAM]
        units = np.flatnonzero((at < 0) | inside[at])
        theirs = inside[b.visits[:, TEAM]]
        theirs[needs] = True
        needs = np.flatnonzero(theirs)
        before = _copy(b)
        self._finish(needs)
        plain, score = _copy(b), self._score()
        _restore(b, before)
        part = self.part(units, needs)
        cost = self._cost(FINE, SHARE)
        refresh(b, part, self.world, cost)
        anneal(b, part, self.world, moves, 1000 * HOT, 1000 * COLD, cost, MIX, LOGS)
        self._finish(needs)
        if self._score() <= score:  # the plan that is only mended, which nobody has to be told
            _restore(b, plain)

    def _finish(self, needs: Ints) -> None:
        """Nothing is missing any more."""
        b = self.book
        team = b.visits[needs, TEAM]
        inside = np.zeros(len(b.rows) + 1, dtype=np.bool_)
        inside[team[team >= 0]] = True
        at = b.at[:, TEAM]
        part = self.part(np.flatnonzero((at < 0) | inside[at]), needs)
        refresh(b, part, self.world, self.hard)
        mend(b, part, self.world, self.hard)

    def _score(self) -> int:
        """Points of all teams; a lack counts as it does when nothing may be missing."""
        rows = self.book.rows
        return int(rows[:, SCORE].sum())

    def _neighbourhood(self) -> Ints:
        """Needs that may change team: those the change is about, those near them, and some that wait or are anywhere."""
        b, slate, dice = self.book, self.slate, self.dice
        team = b.visits[:, TEAM]
        mine = np.zeros(len(team), dtype=np.bool_)
        mine[self.asked] = True
        # Where the people are now that the change is about, and the teams that lost somebody.
        homes = {int(b.at[u, TEAM]) for u in self.people} | set(self.shaken)
        mine |= np.isin(team, [t for t in homes if t >= 0])
        seeds = np.flatnonzero(mine)
        served, waits = np.flatnonzero(team >= 0), np.flatnonzero(team < 0)
        if len(seeds) and len(served):
            lat, lng = slate.lat, slate.lng * np.cos(np.radians(slate.lat.mean()))
            apart = np.min(
                (lat[served, None] - lat[seeds]) ** 2 + (lng[served, None] - lng[seeds]) ** 2, axis=1
            )
            mine[served[np.argsort(apart, kind="stable")[:TEAMS_NEAR]]] = True
        if len(served):
            mine[dice.choice(served, min(len(served), TEAMS_ANYWHERE), replace=False)] = True
        if len(waits):
            mine[dice.choice(waits, min(len(waits), NEEDS_WAITING), replace=False)] = True
        return np.flatnonzero(mine)

    # ── the answer ─────────────────────────────────────────────────────────────────────────────
    def teams(self) -> tuple[Team, ...]:
        """The teams, those nobody touched as they were. One that breaks a rule after all is left out."""
        b, problem = self.book, self.slate.problem
        concerned, shaken = set(self.around.people), set(self.shaken)
        taken = {pin.team.id for pin in problem.pins} | {team.id for team in self.team_in.values()}
        found: dict[int, Team] = {}
        made: dict[int, Team] = {}
        number, untouched = 0, self._untouched()
        slots = np.flatnonzero(b.rows[:, NV] > 0)
        for t in map(int, slots[np.argsort(b.rows[slots, VISIT])]):
            old = self.team_in.get(t)
            if (
                old is not None
                and untouched[t]
                and t not in shaken
                and MODES[b.rows[t, MODE]] == old.mode
                and b.rows[t, SIZE] == len(old.members)
                and concerned.isdisjoint(old.members)
            ):
                found[t] = old
                continue
            name = old.id if old is not None else ""
            while not name:
                number += 1
                name = "" if f"T{number}" in taken else f"T{number}"
            found[t] = made[t] = self._team(t, name, old)
        broken = broken_teams(problem, made.values())
        return tuple(team for team in found.values() if team.id not in broken)

    def _untouched(self) -> NDArray[np.bool_]:
        """Slots whose people, visits, vehicles and way are as they were taken over."""
        at = int(self.world.c[C_UNITS])
        columns = [SIZE, NU, NV, NF, MODE, *range(VISIT, VISIT + MAX_VISITS), *range(RIDE, RIDE + MAX_RIDES)]
        now, before = self.book.rows, self.at_first
        return np.asarray(
            (now[:, at:] == before[:, at:]).all(axis=1) & (now[:, columns] == before[:, columns]).all(axis=1)
        )

    def _team(self, t: int, name: str, old: Team | None) -> Team:
        """A row as a team. Whoever led it before and still may goes on leading it."""
        row, at, slate = self.book.rows[t], int(self.world.c[C_UNITS]), self.slate
        people = [slate.units[u] for u in sorted(row[at : at + row[NU]])]
        needs = [slate.needs[n] for n in row[VISIT : VISIT + row[NV]]]
        mode, rides = MODES[row[MODE]], tuple[Ride, ...]()
        if mode == Mode.CAR:
            given = [slate.supplies.fleet[f] for f in row[RIDE : RIDE + row[NF]]]
            rides = rides_of(people, int(row[SIZE]), any(n.truck for n in needs), given)
        members = [m for unit in people for m in unit.members]
        asked = max(n.leader_exp for n in needs)
        may = [m for m in members if not m.minor and m.exp >= asked]
        leader = next((m.id for m in may if old is not None and m.id == old.leader), "")
        if may and not leader:
            leader = max(may, key=lambda m: m.exp).id
        team = Team(name, tuple(m.id for m in members), leader, tuple(n.id for n in needs), mode, rides)
        return old if old is not None and _alike(old, team) else team


def _copy(b: Book) -> Book:
    return Book(*(array.copy() for array in b))


def _restore(b: Book, kept: Book) -> None:
    for mine, before in zip(b, kept, strict=True):
        mine[:] = before


def _alike(a: Team, b: Team) -> bool:
    return (
        (a.id, a.visits, a.leader, a.mode) == (b.id, b.visits, b.leader, b.mode)
        and set(a.members) == set(b.members)
        and set(a.vehicles) == set(b.vehicles)
    )


def _ints(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)
