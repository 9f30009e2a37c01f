"""Receipts: every operation a tablet sent, applied at most once, with the answer it got the first time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Receipt(models.Model):
    """One operation of a device (sync.md §4). `op_id` is unique for ever; `digest` is the SHA-256 of what was sent,
    so that the same id with another payload is told apart from a repeat. An op that was refused for its shape or for an
    operation that is not there has no `operation`: its number counts all the same, or nothing above it could ever be
    called backed up. When a drill is wiped its receipts stay, without payload and data: a repeat stays a repeat."""

    op_id = models.UUIDField(unique=True)
    device = models.ForeignKey("accounts.Device", on_delete=models.PROTECT, related_name="receipts")
    epoch = models.PositiveIntegerField()
    seq = models.PositiveIntegerField()
    operation = models.ForeignKey(
        "operations.Operation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    lane = models.CharField(max_length=60, blank=True)
    mode = models.CharField(max_length=10)
    payload = models.JSONField()
    digest = models.CharField(max_length=64)
    happened_at = models.DateTimeField()
    clock_error_ms = models.IntegerField(default=0)
    received_at = models.DateTimeField()
    result = models.JSONField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["device", "epoch", "seq"], name="one_receipt_per_device_and_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.op_id}"
