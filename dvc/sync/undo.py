"""Taking back what this tablet recorded a moment ago. A decision, so it may be refused; a second time changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import holding
from dvc.sync.context import Context
from dvc.sync.models import HeldOp, HeldState, Receipt
from dvc.sync.ops import Op, Result, verdict
from dvc.sync.visits import asked
from intake.checkin import groups, identify, walk_in
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.orientation import services as orientation
from intake.volunteers import cards
from intake.volunteers.models import Card, Group, Volunteer
from matching.teams.models import Member

UNDO_FOR: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Undoing:
    """The operation `target` is to be taken back by `by` at the moment `at`. `said`: what it came to, when it was folded.
    `alone`: it was about somebody else; what the same tablet saw of this person besides stands."""

    target: Receipt
    operation: Operation
    by: By
    at: datetime
    said: dict[str, Any]
    alone: bool = False

    @property
    def op(self) -> str:
        return str(self.target.op_id)


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Take back the op that is named. Held while the server has not seen it, or could not read it; refused
    visit.undo_* | visit.in_a_team."""
    at = context.happened(op, operation)
    target = Receipt.objects.filter(op_id=op.payload["op"]).exclude(kind="").first()
    if target is None:
        return holding.hold_for_op(op, operation, UUID(op.payload["op"]), context, happened=at)
    if target.device_id != context.device.pk or target.operation_id != operation.pk:
        raise Refused("visit.undo_not_yours")
    undo = _UNDO.get(target.kind)
    if undo is None:
        raise Refused("visit.undo_nothing")
    if at - target.happened_at > UNDO_FOR * max(1.0, operation.clock_speed):
        raise Refused("visit.undo_too_late", minutes=int(UNDO_FOR.total_seconds() // 60))
    held = HeldOp.objects.select_for_update(of=("self",)).filter(op_id=target.op_id).first()
    if held is not None and held.state == HeldState.WAITING:
        changed = holding.drop(held, by=context.by(op), at=at)
    else:
        said = held.result if held is not None and held.result else target.result
        changed = undo(Undoing(target, operation, context.by(op), at, said.get("data", {})))
    data = {
        key: target.result["data"][key]
        for key in ("volunteer", "name", "kana")
        if key in target.result.get("data", {})
    }
    return verdict(
        op.op_id,
        op.seq,
        "applied" if changed else "merged",
        "annulled",
        {**data, "taken_back": op.payload["op"]},
    )


def _coming_or_going(undoing: Undoing) -> bool:
    person = _person(undoing)
    return person is not None and _take_back(undoing, person)


def _arrival(undoing: Undoing) -> bool:
    person = _person(undoing)
    if person is None:
        return False
    if not undoing.alone:
        _not_in_a_team(undoing, [person.pk])
    return _take_back(undoing, person)


def _walk_in(undoing: Undoing) -> bool:
    person = _person(undoing)
    if person is None:
        return False
    _not_in_a_team(undoing, [person.pk])
    return walk_in.take_back(
        undoing.operation, person, guest=undoing.target.payload["guest"], op=undoing.op,
        near=undoing.target.happened_at, by=undoing.by, at=undoing.at,
    )  # fmt: skip


def _group(undoing: Undoing) -> bool:
    group = Group.objects.filter(pk=int(undoing.said.get("group") or 0)).first()
    if group is None:
        return False
    people = list(Volunteer.objects.standing_for(undoing.said.get("volunteers", [])))
    if undoing.target.kind == "group.arrive":
        _not_in_a_team(undoing, [person.pk for person in people])
    return groups.take_back(
        undoing.operation,
        group,
        people,
        op=undoing.op,
        near=undoing.target.happened_at,
        by=undoing.by,
        at=undoing.at,
    )


def _briefing(undoing: Undoing) -> bool:
    person = _person(undoing)
    return person is not None and orientation.take_back(
        undoing.operation, person, heard_at=undoing.target.happened_at, by=undoing.by, at=undoing.at
    )


def _insurance(undoing: Undoing) -> bool:
    visit = Visit.objects.filter(pk=int(undoing.said.get("visit") or 0)).select_related("operation").first()
    return visit is not None and checkin.unsee(
        visit,
        what="insurance_seen_at",
        seen_at=undoing.target.happened_at,
        by=undoing.by,
        at=undoing.at,
    )


@transaction.atomic
def _binding(undoing: Undoing) -> bool:
    # Whoever is merged into another one keeps the card.
    holder, card = int(undoing.said.get("volunteer") or 0), int(undoing.said.get("card") or 0)
    given = Card.objects.filter(pk=card, holder=holder).first()
    if given is None:
        return False
    cards.unbind(given, by=undoing.by, at=undoing.at)
    _wait_again(undoing, given)
    return True


def _wait_again(undoing: Undoing, card: Card) -> None:
    """What had waited for the card was recorded for the wrong person: it waits for whoever is given the card next. What
    cannot be taken back (an answer, an agreement) stays. Refused visit.in_a_team when the person is here because of it
    and in a team by now."""
    person = _person(undoing)
    people = {int(undoing.said.get("volunteer") or 0), person.pk if person else 0}
    rows = HeldOp.objects.filter(Q(card=card) | Q(volunteer__in=people)).filter(
        Q(state=HeldState.FOLDED, settled_at__gte=undoing.target.happened_at)
        | Q(state=HeldState.WAITING, volunteer__isnull=False)
    )
    rows = rows.select_related("operation__center").select_for_update(of=("self",))
    for held in rows.order_by("-happened_at", "-id"):
        if held.card_id is None and not _is_told_by(held, card):
            continue
        if held.state == HeldState.FOLDED and not _take_back_folded(undoing, held, person):
            continue
        holding.wait_again(held, card, by=undoing.by, at=undoing.at)


def _is_told_by(held: HeldOp, card: Card) -> bool:
    one = asked(Op.from_json(held.op), held.happened_at)
    return identify.find(held.operation, [one], keys={})[0].card == card


def _take_back_folded(undoing: Undoing, held: HeldOp, person: Volunteer | None) -> bool:
    """False when it is of a kind that cannot be taken back."""
    told = Receipt.objects.filter(op_id=held.op_id, kind__in=_UNDO).first()
    if told is None:
        return False
    said = (held.result or {}).get("data", {})
    here = replace(undoing, target=told, operation=held.operation, said=said, alone=True)
    _UNDO[told.kind](here)
    present = Visit.objects.present().filter(operation=held.operation, volunteer=person)
    if person is not None and not present.exists():
        _not_in_a_team(here, [person.pk])
    return True


def _person(undoing: Undoing) -> Volunteer | None:
    found = Volunteer.objects.filter(pk=int(undoing.said.get("volunteer") or 0)).first()
    return found.standing if found else None


def _take_back(undoing: Undoing, person: Volunteer) -> bool:
    return checkin.take_back(
        undoing.operation,
        person,
        op=undoing.op,
        near=undoing.target.happened_at,
        by=undoing.by,
        at=undoing.at,
        alone=undoing.alone,
    )


def _not_in_a_team(undoing: Undoing, people: list[int]) -> None:
    if Member.objects.filter(
        volunteer__in=people, left_at__isnull=True, team__operation=undoing.operation
    ).exists():
        raise Refused("visit.in_a_team")


_UNDO: Final[dict[str, Callable[[Undoing], bool]]] = {
    "visit.arrive": _arrival,
    "visit.leave": _coming_or_going,
    "visit.orient": _briefing,
    "visit.insure": _insurance,
    "card.bind": _binding,
    "person.walk_in": _walk_in,
    "group.arrive": _group,
    "group.leave": _group,
}
