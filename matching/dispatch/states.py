"""The dispatch's state table (source: sync.md §7, Lease). One table, tested edge by edge."""

from __future__ import annotations

from typing import Final

from matching.dispatch.models import DispatchState as S

# Overdue is computed, not a state. A report from the site also means that the team is on its way back.
STEPS: Final[dict[S, frozenset[S]]] = {
    S.ACCEPTED: frozenset({S.DEPARTED, S.CANCELLED}),
    S.DEPARTED: frozenset({S.ON_SITE, S.LEAVING, S.BACK}),
    S.ON_SITE: frozenset({S.LEAVING, S.BACK}),
    S.LEAVING: frozenset({S.BACK}),
    S.BACK: frozenset(),
    S.CANCELLED: frozenset(),
}
