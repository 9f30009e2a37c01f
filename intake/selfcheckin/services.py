"""The facts a volunteer records alone. The same services as the desk's; only `via` differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import By
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.checkin.desk import Happened
from intake.checkin.models import Visit
from intake.orientation import services as orientation
from intake.orientation.models import OrientationSession, Way
from intake.questions import services as questions
from intake.volunteers.models import Volunteer

PHONE: Final = By(via="phone")


def check_in(operation: Operation, volunteer: Volunteer, *, at: datetime) -> Happened:
    """The person says that they are here. Twice is once."""
    return checkin.arrive(operation, volunteer, site=None, by=PHONE, at=at)


def answer(operation: Operation, volunteer: Volunteer, said: Mapping[str, str], *, at: datetime) -> bool:
    """What the person says to the questions of the day, on their own phone. What was answered stays, except for a "no": a
    page that is sent once more must not take away what keeps them here."""
    day = timezone.localdate(at)
    standing = questions.Answers(operation, [volunteer.pk], [day]).standing(volunteer.pk, day)
    left = standing.left if standing else ()
    new = {code: text for code, text in said.items() if code in left or text == "no"}
    return bool(questions.say(operation, volunteer, answers=new, by=PHONE, at=at))


@transaction.atomic
def heard(session: OrientationSession, volunteer: Volunteer, *, at: datetime) -> Happened:
    """The person says that they heard the briefing, holding its code."""
    return orientation.attend(session.operation, volunteer, session=session, way=Way.PHONE, by=PHONE, at=at)


def visit_today(operation: Operation, volunteer_id: int, *, at: datetime) -> Visit | None:
    """The person's newest visit of the day, or since before midnight, whoever recorded it. One query."""
    rows = Visit.objects.around(at).filter(operation=operation, volunteer=volunteer_id)
    return rows.select_related("volunteer", "operation").last()


def number_of(visit: Visit) -> int:
    """Their place in the day's arrivals, from 1: what is called out when people are to line up. Also those that were taken
    back count, or the next one would get a number that somebody has been given. One query."""
    return Visit.objects.filter(operation=visit.operation, day=visit.day, pk__lte=visit.pk).count()
