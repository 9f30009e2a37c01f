"""Parties that may be here in part only: what of a linear program's limits is there because they are.

Everything a program knows of people is linear in the parties it has: how many there are of a kind, who has a car of a class, who
drives, what being busy is worth. Who could be here at all says what teams can be and stays as it is.
"""

from __future__ import annotations

import highspy
import numpy as np

from matching.solver.bound.people import Party
from matching.solver.bound.program import Floats, Program
from matching.solver.bound.vehicles import Pool, own_class
from matching.solver.rules import may_drive_fleet


class Presence:
    """`rows` [party, row] without the rows about kinds of people, whose classes say it; `extras` [party, column that is no
    team]."""

    def __init__(self, program: Program) -> None:
        self.program = program
        found = program.crowd.parties
        self.first = program.cut_row[0]
        self.rows = np.zeros((len(found), self.first))
        self.extras = np.zeros((len(found), len(program.extra_cost)))
        self.whole = np.array(program.rhs[: self.first]), program.extra_upper.copy()
        garage, d = program.garage, program.demands
        weights = sorted({v.idle_w for v in program.crowd.people.values()})
        busy = len(garage.patterns)
        for i, party in enumerate(found):
            places = {-1, *(program.crowd.site_number[site] for site in party.sites)}
            for where in places & garage.drivers.keys():
                self.rows[i, program.row["driver", where]] = sum(map(may_drive_fleet, party.members))
            for m in party.members:
                self.extras[i, busy + weights.index(m.idle_w)] += 1
                for j, t in enumerate(d.liked):
                    self.extras[i, busy + len(weights) + j] += t in m.prefs
                if d.liked:
                    self.rows[i, program.row["liked",]] += bool(set(d.liked) & m.prefs)
        owners = [i for i, party in enumerate(found) if any(m.vehicle is not None for m in party.members)]
        for pool in garage.pools:
            if pool.kind.own:
                self.rows[owners, program.row["pool", pool]] = [self._cars(pool, found[i]) for i in owners]

    def _cars(self, pool: Pool, party: Party) -> int:
        """How many of what a pool counts a party brings: one or nothing."""
        largest, number = self.program.garage.largest, self.program.crowd.site_number
        if min(party.size, largest) > pool.heads or (
            pool.site >= 0 and pool.site not in {number[site] for site in party.sites}
        ):
            return 0
        return int(own_class(party, largest) == pool.kind)

    def deal(self, here: Floats) -> None:
        """From now on so much of each party (0–1) is here."""
        p = self.program
        p.away = 1.0 - here
        fixed = self.whole[0] - p.away @ self.rows
        there = {kind: p.here(kind) for kind in {cut.kind for cut in p.cuts}}
        cuts = [float(there[cut.kind][cut.classes].sum()) for cut in p.cuts]
        p.rhs = [*fixed.tolist(), *cuts]
        p.extra_upper = np.maximum(0.0, self.whole[1] - p.away @ self.extras)
        rows, columns = np.arange(len(p.rhs), dtype=np.int32), np.arange(len(p.extra_upper), dtype=np.int32)
        free = np.full(len(rows), -highspy.kHighsInf)
        p.h.changeRowsBounds(len(rows), rows, free, np.array(p.rhs))  # type: ignore[attr-defined]  # its stub has none
        p.h.changeColsBounds(len(columns), columns, np.zeros(len(columns)), p.extra_upper)

    def brought(self, y: Floats) -> Floats:
        """[party]: what of the value that these prices prove (Program.price) is there because the party is."""
        p, y = self.program, np.maximum(y, 0.0)
        found = self.rows @ y[: self.first] + self.extras @ p.extra_worth(y)
        for cut, row in zip(p.cuts, p.cut_row, strict=True):
            if row < len(y) and y[row] > 0:
                found += y[row] * cut.classes[p.crowd.of] * p.kinds[cut.kind].each
        return np.asarray(found, dtype=np.float64)
