"""Recalls and what was heard of each team, danger zones, the day's heat and weather, calls to teams that are late."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models


class RecallReason(models.TextChoices):
    TSUNAMI = "tsunami", "津波注意報・津波警報"
    QUAKE = "quake", "大きな地震"
    RAIN = "rain", "大雨・洪水"
    WIND = "wind", "暴風・雷"
    HEAT = "heat", "危険な暑さ"
    OTHER = "other", "そのほか（下に書く）"


class RecallQuerySet(models.QuerySet["Recall"]):
    def running(self) -> Self:
        return self.filter(ended_at__isnull=True)


class Recall(models.Model):
    """Everybody back, at once. `place`: where the teams are to go. Which teams it is about follows from the teams: those
    that are out, and those that were when it began. `ended_silent`: numbers of the teams nobody had heard of when it ended,
    and why it ended all the same (`ended_despite`)."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="recalls")
    reason = models.CharField("理由", max_length=8, choices=RecallReason.choices)
    words = models.CharField("伝えること", max_length=200, blank=True)
    place = models.CharField("逃げる先", max_length=120, blank=True)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField(max_length=200, blank=True)
    ended_silent = models.JSONField("伝わらないまま終わった班", default=list)
    ended_despite = models.CharField("その班を残して終わった理由", max_length=200, blank=True)

    objects = RecallQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation"],
                condition=models.Q(ended_at__isnull=True),
                name="one_running_recall_per_operation",
            ),
        ]

    def __str__(self) -> str:
        return f"recall {self.pk}"

    @property
    def said(self) -> str:
        """「津波注意報・津波警報」, with the words of whoever began it; those alone where no reason of the list fits."""
        label = RecallReason(self.reason).label
        if self.reason == RecallReason.OTHER and self.words:
            return self.words
        return f"{label}　{self.words}" if self.words else label

    @property
    def left_silent(self) -> str:
        """「2班、5班」."""
        return "、".join(f"{number}班" for number in self.ended_silent)


class How(models.TextChoices):
    """How a team was heard of in a recall. A return is not among them: the team's own row says so."""

    PAGE = "page", "リーダーの画面"
    PHONE = "phone", "電話で伝えた"
    TRIED = "tried", "電話に出ない"
    HELP = "help", "助けが必要"


# The team knows that it is to come back. Whoever needs help knows it too, and stays on top of the list.
REACHED = (How.PAGE, How.PHONE, How.HELP)


class RecallAnswer(models.Model):
    """What was heard of one team in one recall. One that was written for the wrong team is taken back and stays."""

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="answers")
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=8, choices=How.choices)
    said = models.CharField("聞いたこと", max_length=200, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["recall", "team", "how"],
                condition=models.Q(taken_back_at__isnull=True) & ~models.Q(how="tried"),
                name="one_answer_of_a_kind_per_team_and_recall",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.how} of {self.team_id}"


class ZoneQuerySet(models.QuerySet["DangerZone"]):
    def on_the_map(self) -> Self:
        return self.filter(removed_at__isnull=True)


class DangerZone(models.Model):
    """A place the staff drew on the map: whoever is in there goes first in a recall. `points`: corners as
    [latitude, longitude] in degrees WGS84."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="danger_zones"
    )
    name = models.CharField("名前", max_length=60)
    points = models.JSONField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = ZoneQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name


class SafetyRules(models.Model):
    """What an operation has changed of `policy.USUAL`; without a row everything is as usual. Minutes after the time a
    team should be back; `bands` and `weather` as in `policy`."""

    operation = models.OneToOneField(
        "operations.Operation", on_delete=models.PROTECT, related_name="safety_rules"
    )
    call_after = models.PositiveSmallIntegerField(default=15)
    second_after = models.PositiveSmallIntegerField(default=30)
    chief_after = models.PositiveSmallIntegerField(default=45)
    hold_minutes = models.PositiveSmallIntegerField(default=120)
    bands = models.JSONField(default=list)
    weather = models.JSONField(default=dict)
    edited_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"rules of {self.operation_id}"


class Reading(models.Model):
    """A WBGT somebody read off the meter or the official page, in tenths of a degree."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="readings")
    wbgt_tenths = models.SmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.wbgt_tenths / 10}"

    @property
    def wbgt(self) -> float:
        return self.wbgt_tenths / 10


class Weather(models.TextChoices):
    TSUNAMI_WARNING = "tsunami_warning", "津波警報・大津波警報"
    TSUNAMI_ADVISORY = "tsunami_advisory", "津波注意報"
    QUAKE = "quake", "震度5強以上の地震"
    STORM = "storm", "暴風警報"
    HEAVY_RAIN = "heavy_rain", "大雨警報"
    FLOOD = "flood", "洪水警報"
    THUNDER = "thunder", "雷"
    RAIN = "rain", "強い雨"


class WeatherAlert(models.Model):
    """A warning that is out, entered by a person; after its end the operation may wait before teams leave again."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="weather_alerts"
    )
    kind = models.CharField(max_length=20, choices=Weather.choices)
    began_at = models.DateTimeField()
    began_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-began_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "kind"],
                condition=models.Q(ended_at__isnull=True),
                name="one_standing_alert_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Rung(models.IntegerChoices):
    """How far it has come with a team that is late."""

    LATE = 0, "時間を過ぎた"
    CALL = 1, "リーダーに電話"
    SECOND = 2, "ほかの人に電話"
    CHIEF = 3, "センター長に知らせる"


class LateCall(models.Model):
    """Somebody tried to reach a team that is late: at which rung, whether it was reached, what was said."""

    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, related_name="late_calls")
    rung = models.PositiveSmallIntegerField(choices=Rung.choices)
    reached = models.BooleanField()
    said = models.CharField("聞いたこと", max_length=200, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"call to {self.team_id}"
