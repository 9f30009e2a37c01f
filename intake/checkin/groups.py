"""A group comes or goes as a whole: one tap of the operator, a fact about every member."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from django.db import transaction

from dvc.audit.services import By, record
from dvc.operations.models import Operation, Site
from intake.checkin import headcounts, nameless
from intake.checkin.desk import Desk, Happened
from intake.checkin.models import Visit
from intake.volunteers.models import Group, Volunteer

Way = Literal["arrive", "leave"]
Today = Literal["here", "left"]
# Codes that need no word to anybody: the person simply came, or went.
PLAIN: Final = frozenset({"ok", "ok_again", "ok_left"})


@dataclass(frozen=True, slots=True)
class Member:
    """What the group's coming or going meant for one person: a key of VERDICTS. Nothing was recorded of whom the
    chief receives (blocked) or who belongs to another drill."""

    volunteer: Volunteer
    code: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Together:
    """What one coming or going of a group came to: its `members`, and how many without a name came or went with them."""

    members: list[Member]
    nameless: int

    @property
    def changed(self) -> list[Member]:
        return [member for member in self.members if member.changed]


def today(operation: Operation, people: Collection[int], *, at: datetime) -> dict[int, Today]:
    """How it is with these people (ids) on the local day of `at`, or since before midnight; who did not come is not in
    it. One query."""
    visits = Visit.objects.around(at).filter(operation=operation, volunteer__in=people)
    rows = visits.order_by("arrived_at").values_list("volunteer_id", "left_at")
    return {volunteer: "left" if left_at else "here" for volunteer, left_at in rows}


def going_home(members: Sequence[int], known: Mapping[int, Today]) -> list[int]:
    """Whom 「みんなの帰り」 means: who is here. Where nothing is known of anybody they came unrecorded, and all go."""
    return [member for member in members if known.get(member) == "here"] if known else list(members)


@transaction.atomic
def tell(
    operation: Operation,
    group: Group,
    way: Way,
    *,
    members: Collection[int],
    extra: int,
    site: Site | None,
    by: By,
    at: datetime,
) -> Together:
    """These people (ids, of a list that may be older than a merge) came or went with the group, and `extra` others whose
    names nobody has. Whoever was here before stays `already_present` (or `wrong_site`). In the order of their names, each once. Raises
    `IntegrityError` as `Desk.save` does."""
    known = Volunteer.objects.known_in(operation).living().standing_for(members)
    people = list(known.order_by("kana_key", "pk"))
    desk = Desk.open(operation, [person.pk for person in people], moments=[at])
    told = Together([_one(desk, person, way, site=site, by=by, at=at) for person in people], extra)
    desk.save()
    if way == "leave":
        before = nameless.here_of(operation, group, at=at)
        headcounts.leave(operation, group, by=by, at=at)
        told = replace(told, nameless=before - nameless.here_of(operation, group, at=at))
    elif extra:
        headcounts.arrive(operation, group, heads=extra, by=by, at=at)
    if way == "leave" or told.changed or extra:
        action = "group.arrived" if way == "arrive" else "group.went"
        came = len(told.changed)
        record(action, group, by=by, at=at, operation=operation, members=came, extra=told.nameless)
    return told


@transaction.atomic
def take_back(
    operation: Operation,
    group: Group,
    people: Sequence[Volunteer],
    *,
    op: str,
    near: datetime,
    by: By,
    at: datetime,
) -> bool:
    """Forget what the group's operation `op` saw of these people, and its people without names."""
    desk = Desk.open(operation, [person.pk for person in people], moments=[near])
    changed = sum(desk.take_back(person, op=op, near=near, by=by, at=at) for person in people)
    desk.save()
    if not (headcounts.take_back(operation, op=op, at=at) or changed):
        return False
    record("group.taken_back", group, by=by, at=at, operation=operation, taken_back=op, people=changed)
    return True


def _one(desk: Desk, person: Volunteer, way: Way, *, site: Site | None, by: By, at: datetime) -> Member:
    if person.blocked_reason:
        return Member(person, "blocked", changed=False)
    happened: Happened
    if way == "arrive":
        happened = desk.arrive(person, site=site, by=by, at=at)
    else:
        happened = desk.leave(person, by=by, at=at)
    return Member(person, happened.code, happened.changed)
