"""A badge of a member of staff, and the PIN that belongs to it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.operations.models import Center


class BadgeQuerySet(models.QuerySet["Badge"]):
    def live(self) -> Self:
        """Given out and not ended; the account may have been stopped all the same."""
        return self.filter(ended_at__isnull=True)

    def of_operators(self, center: Center, roles: frozenset[Role], *, at: datetime) -> Self:
        """Badges that may sign in now: with a PIN, of an account in use, whose owner has one of the roles here."""
        people = User.objects.usable(at).filter(memberships__center=center, memberships__role__in=roles)
        return self.live().exclude(pin_key="").filter(center=center, user__in=people)


class Badge(models.Model):
    """One printed badge. `card_id`: 16 random bytes as 32 hex digits. `pin_key`: what the PIN and this badge together
    come to (services.pin_key), 64 hex digits, empty until the owner has chosen a PIN.
    """

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="badges")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="badges")
    card_id = models.CharField(max_length=32, unique=True)
    token = models.CharField(max_length=147, unique=True)
    short_code = models.CharField(max_length=8)
    issued_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, blank=True)
    pin_key = models.CharField(max_length=64, blank=True)
    pin_set_at = models.DateTimeField(null=True)

    objects = BadgeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "center"],
                condition=models.Q(ended_at__isnull=True),
                name="one_live_badge_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"badge {self.short_code}"

    @property
    def prefix(self) -> str:
        """How a tablet knows the badge: half of its id. The other half stays on the badge."""
        return self.card_id[:16]
