"""What one search box finds: requests of the operation, people of the register, houses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from dvc.core.japanese import bare_name, phone_key, search_key
from dvc.operations.models import Operation
from intake.help_requests.duplicates import people_of
from intake.help_requests.models import CallerNote, Need, NeedState
from intake.help_requests.numbers import number_of
from intake.people import searching
from intake.people.models import Household, Person

MOST: Final = 30
LONGEST: Final = 100  # characters of a question


@dataclass(frozen=True, slots=True)
class FoundNeed:
    """A request, and why it is here in words (empty where its own line says it)."""

    need: Need
    why: str = ""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person, and the entry by which they were found if that was merged into theirs."""

    person: Person
    found_as: Person | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The likeliest first in each. `more`: there is more than is shown."""

    needs: list[FoundNeed]
    people: list[FoundPerson]
    houses: list[Household]
    more: bool = False

    @property
    def count(self) -> int:
        return len(self.needs) + len(self.people) + len(self.houses)


def find(operation: Operation, text: str) -> Found:
    """By number (12, N12), name, reading, telephone number from either end, address or building, in any common writing;
    several words must all fit. At most ten queries, however many people there are."""
    text = text[:LONGEST].replace("\0", "").strip()
    if not search_key(text):
        return Found([], [], [])
    people = searching.people(operation, text, most=MOST + 1)
    houses = list(searching.houses(operation, text).select_related("town", "merged_into__town")[: MOST + 1])
    more = len(people) > MOST or len(houses) > MOST
    people, houses = people[:MOST], _standing(houses[:MOST])
    needs = _needs(operation, text, people, houses)
    shown = {person.pk for need in needs for person in people_of(need)}
    rows = _rows(people, shown)
    lived_in = {need.household_id for need in needs} | {row.person.household_id for row in rows}
    return Found(
        needs=[FoundNeed(need, _why(need, text, people)) for need in needs],
        people=rows,
        houses=[house for house in houses if house.pk not in lived_in],
        more=more,
    )


def _standing(houses: Iterable[Household]) -> list[Household]:
    standing = [house.merged_into or house for house in houses]
    return list({house.pk: house for house in standing}.values())


def _needs(operation: Operation, text: str, people: list[Person], houses: list[Household]) -> list[Need]:
    """The one with this number first, then those of the people and houses: the open ones, the newest first."""
    found = Need.objects.filter(operation=operation)
    number = number_of(text)
    first = found.filter(number=number).first() if number else None
    asked = first.standing.pk if first else None
    ids = {person.merged_into_id or person.pk for person in people}
    called = CallerNote.objects.filter(person__in=ids, need__operation=operation).values_list(
        "need", flat=True
    )
    condition = Q(requester__in=ids) | Q(resident__in=ids) | Q(household__in=[house.pk for house in houses])
    condition |= Q(pk__in=[*called, *([asked] if asked else [])])
    rows = list(
        found.filter(condition)
        .exclude(state=NeedState.DUPLICATE)
        .select_related("household__town", "requester", "resident")
        .prefetch_related("callers__person")
        .order_by("-id")[:MOST]
    )
    return sorted(
        rows,
        key=lambda need: (need.pk != asked, not _names_exactly(text, need), need.state in _ENDED, -need.pk),
    )


_ENDED: Final = frozenset({
    NeedState.COMPLETED, NeedState.DECLINED, NeedState.REFERRED, NeedState.WITHDRAWN, NeedState.UNREACHABLE,
})  # fmt: skip


def _names_exactly(text: str, need: Need) -> bool:
    key, digits = search_key(bare_name(text)), phone_key(text)
    return any(
        key in (person.name_key, person.kana_key) or (digits and digits == person.phone_digits)
        for person in people_of(need)
    )


def _why(need: Need, text: str, people: list[Person]) -> str:
    """Why the line is here when the resident's name does not say it: somebody who called was meant."""
    number = number_of(text)
    if number and number != need.number and not people:
        return f"N{number} は、この依頼にまとめてあります"
    meant = {person.merged_into_id or person.pk for person in people}
    if need.resident_id in meant:
        return ""
    callers = [person for person in people_of(need) if person.pk in meant]
    return "・".join(f"電話をくれた方：{person.name or '名前は未確認'}" for person in callers)


def _rows(people: list[Person], shown: set[int]) -> list[FoundPerson]:
    """Everybody once, by the entry that stands. Whoever is on the line of a request above is not said twice."""
    rows: dict[int, FoundPerson] = {}
    for person in people:
        standing = person.merged_into or person
        if standing.pk not in rows and standing.pk not in shown:
            rows[standing.pk] = FoundPerson(standing, person if person.merged_into_id else None)
    return list(rows.values())


def needs_of(person: Person) -> list[tuple[Need, list[str]]]:
    """Every request of a person, the newest first, with what they are in it: 本人, 電話をくれた方. Two queries."""
    words: dict[int, list[str]] = defaultdict(list)
    calls = dict(CallerNote.objects.filter(person=person).values_list("need", "relation"))
    needs = list(
        Need.objects.filter(Q(resident=person) | Q(requester=person) | Q(pk__in=list(calls)))
        .select_related("operation", "resident", "requester", "household__town")
        .order_by("-id")
    )
    for need in needs:
        if need.resident_id == person.pk:
            words[need.pk].append("本人")
        if need.requester_id == person.pk and need.resident_id != person.pk:
            words[need.pk].append(f"電話をくれた方{f'（{need.relation}）' if need.relation else ''}")
        if need.pk in calls:
            words[need.pk].append(f"あとで電話をくれた方{f'（{calls[need.pk]}）' if calls[need.pk] else ''}")
    return [(need, words[need.pk]) for need in needs]
