"""Rows about people, found when they are broken: who can serve what, as a flow from classes of parties to teams.

A *cell* is what teams ask of each member (site, window, stamina, experience, no minors, women only, types of work);
with a head count it says which classes can be in a team. Where the teams of the relaxed plan ask for more of a kind
than can flow to them, the classes the flow exhausts (a minimal cut) make a row: what all teams that only these can
serve ask for is at most what these have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from matching.solver.bound.people import Crowd

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TINY = 1e-7


@dataclass(frozen=True)
class Cut:
    """A row of a kind. `upto` [cell]: teams of fewer heads (in size classes) can only be served from `classes`."""

    kind: int
    classes: Flags
    upto: NDArray[np.int8]
    there: float
    short: float = 0.0
    """How many people were lacking when it was found."""


def fits(crowd: Crowd, cells: Ints, types: list[str]) -> Flags:
    """[cell, class]: whether a party of the class may be in a team of the cell, if the team is large enough.

    `cells` [cell, …]: site, departure, return, stamina − 1, experience, no minors, women only, each of `types`.
    """
    sites = list(crowd.site_number)
    a = crowd.alike
    here = np.array([[site in one.sites for one in a] for site in sites], dtype=np.bool_)
    start, end = np.array([one.start for one in a]), np.array([one.end for one in a])
    stamina, exp = np.array([one.stamina - 1 for one in a]), np.array([one.exp for one in a])
    minor, women = np.array([one.minor for one in a]), np.array([one.women for one in a])
    avoids = np.array([[t in one.avoid for one in a] for t in types], dtype=np.bool_).reshape(
        len(types), len(a)
    )
    found = np.empty((len(cells), len(a)), dtype=np.bool_)
    for i, (site, leave, back, least_stamina, least_exp, adults, women_only, *wanted) in enumerate(
        cells.tolist()
    ):
        ok = here[site] & (start <= leave) & (end >= back) & (stamina >= least_stamina) & (exp >= least_exp)
        if adults:
            ok &= ~minor
        if women_only:
            ok &= women
        found[i] = ok & ~avoids[np.array(wanted, dtype=np.bool_)].any(axis=0)
    return found


@njit(cache=True, nogil=True)
def exhausted(demand: Floats, have: Floats, may: Flags) -> tuple[float, Flags]:
    """Demand that can not be met from `have` along `may` [demand, class], and the classes that are to blame."""
    n, m = may.shape
    flow = np.zeros((n, m))
    open_, left = demand.copy(), have.copy()
    for i in range(n):
        for j in range(m):
            if may[i, j] and left[j] > 0 and open_[i] > 0:
                some = min(left[j], open_[i])
                flow[i, j] += some
                left[j] -= some
                open_[i] -= some
    reached = np.zeros(m, dtype=np.bool_)
    while True:
        from_demand = np.full(m, -1)  # the demand a class was reached from
        from_class = np.full(n, -1)  # the class a demand was reached from; -2 starts a path
        queue = np.empty(n, dtype=np.int64)
        head, tail = 0, 0
        for i in range(n):
            if open_[i] > TINY:
                from_class[i] = -2
                queue[tail] = i
                tail += 1
        last = -1
        while head < tail and last < 0:
            i = queue[head]
            head += 1
            for j in range(m):
                if may[i, j] and from_demand[j] < 0:
                    from_demand[j] = i
                    if left[j] > TINY:
                        last = j
                        break
                    for k in range(n):
                        if flow[k, j] > TINY and from_class[k] == -1:
                            from_class[k] = j
                            queue[tail] = k
                            tail += 1
        if last < 0:
            for j in range(m):
                reached[j] = from_demand[j] >= 0
            break
        some, j = left[last], last
        while True:
            i = from_demand[j]
            if from_class[i] == -2:
                some = min(some, open_[i])
                break
            j = from_class[i]
            some = min(some, flow[i, j])
        left[last] -= some
        j = last
        while True:
            i = from_demand[j]
            flow[i, j] += some
            if from_class[i] == -2:
                open_[i] -= some
                break
            j = from_class[i]
            flow[i, j] -= some
    return open_.sum(), reached
