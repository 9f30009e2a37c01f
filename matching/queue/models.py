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
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["need", "volunteer"], name="one_ban_per_pair"),
        ]

    def __str__(self) -> str:
        return f"ban {self.volunteer_id} from {self.need_id}"
