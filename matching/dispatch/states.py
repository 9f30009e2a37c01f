"""The dispatch's state table (source: sync.md §7, Lease). One table, tested edge by edge."""

from __future__ import annotations

from typing import Final

from matching.dispatch.models import DispatchState as S

# The later visits of a team wait as NEXT; one becomes the first (ACCEPTED) when those before it are dropped. A visit
# the team has gone on from is VISITED until the team is back. Overdue is computed, not a state. A report from the site also means that the team is on its way back.
STEPS: Final[dict[S, frozenset[S]]] = {
    S.ACCEPTED: frozenset({S.DEPARTED, S.CANCELLED}),
    S.NEXT: frozenset({S.ACCEPTED, S.DEPARTED, S.CANCELLED}),
    S.DEPARTED: frozenset({S.ON_SITE, S.LEAVING, S.VISITED, S.BACK}),
    S.ON_SITE: frozenset({S.LEAVING, S.VISITED, S.BACK}),
    S.LEAVING: frozenset({S.VISITED, S.BACK}),
    S.VISITED: frozenset({S.BACK}),
    S.BACK: frozenset(),
    S.CANCELLED: frozenset(),
}

# What a person may take back when the wrong card was tapped (`undoing`). Back leads to where the team was; a departure for a
# later house leads to NEXT, and the house before is where the team is again.
BACK_STEPS: Final[dict[S, S]] = {S.DEPARTED: S.ACCEPTED, S.ON_SITE: S.DEPARTED, S.BACK: S.LEAVING}
