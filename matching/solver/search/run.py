"""Leads the search: the arrays, two threads, the temperature.

Each epoch the plan is cut along a random line into parts, one per thread, that share no team, unit, need or vehicle; what
all draw from (tools, shuttle seats) is dealt out. So the result depends on the seed and the number of rounds only, however
the threads run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

import numpy as np

from matching.solver.bound.binding import Price
from matching.solver.crews import Crew, Flags, State
from matching.solver.model import MAX_EXP, Mode
from matching.solver.search.anneal import anneal, first_plan, man, mend, outline, place, refresh
from matching.solver.search.arrays import (
    C_K,
    C_MOST,
    C_TOOLS,
    C_UNITS,
    DLEAD,
    F_SITE,
    FLEET,
    FREE,
    HELD,
    K_FINE,
    K_LEADER,
    K_SEAT,
    K_SHARE,
    K_SKILL,
    K_TRUCK,
    K_WASTE,
    LANG,
    LO,
    MY_FLEET,
    MY_FREE,
    MY_NEEDS,
    MY_SLOTS,
    MY_UNITS,
    N_SITE,
    NEEDS,
    NUMBER,
    NV,
    PART,
    PLACE,
    RNG,
    SCALE,
    SCORE,
    SITE,
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
    World,
    fleet_ids,
    skill_ranks,
    tool_ranks,
    world_of,
)  # fmt: skip
from matching.solver.search.zones import Dealt

LOGS = np.array([round(1024 * math.log((i + 0.5) / 4096)) for i in range(4096)], dtype=np.int64)
"""Logarithm of a random number, 1024ths: how much worse a move may be, in temperatures."""
COLDEST = 1.0
"""Temperature of the last pass, points."""
MIX = np.array([44, 58, 62], dtype=np.int64)
"""Of 64 moves: units, visits, vehicles up to here; the rest are compound."""
PEOPLE_ONLY = np.array([58, 58, 64], dtype=np.int64)
"""While teams that were drawn get their people."""
FINE, SHARE = (300_000, 2_000_000), (100, 800)
"""What a lack costs, at the start and at the end: thousandths of a point, 1024ths of what the team's needs are worth."""
MILD = 100_000
"""What a lack costs at the start where there are many sites: between plans that lack something the way is shorter. The prefecture
10,852,800 and 10,883,500. XL-base-1 gains 0.3 % by it with all its effort, but loses 1 % where time cuts it short and lacks are
still cheap; a single zone gains nothing (scarce, few tools, few leaders lost 0.1 to 0.2 %, all at once won 0.4 %)."""
SOFT = (300_000, 300)
"""The same while teams are drawn that have no people yet."""
HARD = (10**9, 1024)
"""The same where nothing may be missing."""
ONE_PART, TOGETHER = 400, 3
"""Needs of one part where there are many sites, and of how many epochs one has parts twice as large."""
TRIAL_ROWS, MOST_REMEMBERED = 6, 40


def _dealt(left: Ints, at: Flags, part: int) -> Ints:
    """What a part gets of what all draw from: an equal share with all parts that are `at` the place (the last axis: parts)."""
    many, before = at.sum(axis=-1), at[..., :part].sum(axis=-1)
    share = left // np.maximum(1, many) + (left % np.maximum(1, many) > before)
    return np.ascontiguousarray(np.where(at[..., part], share, 0).astype(np.int64))


class Search:
    def __init__(self, state: State, *, seed: int = 0, world: World | None = None) -> None:
        self.state, self.world = state, world or world_of(state)
        w, problem = self.world, state.ground.problem
        units, needs = len(state.ground.units), len(state.ground.needs)
        width = int(w.c[C_UNITS] + w.c[C_MOST] + 1)
        self.book = Book(
            rows=np.zeros((needs, width), dtype=np.int64),
            at=np.zeros((units, 3), dtype=np.int64),
            visits=np.zeros((needs, 2), dtype=np.int64),
            rides=np.full(len(w.f), -1, dtype=np.int64),
        )
        self.book.at[:, TEAM] = self.book.visits[:, TEAM] = -1
        self.dice = np.random.Generator(np.random.PCG64(seed))
        self.stops = np.array([state.seats[stop.id] for stop in problem.stops] or [0], dtype=np.int64)
        self.tools = np.array(
            [[state.tools.get((site.id, tool), 0) for tool in tool_ranks(state)] for site in problem.sites],
            dtype=np.int64,
        ).reshape(len(problem.sites), -1)
        self.lat = np.array([n.lat for n in state.ground.needs])
        self.lng = np.array([n.lng for n in state.ground.needs]) * math.cos(math.radians(self.lat.mean()))
        self.prices = np.zeros((len(problem.sites), K_SKILL + self.world.c[C_K]))
        self.out = np.zeros(0, dtype=np.int64)
        """Units that may not be used."""
        ranks = {site.id: i for i, site in enumerate(problem.sites)}
        self.sites = np.zeros((units, len(ranks)), dtype=np.bool_)
        """[unit, site]: where it may work."""
        for u in state.ground.units:
            for site in frozenset.intersection(*(frozenset(m.sites) for m in u.members)) & ranks.keys():
                self.sites[u.number, ranks[site]] = True
        self.dealt: Dealt | None = None
        """The zones teams were drawn in, where there are so many sites that each has a part."""
        self.lack = FINE[0]
        self.turn = 0
        self.stop_site = np.array([ranks[stop.site] for stop in problem.stops] or [0], dtype=np.int64)
        self.stats = np.zeros(8, dtype=np.int64)

    # ── parts ──────────────────────────────────────────────────────────────────────────────────
    def parts(self, count: int, dealt: Dealt | None = None) -> list[Part]:
        """The plan cut into parts along random lines; where there are many parts, between sites as far as that goes. `dealt`: into
        these zones instead, each with those who were dealt to it."""
        b, dice = self.book, self.dice
        team = b.visits[:, TEAM]
        first = np.where(team >= 0, b.rows[np.maximum(team, 0), VISIT], np.arange(len(team)))
        needs = np.zeros(len(team), dtype=np.int64)
        if dealt is not None:
            count, needs = dealt.zones, dealt.need[first]
        else:
            angle = dice.random() * math.pi
            self._cut(needs, np.arange(len(team)), first, 0, count, angle, between_sites=count > 2)
        at = np.zeros((self.sites.shape[1], count), dtype=np.bool_)
        at[self.world.n[:, N_SITE], needs] = True
        home, fleet_home = (dealt.unit, dealt.fleet) if dealt is not None else (None, None)
        units = self._part_of(b.at[:, TEAM], needs, self.sites @ at, home)
        units[self.out] = -1
        fleet = self._part_of(b.rides, needs, at[self.world.f[:, F_SITE]], fleet_home)
        empty = np.flatnonzero(b.rows[:, NV] == 0)
        stops, tools = self._left()
        return [
            self._part(
                i, np.flatnonzero(units == i), np.flatnonzero(needs == i), np.flatnonzero(fleet == i), empty[i::count],
                _dealt(stops, at[self.stop_site], i), _dealt(tools, at[:, None], i),
            )
            for i in range(count)
        ]  # fmt: skip

    def _cut(
        self, part: Ints, which: Ints, first: Ints, begin: int, count: int, angle: float, *, between_sites: bool
    ) -> None:  # fmt: skip
        """Gives these needs the numbers from `begin` on, `count` of them: cut in two across a line, and each half again. `first`
        [need]: the first of its team's, where it is cut, so that teams stay whole."""
        part[which] = begin
        if count < 2 or not len(which):
            return
        lat, lng, site = self.lat[first[which]], self.lng[first[which]], self.world.n[which, N_SITE]
        between_sites = between_sites and bool((site != site[0]).any())
        if between_sites:
            lat, lng = (np.bincount(site, one)[site] / np.bincount(site)[site] for one in (lat, lng))
        along = lat * math.cos(angle) + lng * math.sin(angle)
        far = along > np.quantile(along, 0.5)
        near_count = count // 2
        if between_sites:
            far = far if far.any() else along > along.min()
            near_count = min(count - 1, max(1, round(count * float((~far).mean()))))
        for half, start, many in ((~far, begin, near_count), (far, begin + near_count, count - near_count)):
            angle = self.dice.random() * math.pi if many > 1 else 0.0
            self._cut(part, which[half], first, start, many, angle, between_sites=between_sites)

    def _part_of(self, team: Ints, needs: Ints, may: Flags, home: Ints | None) -> Ints:
        """[thing]: the part of its team; without one its `home`, or any of those parts where it `may` [thing, part] be."""
        count = may.shape[1]
        dealt = self.dice.integers(0, count, len(team))
        if count > 1:
            turn = (dealt[:, None] + np.arange(count)) % count
            dealt = turn[np.arange(len(team)), np.take_along_axis(may, turn, axis=1).argmax(axis=1)]
        if home is not None:
            dealt = np.where(home >= 0, home, dealt)
        visit = self.book.rows[np.maximum(team, 0), VISIT]
        return np.where(team >= 0, needs[visit], dealt)

    @property
    def _most(self) -> int:
        """Parts for two threads: two, or where there are many sites so many that each is about one."""
        count = 2 * round(len(self.book.visits) / (2 * ONE_PART))
        return 2 if self.sites.shape[1] < 2 else max(2, count)

    def _many(self) -> int:
        """As many parts; now and then fewer, so that people also change places with those of the next site."""
        count = self._most
        if count == 2:
            return 2
        self.turn += 1
        return max(2, count // 2) if self.turn % TOGETHER == 0 else count

    def _left(self) -> tuple[Ints, Ints]:
        stops, tools = self.stops.copy(), self.tools.copy()
        w, rows = self.world, self.book.rows
        at = int(w.c[C_UNITS] - w.c[C_TOOLS])
        for t in np.flatnonzero(rows[:, NV] > 0):
            if rows[t, HELD]:
                stops[rows[t, STOP]] -= rows[t, HELD]
            tools[rows[t, SITE]] -= rows[t, at : at + w.c[C_TOOLS]]
        return stops, tools

    def _part(
        self, number: int, units: Ints, needs: Ints, fleet: Ints, slots: Ints, stops: Ints, tools: Ints
    ) -> Part:  # fmt: skip
        b = self.book
        own = np.full(
            (7, max(len(b.at), len(b.visits), len(b.rides), MOST_REMEMBERED) + 1), -1, dtype=np.int64
        )
        nums = np.zeros(STATS + 8, dtype=np.int64)
        free = units[b.at[units, TEAM] < 0]
        for which, (length, numbers) in {
            MY_UNITS: (UNITS, units), MY_NEEDS: (NEEDS, needs), MY_FLEET: (FLEET, fleet), MY_FREE: (FREE, free),
            MY_SLOTS: (SLOTS, slots),
        }.items():  # fmt: skip
            own[which, : len(numbers)] = numbers
            nums[length] = len(numbers)
        b.at[free, PLACE] = np.arange(len(free))
        b.at[units, PART] = b.visits[needs, PART] = nums[NUMBER] = number
        nums[RNG] = self.dice.integers(1, 2**62)
        width = b.rows.shape[1]
        return Part(
            own, nums, stops, tools, np.zeros((TRIAL_ROWS, width), dtype=np.int64),
            np.zeros((MOST_REMEMBERED, width), dtype=np.int64),
        )  # fmt: skip

    def cost(self, fine: int, share: int, waste: float = 0.0, part: Part | None = None) -> Ints:
        """What is charged: `waste` is how much of the prices at the sites of a part (of all without one)."""
        cost = np.zeros(self.prices.shape[1], dtype=np.int64)
        cost[K_FINE], cost[K_SHARE] = fine, share
        if waste:
            needs = slice(None) if part is None else part.own[MY_NEEDS, : part.nums[NEEDS]]
            prices = self.prices[np.unique(self.world.n[needs, N_SITE])].max(axis=0, initial=0.0)
            cost[K_WASTE] = 1
            cost[K_SEAT:] = np.round(prices[K_SEAT:] * waste).astype(np.int64)
        return cost

    def set_prices(self, prices: Iterable[Price]) -> None:
        """From the linear program: what one more of something would bring."""
        skills = skill_ranks(self.state)
        ranks = {site.id: i for i, site in enumerate(self.state.ground.problem.sites)}
        for price in prices:
            if price.kind == "seat":
                at = K_SEAT
            elif price.kind == "truck":
                at = K_TRUCK
            elif price.kind == "leader":
                at = K_LEADER + min(int(price.what), MAX_EXP)
            elif price.kind in {"skill", "lang"}:
                at = K_SKILL + skills[price.what if price.kind == "skill" else LANG + price.what]
            else:
                continue
            where = slice(None) if price.site not in ranks else ranks[price.site]
            self.prices[where, at] = np.maximum(self.prices[where, at], price.points * SCALE)

    # ── passes ─────────────────────────────────────────────────────────────────────────────────
    @property
    def score(self) -> int:
        """Points of all teams, thousandths."""
        return int(self.book.rows[:, SCORE].sum())

    def first(self, order: Iterable[int], *, steal: bool) -> None:
        [part] = self.parts(1)
        first_plan(
            self.book, part, self.world, np.array(list(order), dtype=np.int64), 8, steal, self.cost(*HARD)
        )

    def keep_out(self, start: State) -> None:
        """Units that are neither free in `start` nor in one of its teams may not be used."""
        busy = {u for crew in start.crews.values() for u in crew.units}
        self.out = np.array([u for u in np.flatnonzero(~start.free) if u not in busy], dtype=np.int64)
        self.book.at[self.out, PART] = -1

    def load(self, crews: Iterable[Crew]) -> list[int]:
        """Takes teams over as they are; their slots. Units a coordinator locked stay with the need."""
        [part] = self.parts(1)
        b, w, number = self.book, self.world, {v: i for i, v in enumerate(fleet_ids(self.state))}
        slots = []
        # Those that hold shuttle seats first: another might find the shuttle shorter and take theirs.
        for crew in sorted(crews, key=lambda crew: crew.mode != Mode.SHUTTLE):
            for unit in crew.keep:
                w.u[unit, U_LOCK] = crew.visits[0] if len(crew.visits) == 1 else self._told(unit, crew)
            t = place(
                b, part, w, np.array(crew.visits, dtype=np.int64), np.array(crew.units, dtype=np.int64),
                np.array([number[ride.id] for ride in crew.rides if ride.id in number], dtype=np.int64),
                self.cost(*HARD),
            )  # fmt: skip
            slots.append(int(t))
        return slots

    def begin_again(self, crews: Iterable[Crew]) -> None:
        """With these teams in the place of all it had."""
        b = self.book
        b.rows[:] = 0
        b.at[:, TEAM] = b.visits[:, TEAM] = b.rides[:] = -1
        self.load(crews)

    def _told(self, unit: int, crew: Crew) -> int:
        """The need of a crew that one of the unit's members is locked to."""
        locks = {(person, need) for person, need in self.state.ground.problem.locks}
        members = self.state.ground.units[unit].members
        return next(
            (
                n
                for n, need in zip(crew.visits, crew.task.needs, strict=True)
                if any((m.id, need.id) in locks for m in members)
            ),
            crew.visits[0],
        )

    def draw(self, teams: Iterable[Sequence[int]], dealt: Dealt) -> None:
        """Teams without people for these needs (numbers), then people for them: in many parts those who were dealt to the zone, whom
        the program counted on."""
        self.dealt = dealt if self._most > 2 else None
        self.lack = FINE[0] if self.dealt is None else MILD
        [part] = self.parts(1)
        b, w = self.book, self.world
        cost = self.cost(*SOFT, 1.0)
        slots = [outline(b, part, w, np.array(visits, dtype=np.int64), cost) for visits in teams]
        drawn = np.array([t for t in slots if t >= 0], dtype=np.int64)
        strict = drawn[np.lexsort((b.rows[drawn, DLEAD], b.rows[drawn, LO]))[::-1]]
        many = self._many()
        if many <= 2:
            man(b, part, w, strict, 10, cost)
            return
        for part in self.parts(many, self.dealt):
            mine = b.visits[b.rows[strict, VISIT], PART] == part.nums[NUMBER]
            man(b, part, w, strict[mine], 10, cost)

    def epoch(
        self, rounds: int, share: float, until: float, *, hot: float, cold: float, mix: Ints = MIX, waste: float = 0.0, at_home: bool = False, threads: Executor | None = None,
    ) -> None:  # fmt: skip
        """`rounds` moves per part, from one share of the search done to the next, while the temperature falls from `hot`
        to `cold`. `waste`: how much of the prices is charged. `at_home`: everybody in the zone they were dealt to, where there are
        many sites. With `threads` the plan has two parts, or more."""
        fine = round(self.lack * (FINE[1] / self.lack) ** share)
        part_of_worth = round(SHARE[0] + (SHARE[1] - SHARE[0]) * share)
        heat = 1000 * hot, 1000 * cold
        at_home = at_home and threads is not None
        parts = self.parts(self._many() if threads is not None else 1, self.dealt if at_home else None)
        each = rounds * 2 // len(parts) if threads is not None else rounds

        def work(part: Part) -> None:
            cost = self.cost(fine, part_of_worth, waste, part)
            refresh(self.book, part, self.world, cost)
            anneal(self.book, part, self.world, each, heat[0], heat[1], cost, mix, LOGS)

        if threads is None:
            work(parts[0])
        else:
            list(threads.map(work, parts))
        for part in parts:
            self.stats += part.nums[STATS : STATS + 8]

    def finish(self, rounds: int, threads: Executor | None = None) -> None:
        """Nothing is missing any more."""
        many = self._many() if threads is not None else 1
        cost = self.cost(*HARD)

        def work(part: Part) -> None:
            refresh(self.book, part, self.world, cost)
            mend(self.book, part, self.world, cost)
            anneal(self.book, part, self.world, rounds, 1000 * COLDEST, 1000 * COLDEST, cost, MIX, LOGS)
            mend(self.book, part, self.world, cost)

        if threads is None or many <= 2:
            work(self.parts(1)[0])
        else:
            list(threads.map(work, self.parts(many)))
