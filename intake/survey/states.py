"""An appointment's state table, tested edge by edge. A survey that comes late still ends the visit it is of: it happened."""

from __future__ import annotations

from typing import Final

from intake.survey.models import AppointmentState as S

STEPS: Final[dict[S, frozenset[S]]] = {
    S.BOOKED: frozenset({S.DONE, S.ABSENT, S.CANCELLED}),
    S.ABSENT: frozenset({S.DONE}),
    S.CANCELLED: frozenset({S.DONE}),
    S.DONE: frozenset(),
}
