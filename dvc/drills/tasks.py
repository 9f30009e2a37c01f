"""The outbox handler of a drill. Its message is only a hint; the row decides (dvc.outbox)."""

from __future__ import annotations

from django.utils import timezone

from dvc.drills import services
from dvc.outbox.services import Claim


def play_due(held: Claim) -> None:
    """Play what is due in the drill behind the claimed row."""
    services.play_stretch(held, now=timezone.now)
