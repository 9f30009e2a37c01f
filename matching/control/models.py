"""Who is at work on which team right now, so that two people do not telephone the same leader."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Working(models.Model):
    """A person has a page of this team open: seen at the real moment `at`, which the page renews. It locks nothing by
    itself; what is decided twice is settled by the services."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "user"], name="one_team_at_work_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.team_id}"
