"""Whole teams, without deciding who is in them: what half a team and half a set of cars made the linear program worth.

Only what is near its price in the linear program is decided about. A plan with any other team in it is worth so much less that
the answer need not know of it: each need starts at most one team, and the linear program's bound counts the best for each.
"""

from __future__ import annotations

import highspy
import numpy as np

from matching.solver.bound.program import Floats, Program, proven
from matching.solver.bound.routes import TooMany

SHARES = (0.005, 0.0025)
"""Shares of the bound a team may be below its price to be decided about: the largest that leaves no more than MOST."""
MOST = 25_000
"""Teams decided about at once."""
NEAR_ENOUGH = 2e-4
"""Share of the best at which HiGHS is done."""
NO_PROBING = 1 << 15
"""HiGHS' number for the presolve rule that tries out every column: here it takes up to a hundred times as long as all the
rest, and gains nothing."""


def whole_teams(
    program: Program, duals: Floats, value: float, *, seconds: float | None = None, nodes: int | None = None
) -> float:
    """What no plan is worth more than, if its teams are whole; `value` is what these dual prices prove (Program.price), and the
    answer where nothing lower is found within so many seconds or nodes. Both without the constant."""
    for share in SHARES:
        try:
            option, heads, rest = program.near(duals, share * max(1.0, abs(value)), MOST)
        except TooMany:
            continue
        break
    else:
        return value
    if not len(option):
        return value
    near = program.over(option, heads)
    h = near.h
    teams = len(near.extra_cost) + np.arange(len(option))
    whole = np.concatenate([np.arange(len(near.garage.patterns)), teams]).astype(np.int32)
    h.changeColsIntegrality(len(whole), whole, np.array([highspy.HighsVarType.kInteger] * len(whole)))
    h.setOptionValue("presolve_rule_off", NO_PROBING)
    h.setOptionValue("mip_rel_gap", NEAR_ENOUGH)
    if seconds is not None:
        h.setOptionValue("time_limit", h.getRunTime() + seconds)
    if nodes is not None:
        h.setOptionValue("mip_max_nodes", nodes)
    h.run()
    return min(value, max(proven(h), value + rest))
