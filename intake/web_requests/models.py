"""What came from residents' own phones: the request, the links that were given out, and what was answered by them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models


class WebRequest(models.Model):
    """A need that began as a web form, and the language its form was filled in."""

    need = models.OneToOneField(
        "help_requests.Need", on_delete=models.CASCADE, related_name="web_request", primary_key=True
    )
    language = models.CharField(max_length=4)

    def __str__(self) -> str:
        return f"web request {self.need_id}"


class LinkQuerySet(models.QuerySet["RequestLink"]):
    def live(self, at: datetime) -> Self:
        """Neither used nor stopped nor too old."""
        return self.filter(ended_at=None, expires_at__gt=at)


class RequestLink(models.Model):
    """A link for the resident of one need. Only a hash of its secret is kept; it is used once and lives for days."""

    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="links")
    secret_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    wrong_digits = models.PositiveSmallIntegerField(default=0)

    objects = LinkQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["need"], condition=models.Q(ended_at=None), name="one_open_link_per_need"
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class AnswerKind(models.TextChoices):
    CONFIRM = "confirm", "まだ困っている"
    CORRECT = "correct", "内容を直した"
    WITHDRAW = "withdraw", "取り下げた"


class ResidentAnswer(models.Model):
    """What a resident said by a link, once for each link. `said`: [field, before, after] of what they changed.

    `applied_at` None: the need stands as it was, and somebody has to look. `seen_at`: somebody has looked.
    """

    need = models.ForeignKey("help_requests.Need", on_delete=models.CASCADE, related_name="resident_answers")
    link = models.OneToOneField(RequestLink, on_delete=models.CASCADE, related_name="answer")
    kind = models.CharField(max_length=8, choices=AnswerKind.choices)
    said = models.JSONField(default=list)
    at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"answer {self.pk}"
