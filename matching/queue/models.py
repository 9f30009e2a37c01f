"""What the coordinator's hand puts over the queue."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Hold(models.Model):
    """A need the coordinator keeps out of the proposals for now, with the reason on screen."""

    need = models.OneToOneField("help_requests.Need", on_delete=models.CASCADE, related_name="hold")
    reason = models.CharField("理由", max_length=120)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"hold on {self.need_id}"


class Ban(models.Model):
    """A person who is not to be sent to a need again (a rejected proposal, a past trouble)."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="bans")
    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="bans")
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.CASCADE, related_name="+")
    reason = models.CharField("理由", max_length=120, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["need", "volunteer"], name="one_ban_per_pair"),
        ]

    def __str__(self) -> str:
        return f"ban {self.volunteer_id} from {self.need_id}"


class Lock(models.Model):
    """Where a person, or everybody of a group, goes on this day; the engine finds the rest of the team.

    A lock made the day before (前日割当) stands when the morning comes and keeps the need for whom it names.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="locks")
    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="locks")
    volunteer = models.ForeignKey(
        "volunteers.Volunteer", null=True, on_delete=models.CASCADE, related_name="+"
    )
    group = models.ForeignKey("volunteers.Group", null=True, on_delete=models.CASCADE, related_name="+")
    day = models.DateField("いつ")
    reason = models.CharField("理由", max_length=120)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "volunteer", "day"],
                condition=models.Q(volunteer__isnull=False),
                name="one_destination_per_person_and_day",
            ),
            models.UniqueConstraint(
                fields=["operation", "group", "day"],
                condition=models.Q(group__isnull=False),
                name="one_destination_per_group_and_day",
            ),
            models.CheckConstraint(
                condition=models.Q(volunteer__isnull=False, group__isnull=True)
                | models.Q(volunteer__isnull=True, group__isnull=False),
                name="a_lock_is_of_a_person_or_of_a_group",
            ),
        ]

    def __str__(self) -> str:
        return f"lock to {self.need_id}"

    @property
    def person(self) -> int | None:
        """The volunteer (pk) it is of, None for a group: of two registrations that have become one the one that stands. One
        query without `volunteer` at hand."""
        return (self.volunteer.merged_into_id or self.volunteer.pk) if self.volunteer else None


class Pin(models.Model):
    """A team the coordinator has fixed as it stands for this day; the engine plans around it.

    `visits` are the needs in the order of the day (ids, `need` the first), `members` volunteer ids, the leader among
    them; `rides` its cars: `[{"vehicle": 3, "driver": 12}, …]`, without a vehicle of the center (null) the driver's own.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="pins")
    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="pins")
    visits = models.JSONField()
    members = models.JSONField()
    leader = models.ForeignKey("volunteers.Volunteer", on_delete=models.CASCADE, related_name="+")
    rides = models.JSONField(default=list)
    day = models.DateField("いつ")
    reason = models.CharField("理由", max_length=120)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["need", "day"], name="one_fixed_team_per_need_and_day"),
        ]

    def __str__(self) -> str:
        return f"pin of {self.need_id}"
