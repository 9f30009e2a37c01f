"""A pairing in the making, and what a device has downloaded."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar, Final, Self

from django.db import models

from dvc.accounts.models import DeviceProfile


class PairingState(models.TextChoices):
    WAITING = "waiting", "端末を待っています"
    ASKING = "asking", "端末が許可を待っています"
    APPROVED = "approved", "登録しました"
    REFUSED = "refused", "断りました"


class PairingQuerySet(models.QuerySet["Pairing"]):
    def open_for(self, code_hash: str, *, at: datetime) -> Self:
        """The pairing a typed code stands for, if nobody has used the code and it is young enough."""
        return self.filter(code_hash=code_hash, state=PairingState.WAITING, ends_at__gt=at)


class Pairing(models.Model):
    """One invitation for one tablet. The code is derived from the id with the server's secret and looked up by hash;
    the tablet's own secret never passes through the server in clear: it sends the hash when it asks.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="pairings")
    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField("端末名", max_length=40)
    profile = models.CharField(max_length=10, choices=DeviceProfile.choices)
    state = models.CharField(max_length=10, choices=PairingState.choices, default=PairingState.WAITING)
    code_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    number = models.CharField(max_length=4, blank=True)
    secret_hash = models.CharField(max_length=64, blank=True)
    capabilities = models.JSONField(default=dict)
    plain_line = models.BooleanField(
        default=False, help_text="asked without encryption: its secret may have been overheard since"
    )
    device = models.OneToOneField(
        "accounts.Device", null=True, on_delete=models.PROTECT, related_name="pairing"
    )

    objects = PairingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"pairing of {self.name}"


class HoldingKind(models.TextChoices):
    CARDS = "cards", "カードと名前"
    OPERATORS = "operators", "担当者の照合データ"
    VISITS = "visits", "今日の調査先"


# What a holding of each kind consists of, as it is written into the report of a loss.
FIELDS: Final[dict[str, str]] = {
    HoldingKind.CARDS: "カードの番号、姓と名の1文字目、ふりがな（同じ）、保険・説明・年齢・同意の印、来ている人の到着時刻",
    HoldingKind.OPERATORS: "職員の氏名、職員証の番号の半分、暗証番号の照合データ（この端末だけのもの）",
    HoldingKind.VISITS: "その日に調査するお宅の氏名、ふりがな、電話番号、住所、地図の位置、相談の内容（その日の24時まで）",
}


class Holding(models.Model):
    """What a device downloaded of one operation: counts and ids, never the names themselves.

    `most` is the largest number of people it was ever sent at once, `newest` the last; `people` lists user ids where
    they are staff.
    """

    device = models.ForeignKey("accounts.Device", on_delete=models.PROTECT, related_name="holdings")
    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=HoldingKind.choices)
    newest = models.PositiveIntegerField()
    most = models.PositiveIntegerField()
    people = models.JSONField(default=list)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "-last_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["device", "operation", "kind"], name="one_holding_per_device_operation_and_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.device_id}"
