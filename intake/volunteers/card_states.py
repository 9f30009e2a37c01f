"""The card's state table (source: sync.md §7). That a card has expired is computed from its date and is no state."""

from __future__ import annotations

from typing import Final

from intake.volunteers.models import CardState

S = CardState

STEPS: Final[dict[CardState, frozenset[CardState]]] = {
    S.BLANK: frozenset({S.BOUND, S.LOST}),
    # Given to the wrong person: the card is blank again.
    S.BOUND: frozenset({S.BLANK, S.LOST, S.REPLACED}),
    S.LOST: frozenset(),
    S.REPLACED: frozenset(),
}


def before(state: CardState) -> list[CardState]:
    """From which states a card may become this."""
    return [one for one, following in STEPS.items() if state in following]
