"""The center, its sites, and the operations everything else hangs from."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import ClassVar

from django.db import models
from django.utils import timezone


class Center(models.Model):
    """One 社会福祉協議会's volunteer center. `issuer` is its number inside every QR card (1 … 2^24−1)."""

    name = models.CharField("センター名", max_length=80)
    city = models.CharField("市町村", max_length=40)
    phone = models.CharField("電話番号", max_length=20)
    issuer = models.PositiveIntegerField(unique=True)
    lat = models.FloatField(default=38.2939)
    lng = models.FloatField(default=141.0044)
    # Island mode: devices that cannot install the certificate may do the reception on the unencrypted line.
    plain_reception = models.BooleanField("暗号化なしの受付", default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(issuer__gte=1, issuer__lt=2**24), name="issuer_fits_three_bytes"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place people report to: the center itself or a satellite."""

    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="sites")
    name = models.CharField("拠点名", max_length=60)
    address = models.CharField("住所", max_length=120, blank=True)
    lat = models.FloatField()
    lng = models.FloatField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name


class Mode(models.TextChoices):
    ORDINARY = "ordinary", "平常時"
    DRILL = "drill", "訓練"
    DISASTER = "disaster", "災害"


class OperationState(models.TextChoices):
    PREPARING = "preparing", "準備中"
    OPEN = "open", "開設中"
    CLOSED = "closed", "閉所"


class QuestionsStop(models.TextChoices):
    """Whom the questions of the day (intake.questions) keep from going out."""

    NEVER = "never", "だれも止めない（一覧に出すだけ）"
    NO = "no", "体調がよくない人、装備が足りない人を止める"
    UNANSWERED = "unanswered", "その人たちと、まだ答えていない人を止める"


class OperationQuerySet(models.QuerySet["Operation"]):
    def live(self) -> OperationQuerySet:
        return self.exclude(state=OperationState.CLOSED)

    def closed(self) -> OperationQuerySet:
        return self.filter(state=OperationState.CLOSED)

    def more_serious_than(self, operation: Operation) -> OperationQuerySet:
        """What is open beside it and must not be overlooked: a disaster, and on ordinary days a drill."""
        modes = {Mode.ORDINARY: [Mode.DISASTER, Mode.DRILL], Mode.DRILL: [Mode.DISASTER]}.get(
            Mode(operation.mode), []
        )
        return self.live().filter(mode__in=modes).main_first()

    def main_first(self) -> OperationQuerySet:
        """What a person most likely means: an open disaster, then a drill, then ordinary days; newest first."""
        order = models.Case(
            models.When(mode=Mode.DISASTER, then=0), models.When(mode=Mode.DRILL, then=1), default=2
        )
        return self.annotate(mode_order=order).order_by("mode_order", "-opened_at", "-id")


class Operation(models.Model):
    """One stretch of work: a disaster, a drill, or the ordinary days. All day-to-day rows hang from it."""

    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="operations")
    name = models.CharField("名称", max_length=80)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    state = models.CharField(max_length=10, choices=OperationState.choices, default=OperationState.PREPARING)
    insurance_required = models.BooleanField("保険を確認する", default=True)
    insurance_special_rule = models.BooleanField("大規模災害特例（当日から補償）", default=False)
    orientation_required = models.BooleanField("説明（オリエンテーション）を求める", default=True)
    # Codes of intake.questions.catalog. Here and not with the answers, so that a scan needs no query to know it.
    day_questions = models.JSONField("今日の質問", default=list, blank=True)
    questions_stop = models.CharField(
        "質問で出発を止める人", max_length=10, choices=QuestionsStop.choices, default=QuestionsStop.NO
    )
    consent_since = models.DateTimeField(
        "注意事項を改めた時刻", null=True, blank=True, help_text="whoever agreed before this is asked again"
    )
    max_visits = models.PositiveSmallIntegerField(
        "1つの班が続けて行く件数",
        default=3,
        help_text="most needs the engine gives one team in a row, 1 to 3",
    )
    auto_match = models.BooleanField("自動で提案を作る", default=True)
    posting = models.BooleanField("掲示・挙手で組む", default=False)
    recruiting = models.BooleanField("募集中", default=True)
    notice = models.CharField("お知らせ", max_length=300, blank=True)
    day_start = models.TimeField("受付開始", default=time(9, 0))
    work_end = models.TimeField("現地作業の終了", default=time(15, 30))
    capacity = models.PositiveIntegerField("1日の定員", null=True, blank=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    # The newest day that was closed and not opened again (matching.evening says why): no team leaves on it any more.
    closed_day = models.DateField(null=True, editable=False)
    # A drill's clock: it read `clock_reading` at the real moment `clock_set_at` and runs `clock_speed` times as fast. At
    # `clock_limit` it stands still, because its script waits.
    clock_reading = models.DateTimeField(null=True, editable=False)
    clock_set_at = models.DateTimeField(null=True, editable=False)
    clock_speed = models.FloatField(default=1, editable=False)
    clock_limit = models.DateTimeField(null=True, editable=False)

    objects = OperationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["center"],
                condition=models.Q(mode="ordinary") & ~models.Q(state="closed"),
                name="one_ordinary_operation_per_center",
            ),
            models.CheckConstraint(
                condition=models.Q(max_visits__gte=1, max_visits__lte=3), name="one_to_three_visits_in_a_row"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == OperationState.OPEN

    @property
    def is_drill(self) -> bool:
        return self.mode == Mode.DRILL

    def moment(self, real: datetime) -> datetime:
        """What this operation's clock reads at the real moment `real`: the same, except in a drill whose clock
        was set. Every view, task and tablet op inside an operation takes its `at` from here."""
        if self.clock_reading is None or self.clock_set_at is None:
            return real
        moment = self.clock_reading + (real - self.clock_set_at) * self.clock_speed
        # A limit behind the reading turns no clock back.
        return moment if self.clock_limit is None else min(moment, max(self.clock_limit, self.clock_reading))

    def real(self, moment: datetime) -> datetime:
        """When this operation's clock, as it is set now, read `moment`; of a clock that stands still, since when."""
        if self.clock_reading is None or self.clock_set_at is None:
            return moment
        if not self.clock_speed:
            return self.clock_set_at
        return self.clock_set_at + (moment - self.clock_reading) / self.clock_speed

    def real_day(self, moment: datetime) -> date:
        """The local date outside, where paper cards expire, when this operation's clock read `moment`."""
        return timezone.localdate(self.real(moment))


class OperationChange(models.Model):
    """The history of opening and closing, for people to read."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="changes")
    from_state = models.CharField(max_length=10, choices=OperationState.choices, blank=True)
    to_state = models.CharField(max_length=10, choices=OperationState.choices)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.operation}: {self.from_state} → {self.to_state}"
