"""What people said to the questions of the day. Health is 要配慮個人情報: see `services.forget`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DayAnswer(models.Model):
    """The answer that stands: the latest one, told by the moment it was given and not by when it came here. `op`: the
    tablet's operation, "" for the desk and the person's own phone. `at` is midnight where one button answered all that
    was open: see `services.answer`."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    volunteer = models.ForeignKey("volunteers.Volunteer", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    question = models.CharField(max_length=20)
    answer = models.CharField(max_length=3)
    at = models.DateTimeField()
    op = models.CharField(max_length=36, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["operation", "day", "volunteer", "question"],
                name="one_answer_to_a_question_of_the_day",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["day"], name="answers_by_day")]

    def __str__(self) -> str:
        return f"answer {self.pk}"
