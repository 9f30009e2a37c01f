"""Lists for an hour without screens. No telephone number, no address: what the paper needs and no more
(source: reliability.md §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.utils import timezone

from dvc.core import short_code
from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.volunteers.models import Card, CardState, InsurancePolicy, Volunteer, VolunteerQuerySet

PER_PAGE: Final = 22
MOST_ROWS: Final = 1100  # fifty pages
RECENT: Final = timedelta(days=3)


class ListKind(models.TextChoices):
    PRESENT = "present", "いまいる人"
    EXPECTED = "expected", "これから来そうな人"
    REGISTERED = "registered", "登録している人"


WHO: Final = {
    ListKind.PRESENT: "受付して、まだ帰っていない人です。帰った時刻を書きます。",
    ListKind.EXPECTED: "この3日のうちに来たか登録した人で、今日まだ受付していない人です。来た時刻を書きます。",
    ListKind.REGISTERED: "登録している人の全員です。来た時刻を書きます。",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One person on a list. `arrived_at` only when they are here."""

    kana: str
    name: str
    code: str
    insured: bool
    oriented: bool
    minor: bool
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaperList:
    """`pages` of PER_PAGE rows; `left_out` people did not fit."""

    kind: ListKind
    pages: list[list[Row]]
    count: int
    left_out: int


def build(operation: Operation, kind: ListKind, *, at: datetime) -> PaperList:
    """Read the list. Five queries at most."""
    visits = {visit.volunteer_id: visit for visit in Visit.objects.present().filter(operation=operation)}
    people = _people(operation, kind, visits, at=at)
    total = people.count()
    chosen = list(people.order_by("kana_key", "id")[:MOST_ROWS])
    rows = _rows(chosen, visits, at=at)
    pages = [rows[i : i + PER_PAGE] for i in range(0, len(rows), PER_PAGE)] or [[]]
    return PaperList(kind, pages, len(rows), total - len(rows))


def _people(
    operation: Operation, kind: ListKind, present: Iterable[int], *, at: datetime
) -> VolunteerQuerySet:
    known = Volunteer.objects.known_in(operation)
    if kind == ListKind.PRESENT:
        return known.filter(pk__in=list(present))
    today = Visit.objects.on_day(timezone.localdate(at)).filter(operation=operation)
    to_come = known.living().filter(blocked_reason="").exclude(pk__in=today.values("volunteer"))
    if kind == ListKind.REGISTERED:
        return to_come
    lately = Visit.objects.filter(
        operation=operation, annulled_at__isnull=True, day__gte=timezone.localdate(at - RECENT)
    )
    return to_come.filter(
        models.Q(registered_at__gte=at - RECENT) | models.Q(pk__in=lately.values("volunteer"))
    )


def _rows(people: list[Volunteer], visits: dict[int, Visit], *, at: datetime) -> list[Row]:
    ids = [person.pk for person in people]
    insured = set(
        InsurancePolicy.objects.covering(at).filter(volunteer__in=ids).values_list("volunteer_id", flat=True)
    )
    codes = dict(
        Card.objects.filter(holder__in=ids, state=CardState.BOUND).values_list("holder_id", "short_code")
    )
    day = timezone.localdate(at)
    rows = []
    for person in people:
        visit = visits.get(person.pk)
        rows.append(
            Row(
                kana=person.kana,
                name=person.name,
                code=short_code.display(codes[person.pk]) if person.pk in codes else "",
                insured=person.pk in insured or bool(visit and visit.insurance_seen_at),
                oriented=bool(visit and visit.oriented_at),
                minor=person.is_minor_on(day),
                arrived_at=visit.arrived_at if visit else None,
            )
        )
    return rows
