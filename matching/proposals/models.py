"""Runs of the matching engine and what they proposed. A proposal never reserves anybody; acceptance does."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models


class RunState(models.TextChoices):
    REQUESTED = "requested", "待ち"
    DONE = "done", "済み"
    FAILED = "failed", "失敗"
    CANCELLED = "cancelled", "取りやめ"
    SUPERSEDED = "superseded", "新しい計算に交代"


class MatchRun(models.Model):
    """One question to the engine. The row comes first; the outbox and Celery only carry its id.

    `based_on` is the operation's newest audit entry when the problem was read; `problem` and `plan` are vcmatch/1 and
    vcplan/1 JSON with ids only, so that any run can be replayed. `asked_at` is real time, also in a drill: it
    tells how long a worker has been silent. A question stays `requested` until it is answered or withdrawn;
    `started_at` (real time) says that a worker has begun, `done` (0–1) and `score` how far it is.
    `preparing_at` (real time): when a worker said last that the engine is still being made ready.

    `effort`, `seed` and `previous` (the teams the search set out from, vcplan/1) belong to the question as much as
    the problem does. `version` is the software that answered, `seconds` what the engine took, `bound` a score no
    plan can exceed and `gap` what is missing to it, as a share of it; `helps` what one more of something was found to bring
    (`matching.proposals.shortages.Helping`). All three only where there was time for them. `changed` is what is different
    from the answer before (`matching.proposals.compare.Comparison`), null where there is none to compare with.
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
    started_at = models.DateTimeField(null=True)
    preparing_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    version = models.CharField(max_length=20, blank=True)
    effort = models.PositiveIntegerField(default=0)
    done = models.FloatField(default=0)
    seconds = models.FloatField(null=True)
    previous = models.JSONField(null=True)
    bound = models.FloatField(null=True)
    gap = models.FloatField(null=True)
    helps = models.JSONField(null=True)
    changed = models.JSONField(null=True)
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
    def end(self, state: ProposalState, *, at: datetime, **values: object) -> int:
        """Those of these that are still offered are offered no more. Returns how many."""
        pks = list(self.filter(state=ProposalState.OFFERED).order_by("pk").values_list("pk", flat=True))
        if not pks:
            return 0
        # Another may have decided one of them meanwhile: the condition is asked again, of the row itself.
        ended = Proposal.objects.filter(pk__in=pks, state=ProposalState.OFFERED).update(
            state=state, decided_at=at, **values
        )
        ProposalVisit.objects.filter(proposal__in=pks).update(offered=False)
        return ended

    def on_offer(self, at: datetime) -> Self:
        return self.filter(state=ProposalState.OFFERED, expires_at__gt=at)


class Proposal(models.Model):
    """One team for one need or several in a row (`visits`; `need` is the first), with the reasons. `members` are
    volunteer ids, the leader among them; `rides` are its cars as `matching.proposals.cars` keeps them."""

    run = models.ForeignKey(MatchRun, on_delete=models.CASCADE, related_name="proposals")
    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="proposals")
    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="proposals")
    members = models.JSONField()
    leader = models.ForeignKey("volunteers.Volunteer", on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=8)
    rides = models.JSONField(default=list)
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
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}"


class ProposalVisit(models.Model):
    """One need of a proposal: which in the order, and from when until when the engine counts on.

    `offered` is true as long as the proposal is (`ProposalQuerySet.end`): a need is offered to one team only.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="visits")
    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()
    need_version = models.PositiveIntegerField()
    planned_from = models.DateTimeField(null=True)
    planned_until = models.DateTimeField(null=True)
    offered = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["proposal", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["proposal", "position"], name="one_need_per_place_in_a_proposal"),
            models.UniqueConstraint(
                fields=["need"], condition=models.Q(offered=True), name="one_offer_per_need"
            ),
        ]

    def __str__(self) -> str:
        return f"visit {self.position} of proposal {self.proposal_id}"


class Overrule(models.Model):
    """A coordinator sent a team in spite of warnings (`codes`): the reason, kept for the evening's review."""

    team = models.OneToOneField("teams.Team", on_delete=models.CASCADE, related_name="overrule")
    codes = models.JSONField(default=list)
    reason = models.CharField("理由", max_length=120)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"overrule of {self.team_id}"


class Weighting(models.Model):
    """What counts more and what less in the proposals of an operation: steps from −2 (far less) to 2 (far more), by the
    names of `matching.proposals.weights.ASPECTS`. Without a row, and without a name, everything is usual."""

    operation = models.OneToOneField(
        "operations.Operation", on_delete=models.CASCADE, related_name="weighting"
    )
    steps = models.JSONField(default=dict)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"weighting of {self.operation_id}"


class WhatIf(models.Model):
    """A question that changes nothing: how the plan would look if. Answered by the worker of the runs, from a row of its
    own, so that nothing that offers or shows a plan can take it for one.

    `change` is `matching.proposals.what_if.Change` and `result` `matching.proposals.compare.Comparison` as JSON.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="what_ifs")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.REQUESTED)
    change = models.JSONField()
    result = models.JSONField(null=True)
    requested_at = models.DateTimeField()
    asked_at = models.DateTimeField(auto_now_add=True)
    requested_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    preparing_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done = models.FloatField(default=0)
    score = models.FloatField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation"],
                condition=models.Q(state="requested"),
                name="one_waiting_what_if_per_operation",
            ),
        ]

    def __str__(self) -> str:
        return f"what-if {self.pk}"
