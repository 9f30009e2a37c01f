"""What the ops of one request share: the device, its clock, and rows that are read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from django.utils.functional import SimpleLazyObject

from dvc.accounts.models import Device, User
from dvc.audit.services import By
from dvc.core.compiled import compiled
from dvc.operations.models import Operation, Site
from dvc.sync.ops import Op
from intake.volunteers import cards

T = TypeVar("T")

# A tablet's clock that is off by less than this is taken as it is: the network's delay is of that size.
CLOCK_TOLERANCE = timedelta(seconds=3)


class Context:
    """One request of one device. `at` is the server's time, `sent_wall` the tablet's clock when it sent."""

    def __init__(self, device: Device, epoch: int, sent_wall: datetime | None, at: datetime) -> None:
        self.device = device
        self.epoch = epoch
        self.at = at
        self.measured_error = at - sent_wall if sent_wall else None
        self.clock_error = self.measured_error or timedelta()
        # Asked for when a card comes that is not word for word one of ours.
        self.keys = cast("Mapping[int, bytes]", SimpleLazyObject(lambda: cards.public_keys(device.center)))
        self._operations: dict[int, Operation | None] = {}
        self._actors: dict[int, User | None] = {}
        self._once: dict[Hashable, Any] = {}

    @property
    def clock_error_ms(self) -> int:
        """What the tablet's clock is behind the server's, as far as a database integer can say it."""
        return max(-(2**31), min(2**31 - 1, int(self.clock_error.total_seconds() * 1000)))

    def operation(self, operation_id: int) -> Operation | None:
        """The operation an op names, if it is one of the device's center."""
        if operation_id not in self._operations:
            self._operations[operation_id] = (
                compiled(Operation.objects.select_related("center"))
                .filter(center=self.device.center_id, pk=operation_id)
                .first()
            )
        return self._operations[operation_id]

    def actor(self, user_id: int | None) -> User | None:
        """The operator the tablet names, if that is a member of the device's center."""
        if user_id is None:
            return None
        if user_id not in self._actors:
            self._actors[user_id] = (
                compiled(User.objects.filter(pk=user_id, memberships__center=self.device.center_id))
                .distinct()
                .first()
            )
        return self._actors[user_id]

    def site(self, site_id: int | None) -> Site | None:
        """The site an op names, if it is one of the device's center."""
        if site_id is None:
            return None
        return Site.objects.filter(center=self.device.center_id, pk=site_id).first()

    def once(self, about: Hashable, find: Callable[[], T]) -> T:
        """What `find` says, asked once in a request."""
        if about not in self._once:
            self._once[about] = find()
        found: T = self._once[about]
        return found

    def by(self, op: Op) -> By:
        """Who is behind the op, for the audit."""
        return By(user=self.actor(op.actor), device=self.device, via="tablet", op=str(op.op_id))

    def happened(self, op: Op, operation: Operation) -> datetime:
        """The tablet's time, corrected by its measured clock error, never later than now, on the operation's clock."""
        corrected = op.t_wall + self.clock_error if abs(self.clock_error) > CLOCK_TOLERANCE else op.t_wall
        return operation.moment(min(corrected, self.at))
