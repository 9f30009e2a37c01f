"""Taking back what this tablet recorded a moment ago. A decision, so it may be refused; a second time changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import answers, holding, unclear_names, wrong_holders
from dvc.sync.context import Context
from dvc.sync.models import HeldOp, HeldState, Receipt
from dvc.sync.ops import PRIVATE, Op, Result, verdict
from dvc.sync.visits import asked
from intake.checkin import groups, identify, walk_in
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.checkin.stays import UNDO_FOR
from intake.orientation import services as orientation
from intake.questions import services as questions
from intake.volunteers import cards
from intake.volunteers import services as volunteers
from intake.volunteers.models import Card, CardState, Group, Volunteer
from matching.loans import services as loans
from matching.loans.models import GiveBack, Loan
from matching.teams.models import Member


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

    @property
    def recorded_at(self) -> datetime:
        """The moment its record has."""
        return unclear_names.recorded_at(self.target, self.operation)


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
    if not checkin.may_undo(operation, target.happened_at, at=at):
        raise Refused("visit.undo_too_late", minutes=int(UNDO_FOR.total_seconds() // 60))
    unclear_names.lock(target, operation)
    held = HeldOp.objects.select_for_update(of=("self",)).filter(op_id=target.op_id).first()
    if held is not None and held.state == HeldState.WAITING:
        changed = holding.drop(held, by=context.by(op), at=at)
    else:
        said = (held.result if held is not None and held.result else target.result).get("data", {})
        if (chosen := unclear_names.whose(target, operation)) is not None:
            said = {**said, "volunteer": chosen}
        changed = undo(Undoing(target, operation, context.by(op), at, said))
        person = int(said.get("volunteer") or 0)
        unclear_names.take_back(target, operation, person=person, by=context.by(op), at=at)
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
    with suppress(_StillUsed), transaction.atomic():
        for card in person.cards.filter(state=CardState.BOUND):
            _give_back(undoing, card)
        changed = _take_back_walk_in(undoing, person)
        if not Volunteer.objects.filter(pk=person.pk, withdrawn_at__isnull=False).exists():
            raise _StillUsed
        questions.take_back(undoing.operation, person, by=undoing.by, at=undoing.at)
        return changed
    return _take_back_walk_in(undoing, person)


class _StillUsed(Exception):
    """Somebody else received this registration as well: it stands, with its card and what was told by that."""


def _take_back_walk_in(undoing: Undoing, person: Volunteer) -> bool:
    return walk_in.take_back(
        undoing.operation, person, guest=undoing.target.payload["guest"], op=undoing.op,
        near=undoing.recorded_at, by=undoing.by, at=undoing.at,
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
        near=undoing.recorded_at,
        by=undoing.by,
        at=undoing.at,
    )


def _briefing(undoing: Undoing) -> bool:
    person = _person(undoing)
    return person is not None and orientation.take_back(
        undoing.operation, person, heard_at=undoing.recorded_at, by=undoing.by, at=undoing.at
    )


def _insurance(undoing: Undoing) -> bool:
    visit = Visit.objects.filter(pk=int(undoing.said.get("visit") or 0)).select_related("operation").first()
    return visit is not None and checkin.unsee(
        visit,
        what="insurance_seen_at",
        seen_at=undoing.recorded_at,
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
    _give_back(undoing, given)
    return True


def _give_back(undoing: Undoing, card: Card) -> None:
    """What was told by the card was recorded for the wrong person and is theirs no more. What was told before they were
    given it waits for whoever is given the card next, as it had waited; of what was told while they had it a person says
    whose it is, as of what had been asked about before. Refused visit.in_a_team when the person is here because of it and in a team by now."""
    person, given_at = _person(undoing), undoing.target.happened_at
    asked_about = []
    for held in sorted(_told_by(undoing, card), key=lambda held: held.happened_at, reverse=True):
        if held.state == HeldState.FOLDED and not _take_back_folded(undoing, held, person):
            continue
        holding.wait_again(
            held, card, asked=held.asked or held.happened_at >= given_at, by=undoing.by, at=undoing.at
        )
        if held.asked:
            asked_about.append(held)
    if asked_about:
        given = card.bindings.order_by("pk").last()
        assert given is not None
        wrong_holders.ask(undoing.operation, given, asked_about, by=undoing.by, at=undoing.at)


def _told_by(undoing: Undoing, card: Card) -> list[HeldOp]:
    """What was recorded for this person by the card: after it had waited, or at once (not saved yet)."""
    person = _person(undoing)
    people = {int(undoing.said.get("volunteer") or 0), person.pk if person else 0}
    rows = HeldOp.objects.filter(Q(card=card) | Q(volunteer__in=people)).filter(
        Q(state=HeldState.FOLDED, settled_at__gte=undoing.target.happened_at)
        | Q(state=HeldState.WAITING, volunteer__isnull=False)
    )
    rows = rows.select_related("operation__center").select_for_update(of=("self",))
    waited = [
        held for held in rows
        if (_is_of(held, people) if held.card_id else _is_told_by(held, card)) and not _was_the_walk_in(undoing, held)
    ]  # fmt: skip
    since = Receipt.objects.filter(operation=undoing.operation, pk__gt=undoing.target.pk)
    at_once = since.filter(kind__in=[*_BY_CARD, answers.KIND], result__data__volunteer__in=people)
    at_once = at_once.exclude(op_id__in=HeldOp.objects.filter(operation=undoing.operation).values("op_id"))
    folded = [holding.folded(told) for told in at_once.select_related("operation__center", "device__center")]
    return [*waited, *(held for held in folded if _is_told_by(held, card))]


def _is_of(held: HeldOp, people: set[int]) -> bool:
    """Recorded for one of them, or for nobody; what somebody else had told by the card before stands."""
    of = (held.result or {}).get("data", {}).get("volunteer")
    return of is None or of in people


def _was_the_walk_in(undoing: Undoing, held: HeldOp) -> bool:
    """The blank card was read at that desk before its form was open: one coming, taken back with the walk-in."""
    target = undoing.target
    return (target.kind, target.device_id, held.op["kind"]) == (
        "person.walk_in", held.device_id, "visit.arrive",
    ) and held.happened_at < target.happened_at  # fmt: skip


def _is_told_by(held: HeldOp, card: Card) -> bool:
    one = asked(Op.from_json(held.op), timezone.localdate(held.received_at))
    return identify.find(held.operation, [one], keys={})[0].card == card


def _take_back_folded(undoing: Undoing, held: HeldOp, person: Volunteer | None) -> bool:
    """False when nothing of it is left to be somebody's: the tablet has taken it back itself."""
    told = Receipt.objects.filter(op_id=held.op_id, kind__in=[*_BY_CARD, answers.KIND]).first()
    if told is None:
        return False
    said = (held.result or {}).get("data", {})
    here = replace(undoing, target=told, operation=held.operation, said=said, alone=True)
    if told.kind == answers.KIND:
        return _take_back_answers(here, held)
    stood = _BY_CARD[told.kind](here)
    if not stood and told.kind in _UNDO and (held.result or {}).get("status") == "applied":
        return False
    present = Visit.objects.present().filter(operation=held.operation, volunteer=person)
    if person is not None and not present.exists():
        _not_in_a_team(here, [person.pk])
    return True


def _take_back_answers(undoing: Undoing, held: HeldOp) -> bool:
    """What was said goes with the op, which is kept nowhere else."""
    person = _person(undoing)
    if person is None:
        return False
    said = questions.take_back(held.operation, person, op=str(held.op_id), by=undoing.by, at=undoing.at)
    held.op = {**held.op, "payload": {**held.op["payload"], PRIVATE: said}}
    return bool(said)


def _agreement(undoing: Undoing) -> bool:
    person = Volunteer.objects.filter(pk=int(undoing.said.get("volunteer") or 0)).first()
    return person is not None and volunteers.take_back_agreement(
        person, op=undoing.op, by=undoing.by, at=undoing.at
    )


def _person(undoing: Undoing) -> Volunteer | None:
    found = Volunteer.objects.filter(pk=int(undoing.said.get("volunteer") or 0)).first()
    return found.standing if found else None


def _take_back(undoing: Undoing, person: Volunteer) -> bool:
    return checkin.take_back(
        undoing.operation,
        person,
        op=undoing.op,
        near=undoing.recorded_at,
        by=undoing.by,
        at=undoing.at,
        alone=undoing.alone,
    )


def _not_in_a_team(undoing: Undoing, people: list[int]) -> None:
    if Member.objects.filter(
        volunteer__in=people, left_at__isnull=True, team__operation=undoing.operation
    ).exists():
        raise Refused("visit.in_a_team")


def _lending(undoing: Undoing) -> bool:
    loan = Loan.objects.filter(op=undoing.target.op_id).first()
    return loan is not None and loans.annul(loan, by=undoing.by, at=undoing.at)


def _giving_back(undoing: Undoing) -> bool:
    rows = GiveBack.objects.filter(op=undoing.target.op_id)
    return loans.reopen(list(rows.select_related("loan")), by=undoing.by, at=undoing.at)


_UNDO: Final[dict[str, Callable[[Undoing], bool]]] = {
    "visit.arrive": _arrival,
    "visit.leave": _coming_or_going,
    "visit.orient": _briefing,
    "visit.insure": _insurance,
    "card.bind": _binding,
    "person.walk_in": _walk_in,
    "group.arrive": _group,
    "group.leave": _group,
    "tool.lend": _lending,
    "tool.give_back": _giving_back,
}
# What is told of somebody by a card, beside their answers: an agreement, which no tablet may take back, goes with it.
_BY_CARD: Final[dict[str, Callable[[Undoing], bool]]] = {
    **{kind: _UNDO[kind] for kind in ("visit.arrive", "visit.leave", "visit.orient", "visit.insure")},
    "visit.consent": _agreement,
}
