"""A problem as arrays: what the compiled search reads and never changes (World), and a plan in the making (Book).

Points are whole thousandths, so that sums are exact and every machine and every order of adding agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.solver.crews import Ground, State
from matching.solver.model import DAY, MAX_EXP, MODES, Need, Problem
from matching.solver.rules import tools_needed
from matching.solver.travel import EPS
from matching.solver.units import Unit

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]

SCALE = 1000
"""Points are kept in thousandths."""
WALK, SHUTTLE, CAR = 0, 1, 2
MAX_VISITS = 6
"""Most visits of one team the search plans, whatever the rules allow."""
MAX_RIDES = 3
"""Most vehicles of the center in one team."""
MOST_BITS = 62
FAR = 10**6
"""A minute after any day."""

# ── columns of a team's row ────────────────────────────────────────────────────────────────────
SIZE, WOMEN, SEATS, TRUCKS, D0, D1, DEP, END, NU, NV = range(10)
"""People, women, own seats, own trucks, drivers without and with a car of their own, departure, end, units, visits."""
NOBODY = MAX_EXP + 1
"""The experience of a leader that nobody has."""
LEAD = 10
"""LEAD + e: units with an adult of experience ≥ e; of NOBODY always none."""
VISIT = LEAD + NOBODY + 1
"""VISIT + j: the j-th need."""
THERE = VISIT + MAX_VISITS
"""THERE + j: people of the team who were at the j-th need before."""
NF = THERE + MAX_VISITS
"""Vehicles of the center: how many, then which."""
RIDE = NF + 1
ROUTE = RIDE + MAX_RIDES
"""ROUTE + 5 m: of the way of travelling m: possible, minutes on the way, A, B, latest departure. A team leaving at d is back
at max(d + A, B)."""
OK, LEGS, AHEAD, FLOOR, LATEST = range(5)
LO, HI, DLEAD, DWOMEN, DTRUCK, DSKILL, TYPES, STOP, SITE = range(ROUTE + 15, ROUTE + 24)
"""What the visits ask: people from–to, experience of the leader, women, a truck, whether any skill, kinds of work (bits),
shuttle stop (-1: none), site."""
EXTRA, MODE, SHORT, SCORE, HELD = range(ROUTE + 24, ROUTE + 29)
"""Points of the members themselves; way of travelling; what is missing; score; shuttle seats held."""
WIDTH = HELD + 1
"""Then K skills there, K asked, T tools taken; then (C_UNITS) the units."""


# ── constants of a problem (World.c) ───────────────────────────────────────────────────────────
(C_K, C_TOOLS, C_UNITS, C_MOST, C_MAX_VISITS, C_NOW, C_WORK_END, C_TRAVEL, C_PREF, C_CONT, C_CONT_CAP, C_CHURN,
 C_SPECIAL, C_SPECIAL_END, C_OWNERS, C_OWNERS_END, C_SKILLED, C_LEADERS, C_ABLE) = range(19)  # fmt: skip
"""Skills (a language is one), tools; where the units begin in a row; most people, most visits; minutes of the day; weights; lists
in `flat`: units that bring more than hands, units with a car, C_SKILLED: from and to of the list of each skill; where the
leaders begin, and C_ABLE + e: how many of them have experience ≥ e."""

# ── columns of units (World.u) ─────────────────────────────────────────────────────────────────
(U_SIZE, U_WOMEN, U_LEAD, U_SEATS, U_TRUCKS, U_D0, U_D1, U_START, U_END, U_IDLE, U_LOCK, U_WISH, U_WISH_END, U_FOE,
 U_FOE_END, U_TOLD, U_TOLD_END, U_BEEN, U_BEEN_END, U_SKILL) = range(20)  # fmt: skip
"""Lists (wishes as bits of kinds, foes, needs told, needs been at) are in `flat` from … to …_END. U_SKILL: K skills."""

# ── columns of needs (World.n) ─────────────────────────────────────────────────────────────────
(N_LO, N_HI, N_LEAD, N_WOMEN, N_TRUCK, N_TYPE, N_OPEN, N_CLOSE, N_DUR, N_STOP, N_SITE, N_TIER, N_NEAR, N_NEAR_END,
 N_ACCESS, N_SKILL) = (*range(15), 17)  # fmt: skip
"""N_ACCESS + m: minutes from the site by way m, -1: not this way. N_SKILL: K skills asked, then T tools."""

F_SEATS, F_TRUCK, F_SITE = range(3)

# ── what the search charges beside the score, for a while ──────────────────────────────────────
K_FINE, K_SHARE, K_WASTE, K_SEAT, K_TRUCK, K_LEADER, K_SKILL = (*range(6), 9)
"""Something missing: thousandths of a point, and 1024ths of what the team's needs are worth. Whether the rest is charged: a
seat, a truck, a leader of experience ≥ e, a skill that the team has and does not need."""


class World(NamedTuple):
    """What the search reads: nU units, nN needs. Few arrays, since each is a handful of arguments to every call."""

    c: Ints
    u: Ints
    n: Ints
    val: Ints
    """[need, people]: points."""
    may: Flags
    """[unit, need]"""
    hop: NDArray[np.int16]
    """[0 walking, 1 driving][need, need]: minutes between two visits, -1: too far."""
    flat: Ints
    f: Ints


class Book(NamedTuple):
    """A plan in the making. Teams go by slot; a slot without visits is empty."""

    rows: Ints
    """[slot]: the team's row: its numbers, then its units."""
    at: Ints
    """[unit]: TEAM (-1: free), PART, PLACE among the free ones of its part."""
    visits: Ints
    """[need]: TEAM (-1: waits), PART."""
    rides: Ints
    """[vehicle]: slot of its team, -1: at home."""


TEAM, PART, PLACE = range(3)


class Part(NamedTuple):
    """What one thread may change: its units, needs, vehicles, and its share of what all draw from."""

    own: Ints
    """Lists: MY_…"""
    nums: Ints
    """Numbers: RNG …"""
    stops: Ints
    """Seats left per stop."""
    tools: Ints
    """[site, tool]: left."""
    rows: Ints
    """Rows to try things in."""
    old: Ints
    """Teams as they were before a compound move, in the order of MY_TOUCHED."""


MY_UNITS, MY_NEEDS, MY_FLEET, MY_FREE, MY_SLOTS, MY_STAMPS, MY_TOUCHED = range(7)
"""Units, needs, vehicles; free units, empty slots, per slot the last compound move that touched it, the teams it touched."""
RNG, SUM, UNITS, NEEDS, FLEET, FREE, SLOTS, STAMP, TOUCHED, NUMBER, STATS = range(11)
"""Random state; sum of scores; lengths of the lists; the compound move under way; the part's number; then 4 × tried, kept."""


def _bits(names: Iterable[str], rank: dict[str, int]) -> int:
    """The first kinds only, should there be more than a word has bits: a wish less is counted in the search."""
    return sum(1 << rank[name] for name in names if rank.get(name, MOST_BITS) < MOST_BITS)


def _ranks(names: Iterable[str]) -> dict[str, int]:
    return {name: i for i, name in enumerate(sorted(set(names)))}


def _points(value: float) -> int:
    return round(value * SCALE)


def values(need: Need, problem: Problem, most: int) -> list[int]:
    """Points of a need by how many go; fewer than its minimum count as the minimum (what is missing costs elsewhere)."""
    w = problem.params.w
    return [
        _points(w.need * need.weight * need.fill(max(size, need.min), w.min_fill)) for size in range(most + 1)
    ]


def world_of(state: State) -> World:
    """The arrays of a problem, with what `state` has left of people and vehicles."""
    ground = state.ground
    problem, units, needs = ground.problem, ground.units, ground.needs
    w, now, work_end = problem.params.w, problem.now, problem.params.work_end
    skills = skill_ranks(state)
    kinds = _ranks(n.type for n in needs)
    tools = tool_ranks(state)
    stops = {stop.id: i for i, stop in enumerate(problem.stops)}
    sites = {site.id: i for i, site in enumerate(problem.sites)}
    most = max([n.max for n in needs], default=1)
    fleet = [state.fleet[v] for v in fleet_ids(state)]
    been: list[list[int]] = [[] for _ in units]
    for number, there in enumerate(ground.was_there):
        for unit, count in there.items():
            been[unit] += [number] * count
    flat = _Lists()
    u_rows = []
    for u in units:
        own = [m.vehicle for m in u.members if m.vehicle is not None]
        u_rows.append([
            u.size, u.women, u.lead_exp, u.seats, sum(v.kind == "truck" for v in own),
            sum(m.vehicle is None for m in u.drivers), sum(m.vehicle is not None for m in u.drivers),
            max(now, u.start), min(work_end, u.end), _points(w.idle * u.idle_w), -1,
            *flat.add([bits for bits in (_bits(wish, kinds) for wish in u.wishes) if bits]),
            *flat.add(sorted(ground.foes.get(u.number, ()))),
            *flat.add(ground.announced.get(u.number, [])),
            *flat.add(been[u.number]),
            *(_able(u, skill) for skill in skills),
        ])  # fmt: skip
    near, hop = _hops(ground)
    n_rows = []
    for i, n in enumerate(needs):
        asked = tools_needed([n])
        n_rows.append([
            n.min, n.max, min(NOBODY, max(0, n.leader_exp)), n.women_min, n.truck,
            _bits([n.type], kinds), n.open, n.close, n.dur, stops[n.stop] if n.stop is not None else -1, sites[n.site],
            n.tier, *flat.add(near[i]), *(_access(ground, n, mode) for mode in MODES),
            *(_asked(n, skill) for skill in skills), *(asked.get(tool, 0) for tool in tools),
        ])  # fmt: skip
    lead = [u.lead_exp for u in units]
    leaders = sorted((u for u in range(len(units)) if lead[u] >= 0), key=lambda u: -lead[u])
    begin, _ = flat.add(leaders)
    able = [[u.number for u in units if _able(u, skill)] for skill in skills]
    owners = flat.add([u.number for u in units if u.seats])
    special = flat.add(
        [
            u.number
            for u in units
            if u.seats or u.lead_exp > 1 or u.drivers or any(_able(u, s) for s in skills)
        ]
    )
    skilled, _ = flat.add([end for one in [flat.add(one) for one in able] for end in one])
    constants = [
        len(skills), len(tools), WIDTH + 2 * len(skills) + len(tools), most,
        int(min(MAX_VISITS, problem.params.max_visits)), now, work_end, _points(w.travel), _points(w.pref),
        _points(w.cont), int(w.cont_cap), _points(w.churn), *special, *owners, skilled, begin,
        *(sum(one >= e for one in lead) for e in range(NOBODY + 1)),
    ]  # fmt: skip
    return World(
        c=np.array(constants, dtype=np.int64), u=_table(u_rows, U_SKILL + len(skills)),
        n=_table(n_rows, N_SKILL + len(skills) + len(tools)),
        val=_table([values(n, problem, most) for n in needs], most + 1),
        may=np.ascontiguousarray(ground.may.T.astype(np.uint8)), hop=hop, flat=flat.array(),
        f=_table([[v.seats, v.kind == "truck", sites[v.site]] for v in fleet], 3),
    )  # fmt: skip


class _Lists:
    """Lists one behind the other."""

    def __init__(self) -> None:
        self.all: list[int] = []

    def add(self, numbers: Iterable[int]) -> tuple[int, int]:
        begin = len(self.all)
        self.all += numbers
        return begin, len(self.all)

    def array(self) -> Ints:
        return np.array(self.all or [0], dtype=np.int64)


def skill_ranks(state: State) -> dict[str, int]:
    """Skills and languages that some need asks for; a language as "lang:…"."""
    needs = state.ground.needs
    return _ranks([*(skill for n in needs for skill in n.skills), *(LANG + n.lang for n in needs if n.lang)])


LANG = "lang:"


def _able(unit: Unit, skill: str) -> int:
    return int(skill[len(LANG) :] in unit.langs) if skill.startswith(LANG) else unit.skills[skill]


def _asked(need: Need, skill: str) -> int:
    if skill.startswith(LANG):
        return int(need.lang == skill[len(LANG) :])
    return need.skills.get(skill, 0)


def tool_ranks(state: State) -> dict[str, int]:
    return _ranks(tool for n in state.ground.needs for tool in n.equip)


def fleet_ids(state: State) -> list[str]:
    """The vehicles of `world_of`, by number."""
    return [v.id for v in state.ground.problem.fleet if v.id in state.fleet]


def _table(rows: Sequence[Sequence[Any]], columns: int) -> Ints:
    return np.array([list(row) for row in rows], dtype=np.int64).reshape(len(rows), columns)


def _access(ground: Ground, need: Need, mode: str) -> int:
    minutes, trouble = ground.travel.access(need, mode)
    return -1 if trouble else minutes


def _hops(ground: Ground) -> tuple[list[list[int]], NDArray[np.int16]]:
    """For each need those that may be visited before or after it, nearest first, and the minutes between them. As
    `Travel.hop` says, but for all pairs at once."""
    params, count = ground.problem.params, len(ground.needs)
    hop = np.full((2, count, count), -1, dtype=np.int16)
    lists: list[list[int]] = []
    for i, km in enumerate(ground.road_km(exact=True)):
        near = np.flatnonzero(km <= params.chain_max_km + EPS)
        near = near[near != i]
        hop[0, i, near] = np.minimum(np.ceil(60 * km[near] / params.walk_kmh - EPS), DAY)
        hop[1, i, near] = np.minimum(np.ceil(60 * km[near] / params.drive_kmh - EPS) + params.park_min, DAY)
        lists.append(near[np.argsort(km[near], kind="stable")].tolist())
    return lists, hop
