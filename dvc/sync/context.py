"""What the ops of one request share: the device, its clock, and rows that are read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import SimpleLazyObject

from dvc.accounts.models import Device, User
from dvc.audit.services import By
from dvc.core.compiled import compiled
from dvc.core.days import local_day
from dvc.operations.models import Operation, Site
from dvc.sync.clocks import EARLIEST, LATEST, Reading, Told, when
from dvc.sync.ops import Op
from intake.volunteers import cards

T = TypeVar("T")
MS: Final = timedelta(milliseconds=1)


class Context:
    """One request of one device. `at` is the server's time, `sent` what the tablet's clocks showed when it sent;
    `decided`: a person has said that what lies in quarantine counts."""

    def __init__(
        self, device: Device, epoch: int, sent: Reading | None, at: datetime, *, decided: bool = False
    ) -> None:
        self.device = device
        self.epoch = epoch
        self.at = at
        self.decided = decided
        self.sent = sent
        self.measured_error = at - sent.wall if sent else None
        # Asked for when a card comes that is not word for word one of ours.
        self.keys = cast("Mapping[int, bytes]", SimpleLazyObject(lambda: cards.public_keys(device.center)))
        self._operations: dict[int, Operation | None] = {}
        self._actors: dict[int, User | None] = {}
        self._once: dict[Hashable, Any] = {}
        self._told: dict[UUID, Told] = {}

    def told(self, op: Op) -> Told:
        """When the op was recorded, on the server's clock: a whole number of `correction_ms` from the tablet's own
        time, so that an op that is kept for later comes to the very same moment then."""
        told = self._told.get(op.op_id)
        if told is None:
            wall = _wall(op)
            told = when(op.recorded or Reading(wall), op.heard, self.sent, received_at=self.at)
            told = self._told[op.op_id] = replace(told, at=wall + (told.at - wall) // MS * MS)
        return told

    def correction_ms(self, op: Op) -> int:
        """By how much the tablet's time was corrected; decades, where a flat battery took its clock back."""
        return (self.told(op).at - _wall(op)) // MS

    def operation(self, operation_id: int) -> Operation | None:
        """The operation an op names, if it is one of the device's center."""
        if operation_id not in self._operations:
            found = next(iter(_operation(self.device.center_id, operation_id)), None)
            if found is not None:
                found.center = self.device.center
            self._operations[operation_id] = found
        return self._operations[operation_id]

    def actor(self, user_id: int | None) -> User | None:
        """The operator the tablet names, if that is a member of the device's center."""
        if user_id is None:
            return None
        if user_id not in self._actors:
            members = _member(self.device.center_id, user_id)  # once for each role
            self._actors[user_id] = next(iter(members), None)
        return self._actors[user_id]

    def site(self, site_id: int | None) -> Site | None:
        """The site an op names, if it is one of the device's center."""
        if site_id is None:
            return None
        find = Site.objects.filter(center=self.device.center_id, pk=site_id).first
        return self.once(("site", site_id), find)

    def once(self, about: Hashable, find: Callable[[], T]) -> T:
        """What `find` says, asked once in a request."""
        if about not in self._once:
            self._once[about] = find()
        found: T = self._once[about]
        return found

    def by(self, op: Op) -> By:
        """Who is behind the op, for the audit."""
        return By(user=self.actor(op.actor), device=self.device, via="tablet", op=str(op.op_id))

    def day(self, op: Op) -> date:
        """The local date outside on which the op was recorded, also in a drill."""
        return local_day(self.told(op).at)

    def happened(self, op: Op, operation: Operation) -> datetime:
        """The tablet's time, corrected, never later than now, on the operation's clock."""
        return operation.moment(self.told(op).at)


@compiled
def _operation(center: int, pk: int) -> QuerySet[Operation]:
    return Operation.objects.filter(center=center, pk=pk)


@compiled
def _member(center: int, pk: int) -> QuerySet[User]:
    return User.objects.filter(pk=pk, memberships__center=center)


def _wall(op: Op) -> datetime:
    """The tablet's time, as far as one can reckon with it."""
    return min(max(op.t_wall, EARLIEST), LATEST)
