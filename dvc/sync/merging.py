"""Two registrations of one person: suggested, merged with everything that hangs from them, and taken apart again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dvc.audit import places
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import inbox
from dvc.sync.inbox import View
from dvc.sync.models import InboxSweep, ItemKind
from intake.checkin import merge as visits
from intake.volunteers import merge as registrations
from intake.volunteers.models import Merge, Volunteer
from matching.teams.models import Member

AT_ONCE = 200


@transaction.atomic
def merge(one: Volunteer, other: Volunteer, *, by: By, at: datetime) -> Merge:
    """The earlier registration stands for both. Refused volunteer.merge_*."""
    into, twin = sorted((one, other), key=lambda person: (person.registered_at, person.pk))
    if Member.objects.filter(volunteer=twin, left_at__isnull=True).exists():
        raise Refused("volunteer.merge_in_team", name=twin.name)
    made = registrations.merge(twin, into, by=by, at=at)
    registrations.keep_moved(made, "visits", visits.move(twin, into, by=by, at=at))
    return made


@transaction.atomic
def undo(made: Merge, *, by: By, at: datetime) -> None:
    """Two people again, each with what was theirs. Twice changes nothing. Refused volunteer.merge_later."""
    if registrations.undo(made, by=by, at=at):
        visits.move_back(made.twin, made.into, made.moved["visits"], by=by, at=at)


def suggest(operation: Operation, mark: InboxSweep, *, at: datetime) -> bool:
    """An item for each newly registered person who looks like somebody known. Moves the mark on; False when there are
    more than AT_ONCE.

    The same name (or reading) with the same phone number, or with the same birthday; a family shares its phone.
    """
    place = places.place()
    told = places.since(mark.place).filter(center=operation.center_id, action="volunteer.registered")
    ids = sorted(pk for pk in map(int, told.values_list("subject_id", flat=True)) if pk > mark.volunteer)
    new = Volunteer.objects.known_in(operation).living().filter(pk__in=ids[:AT_ONCE]).order_by("pk")
    for person in new:
        alike = Volunteer.objects.known_in(operation).look_alikes(
            name=person.name, kana=person.kana, phone_digits=person.phone_digits, birth_date=person.birth_date
        )
        for other in alike.exclude(pk=person.pk):
            if _is_likely(person, other):
                _suggest(operation, person, other, at=at)
    if len(ids) > AT_ONCE:
        mark.volunteer = ids[AT_ONCE - 1]
        return False
    mark.place, mark.volunteer = place, 0
    return True


def _is_likely(one: Volunteer, other: Volunteer) -> bool:
    same_name = one.name_key == other.name_key or bool(one.kana_key and one.kana_key == other.kana_key)
    same_phone = bool(one.phone_digits) and one.phone_digits == other.phone_digits
    same_birthday = one.birth_date is not None and one.birth_date == other.birth_date
    no_other_birthday = one.birth_date is None or other.birth_date is None or same_birthday
    return same_name and (same_birthday or (same_phone and no_other_birthday))


def _suggest(operation: Operation, one: Volunteer, other: Volunteer, *, at: datetime) -> None:
    first, second = sorted((one, other), key=lambda person: person.pk)
    inbox.open_item(
        operation, ItemKind.SAME_PERSON, f"{first.pk}:{second.pk}",
        subjects={"volunteer": [first.pk, second.pk]},
        views=[View("registered", person.registered_at, row=person.pk) for person in (first, second)],
        fix="merge", by=SYSTEM, at=at,
    )  # fmt: skip
