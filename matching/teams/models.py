"""People who go out together, under a leader."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from matching.teams.rides import Drive, said


class TeamState(models.TextChoices):
    FORMING = "forming", "編成中"
    READY = "ready", "出発できます"
    OUT = "out", "活動中"
    BACK = "back", "帰着"
    DISSOLVED = "dissolved", "解散"


LIVE = (TeamState.FORMING, TeamState.READY, TeamState.OUT)


class TeamQuerySet(models.QuerySet["Team"]):
    def live(self) -> Self:
        return self.filter(state__in=LIVE)

    def out(self) -> Self:
        return self.filter(state=TeamState.OUT)


class Team(models.Model):
    """A team of one operation. `number` is counted up inside the operation: 「3班」."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="teams")
    number = models.PositiveIntegerField()
    leader = models.ForeignKey("volunteers.Volunteer", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=TeamState.choices, default=TeamState.FORMING)
    mode = models.CharField("移動", max_length=8, default="walk")
    formed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "number"], name="one_team_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number}班"

    @property
    def drives(self) -> list[Drive]:
        """Its cars with who drives each. Reads `rides`; for many teams at once see `queries.with_rides`."""
        return [Drive(ride.vehicle, ride.driver) for ride in self.rides.all()]

    @property
    def cars(self) -> str:
        """「白のハイエース（運転 佐藤 一郎）、鈴木 花子さんの車」; empty for a team on foot."""
        return said(self.drives)


class Clash(models.Model):
    """Somebody tried to put a person into a team who was in another one already. The first committed wins."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    wanted_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"clash about {self.volunteer_id}"


class MemberQuerySet(models.QuerySet["Member"]):
    def away(self) -> Self:
        """Who did not come back with their team, and whom nobody has seen here since."""
        return self.exclude(not_here_said="").filter(came_after_at__isnull=True)


class Member(models.Model):
    """A person in a team. `left_at` is set on return, release, or when the team is dissolved. `not_here_said`: of who did
    not come back with it, what is known of them, until somebody sees them here (`came_after_at`)."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    volunteer = models.ForeignKey(
        "volunteers.Volunteer", on_delete=models.PROTECT, related_name="memberships"
    )
    visit = models.ForeignKey("checkin.Visit", on_delete=models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    not_here_said = models.TextField("帰着にいなかった人のこと", blank=True)
    came_after_at = models.DateTimeField(null=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["volunteer"],
                condition=models.Q(left_at__isnull=True),
                name="one_live_team_per_volunteer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer_id} in {self.team_id}"


class Ride(models.Model):
    """A car a team goes in: the center's `vehicle`, or the driver's own (None). `over_at` is set when the team is back or
    dissolved; until then, and while its `key_missing`, nobody else gets the vehicle."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="rides")
    position = models.PositiveSmallIntegerField()
    vehicle = models.ForeignKey("equipment.Vehicle", null=True, on_delete=models.PROTECT, related_name="+")
    driver = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="+")
    over_at = models.DateTimeField(null=True)
    key_missing = models.BooleanField("かぎがまだ", default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["team", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["team", "position"], name="one_ride_per_place_in_a_team"),
            models.UniqueConstraint(
                fields=["vehicle"],
                condition=models.Q(over_at__isnull=True, vehicle__isnull=False),
                name="one_live_ride_per_vehicle",
            ),
            models.UniqueConstraint(
                fields=["driver"],
                condition=models.Q(over_at__isnull=True),
                name="one_live_ride_per_driver",
            ),
        ]

    def __str__(self) -> str:
        return f"ride {self.position} of {self.team_id}"


class ComingAgain(models.Model):
    """Somebody said on their return that they come on `day` as well."""

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.CASCADE, related_name="coming_again"
    )
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+")
    said_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["day", "team", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "volunteer", "day"], name="coming_is_said_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer_id} comes on {self.day}"
