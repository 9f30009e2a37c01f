"""A team sent to a need: the work order, the lease, the report, the return."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models

from intake.help_requests.models import NeedState


class DispatchState(models.TextChoices):
    ACCEPTED = "accepted", "出発前"
    NEXT = "next", "このあと"
    DEPARTED = "departed", "移動中"
    ON_SITE = "on_site", "作業中"
    LEAVING = "leaving", "帰り道"
    VISITED = "visited", "訪問済み"
    BACK = "back", "帰着"
    CANCELLED = "cancelled", "取りやめ"


# A team that does several needs one after the other has a dispatch for each. Exactly one of them is live: the visit it
# is at. Those before are VISITED until the team is back, those after are NEXT; whoever counts live ones counts teams.
LIVE = (DispatchState.ACCEPTED, DispatchState.DEPARTED, DispatchState.ON_SITE, DispatchState.LEAVING)
IN_FIELD = (DispatchState.DEPARTED, DispatchState.ON_SITE, DispatchState.LEAVING)
HOLDING = (DispatchState.ACCEPTED, DispatchState.NEXT, DispatchState.DEPARTED, DispatchState.ON_SITE)
# The team has the tools of all its visits from the beginning to the end.
NOT_OVER = (*LIVE, DispatchState.NEXT, DispatchState.VISITED)


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    def live(self) -> Self:
        return self.filter(state__in=LIVE)

    def in_field(self) -> Self:
        return self.filter(state__in=IN_FIELD)

    def holding(self) -> Self:
        """Those whose need no other team can have."""
        return self.filter(state__in=HOLDING)

    def of_team(self, team_id: int) -> Self:
        """Its visits in order, without those that were dropped."""
        return self.filter(team=team_id).exclude(state=DispatchState.CANCELLED).order_by("position")

    def overdue(self, at: datetime) -> Self:
        """Should be back by now. Computed, never stored."""
        return self.in_field().filter(due_back_at__lt=at)


class Dispatch(models.Model):
    """One team at one need on one day (a lease on the need: while it is live or next, no other team can have it).

    `position` 1, 2, 3 orders the visits of a team. `leg_minutes`: the way to this house from the one before, or from
    the center (None: nobody worked it out). `planned_from` and `planned_until` stand from the departure on. `heard_at`:
    the newest sign of life of the team while it was here; it renews the lease and ends the alarm of a late team.
    `serial` is also the lease's fence: whoever gets the need later has a higher one.

    `serial` is printed on the work order. The leader's page and the door-step check are opened by two tokens,
    derived from `token_nonce` with the server's secret so that a sheet can be printed again; only their SHA-256
    is looked up. They end 2 h after the return.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="dispatches")
    need = models.ForeignKey("help_requests.Need", on_delete=models.PROTECT, related_name="dispatches")
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, related_name="dispatches")
    serial = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField("何軒目", default=1)
    leg_minutes = models.PositiveSmallIntegerField("移動の時間（分）", null=True)
    state = models.CharField(max_length=10, choices=DispatchState.choices, default=DispatchState.ACCEPTED)
    token_nonce = models.CharField(max_length=32)
    leader_token_hash = models.CharField(max_length=64, unique=True)
    genuine_token_hash = models.CharField(max_length=64, unique=True)
    checks = models.JSONField("出発前の確認", default=list)
    sheets_printed = models.PositiveIntegerField(default=0)
    sheets_back = models.PositiveIntegerField("戻った枚数", default=0)
    sheets_lost = models.PositiveIntegerField("なくした枚数", default=0)
    accepted_at = models.DateTimeField()
    accepted_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    departed_at = models.DateTimeField(null=True)
    due_back_at = models.DateTimeField(null=True)
    planned_from = models.DateTimeField(null=True)
    planned_until = models.DateTimeField(null=True)
    on_site_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)

    objects = DispatchQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["need"],
                # On the way back a team holds no need any more: what is left may wait for another team.
                condition=models.Q(state__in=["accepted", "next", "departed", "on_site"]),
                name="one_live_team_per_need",
            ),
            models.UniqueConstraint(
                fields=["team"],
                condition=models.Q(state__in=["accepted", "departed", "on_site", "leaving"]),
                name="one_live_need_per_team",
            ),
            models.UniqueConstraint(fields=["team", "position"], name="one_visit_per_position"),
            models.UniqueConstraint(fields=["operation", "serial"], name="one_work_order_per_serial"),
        ]

    def __str__(self) -> str:
        return f"order {self.serial}"

    @property
    def sheets_out(self) -> int:
        """How many of its printed sheets nobody has counted in."""
        return max(0, self.sheets_printed - self.sheets_back - self.sheets_lost)

    @property
    def in_field(self) -> bool:
        return self.state in IN_FIELD

    @property
    def need_is_gone(self) -> bool:
        """Somebody changed the need while its team was getting ready or elsewhere: it must not leave for it."""
        waits = self.state in (DispatchState.ACCEPTED, DispatchState.NEXT)
        return waits and self.need.state != NeedState.ASSIGNED

    @property
    def is_called_off(self) -> bool:
        """Somebody closed the need while its team is at work there or on the way: it is called back."""
        there = self.state in (DispatchState.DEPARTED, DispatchState.ON_SITE)
        return there and self.need.state != NeedState.IN_PROGRESS

    @property
    def need_is_left(self) -> bool:
        """The work at this house is over for the team: the need does not stand at work any more."""
        return self.need.state != NeedState.IN_PROGRESS

    def minutes_behind(self, at: datetime) -> int:
        """How much later than planned this visit begins or ends, as far as it is known at `at`; 0 in time."""
        expected = {DispatchState.DEPARTED: self.planned_from, DispatchState.ON_SITE: self.planned_until}
        by_now = expected.get(DispatchState(self.state))
        return max(0, int((at - by_now).total_seconds() // 60)) if by_now else 0

    def is_overdue(self, at: datetime) -> bool:
        return self.state in IN_FIELD and self.due_back_at is not None and self.due_back_at < at


class Outcome(models.TextChoices):
    COMPLETED = "completed", "完了（終わった）"
    CONTINUING = "continuing", "継続（まだ残っている）"
    STOPPED = "stopped", "中止（天候・体調・危険など）"
    ABSENT = "absent", "不在で入れなかった"


class ReportedWork(models.Model):
    """What a leader tells of a day's work. How long one telling may be is the form's; what several told is put together
    here, and nothing of it is cut off."""

    outcome = models.CharField("結果", max_length=10, choices=Outcome.choices)
    people = models.PositiveSmallIntegerField("活動した人数")
    text = models.TextField("やったこと", blank=True)
    remaining = models.TextField("残っていること", blank=True)
    people_next = models.PositiveSmallIntegerField("次に必要な人数", null=True, blank=True)
    injury = models.TextField("けが・体調不良", blank=True)
    near_miss = models.TextField("ヒヤリハット", blank=True)
    watch = models.BooleanField("見守りが必要", default=False)
    by_leader = models.BooleanField(default=True)
    reported_at = models.DateTimeField()

    class Meta:
        abstract = True


class ActivityReport(ReportedWork):
    """What the team did. The need is inherited from the dispatch, never typed."""

    dispatch = models.OneToOneField(Dispatch, on_delete=models.PROTECT, related_name="report")

    def __str__(self) -> str:
        return f"report of {self.dispatch}"


class LaterReport(ReportedWork):
    """A second report of the same dispatch that says something else. Both are kept; the first one counts until a
    person decides."""

    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="later_reports")
    digest = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["reported_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dispatch", "digest"], name="one_later_report_per_text"),
        ]

    def __str__(self) -> str:
        return f"later report of {self.dispatch}"

    def needs_a_person(self, first: ActivityReport) -> bool:
        """Another outcome, or somebody was hurt and the first report does not say so."""
        return self.outcome != first.outcome or bool(self.injury and not first.injury)
