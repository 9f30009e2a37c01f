"""Today's list: who is here and has not answered yet, whom a lead has to talk with, who lacks something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.questions.catalog import Question
from intake.questions.services import Answers, Standing


def anchor(volunteer: int) -> str:
    """Where the page shows that person."""
    return f"v{volunteer}"


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who is here. `said`: (question, answer or "") for those this person may see, in order."""

    visit: Visit
    standing: Standing
    said: list[tuple[Question, str]]

    @property
    def anchor(self) -> str:
        return anchor(self.visit.volunteer_id)


@dataclass(frozen=True, slots=True)
class Today:
    """Three lists of rows by reading; nobody is in two: to talk with, lacking gear, not asked yet. `done`: how many have
    answered everything and go on."""

    talk: list[Row]
    lend: list[Row]
    left: list[Row]
    done: int

    @property
    def waiting(self) -> int:
        return len(self.talk) + len(self.lend) + len(self.left)


def today(operation: Operation, *, health: bool, at: datetime) -> Today:
    """`health`: whether answers about health may be shown. Two queries."""
    day = timezone.localdate(at)
    visits = list(
        Visit.objects.present()
        .filter(operation=operation)
        .select_related("volunteer")
        .order_by("volunteer__kana_key", "pk")
    )
    answers = Answers(operation, [visit.volunteer_id for visit in visits], [day])
    found = Today([], [], [], 0)
    done = 0
    for visit in visits:
        standing = answers.standing(visit.volunteer_id, day)
        if standing is None:
            continue
        row = Row(visit, standing, _said(answers, answers.said(visit.volunteer_id, day), health=health))
        if standing.talk:
            found.talk.append(row)
        elif standing.lacks:
            found.lend.append(row)
        elif standing.left:
            found.left.append(row)
        else:
            done += 1
    return Today(found.talk, found.lend, found.left, done)


def _said(answers: Answers, said: Mapping[str, str], *, health: bool) -> list[tuple[Question, str]]:
    return [
        (question, "" if question.kind == "health" and not health else said.get(question.code, ""))
        for question in answers.questions
    ]


def waiting(operation: Operation, *, at: datetime) -> int:
    """How many people of today's list wait for somebody. No query when nothing is asked."""
    return today(operation, health=False, at=at).waiting if operation.day_questions else 0
