"""A typed name that means several people, or nobody: whose record it is, a person says. The record keeps its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import inbox
from dvc.sync.context import Context
from dvc.sync.inbox import View
from dvc.sync.models import InboxItem, InboxItemQuerySet, ItemKind, Receipt
from dvc.sync.ops import Op
from intake.checkin import identify
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.checkin.verdicts import OF_A_NAME
from intake.volunteers.models import Volunteer
from matching.teams.models import Member

UNCLEAR: Final = frozenset(OF_A_NAME)
MOST_OFFERED: Final = 50  # on one page; who is not among them is searched for


@dataclass(frozen=True, slots=True)
class Typed:
    """A name that was typed (its receipt), and what a person was asked about it."""

    item: InboxItem
    told: Receipt


def ask(op: Op, operation: Operation, context: Context, *, at: datetime) -> InboxItem:
    """The item of an op whose name was typed at the moment `at`."""
    typed = View("typed", at, op=str(op.op_id), device=str(context.device.pk))
    return inbox.open_item(
        operation, ItemKind.UNCLEAR_NAME, op.op_id, subjects={}, views=[typed], fix="chosen", by=context.by(op),
        at=operation.moment(context.at),
    )  # fmt: skip


def told(item: InboxItem) -> Receipt:
    """What was recorded with the name."""
    return Receipt.objects.select_related("device__center", "actor").get(op_id=item.key)


def recordable(typed: Receipt) -> bool:
    """Whether it is recorded for whom a person picks, or told anew by hand."""
    return typed.kind in _RECORDS


def offered(item: InboxItem, typed: Receipt, text: str = "") -> list[Volunteer]:
    """Whose record it may be, as the register is now: whose it is already, and whoever is called so, or like what was
    searched for (`text`). Nobody where the record is of a kind that is told anew."""
    if not recordable(typed):
        return []
    known = Volunteer.objects.known_in(item.operation).living().order_by("kana_key", "pk")
    theirs = list(known.filter(pk__in=item.subjects.get("volunteer", ())))
    found = known.matching(text or typed.payload["name"]).exclude(pk__in=[person.pk for person in theirs])
    return [*theirs, *found[:MOST_OFFERED]]


@transaction.atomic
def record_for(item: InboxItem, person_id: int | None, *, by: By, at: datetime) -> None:
    """It was this one, however they are called: recorded with the time and by whom it was told; whose it is already, and
    was not, loses it. Refused inbox.choice | inbox.not_received | visit.in_a_team."""
    typed = told(item)
    person = Volunteer.objects.known_in(item.operation).living().filter(pk=person_id or 0).first()
    if person is None or not recordable(typed):
        raise Refused("inbox.choice")
    found = identify.of_volunteer(item.operation, person).volunteer
    if found is None:
        raise Refused("inbox.not_received")
    _take_from(_others(item, found), item, typed, by=by, at=at)
    teller = By(user=typed.actor, device=typed.device, via="tablet", op=str(typed.op_id))
    _RECORDS[typed.kind](item.operation, found, typed, teller)
    _is_of(item, found.pk)


def _arrive(operation: Operation, person: Volunteer, typed: Receipt, by: By) -> object:
    site = typed.device.center.sites.filter(pk=typed.payload.get("site") or 0).first()
    return checkin.arrive(operation, person, site=site, by=by, at=typed.happened_at)


def _leave(operation: Operation, person: Volunteer, typed: Receipt, by: By) -> object:
    return checkin.leave(operation, person, by=by, at=typed.happened_at)


_RECORDS: Final[dict[str, Callable[[Operation, Volunteer, Receipt, By], object]]] = {
    "visit.arrive": _arrive,
    "visit.leave": _leave,
}


def typed_for(ops: Sequence[Op], operation: Operation) -> dict[UUID, Typed]:
    """For each of these ops (its id) that says whom a typed name meant: what was typed. A walk-in is a coming; nothing
    where the op is of another kind than what was typed, which is then still to be recorded. The items are locked, before
    any visit is, as the desk does it. Two queries, none for an ordinary op."""
    named = {op.payload["instead_of"]: op for op in ops if "instead_of" in op.payload}
    if not named:
        return {}
    receipts = Receipt.objects.in_bulk(list(named), field_name="op_id")
    items = {
        item.key: item
        for item in _items(list(named), operation).order_by("pk").select_for_update(of=("self",))
    }
    found = {}
    for op in ops:
        key = op.payload.get("instead_of")
        if key not in items:
            continue
        typed = Typed(items[key], receipts[UUID(key)])
        if typed.told.kind == ("visit.arrive" if op.kind == "person.walk_in" else op.kind):
            found[op.op_id] = typed
    return found


def meant(typed: Typed, person: Volunteer, op: Op, operation: Operation, context: Context) -> None:
    """The tablet itself has said who it was, and that is recorded. When it is somebody else's already, the desk or another
    tablet has said so: both stand, and a person hears of it."""
    by, at = context.by(op), context.happened(op, operation)
    others = _others(typed.item, person)
    picked = View("picked", at, op=str(op.op_id), device=str(context.device.pk))
    item = inbox.open_item(
        operation, ItemKind.UNCLEAR_NAME, typed.item.key, subjects={"volunteer": [person.pk]}, views=[picked],
        fix="chosen", by=by, at=operation.moment(context.at), reopen=bool(others),
    )  # fmt: skip
    if not others:
        inbox.settle(item, by=by, at=at)


def recorded_at(target: Receipt, operation: Operation) -> datetime:
    """The moment of a record: when the name was typed, where it said whom that meant."""
    for item in _items([target.payload["instead_of"]] if "instead_of" in target.payload else [], operation):
        if str(target.op_id) in _picks(item):
            return told(item).happened_at
    return target.happened_at


def whose(target: Receipt, operation: Operation) -> int | None:
    """For whom the desk has recorded what was typed, and it stands: the person's id."""
    for item in _items([target.op_id] if "name" in target.payload else [], operation):
        return next(iter(_here_by(item, {str(target.op_id)})), None)
    return None


def take_back(target: Receipt, operation: Operation, *, person: int, by: By, at: datetime) -> None:
    """This record was taken back: of a name that was typed, whose it is nobody need say any more, unless two were picked
    for it; where it said whom a name meant (`person`), that is asked again, unless it is somebody else's as well."""
    for item in _items([target.op_id] if "name" in target.payload else [], operation):
        several = len(item.subjects.get("volunteer", ())) > 1
        if several and (not recordable(target) or len(_here_by(item, _picks(item))) > 1):
            continue
        if not inbox.settle(item, by=by, at=at) and item.choice in ("chosen", "both"):
            inbox.choose_again(item, choice=inbox.BY_ITSELF, by=by, at=at)
        _is_of(item)
    for item in _items([target.payload["instead_of"]] if "instead_of" in target.payload else [], operation):
        people = item.subjects.get("volunteer", ())
        left = [one for one in people if one != person]
        if person not in people:
            continue  # what it recorded is of another kind than what was typed
        if item.is_open and len(left) == 1:
            inbox.settle(item, by=by, at=at)
            _is_of(item, *left)
        elif item.choice == inbox.BY_ITSELF:
            inbox.reopen(item, by=by, at=at)
            _is_of(item)


def lock(target: Receipt, operation: Operation) -> None:
    """Before any visit is locked: of what is about to be taken back. No query for what has no name in it."""
    keys = [target.payload["instead_of"]] if "instead_of" in target.payload else []
    keys += [target.op_id] if "name" in target.payload else []
    list(_items(keys, operation).order_by("pk").select_for_update(of=("self",)))


def _take_from(others: Sequence[Volunteer], item: InboxItem, typed: Receipt, *, by: By, at: datetime) -> None:
    told_by = {str(typed.op_id), *_picks(item)}
    for other in others:
        in_a_team = Member.objects.filter(volunteer=other, left_at=None, team__operation=item.operation)
        if typed.kind == "visit.arrive" and in_a_team.exists():
            raise Refused("visit.in_a_team")
        for op in sorted(told_by):
            checkin.take_back(item.operation, other, op=op, near=typed.happened_at, by=by, at=at, alone=True)


def _others(item: InboxItem, person: Volunteer) -> list[Volunteer]:
    """Whose it is beside this person."""
    ids = item.subjects.get("volunteer", ())
    return list(Volunteer.objects.standing_for(ids).exclude(pk=person.pk)) if ids else []


def _picks(item: InboxItem) -> set[str]:
    """The ops (ids) that said whom the name meant, and were recorded so."""
    return {view["op"] for view in item.views if view["what"] == "picked"}


def _here_by(item: InboxItem, ops: set[str]) -> set[int]:
    """Whose it is of whom one of these ops (ids) has told a coming or going that stands."""
    people = Volunteer.objects.standing_for(item.subjects.get("volunteer", ()))
    visits = Visit.objects.filter(operation=item.operation, volunteer__in=people, annulled_at=None)
    return {visit.volunteer_id for visit in visits if any(fact.op in ops for fact in visit.told)}


def _is_of(item: InboxItem, *people: int) -> None:
    item.subjects = {"volunteer": list(people)} if people else {}
    item.save(update_fields=["subjects"])


def _items(op_ids: Sequence[UUID | str], operation: Operation) -> InboxItemQuerySet:
    items = InboxItem.objects.select_related("operation")
    keys = [str(op_id) for op_id in op_ids]
    return items.filter(operation=operation, kind=ItemKind.UNCLEAR_NAME, key__in=keys)
