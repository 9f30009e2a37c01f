"""The visit's state table (source: sync.md §7). Whether somebody is out with a team stands with the team."""

from __future__ import annotations

from typing import Final

from django.db import models


class VisitState(models.TextChoices):
    PRESENT = "present", "受付中"
    UNRETURNED = "unreturned", "帰りを確かめる"
    LEFT = "left", "帰り済み"
    CLOSED = "closed", "職員が確かめて締めた"
    ANNULLED = "annulled", "取り消し"


S = VisitState

# What a visit may begin as: an entry; a leaving nobody saw the entry of; an entry told when the next day had begun.
BEGINNINGS: Final = frozenset({S.PRESENT, S.LEFT, S.UNRETURNED})
STEPS: Final[dict[VisitState, frozenset[VisitState]]] = {
    S.PRESENT: frozenset({S.LEFT, S.UNRETURNED, S.CLOSED, S.ANNULLED}),
    S.UNRETURNED: frozenset({S.LEFT, S.CLOSED, S.ANNULLED}),
    # A leaving may turn out to be of another stay when more facts come in: the stay is open again.
    S.LEFT: frozenset({S.PRESENT, S.UNRETURNED, S.ANNULLED}),
    S.CLOSED: frozenset({S.LEFT, S.PRESENT, S.UNRETURNED, S.ANNULLED}),
    # Two registrations of one person were merged and are two again: what was told to the other is its own again.
    S.ANNULLED: frozenset({S.PRESENT, S.LEFT, S.UNRETURNED, S.CLOSED}),
}
