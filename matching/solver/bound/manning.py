"""The program with its people in it: whole teams on the routes, and which parties go in each.

The rows about kinds of people (matching.solver.bound.cuts) count leaders, women and drivers one kind at a time. Here
every party is placed, so that whoever leads can not drive another team, and groups fill head counts whole. That is
near enough to the rules that its best solution nearly always is a plan; what it leaves out makes its value a bound all the
same: vehicles are counted by seats within a team, and nobody's hours but those of the route's window.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from matching.solver.bound.people import adult_experience
from matching.solver.bound.program import Floats, Ints, Program, proven
from matching.solver.bound.whole import NO_PROBING
from matching.solver.rules import may_drive_fleet

INF = highspy.kHighsInf


@dataclass(frozen=True)
class Manned:
    """A team of the solution: a column of the program, the numbers of its parties (Crowd.parties), and which vehicles of the
    center it takes: (whether a truck, seats) of each."""

    option: int
    heads: int
    parties: tuple[int, ...]
    lent: tuple[tuple[bool, int], ...] = ()


@dataclass(frozen=True)
class Answer:
    """`bound`: nothing over these columns is worth more. `done`: and `value` is that. Both without the constant."""

    value: float
    bound: float
    done: bool
    teams: tuple[Manned, ...]


def every_column(program: Program) -> tuple[Ints, Ints]:
    """Every option with every head count a team there may have."""
    r, d = program.routes, program.demands
    least, most = d.least[r.of].astype(np.int64), d.most[r.of].astype(np.int64)
    many = np.maximum(0, most - least + 1)
    option = np.repeat(np.arange(len(r.of)), many)
    heads = np.arange(len(option)) - np.repeat(np.cumsum(many) - many, many) + np.repeat(least, many)
    possible = ~(program.closed[program.sign[option], heads] | program.way_closed[program.way[option], heads])
    return option[possible], heads[possible]


def places(program: Program, option: Ints) -> int:
    """How many places there are for a party on these options: about how large a program with people gets."""
    cells = program.sign_cell[program.sign[np.unique(option)]]
    return int(program.fits[:, program.crowd.of].sum(axis=1)[cells].sum())


class _Rows:
    """Rows of a sparse matrix, collected entry by entry."""

    def __init__(self) -> None:
        self.least: list[float] = []
        self.most: list[float] = []
        self.row: list[Ints] = []
        self.col: list[Ints] = []
        self.value: list[Floats] = []

    def add(self, least: float, most: float) -> int:
        self.least.append(least)
        self.most.append(most)
        return len(self.least) - 1

    def put(self, row: int | Ints, col: Ints, value: float | Floats | Ints) -> None:
        self.row.append(np.broadcast_to(np.asarray(row, dtype=np.int64), col.shape))
        self.col.append(col)
        self.value.append(np.broadcast_to(np.asarray(value, dtype=np.float64), col.shape))

    def into(self, h: highspy.Highs) -> None:
        row, col, value = np.concatenate(self.row), np.concatenate(self.col), np.concatenate(self.value)
        order = np.lexsort((col, row))
        starts = np.searchsorted(row[order], np.arange(len(self.least)))
        h.addRows(
            len(self.least), np.array(self.least), np.array(self.most), len(value), starts.astype(np.int32),
            col[order].astype(np.int32), value[order],
        )  # fmt: skip


class Likes:
    """Parties that nothing tells apart, by class: numbers per class, and who they are."""

    def __init__(self, program: Program) -> None:
        d, crowd = program.demands, program.crowd
        problem = d.problem
        asked = {n.id: i for i, n in enumerate(d.needs)}
        been: dict[str, list[int]] = defaultdict(list)
        for i, n in enumerate(d.needs):
            for person in n.prev:
                been[person].append(i)
        banned: dict[str, set[int]] = defaultdict(set)
        for person, need in problem.bans:
            if need in asked:
                banned[person].add(asked[need])
        # Whom a rule or a wish names is told apart from everybody else.
        named = {m for pair in problem.conflicts for m in pair}
        named |= {v.guardian for v in problem.volunteers if v.guardian is not None}
        named |= {v.id for v in problem.volunteers if v.guardian is not None}
        classes: dict[tuple[object, ...], list[int]] = {}
        for i, party in enumerate(crowd.parties):
            ids = [m.id for m in party.members]
            told = sorted(asked[n] for n in map(problem.baseline.get, ids) if n is not None and n in asked)
            key = (
                int(crowd.of[i]), len(ids), adult_experience(party), sum(m.woman for m in party.members),
                tuple(sum(k in m.skills for m in party.members) for k in d.skills),
                tuple(sum(k in m.langs for m in party.members) for k in d.langs),
                tuple(sorted((v.kind == "truck", v.seats) for m in party.members if (v := m.vehicle) is not None)),
                sum(may_drive_fleet(m) for m in party.members),
                sum(may_drive_fleet(m) and m.vehicle is None for m in party.members),
                sum(m.idle_w for m in party.members),
                tuple(sorted(tuple(sorted(m.prefs & set(d.types))) for m in party.members if m.prefs & set(d.types))),
                tuple(told), tuple(sorted(n for m in ids for n in been.get(m, ()))),
                tuple(sorted({n for m in ids for n in banned.get(m, ())})),
                i if named & set(ids) else -1,
            )  # fmt: skip
            classes.setdefault(key, []).append(i)
        self.members = list(classes.values())
        keys = list(classes)
        self.count = np.array([len(one) for one in self.members], dtype=np.int64)
        first = [crowd.parties[one[0]] for one in self.members]
        self.alike = np.array([key[0] for key in keys], dtype=np.int64)
        self.size = np.array([key[1] for key in keys], dtype=np.int64)
        self.lead = np.array([key[2] for key in keys], dtype=np.int64)
        self.women = np.array([key[3] for key in keys], dtype=np.int64)
        self.skills = np.array([key[4] for key in keys], dtype=np.int64).reshape(len(keys), -1)
        self.langs = np.array([key[5] for key in keys], dtype=np.int64).reshape(len(keys), -1)
        own = [[v for m in party.members if (v := m.vehicle) is not None] for party in first]
        self.steps = sorted({v.seats for vehicles in own for v in vehicles} | {v.seats for v in d.left.fleet})
        """Numbers of seats of the vehicles."""
        self.own = [[v.seats for v in vehicles] for vehicles in own]
        self._counted: dict[tuple[int, int], tuple[Ints, Ints]] = {}
        self.trucks = np.array([sum(v.kind == "truck" for v in vehicles) for vehicles in own], dtype=np.int64)
        self.drivers = np.array([key[7] for key in keys], dtype=np.int64)
        self.carless = np.array([key[8] for key in keys], dtype=np.int64)
        self.idle = np.array([key[9] for key in keys], dtype=np.float64)
        self.wishes = [[m.prefs for m in party.members if m.prefs] for party in first]
        self.told = [list(map(int, key[11])) for key in keys]  # type: ignore[call-overload]
        self.been = [list(map(int, key[12])) for key in keys]  # type: ignore[call-overload]
        self.banned = [list(map(int, key[13])) for key in keys]  # type: ignore[call-overload]
        self.of = {m.id: c for c, party in enumerate(first) for m in party.members} | {
            m.id: c for c, one in enumerate(self.members) for i in one for m in crowd.parties[i].members
        }

    def seats(self, by: int, most: int) -> tuple[Ints, Ints]:
        """Per class, the seats of its vehicles counted by so many (what is left over counts whole), each vehicle up to
        `most`; and the least that is lost when one of them drives a vehicle of the center instead."""
        if (by, most) not in self._counted:
            counted = [[min(most, -(-seats // by)) for seats in one] for one in self.own]
            self._counted[by, most] = (
                np.array([sum(one) for one in counted], dtype=np.int64),
                np.array([min(one, default=0) for one in counted], dtype=np.int64),
            )
        return self._counted[by, most]


class Manning:
    """Built once for some columns of a program; solved as whole teams."""

    def __init__(self, program: Program, option: Ints, heads: Ints) -> None:
        self.program = program.over(option, heads)
        self.option, self.heads = option, heads
        self.h = self.program.h
        self.likes = Likes(self.program)
        self.team = np.arange(len(option)) + len(self.program.extra_cost)
        """Column of each team."""
        self._new = int(self.team[-1]) + 1 if len(option) else len(self.program.extra_cost)
        self._cost: list[Floats] = []
        self._most: list[Floats] = []
        self._whole: list[Ints] = []
        self._count = 0
        self.route, self.at = np.unique(option, return_inverse=True)
        """Options used, and which of them each column is."""
        self.placed_class: list[Ints] = []
        self.placed_route: list[Ints] = []
        self.placed_col: list[Ints] = []
        self.lent: dict[int, list[tuple[tuple[bool, int], int]]] = {}
        """Route used: vehicles of the center and the column of each kind."""
        self._rows = _Rows()
        self._team_costs()
        self._people()
        self._been_before()
        if self._count:
            h = self.h
            h.addCols(
                self._count, np.concatenate(self._cost), np.zeros(self._count), np.concatenate(self._most), 0,
                np.zeros(self._count, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0),
            )  # fmt: skip
        self._rows.into(self.h)

    def _columns(self, cost: Floats, most: Floats | Ints, *, whole: bool) -> Ints:
        """New columns, as numbers."""
        at = self._new + self._count + np.arange(len(cost))
        self._cost.append(np.asarray(cost, dtype=np.float64))
        self._most.append(np.asarray(most, dtype=np.float64))
        if whole:
            self._whole.append(at)
        self._count += len(cost)
        return at

    def _team_costs(self) -> None:
        """A team is worth its work less its way; who brings what by being there is counted with the people."""
        d, w = self.program.demands, self.program.demands.problem.params.w
        r, h = self.program.routes, self.h
        worth = np.zeros_like(d.worth)
        for i, n in enumerate(d.needs):
            for size in range(n.min, n.max + 1):
                worth[i, size] = w.need * n.weight * n.fill(size, w.min_fill)
        cost = -float(w.travel) * r.legs[self.option].astype(np.float64)
        for k in range(r.needs.shape[1]):
            n = r.needs[r.of[self.option], k].astype(np.int64)
            cost += np.where(n >= 0, worth[n, self.heads], 0.0)
        extras = len(self.program.extra_cost)
        cost = np.concatenate([np.zeros(extras), cost])
        h.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def _people(self) -> None:
        p, d, c = self.program, self.program.demands, self.likes
        w, rows = d.problem.params.w, self._rows
        supply = [rows.add(-INF, int(many)) for many in c.count]
        sign = p.sign[self.route]
        profiles, cells, by_car = p.sign_profile[sign], p.sign_cell[sign], p.sign_car[sign]
        fleet: dict[tuple[bool, int, str], int] = {}
        for v in d.left.fleet:
            key = (v.kind == "truck", v.seats, v.site)
            fleet[key] = fleet.get(key, 0) + 1
        of_fleet = {key: rows.add(-INF, many) for key, many in fleet.items()}
        wards = [
            (c.of[v.id], c.of[v.guardian]) for v in d.problem.volunteers
            if v.guardian in c.of and v.id in c.of and c.of[v.id] != c.of[v.guardian]
        ]  # fmt: skip
        foes = [(c.of[a], c.of[b]) for a, b in d.problem.conflicts if a in c.of and b in c.of]
        order = np.argsort(self.at, kind="stable")
        ends = np.searchsorted(self.at[order], np.arange(len(self.route) + 1))
        for j in range(len(self.route)):
            mine = order[ends[j] : ends[j + 1]]
            team, heads, q = self.team[mine], self.heads[mine], profiles[j]
            needs = [int(n) for n in p.routes.needs[p.routes.of[self.route[j]]] if n >= 0]
            ok = p.fits[cells[j], c.alike] & (c.size <= heads.max())
            for k, banned in enumerate(c.banned):
                if banned and not set(banned).isdisjoint(needs):
                    ok[k] = False
            here = np.flatnonzero(ok)
            types = {d.needs[n].type for n in needs}
            points = w.idle * c.idle[here]
            for i, k in enumerate(here.tolist()):
                points[i] += w.pref * sum(not types.isdisjoint(wish) for wish in c.wishes[k])
                points[i] += w.churn * sum(n in needs for n in c.told[k])
            there = self._columns(points, np.minimum(c.count[here], heads.max() // c.size[here]), whole=True)
            self.placed_class.append(here)
            self.placed_route.append(np.full(len(here), j))
            self.placed_col.append(there)
            for k, col in zip(here.tolist(), there.tolist(), strict=True):
                rows.put(supply[k], np.array([col]), 1.0)
            everybody = rows.add(0, 0)
            rows.put(everybody, team, -heads)
            rows.put(everybody, there, c.size[here])

            def ask(have: Ints | Floats, amount: int | Ints, *, team: Ints = team, here: Ints = here, there: Ints = there) -> int:  # fmt: skip
                row, some = rows.add(0, INF), np.flatnonzero(have[here] > 0)
                rows.put(row, team, -np.asarray(amount))
                rows.put(row, there[some], have[here][some])
                return row

            ask((c.lead >= d["leader"][q]).astype(np.int64), 1)
            if d["women"][q]:
                ask(c.women, int(d["women"][q]))
            for i, skill in enumerate(d.skills):
                if d[f"skill:{skill}"][q]:
                    ask(c.skills[:, i], int(d[f"skill:{skill}"][q]))
            for i, lang in enumerate(d.langs):
                if d[f"lang:{lang}"][q]:
                    ask(c.langs[:, i], 1)
            at = {int(k): int(col) for k, col in zip(here, there, strict=True)}
            for ward, guardian in wards:
                if ward in at:
                    row = rows.add(-INF, 0)
                    rows.put(row, np.array([at[ward]]), 1.0)
                    if guardian in at:
                        rows.put(row, np.array([at[guardian]]), -1.0)
            for a, b in foes:
                if a in at and b in at and a != b:
                    rows.put(rows.add(-INF, 1), np.array([at[a], at[b]]), 1.0)
            if by_car[j]:
                site = d.problem.sites[int(d["site"][q])].id
                vans = [key for key in fleet if key[2] == site]
                # Seats by ones, and by the seats of each vehicle: half a car for eight is no car for four. Where eight go
                # and none has more than seven seats, two vehicles go.
                steps = [1, *(s for s in c.steps if s <= heads.max())]
                steps += [s for s in c.steps if s > heads.max()][:1]
                most = [-(-int(heads.max()) // s) for s in steps]
                seats = [ask(c.seats(s, top)[0], -(-heads // s)) for s, top in zip(steps, most, strict=True)]
                truck = ask(c.trucks, 1) if d["truck"][q] else -1
                lent = self._columns(np.zeros(len(vans)), np.array([fleet[key] for key in vans]), whole=True)
                if not vans:
                    continue
                self.lent[j] = [(key[:2], int(col)) for key, col in zip(vans, lent, strict=True)]
                driven = ask(c.drivers, 0)
                rows.put(driven, lent, -1.0)
                for key, col in zip(vans, lent, strict=True):
                    one = np.array([col])
                    rows.put(of_fleet[key], one, 1.0)
                    for s, top, row in zip(steps, most, seats, strict=True):
                        rows.put(row, one, min(top, -(-key[1] // s)))
                    if truck >= 0 and key[0]:
                        rows.put(truck, one, 1.0)
                # Who drives for the center leaves the own car behind.
                both = np.flatnonzero((c.drivers > c.carless)[here])
                if len(both):
                    who = here[both]
                    behind = self._columns(np.zeros(len(both)), np.full(len(both), INF), whole=False)
                    for k, col, one in zip(who, behind, there[both], strict=True):
                        rows.put(
                            rows.add(-INF, 0),
                            np.array([col, one]),
                            np.array([1.0, c.carless[k] - c.drivers[k]]),
                        )
                    for s, top, row in zip(steps, most, seats, strict=True):
                        rows.put(row, behind, -c.seats(s, top)[1][who])
                    free = ask(c.carless, 0)
                    rows.put(free, behind, 1.0)
                    rows.put(free, lent, -1.0)

    def _been_before(self) -> None:
        """People who were there before, up to the most that counts."""
        c, w = self.likes, self.program.demands.problem.params.w
        known: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for k, needs in enumerate(c.been):
            for n in needs:
                known[n].append((k, needs.count(n)))
        if not known or not w.cont or not self.placed_col:
            return
        classes, routes, cols = (
            np.concatenate(one) for one in (self.placed_class, self.placed_route, self.placed_col)
        )
        sets = self.program.routes.needs[self.program.routes.of[self.route]]
        for n, who in sorted(known.items()):
            going = (sets == n).any(axis=1)[routes]
            counted = self._columns(np.full(1, w.cont), np.full(1, float(w.cont_cap)), whole=False)
            row = self._rows.add(-INF, 0)
            self._rows.put(row, counted, 1.0)
            for k, many in sorted(set(who)):
                self._rows.put(row, cols[going & (classes == k)], -float(many))

    @property
    def size(self) -> int:
        """Columns in all."""
        return int(self.h.getNumCol())

    def settle(self, sure: float) -> None:
        """Teams of which the linear program sends at least so much are sent whatever comes; who is in them stays open."""
        self.h.run()
        solution = self.h.getSolution()
        if solution.value_valid:
            share = np.array(solution.col_value)[self.team]
            sent = self.team[share >= sure].astype(np.int32)
            self.h.changeColsBounds(len(sent), sent, np.ones(len(sent)), np.ones(len(sent)))

    def solve(
        self, *, seconds: float | None = None, nodes: int | None = None, near: float = 0.0,
        known: Sequence[Manned] = (),
    ) -> Answer:  # fmt: skip
        """Whole teams and people. Ends after so many seconds or nodes, or `near` (a share) the best. `known` teams, if
        there are any, are where HiGHS begins."""
        h = self.h
        whole = np.concatenate([self.team, *self._whole]).astype(np.int32)
        h.changeColsIntegrality(len(whole), whole, np.array([highspy.HighsVarType.kInteger] * len(whole)))
        h.setOptionValue("time_limit", INF if seconds is None else h.getRunTime() + seconds)
        h.setOptionValue("presolve_rule_off", NO_PROBING)
        h.setOptionValue("mip_rel_gap", near)
        h.setOptionValue("mip_abs_gap", 1e-6)
        if nodes is not None:
            h.setOptionValue("mip_max_nodes", nodes)
        if known:
            self._begin_with(known)
        h.run()
        info, bound = h.getInfo(), proven(h)
        done = h.getModelStatus() == highspy.HighsModelStatus.kOptimal
        solution = h.getSolution()
        if not solution.value_valid or info.primal_solution_status != 2:
            return Answer(-INF, bound, done, ())
        return Answer(
            float(info.objective_function_value), bound, done, self._teams(np.array(solution.col_value))
        )

    def _begin_with(self, teams: Sequence[Manned]) -> None:
        """Tells HiGHS of these teams; it finds out the rest of the columns by itself."""
        column = {(int(o), int(s)): i for i, (o, s) in enumerate(zip(self.option, self.heads, strict=True))}
        value = np.zeros(int(self.h.getNumCol()))
        class_of = {i: k for k, one in enumerate(self.likes.members) for i in one}
        for team in teams:
            i = column[team.option, team.heads]
            value[self.team[i]] = 1.0
            col = dict(
                zip(self.placed_class[self.at[i]].tolist(), self.placed_col[self.at[i]].tolist(), strict=True)
            )
            for one in team.parties:
                value[col[class_of[one]]] += 1.0
        at = np.concatenate([self.team, *self.placed_col]).astype(np.int32)
        self.h.setSolution(len(at), at, value[at])

    def column_of(self, visits: set[int], how: int, parties: Sequence[int]) -> Manned | None:
        """These parties at these needs (their numbers in the program), travelling so: the team, if there is a column for it."""
        p, heads = self.program, sum(p.size for p in (self.program.crowd.parties[i] for i in parties))
        class_of = {i: k for k, one in enumerate(self.likes.members) for i in one}
        for i in np.flatnonzero((p.routes.how[self.option] == how) & (self.heads == heads)).tolist():
            if set(p.routes.needs[p.routes.of[self.option[i]]].tolist()) - {-1} == visits:
                may = set(self.placed_class[self.at[i]].tolist())
                if all(class_of[one] in may for one in parties):
                    return Manned(int(self.option[i]), heads, tuple(parties))
        return None

    def _teams(self, x: Floats) -> tuple[Manned, ...]:
        """The solution with its people, those of one class in their order."""
        chosen = np.flatnonzero(x[self.team] > 0.5)
        waiting = [list(one) for one in self.likes.members]
        found = []
        for i in chosen.tolist():
            j = int(self.at[i])
            go: list[int] = []
            for k, col in zip(self.placed_class[j].tolist(), self.placed_col[j].tolist(), strict=True):
                many = round(x[col])
                go += waiting[k][:many]
                del waiting[k][:many]
            lent = [kind for kind, col in self.lent.get(j, ()) for _ in range(round(x[col]))]
            found.append(Manned(int(self.option[i]), int(self.heads[i]), tuple(sorted(go)), tuple(lent)))
        return tuple(found)
