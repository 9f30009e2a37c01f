"""Simulated tablets at an open operation on the test's own database, and what the database has at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from dvc.accounts import services as accounts
from dvc.accounts.models import DeviceProfile, User
from dvc.operations.models import Operation
from dvc.sync.models import Receipt
from intake.checkin.models import FailedScan, Visit
from tests import make
from tests.infra.tablet import Identity, Tablet


def identity(operation: Operation, operator: User, name: str = "受付1") -> Identity:
    """A newly registered reception tablet with this operator."""
    device, secret = accounts.register_device(
        operation.center, name=name, profile=DeviceProfile.RECEPTION, by=make.by(operator), at=make.at(8)
    )
    return Identity(str(device.pk), secret, operation.pk, operator.pk)


@dataclass(frozen=True)
class Balance:
    """What tablets were told against what the database has.

    `lost`: acknowledged ops without their one receipt. `doubled`: effects beyond one for each op (a second visit of
    a person who came once, a failed scan kept twice).
    """

    acknowledged: int
    lost: int
    doubled: int


def balance(tablets: Sequence[Tablet], operation: Operation) -> Balance:
    """Of tablets whose ops are arrivals of people who come once, and scans of cards that lead nowhere."""
    told = {op_id for tablet in tablets for op_id in tablet.told}
    kept = {str(op_id) for op_id in Receipt.objects.values_list("op_id", flat=True)}
    people = (
        Visit.objects.filter(operation=operation).values("volunteer").annotate(visits=Count("pk")).filter(visits__gt=1)
    )  # fmt: skip
    failed = FailedScan.objects.filter(operation=operation).values("raw", "at").annotate(n=Count("pk"))
    return Balance(
        acknowledged=len(told),
        lost=len(told - kept),
        doubled=sum(row["visits"] - 1 for row in people) + sum(row["n"] - 1 for row in failed),
    )
