"""What the survey pages show: who waits, who goes where on a day, and when they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from dvc.accounts.models import Membership, User
from dvc.accounts.roles import Role
from dvc.operations.models import Center, Operation
from intake.help_requests.models import Need, NeedQuerySet, NeedState
from intake.survey.models import Appointment, AppointmentState, Round, Survey
from intake.survey.route import Leg, Place, timeline
from intake.survey.services import minutes, stop_of

S = AppointmentState
DAYS_SHOWN: Final = 7


@dataclass(frozen=True, slots=True)
class Waiting:
    """A need nobody is promised to come to. `misses`: how often nobody was there; `last_miss`: what was written then."""

    need: Need
    misses: int
    last_miss: str


# In the address of the page: those whose 町丁目 nobody knows yet.
NO_TOWN: Final = "none"


@dataclass(frozen=True, slots=True)
class TownCount:
    """How many wait in one town. `key` is what the address of the page says."""

    key: str
    name: str
    count: int


def _unpromised(operation: Operation) -> NeedQuerySet:
    booked = Appointment.objects.booked().filter(need=OuterRef("pk"))
    return Need.objects.filter(operation=operation, state=NeedState.SURVEY_WAIT).exclude(Exists(booked))


def waiting_towns(operation: Operation) -> list[TownCount]:
    """Where those live who wait for a survey, by the name of the town. One query."""
    town = "household__town"
    rows = _unpromised(operation).values_list(town, f"{town}__name", f"{town}__koaza").annotate(n=Count("pk"))
    found = [
        TownCount(str(pk or NO_TOWN), f"{name}{koaza}" if pk else "", n)
        for pk, name, koaza, n in rows.order_by()
    ]
    return sorted(found, key=lambda one: (one.key == NO_TOWN, one.name))


def waiting(operation: Operation, *, town: str = "", first: int = 0, most: int) -> list[Waiting]:
    """待っている調査 (of one `town`, if any), a crisis first, then who has waited longest; at most `most`, from the `first` on.
    One query, and which they are is asked inside of it, so that nothing else is read of the thousands behind them."""
    absent = Appointment.objects.filter(need=OuterRef("pk"), state=S.ABSENT)
    order = ("-needs_crisis", "received_at", "id")
    found = _unpromised(operation)
    if town:
        found = found.filter(household__town=None if town == NO_TOWN else int(town))
    needs: Any = (  # with two columns more
        Need.objects.filter(pk__in=found.order_by(*order).values("pk")[first : first + most])
        .select_related("household__town", "resident", "requester")
        .order_by(*order)
        .annotate(
            misses=Subquery(absent.order_by().values("need").annotate(n=Count("pk")).values("n")),
            last_miss=Subquery(absent.order_by("-id").values("reason")[:1]),
        )
    )
    return [Waiting(need, need.misses or 0, need.last_miss or "") for need in needs]


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit on a day's page. `arrive`, `road`: of those still to come, none on a day that is over; `late` minutes."""

    visit: Appointment
    survey: Survey | None
    arrive: str
    road: int | None
    late: int


@dataclass(frozen=True, slots=True)
class RoundPage:
    """A round with its visits in order; `points`: those on the map, [number, lat, lng, words]."""

    round: Round
    lines: list[VisitLine]

    @property
    def late(self) -> bool:
        return any(line.late for line in self.lines)

    @property
    def points(self) -> list[dict[str, Any]]:
        return [
            {
                "number": n,
                "lat": house.lat,
                "lng": house.lng,
                "name": f"N{line.visit.need.number} {line.visit.window}",
            }
            for n, line in enumerate(self.lines, start=1)
            if (house := line.visit.need.household) is not None and house.lat is not None
        ]


def day_page(operation: Operation, day: date, *, start: Place, at: datetime) -> list[RoundPage]:
    """Every round of the day, beginning at `start`, as it stands at the moment `at`: a round that is under way goes on from
    the house it was at last, and comes nowhere before now. Three queries."""
    rounds = list(Round.objects.filter(operation=operation, day=day).select_related("first", "second"))
    visits = list(
        Appointment.objects.filter(round__in=rounds)
        .select_related("need__household__town", "need__resident", "need__requester")
        .order_by("position", "pk")
    )
    surveys = {
        survey.appointment_id: survey for survey in Survey.objects.counting().filter(appointment__in=visits)
    }
    pages = []
    for found in rounds:
        mine = [visit for visit in visits if visit.round_id == found.pk]
        legs = {leg.key: leg for leg in _ahead(found, mine, start=start, at=at)}
        lines = []
        for visit in mine:
            leg = legs.get(visit.pk)
            lines.append(
                VisitLine(
                    visit, surveys.get(visit.pk), _clock(leg.arrive) if leg else "", leg.road if leg else None,
                    leg.late if leg else 0,
                )
            )  # fmt: skip
        pages.append(RoundPage(found, lines))
    return pages


def _ahead(going: Round, visits: Sequence[Appointment], *, start: Place, at: datetime) -> list[Leg]:
    """What is still to come of a round; nothing of a day that is over."""
    now, leaves = timezone.localtime(at), minutes(going.starts)
    if going.day < now.date():
        return []
    been = [visit for visit in visits if visit.state in (S.DONE, S.ABSENT) and visit.ended_at is not None]
    if been:
        start = stop_of(max(been, key=lambda visit: (visit.ended_at, visit.position))).place
    if going.day == now.date():
        leaves = max(leaves, minutes(now.time()))
    return timeline(start, leaves, [stop_of(visit) for visit in visits if visit.state == S.BOOKED])


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


@dataclass(frozen=True, slots=True)
class DayCount:
    """A day of the calendar: rounds, visits to come and done."""

    day: date
    rounds: int
    booked: int
    done: int


def calendar(operation: Operation, *, first: date) -> list[DayCount]:
    """The next DAYS_SHOWN days. Two queries."""
    days = [first + timedelta(days=n) for n in range(DAYS_SHOWN)]
    rounds = dict(
        Round.objects.filter(operation=operation, day__in=days)
        .values_list("day")
        .annotate(n=Count("pk"))
        .order_by()
    )
    visits = {
        row[0]: row[1:]
        for row in Appointment.objects.filter(operation=operation, round__day__in=days)
        .values_list("round__day")
        .annotate(booked=Count("pk", filter=Q(state=S.BOOKED)), done=Count("pk", filter=Q(state=S.DONE)))
        .order_by()
    }
    return [DayCount(day, rounds.get(day, 0), *visits.get(day, (0, 0))) for day in days]


def rounds_to_book(operation: Operation, *, at: datetime) -> QuerySet[Round]:
    """Rounds of today and later."""
    today = timezone.localdate(at)
    return Round.objects.filter(operation=operation, day__gte=today).select_related("first", "second")


def surveyors(center: Center, *, at: datetime) -> QuerySet[User]:
    """Staff who may go: those with a survey role first."""
    surveys = Membership.objects.filter(user=OuterRef("pk"), center=center, role=Role.SURVEY)
    people = User.objects.usable(at).filter(memberships__center=center).distinct()
    return people.annotate(surveys=Exists(surveys)).order_by("-surveys", "display_name", "pk")


def of_need(need: Need) -> tuple[Sequence[Appointment], Sequence[Survey]]:
    """All visits and surveys of a need, newest first. Two queries."""
    visits = need.survey_appointments.select_related("round__first", "round__second").order_by("-id")
    return list(visits), list(need.surveys.order_by("-at", "-id"))
