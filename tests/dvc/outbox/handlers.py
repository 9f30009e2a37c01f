"""Handlers for the outbox's own tests."""

from __future__ import annotations

from datetime import timedelta

from dvc.outbox import services
from dvc.outbox.services import Claim
from tests import make


def finish(held: Claim) -> None:
    services.finish(held, at=make.at(9))


def break_down(held: Claim) -> None:
    raise RuntimeError("out of order")


def lose_the_lease(held: Claim) -> None:
    """Somebody else takes the row while we work."""
    services.claim(held.row.pk, at=make.at(9) + services.LEASE + timedelta(seconds=1))
    services.finish(held, at=make.at(9))
