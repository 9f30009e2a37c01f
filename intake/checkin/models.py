"""Somebody came, was briefed, left. One row a visit; scans that led nowhere are kept as well."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from intake.checkin.states import VisitState
from intake.checkin.stays import LONGEST_STAY, Fact


class VisitFlag(models.TextChoices):
    """What a person should know about a visit, in the words of the screens."""

    AFTER_CLOSING = "after_closing", "閉所後の記録"
    TWO_GATES = "two_gates", "2か所で受付"
    NO_ARRIVAL = "no_arrival", "到着の記録がない"
    CLOSED_BY_DESK = "closed_by_desk", "職員が帰宅を確認"
    CAPPED = "capped", "帰りの時刻は推定"
    OLD_CARD = "old_card", "使えなくなったカードで受付"
    LATE = "late", "あとから届いた記録"
    CLOCK_UNCERTAIN = "clock_uncertain", "端末の時計がずれていた"
    OPERATOR_ENDED = "operator_ended", "使えなくなった担当者の記録"
    STANDBY = "standby", "定員のため待機"


# Here now: arrived and not left (also those out in a team), and nobody waits to hear whether they did.
IS_PRESENT: Final = models.Q(left_at__isnull=True, annulled_at__isnull=True, unreturned_at__isnull=True)


class VisitQuerySet(models.QuerySet["Visit"]):
    def present(self) -> Self:
        return self.filter(IS_PRESENT)

    def not_seen_leaving(self, today: date) -> Self:
        """未帰着確認: of a day before `today`, or marked so, and nobody recorded the leaving."""
        return self.filter(left_at__isnull=True, annulled_at__isnull=True).filter(
            models.Q(day__lt=today) | models.Q(unreturned_at__isnull=False)
        )

    def on_day(self, day: date) -> Self:
        return self.filter(day=day, annulled_at__isnull=True)

    def of_moment(self, at: datetime | OuterRef, *, day: date | OuterRef) -> Self:
        """What something seen at that moment, of the local day `day`, may belong to: the visits of the day, and who came
        before midnight and was still here."""
        was_here = models.Q(arrived_at__lte=at) & (models.Q(left_at__gte=at) | IS_PRESENT)
        return self.filter(models.Q(day=day) | was_here, annulled_at__isnull=True)

    def around(self, at: datetime) -> Self:
        """Of the local day of `at`, and of whoever came before midnight and may be here still."""
        is_open = models.Q(left_at__isnull=True, arrived_at__gte=at - LONGEST_STAY)
        return self.filter(models.Q(day=timezone.localdate(at)) | is_open, annulled_at__isnull=True)


class Visit(models.Model):
    """One person's stay at an operation, from arrival to leaving. `day` is the local date of arrival.

    `facts` is all that was seen of the stay (stays.py), the rest is folded from it. `unreturned_at`: when it was
    noticed that nobody recorded the leaving; such a visit is never closed but by a person.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="visits")
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="visits")
    site = models.ForeignKey("operations.Site", null=True, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    oriented_at = models.DateTimeField(null=True)
    insurance_seen_at = models.DateTimeField(null=True)
    available_until = models.TimeField(null=True)
    closed_reason = models.CharField(max_length=120, blank=True)
    annulled_at = models.DateTimeField(null=True)
    unreturned_at = models.DateTimeField(null=True)
    flags = models.JSONField(default=list)
    facts = models.JSONField(default=list)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["arrived_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "volunteer"],
                condition=IS_PRESENT,
                name="one_open_visit_per_volunteer",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True) | models.Q(left_at__gte=models.F("arrived_at")),
                name="nobody_leaves_before_arriving",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "day"], name="visits_of_the_day"),
        ]

    def __str__(self) -> str:
        return f"visit {self.pk}"

    @property
    def state(self) -> VisitState:
        if self.annulled_at is not None:
            return VisitState.ANNULLED
        if self.left_at is None:
            return VisitState.PRESENT if self.unreturned_at is None else VisitState.UNRETURNED
        return VisitState.CLOSED if VisitFlag.CLOSED_BY_DESK in self.flags else VisitState.LEFT

    @property
    def told(self) -> list[Fact]:
        """What was seen of this stay; of a visit from before facts were kept, its two times."""
        if self.facts:
            return [Fact.from_json(row) for row in self.facts]
        told = [Fact("in", self.arrived_at, self.site_id)]
        return [*told, Fact("out", self.left_at)] if self.left_at else told


class FailedScan(models.Model):
    """A scan nobody could use: what was read (cut to 200 characters), where, and why not. Nothing is dropped."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="failed_scans"
    )
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    raw = models.CharField(max_length=200)
    code = models.CharField(max_length=30)
    input = models.CharField(max_length=10, blank=True, help_text="camera, reader or typed")
    at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"failed scan {self.code}"


class Told(models.TextChoices):
    """What a row about people without names says."""

    CAME = "came", "来た"
    WENT = "went", "帰った"
    CORRECTED = "corrected", "人数を直した"


class GroupArrivalQuerySet(models.QuerySet["GroupArrival"]):
    def standing(self) -> Self:
        """What was not taken back."""
        return self.filter(annulled_at__isnull=True)

    def of_people(self) -> Self:
        """Without the rows that only say something about others."""
        return self.filter(kind=Told.CAME)

    def never_seen_leaving(self) -> Self:
        """Counts of people of whom nobody has said that they went home."""
        said = GroupArrival.objects.standing()
        of_them = said.filter(of=models.OuterRef("pk"))
        corrected = of_them.filter(kind=Told.CORRECTED).order_by("-arrived_at", "-id").values("extra")[:1]
        with_the_group = said.filter(
            kind=Told.WENT,
            group=models.OuterRef("group"),
            arrived_at__gte=models.OuterRef("arrived_at"),
            since__lte=models.OuterRef("arrived_at"),
        )
        return (
            self.standing()
            .of_people()
            .annotate(heads=Coalesce(models.Subquery(corrected), models.F("extra")))
            .filter(
                ~models.Exists(of_them.filter(kind=Told.WENT)), ~models.Exists(with_the_group), heads__gt=0
            )
        )


class GroupArrival(models.Model):
    """People whose names nobody has, who came with a group or (without one) were counted on paper: only how many.
    Members have visits of their own. What was told is never rewritten; what is said later stands beside it: that they,
    or (without `of`) whoever had come with the group, went home at that moment, or that it were `extra` people. What it
    comes to: nameless.py."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="group_arrivals"
    )
    group = models.ForeignKey(
        "volunteers.Group", null=True, on_delete=models.PROTECT, related_name="arrivals"
    )
    kind = models.CharField(max_length=10, choices=Told.choices)
    of = models.ForeignKey(
        "self", null=True, on_delete=models.CASCADE, related_name="said", help_text="the count this is about"
    )
    day = models.DateField()
    extra = models.PositiveSmallIntegerField()
    arrived_at = models.DateTimeField(help_text="when they came or went, or when the number was corrected")
    since = models.DateTimeField(
        null=True, help_text="of a group's leaving: it takes home who came from then on"
    )
    annulled_at = models.DateTimeField(null=True)
    op = models.CharField(max_length=36, blank=True, help_text="the tablet's operation that told it")

    objects = GroupArrivalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(kind="came", of__isnull=True, extra__gt=0)
                | models.Q(kind="went", extra=0)
                | models.Q(kind="corrected", of__isnull=False),
                name="somebody_comes_nobody_goes_and_a_correction_is_of_a_count",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["group", "arrived_at"], name="what_was_told_of_a_group"),
        ]

    def __str__(self) -> str:
        return f"{self.extra} {self.kind} with group {self.group_id}"
