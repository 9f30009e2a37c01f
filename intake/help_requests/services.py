"""Receive needs, keep them right, and move them. `move` is the only place that changes a need's state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from dvc.audit.models import Entry
from dvc.audit.services import By, record
from dvc.core.changing import change, changed
from dvc.core.compiled import compiled
from dvc.core.counting import count_up
from dvc.core.inserting import insert_all, new
from dvc.core.refused import Refused
from dvc.core.rows import renew
from dvc.core.whole import whole
from dvc.operations.models import Mode, Operation
from dvc.operations.services import require_open
from intake.help_requests import call_backs, corrections, crisis, drafts, lookalikes
from intake.help_requests.answers import NOT_TOLD_YET, OTHER_REASON, Judgement
from intake.help_requests.models import (
    BLOCKING,
    CLOSED,
    CallerNote,
    Hazard,
    Need,
    NeedChange,
    NeedState,
    UnsavedEdit,
    WorkItem,
    WorkState,
)
from intake.help_requests.states import AT_WORK_AFTER_ALL, CONFIRMED_FIRST, ENDINGS, STEPS, needs_reason
from intake.people import services as people
from intake.people.models import Household, Person, Precision
from intake.people.services import HouseholdAnswers, PersonAnswers

S = NeedState
_NOT_STARTED: Final = (WorkState.OPEN, WorkState.BLOCKED)
# A step takes the work with it: target state → (work in these states, becomes this).
_STARTED: Final = (WorkState.LEASED, WorkState.WORKING)
_WORK_FOLLOWS: Final[dict[NeedState, tuple[Sequence[WorkState], WorkState]]] = {
    S.ASSIGNED: ((WorkState.OPEN,), WorkState.LEASED),
    S.IN_PROGRESS: ((WorkState.OPEN, WorkState.LEASED), WorkState.WORKING),
    S.COMPLETED: ((WorkState.OPEN, *_STARTED), WorkState.DONE),
}


@dataclass(frozen=True, slots=True)
class NeedAnswers:
    """What the desk hears about a need, apart from who and where. Codes are those of the models' choices."""

    method: str = "phone"
    relation: str = ""
    summary: str = ""
    description: str = ""
    health_note: str = ""
    lifelines: Sequence[str] = ()
    damage_kinds: Sequence[str] = ()
    hazards: Sequence[str] = ()
    parking: str = ""
    attendance: str = ""
    open_from: time = time(9, 0)
    open_until: time = time(15, 30)
    needs_crisis: bool = False
    needs_watch: bool = False
    consent_to_share: bool = False


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """One piece of work. `skills`: {skill code: people}; `tools`: {tool code: count}; `minutes` on the spot at one
    visit, of which `visits` are foreseen; `open_from`, `open_until`: only then, where it differs from the house."""

    category: str
    detail: str = ""
    people_min: int = 2
    people_ideal: int = 4
    people_max: int = 8
    minutes: int = 120
    skills: Mapping[str, int] = field(default_factory=dict)
    tools: Mapping[str, int] = field(default_factory=dict)
    needs_truck: bool = False
    women_min: int = 0
    women_only: bool = False
    language: str = ""
    minors_ok: bool = True
    stamina_min: int = 1
    visits: int = 1
    open_from: time | None = None
    open_until: time | None = None
    hazards: Sequence[str] = ()
    estimate_reason: str = ""


def receive(
    operation: Operation,
    *,
    caller: Person | PersonAnswers,
    resident: Person | PersonAnswers | None,
    household: Household | HouseholdAnswers,
    answers: NeedAnswers,
    by: By,
    at: datetime,
    items: Iterable[ItemAnswers] = (),
    judgement: Judgement | None = None,
    judgement_reason: str = "",
    form_token: UUID | None = None,
    unconfirmed: bool = False,
    received_at: datetime | None = None,
    call_back_at: datetime | None = None,
    compare: bool = True,
) -> Need:
    """A new need with the next number of the operation, in the state RECEIVED or where the judgement leads.

    `caller` is who asked; `resident` None means the caller asks for themself. Rows are taken as they are, answers
    become new rows. A `form_token` sent before gives back the need it made. `unconfirmed`: nobody has talked to them yet
    (see `confirm`); `received_at`: when it was said, if that was before `at` (paper); `call_back_at`: when the desk
    promised to ring again. It is compared with the open needs (`lookalikes`), unless whoever sends thousands does that
    afterwards (`compare`). Refused: operation.closed, place.too_far, need.head_counts, need.item_hours,
    need.phone_only_reason.
    """
    require_open(operation)
    try:
        with transaction.atomic():
            known = sent_before(operation, form_token)
            if known is not None:
                return known
            need = _receive(
                operation,
                caller,
                resident,
                household,
                answers,
                items,
                form_token,
                unconfirmed,
                received_at or at,
                by=by,
                at=at,
            )
            if compare:
                lookalikes.note(need, at=at)
            if judgement is None:
                return need
            return judge(need, judgement, reason=judgement_reason, call_back_at=call_back_at, by=by, at=at)
    except IntegrityError:
        # The same form arrived twice at the same moment and the other one was first.
        first = sent_before(operation, form_token)
        if first is None:
            raise
        return first


@transaction.atomic
def judge(
    need: Need,
    judgement: Judgement,
    *,
    reason: str,
    by: By,
    at: datetime,
    call_back_at: datetime | None = None,
) -> Need:
    """The end of the call: to the survey, into the queue, or to TRIAGE with the reason why it has to wait there.

    Without name, phone or address it is a draft on the call-back list, whatever was judged. A crisis is always
    surveyed. Refused: need.phone_only_reason (on ordinary days none is needed).
    """
    unknown = still_to_ask(need)
    if unknown:
        why = f"{'・'.join(unknown)}を聞く"
        call_backs.promise(need, why=why, due_at=call_back_at or call_backs.next_call(at), by=by, at=at)
        return move(need, S.TRIAGE, by=by, at=at, reason=f"折り返し：{why}")
    if call_back_at is not None:
        call_backs.promise(need, why="約束した折り返し", due_at=call_back_at, by=by, at=at)
    if judgement == Judgement.SURVEY or need.needs_crisis:
        return move(need, S.SURVEY_WAIT, by=by, at=at, reason=reason)
    if judgement == Judgement.ASK:
        return move(need, S.TRIAGE, by=by, at=at, reason=f"班長に相談：{reason}".strip("："))
    if not reason and need.operation.mode != Mode.ORDINARY:
        raise Refused("need.phone_only_reason")
    reason = f"電話だけで判断：{reason}".strip("：")
    if what_is_missing(need):
        return move(need, S.TRIAGE, by=by, at=at, reason=reason)
    return make_ready(need, by=by, at=at, reason=reason)


def still_to_ask(need: Need) -> list[str]:
    """What a call back has to find out before anything else: name, phone, address (a pin also tells where)."""
    people_of_need = [person for person in (need.resident, need.requester) if person is not None]
    house = need.household
    known = {
        "名前": any(person.name for person in people_of_need),
        "電話番号": any(person.phone for person in people_of_need),
        "住所": house is not None and bool(house.address or house.precision == Precision.PIN),
    }
    return [word for word, is_known in known.items() if not is_known]


def sent_before(operation: Operation, form_token: UUID | None) -> Need | None:
    """The need that this form made already."""
    return Need.objects.filter(operation=operation, form_token=form_token).first() if form_token else None


def _receive(
    operation: Operation,
    caller: Person | PersonAnswers,
    resident: Person | PersonAnswers | None,
    household: Household | HouseholdAnswers,
    answers: NeedAnswers,
    items: Iterable[ItemAnswers],
    form_token: UUID | None,
    unconfirmed: bool,
    received_at: datetime,
    *,
    by: By,
    at: datetime,
) -> Need:
    if isinstance(household, HouseholdAnswers):
        household = people.add_household(operation, household, by=by, at=at)
    lives_there = household if resident is None else None
    if isinstance(caller, PersonAnswers):
        caller = people.add_person(operation, caller, household=lives_there, by=by, at=at)
    if isinstance(resident, PersonAnswers):
        resident = people.add_person(operation, resident, household=household, by=by, at=at)
    need = Need(
        operation=operation,
        household=household,
        requester=caller,
        resident=resident or caller,
        received_at=received_at,
        received_by=by.user,
        touched_at=at,
        form_token=form_token,
        unconfirmed=unconfirmed,
    )
    fill(need, answers)
    _number_and_save(need)
    NeedChange.objects.create(need=need, from_state="", to_state=S.RECEIVED, by=by.user, at=at)
    record("need.received", need, by=by, at=at, operation=operation, number=need.number)
    for item in items:
        add_item(need, item, by=by, at=at)
    if need.needs_crisis:
        crisis.raise_alert(need, by=by, at=at)
    if unconfirmed:
        due_at = call_backs.next_call(at)
        call_backs.promise(need, why=call_backs.TO_CONFIRM, due_at=due_at, by=by, at=at)
    drafts.received(operation, form_token, need)
    return need


def fill(need: Need, answers: NeedAnswers) -> None:
    """Write the answers into the row, which is not saved."""
    for name in _NAMES:
        value = getattr(answers, name)
        setattr(need, name, list(value) if isinstance(value, tuple | list) else value)


# Not `asdict`, which copies every answer to the bottom: an eighth of the work of an import.
_NAMES: Final = tuple(one.name for one in fields(NeedAnswers))


def _number_and_save(need: Need) -> None:
    """Take the next number (constraint one_need_per_number). Raises `IntegrityError` when the same form was sent twice."""

    def save(number: int) -> None:
        need.pk, need.number = None, number
        need.save(force_insert=True)

    def sent_twice(error: IntegrityError) -> None:
        if sent_before(need.operation, need.form_token):
            raise error

    count_up(Need.objects.filter(operation=need.operation), "number", save, unless=sent_twice)


@transaction.atomic
def edit(need: Need, answers: NeedAnswers, *, version: int, by: By, at: datetime) -> Need:
    """Write the answers anew. `version`: what the editor saw. Other hazards than before are not cleared any more.

    A need that waits for a team and could not be sent one any more goes back to TRIAGE. Refused: need.changed.
    """
    new_crisis = _edit(need, answers, version=version, by=by, at=at)
    recheck_ready(need, by=by, at=at, new_crisis=new_crisis)
    return need


def _edit(need: Need, answers: NeedAnswers, *, version: int, by: By, at: datetime) -> bool:
    """The same, before anybody asks what is missing now. Whether a crisis is told that was not known."""
    before, was_crisis = sorted(need.hazards), need.needs_crisis
    fill(need, answers)
    values = {name: getattr(need, name) for name in _NAMES}
    if sorted(need.hazards) != before:
        values |= {"hazards_cleared": False, "hazards_cleared_note": ""}
    _update(need, version=version, at=at, **values)
    record("need.edited", need, by=by, at=at, operation=need.operation)
    new_crisis = need.needs_crisis and not was_crisis
    if new_crisis:
        crisis.raise_alert(need, by=by, at=at)
    elif was_crisis and not need.needs_crisis:
        crisis.call_off(need, by=by, at=at)
    return new_crisis


def recheck_ready(need: Need, *, by: By, at: datetime, why: str = "", new_crisis: bool = False) -> None:
    """A need that waits for a team, and to which none could be sent any more, goes back to TRIAGE; so does one of which a
    crisis is told that nobody knew of when it was surveyed: a person decides again."""
    if need.state != S.READY:
        return
    missing = [refused.code for refused in what_is_missing(need)]
    if new_crisis:
        missing.append("need.crisis_needs_survey")
    if missing:
        move(need, S.TRIAGE, by=by, at=at, reason=why or _NOT_READY_ANY_MORE[missing[0]])


def recheck_ready_of(of_them: Q, *, by: By, at: datetime) -> None:
    """`recheck_ready` of these, after the register was corrected."""
    waiting = Need.objects.ready().filter(of_them).select_related("operation", "household")
    for need in waiting.select_related("requester", "resident").order_by("pk"):
        recheck_ready(need, by=by, at=at)


_NOT_READY_ANY_MORE: Final = {
    "need.no_contact": "名前か電話番号が分からなくなったため",
    "need.no_place": "場所が分からなくなったため",
    "need.no_items": "作業がなくなったため",
    "need.items_blocked": "作業の危険が分かったため",
    "need.hazard_blocks": "危険なものが分かったため",
    "need.crisis_needs_survey": "危機介入が必要と分かり、先に現地調査をするため",
}


@transaction.atomic
def correct(
    need: Need,
    *,
    caller: PersonAnswers,
    resident: PersonAnswers | None,
    household: HouseholdAnswers,
    answers: NeedAnswers,
    version: int,
    by: By,
    at: datetime,
) -> Need:
    """The whole sheet anew: who, where, what. `resident` None means the caller asks for themself.

    Refused: need.changed (somebody saved since `version`), place.too_far.
    """
    operation = need.operation
    named = [need.requester_id, need.resident_id]
    theirs = Q(requester__in=named) | Q(resident__in=named) | Q(household__in=[need.household_id])
    corrections.hold(Q(pk=need.pk) | theirs)
    new_crisis = _edit(need, answers, version=version, by=by, at=at)
    if need.household is None:
        house = people.add_household(operation, household, by=by, at=at)
    else:
        house = corrections.correct_household(operation, need.household, household, by=by, at=at)
    if need.requester is None:
        who_called = people.add_person(operation, caller, household=None, by=by, at=at)
    else:
        who_called = corrections.correct_person(operation, need.requester, caller, by=by, at=at)
    if resident is None:
        lives_there = who_called
    elif need.resident is None or need.resident_id == who_called.pk:
        lives_there = people.add_person(operation, resident, household=house, by=by, at=at)
    else:
        lives_there = corrections.correct_person(operation, need.resident, resident, by=by, at=at)
    Need.objects.filter(pk=need.pk).update(household=house, requester=who_called, resident=lives_there)
    need.refresh_from_db()
    recheck_ready(need, by=by, at=at, new_crisis=new_crisis)
    recheck_ready_of(theirs, by=by, at=at)
    lookalikes.note(need, at=at)
    return need


def _update(need: Need, *, version: int, at: datetime, **values: object) -> None:
    """Change the row if nobody else has since `version`. Refused: need.changed."""
    changed = Need.objects.filter(pk=need.pk, version=version).update(
        version=F("version") + 1, touched_at=at, **values
    )
    need.refresh_from_db()
    if not changed:
        raise Refused("need.changed")


@transaction.atomic
def flag_crisis(need: Need, *, by: By, at: datetime) -> Need:
    """A further call told of a danger to somebody's life or mind: the flag, and every board."""
    new_crisis = bool(Need.objects.filter(pk=need.pk, needs_crisis=False).update(needs_crisis=True))
    _touch(need, at)
    need.needs_crisis = True
    crisis.raise_alert(need, by=by, at=at)
    recheck_ready(need, by=by, at=at, new_crisis=new_crisis)
    return need


@transaction.atomic
def clear_hazards(need: Need, *, note: str, by: By, at: datetime) -> Need:
    """Somebody made sure that volunteers may go in; `note` says who and what. Refused: need.hazards_note_needed."""
    if not note:
        raise Refused("need.hazards_note_needed")
    _update(need, version=need.version, at=at, hazards_cleared=True, hazards_cleared_note=note)
    record("need.hazards_cleared", need, by=by, at=at, operation=need.operation, hazards=sorted(need.hazards))
    return need


@transaction.atomic
def confirm(need: Need, *, by: By, at: datetime) -> Need:
    """Somebody has phoned, and the need is as it was said. Safe to repeat."""
    if need.unconfirmed:
        _update(need, version=need.version, at=at, unconfirmed=False)
        call_backs.no_reason(need, call_backs.TO_CONFIRM, by=by, at=at)
        record("need.confirmed", need, by=by, at=at, operation=need.operation)
    return need


def blocking_hazards(need: Need) -> list[Hazard]:
    """Hazards that keep ordinary volunteers out, in the order of the list; none once they are cleared."""
    if need.hazards_cleared:
        return []
    return [hazard for hazard in Hazard if hazard in BLOCKING and hazard in need.hazards]


@transaction.atomic
def add_item(need: Need, answers: ItemAnswers, *, by: By, at: datetime) -> WorkItem:
    """One more piece of work; with a blocking danger of its own it waits until that is cleared, and only it.

    Refused: need.head_counts, need.item_hours.
    """
    _check_item(answers)
    item = WorkItem.objects.create(need=need, state=_state_of_new(answers), **_columns(answers))
    _touch(need, at)
    record(
        "need.item_added", need, by=by, at=at, operation=need.operation, item=item.pk, category=item.category
    )
    return item


@transaction.atomic
def edit_item(
    item: WorkItem, answers: ItemAnswers, *, by: By, at: datetime, seen: str | None = None
) -> WorkItem:
    """Write the work anew. Other dangers than before are not cleared any more. `seen`: the mark (`mark_of_item`) of what
    was looked at.

    Refused: need.head_counts, need.item_hours, need.item_taken, need.item_changed.
    """
    _check_item(answers)
    now = WorkItem.objects.select_for_update().filter(pk=item.pk).first()
    if now is None:
        raise Refused("need.item_taken")
    if seen is not None and seen != mark_of_item(now):
        raise Refused("need.item_changed")
    values = _columns(answers)
    if sorted(now.hazards) != sorted(answers.hazards):
        values |= {"hazards_cleared_note": "", "state": _state_of_new(answers)}
    if not WorkItem.objects.filter(pk=item.pk, state__in=_NOT_STARTED).update(**values):
        raise Refused("need.item_taken")
    item.refresh_from_db()
    need = item.need
    _touch(need, at)
    record("need.item_edited", need, by=by, at=at, operation=need.operation, item=item.pk)
    recheck_ready(need, by=by, at=at)
    return item


def mark_of_item(item: WorkItem) -> str:
    """What is asked for, in short: whoever writes it anew says by it what they have seen."""
    said = [getattr(item, name) for name in _OF_AN_ITEM]
    return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()


_OF_AN_ITEM: Final = tuple(one.name for one in fields(ItemAnswers))


@transaction.atomic
def clear_item(item: WorkItem, *, note: str, by: By, at: datetime) -> WorkItem:
    """Somebody made sure that this work may be done; `note` says who and what. Refused: need.hazards_note_needed,
    need.item_taken (it does not wait for that)."""
    if not note:
        raise Refused("need.hazards_note_needed")
    blocked = WorkItem.objects.filter(pk=item.pk, state=WorkState.BLOCKED)
    if not blocked.update(state=WorkState.OPEN, hazards_cleared_note=note):
        raise Refused("need.item_taken")
    item.refresh_from_db()
    need = item.need
    _touch(need, at)
    record(
        "need.item_cleared",
        need,
        by=by,
        at=at,
        operation=need.operation,
        item=item.pk,
        hazards=sorted(item.hazards),
    )
    return item


@transaction.atomic
def remove_item(item: WorkItem, *, by: By, at: datetime) -> None:
    """Take work away. Refused: need.item_taken, need.last_item (of a need that waits for a team)."""
    need = item.need
    others = need.items.filter(state=WorkState.OPEN).exclude(pk=item.pk)
    if need.state == S.READY and not others.exists():
        raise Refused("need.last_item")
    pk = item.pk
    if not WorkItem.objects.filter(pk=pk, state__in=_NOT_STARTED).delete()[0]:
        raise Refused("need.item_taken")
    _touch(need, at)
    record("need.item_removed", need, by=by, at=at, operation=need.operation, item=pk)


def hold_row(need: Need) -> Need:
    """`need` in the state it is in now, which nobody changes before the end of the transaction: what happened outside is not
    refused because a desk is at the same need at the same moment."""
    rows = Need.objects.select_for_update(no_key=True).values_list("state", "version")
    need.state, need.version = rows.get(pk=need.pk)
    return need


def _check_item(answers: ItemAnswers) -> None:
    if not 1 <= answers.people_min <= answers.people_ideal <= answers.people_max:
        raise Refused("need.head_counts")
    if answers.open_from and answers.open_until and answers.open_from >= answers.open_until:
        raise Refused("need.item_hours")


def _columns(answers: ItemAnswers) -> dict[str, Any]:
    return {**asdict(answers), "hazards": list(answers.hazards)}


def _state_of_new(answers: ItemAnswers) -> WorkState:
    return WorkState.OPEN if BLOCKING.isdisjoint(answers.hazards) else WorkState.BLOCKED


def _touch(need: Need, at: datetime) -> None:
    """The row is held from here on: its state is what it is, whatever was read before."""
    Need.objects.filter(pk=need.pk).update(version=F("version") + 1, touched_at=at)
    need.refresh_from_db(fields=["version", "touched_at", "state"])


@whole
def move(
    need: Need, to: NeedState, *, by: By, at: datetime, reason: str = "", code: str = "", told: str = ""
) -> Need:
    """One step of the state table, won by whoever changes the row first; the work items follow.

    READY → ASSIGNED leases the open items, IN_PROGRESS starts them, COMPLETED ends them, every other step gives
    started ones back. `code` and `reason`: why, from the list and in words; `told`: who was told, for an ending (of
    whom nobody has told yet a call is due). Refused: need.step_not_allowed, need.reason_needed,
    need.duplicate_of_what (use `mark_duplicate`), need.changed (the row is not in `need.state` any more).
    """
    if to == S.DUPLICATE and need.duplicate_of_id is None:
        raise Refused("need.duplicate_of_what")
    return _step(need, to, by=by, at=at, reason=reason, code=code, told=told)


@transaction.atomic
def hold(
    need: Need, *, code: str, reason: str, told: str, review_on: date | None, by: By, at: datetime
) -> Need:
    """保留, and on which day it is looked at again (`call_backs.to_review`). Refused: as `move`, need.review_in_the_past."""
    held = move(need, S.ON_HOLD, reason=reason, code=code, told=told, by=by, at=at)
    call_backs.to_review(held, on=review_on, by=by, at=at)
    return held


def _step(
    need: Need,
    to: NeedState,
    *,
    by: By,
    at: datetime,
    reason: str,
    code: str = "",
    told: str = "",
    allowed: Collection[NeedState] = (),
    **values: object,
) -> Need:
    """`allowed`: states it may come from besides those of the table."""
    before = NeedState(need.state)
    if to not in STEPS[before] and before not in allowed:
        raise Refused("need.step_not_allowed", now=before.label, to=to.label)
    if needs_reason(before, to) and not reason:
        raise Refused("need.reason_needed", step=to.label)
    if need.unconfirmed and to in CONFIRMED_FIRST:
        raise Refused("need.not_confirmed")
    values |= {
        "held_reason": reason[:120] if to == S.ON_HOLD else "",
        "closed_reason": reason[:200] if to in CLOSED else "",
    }
    if to == S.READY and before != S.ASSIGNED:  # a lease given back does not lose its place
        values["ready_at"] = at
    was_of = need.duplicate_of if before == S.DUPLICATE else None
    if before == S.DUPLICATE:
        values["duplicate_of_id"] = None
    operation = need.operation
    found = changed(
        Need, {"state": to, "touched_at": at, **values}, where={"id": need.pk, "state": before}, count_up="version"
    )  # fmt: skip
    renew(need, *(found or _as_it_is(need.pk)))
    need.operation = operation  # it never changes; read again it would be a statement in every step
    if not found:
        raise Refused("need.changed")
    from_work, to_work = _WORK_FOLLOWS.get(to, (_STARTED, WorkState.OPEN))
    change(WorkItem, {"state": to_work}, where={"need_id": need.pk, "state": [*from_work]})
    insert_all(
        [
            new(
                NeedChange, need_id=need.pk, from_state=before, to_state=to, reason=reason[:200], code=code, told=told[:80],
                told_at=at if told and told != NOT_TOLD_YET else None, by_id=by.user.pk if by.user else None, at=at,
            )
        ]
    )  # fmt: skip
    why: dict[str, Any] = {"code": code} if code else {}
    record("need.moved", need, by=by, at=at, operation=operation, before=str(before), to=str(to), **why)
    if before == S.ON_HOLD:
        call_backs.no_reason(need, call_backs.TO_REVIEW, by=by, at=at)
    if before in CLOSED:  # opened again: what was to be told is not so any more
        call_backs.no_reason(need, call_backs.to_tell(before), by=by, at=at)
    if to in CLOSED:
        call_backs.settle(need, by=by, at=at)
        if told == NOT_TOLD_YET and to != S.UNREACHABLE:
            due_at = call_backs.next_call(at)
            call_backs.promise(need, why=call_backs.to_tell(to), due_at=due_at, by=by, at=at)
    if was_of is not None:
        _give_back(need, was_of, by=by, at=at)
    return need


@compiled
def _as_it_is(need: int) -> QuerySet[Need]:
    return Need.objects.filter(pk=need)


@transaction.atomic
def end(
    need: Need,
    to: NeedState,
    *,
    code: str,
    reason: str,
    told: str,
    by: By,
    at: datetime,
    first: Need | None = None,
) -> Need:
    """The desk ends a need: the reason of the list (`answers.REASONS`) and in words, and who was told (nobody, of
    UNREACHABLE). `first`: which need it doubles, for DUPLICATE. It may be opened again.

    Refused: need.reason_needed, need.told_needed, need.duplicate_of_what, and what `move` refuses.
    """
    if to not in ENDINGS:
        raise Refused("need.step_not_allowed", now=NeedState(need.state).label, to=to.label)
    if not reason:
        raise Refused("need.reason_needed", step=to.label)
    if not told and to != S.UNREACHABLE:
        raise Refused("need.told_needed", step=to.label)
    if to == S.DUPLICATE:
        if first is None:
            raise Refused("need.duplicate_of_what")
        return mark_duplicate(need, first, reason=reason, code=code, told=told, by=by, at=at)
    return move(need, to, reason=reason, code=code or OTHER_REASON, told=told, by=by, at=at)


@transaction.atomic
def make_ready(need: Need, *, by: By, at: datetime, reason: str = "") -> Need:
    """Into the queue for a team, when a team could really be sent.

    Refused: need.no_contact, need.no_place, need.no_items, need.hazard_blocks, need.crisis_needs_survey, and what
    `move` refuses.
    """
    missing = what_is_missing(need)
    if missing:
        raise missing[0]
    return move(need, S.READY, by=by, at=at, reason=reason)


def what_is_missing(need: Need) -> list[Refused]:
    """Everything that still keeps the need from being READY, in the order to do it."""
    missing = []
    if need.unconfirmed:
        missing.append(Refused("need.not_confirmed"))
    if not is_reachable(need):
        missing.append(Refused("need.no_contact"))
    if need.household is None or need.household.precision == Precision.NONE:
        missing.append(Refused("need.no_place"))
    work = set(need.items.values_list("state", flat=True))
    if WorkState.OPEN not in work:
        missing.append(Refused("need.items_blocked" if WorkState.BLOCKED in work else "need.no_items"))
    hazards = blocking_hazards(need)
    if hazards:
        missing.append(Refused("need.hazard_blocks", hazards="・".join(hazard.label for hazard in hazards)))
    if need.needs_crisis and not need.changes.filter(to_state=S.SURVEYED).exists():
        missing.append(Refused("need.crisis_needs_survey"))
    return missing


def is_reachable(need: Need) -> bool:
    """Whether somebody can be called by name: the resident or whoever asked for them."""
    people_of_need = [person for person in (need.resident, need.requester) if person is not None]
    return any(person.name for person in people_of_need) and any(person.phone for person in people_of_need)


@transaction.atomic
def mark_duplicate(
    need: Need, first: Need, *, reason: str, by: By, at: datetime, code: str = "", told: str = ""
) -> Need:
    """`need` asks for the same as `first`: it ends, and its caller is kept with the first.

    Refused: need.duplicate_of_itself (also around a corner, or another operation's), and what `move` refuses.
    """
    while first.duplicate_of is not None:
        first = first.duplicate_of
    if first.pk == need.pk or first.operation_id != need.operation_id:
        raise Refused("need.duplicate_of_itself")
    _step(need, S.DUPLICATE, by=by, at=at, reason=reason, code=code, told=told, duplicate_of_id=first.pk)
    note = f"同内容の連絡あり（N{need.number}）"
    for person in {person.pk: person for person in (need.requester, need.resident) if person}.values():
        relation = need.relation if person == need.requester else ""
        add_caller(first, person, relation=relation, note=note, merged_from=need, by=by, at=at)
    for call in need.callers.select_related("person"):
        add_caller(first, call.person, relation=call.relation, note=call.note, merged_from=need, by=by, at=at)
    _take_over(first, need, by=by, at=at)
    return need


def _take_over(first: Need, need: Need, *, by: By, at: datetime) -> None:
    """What keeps people safe holds for the house, whichever call it was said in: crisis, watch, hazards."""
    new = [hazard for hazard in need.hazards if hazard not in first.hazards and not need.hazards_cleared]
    values: dict[str, object] = {
        flag: True
        for flag in ("needs_crisis", "needs_watch")
        if getattr(need, flag) and not getattr(first, flag)
    }
    if new:
        values["hazards"] = [*first.hazards, *new]
    if any(hazard in BLOCKING for hazard in new):
        values["hazards_cleared"] = False
    if not values:
        return
    before = {name: getattr(first, name) for name in values}
    _update(first, version=first.version, at=at, **values)
    record(
        "need.took_over", first, by=by, at=at, operation=first.operation, what=sorted(values), need=need.pk
    )
    Need.objects.filter(pk=need.pk).update(carried={"version": first.version, "before": before})
    if "needs_crisis" in values:
        crisis.raise_alert(first, by=by, at=at)
    why = f"重複の電話（N{need.number}）で、危険か危機介入が分かったため"
    recheck_ready(first, by=by, at=at, why=why, new_crisis="needs_crisis" in values)


def _give_back(need: Need, first: Need, *, by: By, at: datetime) -> None:
    """`need` was no duplicate of `first`: its calls leave `first`, and what it had taken over, unless somebody has
    changed `first` since."""
    CallerNote.objects.filter(need=first, merged_from=need).delete()
    carried = need.carried
    if carried and Need.objects.filter(pk=first.pk, version=carried["version"]).exists():
        _update(first, version=carried["version"], at=at, **carried["before"])
        if not first.needs_crisis:
            crisis.call_off(first, by=by, at=at)
    else:
        _touch(first, at)
    Need.objects.filter(pk=need.pk).update(carried={})
    record("need.gave_back", first, by=by, at=at, operation=need.operation, need=need.pk)


@transaction.atomic
def add_caller(
    need: Need,
    person: Person,
    *,
    relation: str,
    note: str,
    by: By,
    at: datetime,
    merged_from: Need | None = None,
) -> CallerNote:
    """Somebody else called about the same need: keep who and what they added. A fact, in every state."""
    caller = CallerNote.objects.create(
        need=need, person=person, relation=relation, note=note, at=at, merged_from=merged_from
    )
    _touch(need, at)
    record("need.caller_added", need, by=by, at=at, operation=need.operation, person=person.pk)
    return caller


@transaction.atomic
def add_call(
    need: Need,
    caller: PersonAnswers,
    *,
    relation: str,
    note: str,
    by: By,
    at: datetime,
    form_token: UUID | None = None,
) -> CallerNote | None:
    """A call about a known need by somebody named here: the person we know by name and phone, or a new one.

    `form_token`: of the sheet it was typed on, whose draft is over then. None when that sheet was added before.
    """
    if form_token is not None and not drafts.added_to(need.operation, form_token, need, by=by, at=at):
        return None
    person = people.known_person(need.operation, caller)
    if person is None:
        person = people.add_person(need.operation, caller, household=None, by=by, at=at)
    return add_caller(need, person, relation=relation, note=note, by=by, at=at)


@transaction.atomic
def continue_with(need: Need, *, remaining: str, people_next: int | None, by: By, at: datetime) -> Need:
    """After a day that did not finish it: IN_PROGRESS → CONTINUING → READY, the work open again.

    `remaining` becomes the first open item's detail, `people_next` its wished head count. Refused: what `move`
    refuses.
    """
    move(need, S.CONTINUING, by=by, at=at, reason=remaining)
    item = need.items.filter(state=WorkState.OPEN).order_by("id").first()
    if item is not None:
        item.detail = remaining[:120] or item.detail
        if people_next:
            item.people_ideal = people_next
            item.people_min = min(item.people_min, people_next)
            item.people_max = max(item.people_max, people_next)
        item.save(update_fields=["detail", "people_ideal", "people_min", "people_max"])
    return move(need, S.READY, by=by, at=at)


@transaction.atomic
def take_outcome_back(need: Need, *, reason: str, by: By, at: datetime) -> bool:
    """What was told of the day's outcome was not true: IN_PROGRESS again, with its work. The caller says the true outcome
    in the same transaction. False, and nothing is changed, of a need that has gone on otherwise."""
    need.refresh_from_db(fields=["state"])
    if need.state not in AT_WORK_AFTER_ALL:
        return False
    if need.state == S.COMPLETED:
        need.items.filter(state=WorkState.DONE).update(state=WorkState.WORKING)
    _step(need, S.IN_PROGRESS, by=by, at=at, reason=reason, allowed=AT_WORK_AFTER_ALL)
    return True


@transaction.atomic
def keep_unsaved(need: Need, said: Sequence[tuple[str, str]], *, by: By, at: datetime) -> UnsavedEdit:
    """Somebody else was first (need.changed): keep what was typed, by label, until a person has compared the two. The
    same text again is kept once."""
    rows = [[label, text] for label, text in said if text]
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    last = Entry.objects.about(need).order_by("-id").first()
    kept, created = UnsavedEdit.objects.get_or_create(
        need=need, digest=digest,
        defaults={
            "by": by.user, "at": at, "said": rows, "saved_by": last.actor if last else None,
            "saved_at": last.at if last else None,
        },
    )  # fmt: skip
    if created:
        record("need.edit_not_saved", need, by=by, at=at, operation=need.operation, edit=kept.pk)
    return kept
