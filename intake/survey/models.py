"""Rounds of two people and a car, appointments in them, and what was found."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models


class Round(models.Model):
    """調査班: two people and a car on one day. The second may be somebody without an account (`companion`)."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="survey_rounds"
    )
    day = models.DateField("日")
    number = models.PositiveSmallIntegerField()
    first = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    companion = models.CharField("もう1人（職員でない人）", max_length=60, blank=True)
    car = models.CharField("車", max_length=60)
    starts = models.TimeField("出発")
    made_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["day", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "day", "number"], name="one_round_per_number"),
            models.CheckConstraint(
                condition=models.Q(second__isnull=False) | ~models.Q(companion=""),
                name="nobody_surveys_alone",
            ),
        ]

    def __str__(self) -> str:
        return f"調査{self.number}班"

    @property
    def people(self) -> list[str]:
        """The names of both."""
        return [
            self.first.display_name,
            self.second.display_name if self.second is not None else self.companion,
        ]


class AppointmentState(models.TextChoices):
    """The allowed steps are `intake.survey.states.STEPS`."""

    BOOKED = "booked", "予定"
    DONE = "done", "済み"
    ABSENT = "absent", "不在"
    CANCELLED = "cancelled", "取りやめ"


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def booked(self) -> Self:
        return self.filter(state=AppointmentState.BOOKED)


class Appointment(models.Model):
    """A visit that was agreed with a household: between `window_from` and `window_until` of its round's day.

    `position`: the order in which the round goes, from 1.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    need = models.ForeignKey(
        "help_requests.Need", on_delete=models.PROTECT, related_name="survey_appointments"
    )
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="appointments")
    state = models.CharField(max_length=10, choices=AppointmentState.choices, default=AppointmentState.BOOKED)
    window_from = models.TimeField("何時から")
    window_until = models.TimeField("何時まで")
    position = models.PositiveSmallIntegerField()
    note = models.CharField("調査の人に伝えること", max_length=200, blank=True)
    reason = models.CharField(
        max_length=200, blank=True, help_text="why it was cancelled, what was left at the door"
    )
    booked_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    booked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["round", "position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["need"], condition=models.Q(state="booked"), name="one_booked_survey_per_need"
            ),
            models.CheckConstraint(
                condition=models.Q(window_from__lt=models.F("window_until")),
                name="a_survey_window_has_length",
            ),
            models.CheckConstraint(
                condition=models.Q(state="booked", ended_at__isnull=True)
                | (~models.Q(state="booked") & models.Q(ended_at__isnull=False)),
                name="an_ended_survey_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"survey appointment {self.pk}"

    @property
    def window(self) -> str:
        return f"{self.window_from:%-H:%M}～{self.window_until:%-H:%M}"


class Why(models.TextChoices):
    """Why a survey waits for a person instead of counting."""

    SECOND = "second", "同じ訪問の調査が、先に届いていた"
    MOVED_ON = "moved_on", "困りごとが、もう先へ進んでいた"


class SurveyQuerySet(models.QuerySet["Survey"]):
    def counting(self) -> Self:
        """Not one that waits for a person because another was first, or the need had moved on."""
        return self.filter(counts=True)


class Survey(models.Model):
    """現地調査票: what two people found at a house. `answers`: fields of `forms.SurveyForm` with their values, those of
    the estimates as e1-…; `unread` what was filled in and could not be understood, by label; `photos`: [{"sent", "caption"}] (dvc.photos finds them by `sent`); `signature`: strokes of x, y
    in thousandths of the field's width.

    `counts`: whether it is the one the center works with; `why`: why it did not when it came. `key`: the tablet's op or the desk's form; sent twice it is one
    survey."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    need = models.ForeignKey("help_requests.Need", on_delete=models.PROTECT, related_name="surveys")
    appointment = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="surveys")
    key = models.UUIDField(unique=True)
    counts = models.BooleanField()
    why = models.CharField(max_length=10, choices=Why.choices, blank=True)
    answers = models.JSONField(default=dict)
    unread = models.JSONField(default=dict)
    photos = models.JSONField(default=list)
    signature = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    items_made_at = models.DateTimeField(null=True)
    items_made_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = SurveyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["appointment"], condition=models.Q(counts=True), name="one_survey_counts_per_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"survey of {self.need}"

    @property
    def sent_photos(self) -> list[str]:
        return [photo["sent"] for photo in self.photos]

    def answer(self, name: str) -> Any:
        """What was answered, None when it was left empty."""
        return self.answers.get(name)
