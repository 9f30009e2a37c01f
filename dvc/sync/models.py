"""Receipts: every operation a tablet sent, applied at most once, with the answer it got the first time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

QUARANTINED = "quarantined"  # what an op is answered that a person has to look at before it counts
REFUSED = "quarantine_refused"  # … and what it is answered when that person did not want it


class Receipt(models.Model):
    """One operation of a device (sync.md §4). `op_id` is unique for ever; `digest` is the SHA-256 of what was sent,
    so that the same id with another payload is told apart from a repeat. An op that was refused for its shape or for an
    operation that is not there has no `operation`: its number counts all the same, or nothing above it could ever be
    called backed up. When a drill is wiped its receipts stay, without payload and data: a repeat stays a repeat.

    Without a `kind` nothing was folded: the op had no shape, or it lies in quarantine (`in_quarantine`)."""

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
    corrected_by = models.CharField(max_length=10, blank=True, help_text="clocks.Told.by")
    received_at = models.DateTimeField()
    result = models.JSONField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["device", "epoch", "seq"], name="one_receipt_per_device_and_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.op_id}"

    @property
    def in_quarantine(self) -> bool:
        return not self.kind and self.result.get("code") == QUARANTINED


class ItemKind(models.TextChoices):
    """What two tellings can disagree about (sync.md §6); words and choices stand in situations.py."""

    TWO_GATES = "two_gates", "2か所で受付"
    NO_ARRIVAL = "no_arrival", "到着の記録がない"
    UNRETURNED = "unreturned", "帰りの記録がない"
    OLD_CARD = "old_card", "使えないカードで受付"
    CARD_NEVER_BOUND = "card_never_bound", "名前のないカードで受付"
    NEVER_ARRIVED = "never_arrived", "保険・説明だけの記録"
    SAME_PERSON = "same_person", "同じ人が2回登録"
    NEED_EDIT = "need_edit", "困りごとの直しが重なった"
    TWO_SURVEYS = "two_surveys", "調査の結果が重なった"
    TWO_REPORTS = "two_reports", "活動報告が2つある"
    TWO_TEAMS = "two_teams", "1人に2つの班"
    LATE_FACTS = "late_facts", "あとから届いた記録"
    QUARANTINE = "quarantine", "使用停止の端末からの記録"
    BROKEN_OP = "broken_op", "取り込めなかった記録"
    UNCLEAR_NAME = "unclear_name", "名前だけの記録"
    TOOL_TWICE = "tool_twice", "1台の資機材を2か所で貸出"
    CARD_TAKEN_BACK = "card_taken_back", "渡しまちがえたカードの記録"


class ItemState(models.TextChoices):
    OPEN = "open", "まだ"
    RESOLVED = "resolved", "済み"


class InboxItemQuerySet(models.QuerySet["InboxItem"]):
    def open(self) -> InboxItemQuerySet:
        return self.filter(state=ItemState.OPEN)


class InboxItem(models.Model):
    """Something only a person can settle. One conflict is one item, however often and in which order it is met:
    `key` says which one among its kind.

    `subjects`: {"visit": [ids], …}. `views`: what was told, each {"what", "at", "op", "device", "user", "site",
    "row"}: ids, codes and times only, never a name. `fix`: the choice that is proposed (situations.py).
    """

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="inbox_items"
    )
    kind = models.CharField(max_length=20, choices=ItemKind.choices)
    key = models.CharField(max_length=80)
    subjects = models.JSONField(default=dict)
    views = models.JSONField(default=list)
    fix = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.OPEN)
    happened_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    objects = InboxItemQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "kind", "key"], name="one_inbox_item_per_conflict"),
            models.CheckConstraint(
                condition=models.Q(state="open", resolved_at__isnull=True)
                | models.Q(state="resolved", resolved_at__isnull=False),
                name="a_resolved_item_says_when",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "state"], name="inbox_of_operation"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def is_open(self) -> bool:
        return self.state == ItemState.OPEN


class HeldState(models.TextChoices):
    WAITING = "waiting", "待っている"
    FOLDED = "folded", "記録した"
    DROPPED = "dropped", "使わない"


class HeldOp(models.Model):
    """An op that came before what it needs: a card that nobody holds yet (`card`), the arrival of that day
    (`volunteer`), the op that it takes back (`target`, an op id). `op`: the operation as it was sent; it is folded when
    that comes, and `result` is what it then came to. `asked`: told by a card while a wrong person had it; only a person
    says whose it is."""

    op_id = models.UUIDField(unique=True)
    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey("volunteers.Card", null=True, on_delete=models.PROTECT, related_name="+")
    volunteer = models.ForeignKey(
        "volunteers.Volunteer", null=True, on_delete=models.PROTECT, related_name="+"
    )
    target = models.UUIDField(null=True)
    asked = models.BooleanField(default=False)
    op = models.JSONField()
    epoch = models.PositiveIntegerField()
    clock_error_ms = models.BigIntegerField(default=0)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=HeldState.choices, default=HeldState.WAITING)
    settled_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["happened_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["card"], condition=models.Q(state="waiting"), name="ops_waiting_for_a_card"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(card__isnull=False, volunteer__isnull=True, target__isnull=True)
                | models.Q(card__isnull=True, volunteer__isnull=False, target__isnull=True)
                | models.Q(card__isnull=True, volunteer__isnull=True, target__isnull=False),
                name="a_held_op_waits_for_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"held {self.op_id}"


class InboxSweep(models.Model):
    """How far the periodic look at one operation has come: its newest audit entry (0: not through), the receipt up to which
    every one was read, and the place in the log (dvc.audit.places) before which every registration was read; `volunteer`
    is the newest one read of those since.

    `ahead`: the newest receipt read. One that is committed late may still come below it, until every transaction before
    `ahead_place` has ended (0: the next look says which that is)."""

    operation = models.OneToOneField("operations.Operation", on_delete=models.CASCADE, related_name="+")
    version = models.BigIntegerField(default=0)
    receipt = models.BigIntegerField(default=0)
    ahead = models.BigIntegerField(default=0)
    ahead_place = models.BigIntegerField(default=0)
    volunteer = models.BigIntegerField(default=0)
    place = models.BigIntegerField(default=0)
    day = models.DateField(null=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sweep of {self.operation_id}"


class QuarantineState(models.TextChoices):
    WAITING = "waiting", "まだ"
    TAKEN_IN = "taken_in", "取り込んだ"
    REFUSED = "refused", "取り込まなかった"


class QuarantinedOp(models.Model):
    """What a revoked device still had to tell: stored, and not folded before a person has looked at it. Or an op of any
    device that our own code broke on (`broken`: the error's name): stored, shown, tried again. `op` is as it was sent
    and has the right shape; `digest` as in `Receipt`."""

    op_id = models.UUIDField(unique=True)
    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", on_delete=models.PROTECT, related_name="quarantined")
    epoch = models.PositiveIntegerField()
    seq = models.PositiveIntegerField()
    actor = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    op = models.JSONField()
    digest = models.CharField(max_length=64)
    clock_error_ms = models.BigIntegerField(default=0)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=QuarantineState.choices, default=QuarantineState.WAITING)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    broken = models.CharField(max_length=40, blank=True)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["epoch", "seq", "id"]

    def __str__(self) -> str:
        return f"quarantined {self.op_id}"


class Dismissal(models.Model):
    """A person has seen this refusal; until then it stays on the list."""

    receipt = models.OneToOneField(Receipt, on_delete=models.CASCADE, related_name="dismissal")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"dismissal of {self.receipt_id}"
