"""People the coordinator can choose from by hand: who is free now, in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.volunteers.models import Gender, Skill, VehicleKind, Volunteer
from matching.proposals.gather import TRUCKS
from matching.teams.queries import free_visits

SHOWN: Final = 60
ORDER: Final = ("-volunteer__experience", "volunteer__kana_key", "volunteer_id")
EXPERIENCE: Final = ("はじめて", "経験あり", "リーダー経験あり", "どこでもリーダー")
FILTERS: Final = {
    "leader": "リーダーになれる人",
    "driver": "運転できる人",
    "women": "女性",
    "truck": "軽トラックで来た人",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person with what a coordinator asks: how experienced, what they can, with whom, until when."""

    person: Volunteer
    visit: Visit
    experience: str
    skills: str
    vehicle: str
    minor: bool


def candidates(
    operation: Operation,
    *,
    at: datetime,
    text: str = "",
    filters: Collection[str] = (),
    leader_exp: int = 1,
    without: Collection[int] = (),
) -> tuple[list[Candidate], int]:
    """The first SHOWN free people who fit, most experienced first, and how many fit in all. Two queries."""
    visits = fitting(operation, text=text, filters=filters, leader_exp=leader_exp)
    visits = visits.exclude(volunteer__in=without)
    rows = visits.select_related("volunteer__group").order_by(*ORDER)
    return [describe(visit, at=at) for visit in rows[:SHOWN]], visits.count()


def fitting(
    operation: Operation, *, text: str = "", filters: Collection[str] = (), leader_exp: int = 1
) -> QuerySet[Visit]:
    """Visits of free people with this in their name or phone number, and for whom all the filters are true."""
    visits = free_visits(operation)
    if text.strip():
        visits = visits.filter(volunteer__in=Volunteer.objects.matching(text))
    if "leader" in filters:
        visits = visits.filter(volunteer__experience__gte=leader_exp)
    if "women" in filters:
        visits = visits.filter(volunteer__gender=Gender.FEMALE)
    if "truck" in filters:
        visits = visits.filter(volunteer__vehicle__in=TRUCKS)
    if "driver" in filters:
        # Inside JSON the two databases search differently; in its text they do not.
        as_text = Cast("volunteer__skills", TextField())
        visits = visits.annotate(skills_text=as_text).filter(skills_text__contains=f'"{Skill.DRIVER.value}"')
    return visits


def chosen(operation: Operation, people: Collection[int], *, at: datetime) -> list[Candidate]:
    """The free ones among `people`, in the order of their names. One query."""
    visits = free_visits(operation).filter(volunteer__in=people).select_related("volunteer__group")
    return [describe(visit, at=at) for visit in visits.order_by("volunteer__kana_key", "volunteer_id")]


def describe(visit: Visit, *, at: datetime) -> Candidate:
    person = visit.volunteer
    return Candidate(
        person=person,
        visit=visit,
        experience=EXPERIENCE[min(person.experience, len(EXPERIENCE) - 1)],
        skills="、".join(str(Skill(code).label) for code in person.skills if code in Skill.values),
        vehicle=str(VehicleKind(person.vehicle).label) if person.vehicle else "",
        minor=person.is_minor_on(timezone.localdate(at)),
    )
