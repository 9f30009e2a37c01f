"""Runs of the matching engine and what they proposed. A proposal never reserves anybody; acceptance does."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models


class RunState(models.TextChoices):
    REQUESTED = "requested", "待ち"
    DONE = "done", "済み"
    FAILED = "failed", "失敗"


class MatchRun(models.Model):
    """One question to the engine. The row comes first; the outbox and Celery only carry its id.

    `based_on` is the operation's audit version the problem was read at; `problem` and `plan` are vcmatch/1 and
    vcplan/1 JSON with ids only, so that any run can be replayed. `asked_at` is real time, also in a drill: it
    tells how long a worker has been silent.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="match_runs")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.REQUESTED)
    why = models.CharField(max_length=40)
    seed = models.PositiveIntegerField(default=0)
    requested_at = models.DateTimeField()
    asked_at = models.DateTimeField(auto_now_add=True)
    requested_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)
    based_on = models.BigIntegerField(default=0)
    problem = models.JSONField(null=True)
    plan = models.JSONField(null=True)
    score = models.FloatField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation"],
                condition=models.Q(state="requested"),
                name="one_waiting_run_per_operation",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"


class ProposalState(models.TextChoices):
    OFFERED = "offered", "提案中"
    ACCEPTED = "accepted", "決定"
    REJECTED = "rejected", "見送り"
    SUPERSEDED = "superseded", "新しい提案あり"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def on_offer(self, at: datetime) -> Self:
        return self.filter(state=ProposalState.OFFERED, expires_at__gt=at)


class Proposal(models.Model):
    """One team for one need, with the reasons. `members` are volunteer ids, the leader among them."""

    run = models.ForeignKey(MatchRun, on_delete=models.CASCADE, related_name="proposals")
    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="proposals")
    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="proposals")
    members = models.JSONField()
    leader = models.ForeignKey("volunteers.Volunteer", on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=8)
    vehicle = models.ForeignKey("equipment.Vehicle", null=True, on_delete=models.SET_NULL, related_name="+")
    driver = models.ForeignKey("volunteers.Volunteer", null=True, on_delete=models.CASCADE, related_name="+")
    reasons = models.JSONField(default=list)
    need_version = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OFFERED)
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    reject_reason = models.CharField(max_length=120, blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "need"], name="one_proposal_per_run_and_need"),
            models.UniqueConstraint(
                fields=["need"], condition=models.Q(state="offered"), name="one_offer_per_need"
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}"


class Overrule(models.Model):
    """A coordinator sent a team in spite of warnings (`codes`): the reason, kept for the evening's review."""

    team = models.OneToOneField("teams.Team", on_delete=models.CASCADE, related_name="overrule")
    codes = models.JSONField(default=list)
    reason = models.CharField("理由", max_length=120)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"overrule of {self.team_id}"
