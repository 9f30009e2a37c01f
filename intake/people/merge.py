"""Two entries of the register become one, and two again when that was wrong.

The twin's row stays and points at the other: whoever opens its page or finds it is led there. It is always one step, as
with volunteers: whoever was merged into the twin before points at the other one as well, and merges that build on one
another are taken apart from the last. What only the twin's entry knew fills the gaps of the other. The requests are moved
by the app that has them (intake.help_requests.merge). Refusals: register.merge_* in dvc/core/refusals.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.people.models import Household, HouseholdMerge, Person, PersonMerge, Precision
from intake.people.services import fill_house_keys, fill_person_keys

# What fills a gap, in groups that only make sense together.
_OF_A_PERSON: Final = (("kana",), ("phone",), ("birth_year",), ("note",), ("household_id",), ("name",))
_OF_A_HOUSE: Final = (("town_id", "address"), ("landmark",), ("members",), ("lives_alone",))
_PLACE: Final = ("lat", "lng", "precision")
# What is given back together, or not at all: an address that somebody has mended since keeps its town and its place.
_BACK_OF_A_HOUSE: Final = ((*_OF_A_HOUSE[0], *_PLACE), *_OF_A_HOUSE[1:])


@transaction.atomic
def merge_people(twin: Person, into: Person, *, by: By, at: datetime) -> PersonMerge:
    """From now on `into` stands for both. Refused register.merge_not_two | register.merge_done."""
    rows = _two(Person, twin.pk, into.pk)
    theirs, ours = rows[twin.pk], rows[into.pk]
    led = list(Person.objects.filter(merged_into=twin).values_list("pk", flat=True))
    Person.objects.filter(pk__in=led).update(merged_into=into)
    filled = _fill_gaps(ours, theirs, _OF_A_PERSON)
    fill_person_keys(ours)
    ours.save()
    Person.objects.filter(pk=twin.pk).update(merged_into=into)
    twin.refresh_from_db()
    into.refresh_from_db()
    made = PersonMerge.objects.create(
        twin=twin, into=into, at=at, by=by.user, moved={"led": led, "filled": filled}
    )
    record(
        "person.merged", twin, by=by, at=at, center_id=twin.center_id, operation=twin.drill, into=into.pk,
        filled=sorted(filled),
    )  # fmt: skip
    return made


@transaction.atomic
def merge_households(twin: Household, into: Household, *, by: By, at: datetime) -> HouseholdMerge:
    """From now on `into` stands for both houses, with the people of both. Refused register.merge_not_two |
    register.merge_done."""
    rows = _two(Household, twin.pk, into.pk)
    theirs, ours = rows[twin.pk], rows[into.pk]
    led = list(Household.objects.filter(merged_into=twin).values_list("pk", flat=True))
    Household.objects.filter(pk__in=led).update(merged_into=into)
    people = list(Person.objects.filter(household=twin).values_list("pk", flat=True))
    Person.objects.filter(pk__in=people).update(household=into)
    groups: Sequence[Sequence[str]] = _OF_A_HOUSE
    if _RANK[theirs.precision] > _RANK[ours.precision]:
        groups = (*groups, _PLACE)
    filled = _fill_gaps(ours, theirs, groups)
    fill_house_keys(ours)
    ours.save()
    Household.objects.filter(pk=twin.pk).update(merged_into=into)
    twin.refresh_from_db()
    into.refresh_from_db()
    made = HouseholdMerge.objects.create(
        twin=twin, into=into, at=at, by=by.user, moved={"led": led, "people": people, "filled": filled}
    )
    record(
        "household.merged", twin, by=by, at=at, center_id=twin.center_id, operation=twin.drill, into=into.pk,
        people=people, filled=sorted(filled),
    )  # fmt: skip
    return made


_RANK: Final = {Precision.NONE: 0, Precision.TOWN: 1, Precision.PIN: 2}


@transaction.atomic
def undo_people(made: PersonMerge, *, by: By, at: datetime) -> bool:
    """They are two people after all. False when that was said before. Refused register.merge_later."""
    if not PersonMerge.objects.filter(pk=made.pk, undone_at__isnull=True).update(undone_at=at):
        return False
    into = Person.objects.select_for_update().get(pk=made.into_id)
    if into.merged_into_id:
        raise Refused("register.merge_later")
    Person.objects.filter(pk=made.twin_id).update(merged_into=None)
    Person.objects.filter(pk__in=made.moved["led"], merged_into=into).update(merged_into=made.twin_id)
    _empty_gaps(into, made.moved["filled"], _OF_A_PERSON)
    fill_person_keys(into)
    into.save()
    twin = made.twin
    record(
        "person.unmerged", twin, by=by, at=at, center_id=twin.center_id, operation=twin.drill, into=into.pk
    )
    return True


@transaction.atomic
def undo_households(made: HouseholdMerge, *, by: By, at: datetime) -> bool:
    """They are two houses after all. False when that was said before. Refused register.merge_later."""
    if not HouseholdMerge.objects.filter(pk=made.pk, undone_at__isnull=True).update(undone_at=at):
        return False
    into = Household.objects.select_for_update().get(pk=made.into_id)
    if into.merged_into_id:
        raise Refused("register.merge_later")
    Household.objects.filter(pk=made.twin_id).update(merged_into=None)
    Household.objects.filter(pk__in=made.moved["led"], merged_into=into).update(merged_into=made.twin_id)
    Person.objects.filter(pk__in=made.moved["people"], household=into).update(household=made.twin_id)
    _empty_gaps(into, made.moved["filled"], _BACK_OF_A_HOUSE)
    fill_house_keys(into)
    into.save()
    twin = made.twin
    record(
        "household.unmerged", twin, by=by, at=at, center_id=twin.center_id, operation=twin.drill, into=into.pk
    )
    return True


def _two(model: Any, twin: int, into: int) -> dict[int, Any]:
    rows = {row.pk: row for row in model.objects.select_for_update().filter(pk__in=[twin, into])}
    if len(rows) != 2 or len({(row.center_id, row.drill_id) for row in rows.values()}) != 1:
        raise Refused("register.merge_not_two")
    if any(row.merged_into_id for row in rows.values()):
        raise Refused("register.merge_done")
    return rows


def _fill_gaps(ours: Any, theirs: Any, groups: Sequence[Sequence[str]]) -> dict[str, list[Any]]:
    """Take what we do not know: {column: [before, after]}."""
    filled: dict[str, list[Any]] = {}
    for group in groups:
        if group is not _PLACE and any(getattr(ours, name) for name in group):
            continue
        for name in group:
            before, after = getattr(ours, name), getattr(theirs, name)
            if before != after:
                setattr(ours, name, after)
                filled[name] = [before, after]
    return filled


def _empty_gaps(into: Any, filled: dict[str, list[Any]], groups: Sequence[Sequence[str]]) -> None:
    """Give back what was taken, group by group, where nobody has written something else since."""
    for group in groups:
        taken = {name: filled[name] for name in group if name in filled}
        if all(getattr(into, name) == after for name, (_, after) in taken.items()):
            for name, (before, _) in taken.items():
                setattr(into, name, before)


def keep_moved(made: PersonMerge | HouseholdMerge, what: str, moved: object) -> None:
    """Remember with the merge what another app moved along."""
    made.moved = {**made.moved, what: moved}
    made.save(update_fields=["moved"])
