"""Receive needs, keep them right, and move them. `move` is the only place that changes a need's state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from dvc.audit.models import Entry
from dvc.audit.services import By, record
from dvc.core.counting import count_up
from dvc.core.refused import Refused
from dvc.operations.models import Mode, Operation
from dvc.operations.services import require_open
from intake.help_requests.answers import Judgement
from intake.help_requests.models import (
    BLOCKING,
    CallerNote,
    Hazard,
    Need,
    NeedChange,
    NeedState,
    UnsavedEdit,
    WorkItem,
    WorkState,
)
from intake.help_requests.states import REASON_REQUIRED, STEPS
from intake.people import services as people
from intake.people.models import Household, Person, Precision
from intake.people.services import HouseholdAnswers, PersonAnswers

S = NeedState
_ENDED: Final = frozenset({S.DECLINED, S.REFERRED, S.WITHDRAWN, S.UNREACHABLE, S.DUPLICATE, S.COMPLETED})
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
    """One piece of work. `skills`: {skill code: people}; `tools`: {tool code: count}; `minutes` on the spot."""

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
) -> Need:
    """A new need with the next number of the operation, in the state RECEIVED or where the judgement leads.

    `caller` is who asked; `resident` None means the caller asks for themself. Rows are taken as they are, answers
    become new rows. A `form_token` sent before gives back the need it made. Refused: operation.closed,
    place.too_far, need.head_counts, need.phone_only_reason.
    """
    require_open(operation)
    try:
        with transaction.atomic():
            known = _sent_before(operation, form_token)
            if known is not None:
                return known
            need = _receive(operation, caller, resident, household, answers, items, form_token, by=by, at=at)
            return judge(need, judgement, reason=judgement_reason, by=by, at=at) if judgement else need
    except IntegrityError:
        # The same form arrived twice at the same moment and the other one was first.
        first = _sent_before(operation, form_token)
        if first is None:
            raise
        return first


@transaction.atomic
def judge(need: Need, judgement: Judgement, *, reason: str, by: By, at: datetime) -> Need:
    """The end of the call: to the survey, into the queue, or to TRIAGE with the reason why it has to wait there.

    Without name, phone or address it is a draft on the call-back list, whatever was judged. A crisis is always
    surveyed. Refused: need.phone_only_reason (on ordinary days none is needed).
    """
    unknown = still_to_ask(need)
    if unknown:
        return move(need, S.TRIAGE, by=by, at=at, reason=f"折り返し：{'・'.join(unknown)}を聞く")
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


def _sent_before(operation: Operation, form_token: UUID | None) -> Need | None:
    return Need.objects.filter(operation=operation, form_token=form_token).first() if form_token else None


def _receive(
    operation: Operation,
    caller: Person | PersonAnswers,
    resident: Person | PersonAnswers | None,
    household: Household | HouseholdAnswers,
    answers: NeedAnswers,
    items: Iterable[ItemAnswers],
    form_token: UUID | None,
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
        received_at=at,
        received_by=by.user,
        touched_at=at,
        form_token=form_token,
    )
    _fill(need, answers)
    _number_and_save(need)
    NeedChange.objects.create(need=need, from_state="", to_state=S.RECEIVED, by=by.user, at=at)
    record("need.received", need, by=by, at=at, operation=operation, number=need.number)
    for item in items:
        add_item(need, item, by=by, at=at)
    return need


def _fill(need: Need, answers: NeedAnswers) -> None:
    for name, value in asdict(answers).items():
        setattr(need, name, list(value) if isinstance(value, tuple | list) else value)


def _number_and_save(need: Need) -> None:
    """Take the next number (constraint one_need_per_number). Raises `IntegrityError` when the same form was sent twice."""

    def save(number: int) -> None:
        need.pk, need.number = None, number
        need.save(force_insert=True)

    def sent_before(error: IntegrityError) -> None:
        if _sent_before(need.operation, need.form_token):
            raise error

    count_up(Need.objects.filter(operation=need.operation), "number", save, unless=sent_before)


@transaction.atomic
def edit(need: Need, answers: NeedAnswers, *, version: int, by: By, at: datetime) -> Need:
    """Write the answers anew. `version`: what the editor saw. Other hazards than before are not cleared any more.

    A need that waits for a team and gets an uncleared blocking hazard goes back to TRIAGE. Refused: need.changed.
    """
    before = sorted(need.hazards)
    _fill(need, answers)
    values = {name: getattr(need, name) for name in asdict(answers)}
    if sorted(need.hazards) != before:
        values |= {"hazards_cleared": False, "hazards_cleared_note": ""}
    _update(need, version=version, at=at, **values)
    record("need.edited", need, by=by, at=at, operation=need.operation)
    if need.state == S.READY and blocking_hazards(need):
        move(need, S.TRIAGE, by=by, at=at, reason="危険なものが分かったため")
    return need


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
    edit(need, answers, version=version, by=by, at=at)
    if need.household is None:
        house = people.add_household(operation, household, by=by, at=at)
    else:
        house = people.edit_household(operation, need.household, household, by=by, at=at)
    if need.requester is None:
        who_called = people.add_person(operation, caller, household=None, by=by, at=at)
    else:
        who_called = people.edit_person(operation, need.requester, caller, by=by, at=at)
    if resident is None:
        lives_there = who_called
    elif need.resident is None or need.resident_id == who_called.pk:
        lives_there = people.add_person(operation, resident, household=house, by=by, at=at)
    else:
        lives_there = people.edit_person(operation, need.resident, resident, by=by, at=at)
    Need.objects.filter(pk=need.pk).update(household=house, requester=who_called, resident=lives_there)
    need.refresh_from_db()
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
def clear_hazards(need: Need, *, note: str, by: By, at: datetime) -> Need:
    """Somebody made sure that volunteers may go in; `note` says who and what. Refused: need.hazards_note_needed."""
    if not note:
        raise Refused("need.hazards_note_needed")
    _update(need, version=need.version, at=at, hazards_cleared=True, hazards_cleared_note=note)
    record("need.hazards_cleared", need, by=by, at=at, operation=need.operation, hazards=sorted(need.hazards))
    return need


def blocking_hazards(need: Need) -> list[Hazard]:
    """Hazards that keep ordinary volunteers out, in the order of the list; none once they are cleared."""
    if need.hazards_cleared:
        return []
    return [hazard for hazard in Hazard if hazard in BLOCKING and hazard in need.hazards]


@transaction.atomic
def add_item(need: Need, answers: ItemAnswers, *, by: By, at: datetime) -> WorkItem:
    """One more piece of work. Refused: need.head_counts."""
    _check_counts(answers)
    item = WorkItem.objects.create(need=need, **asdict(answers))
    _touch(need, at)
    record(
        "need.item_added", need, by=by, at=at, operation=need.operation, item=item.pk, category=item.category
    )
    return item


@transaction.atomic
def edit_item(item: WorkItem, answers: ItemAnswers, *, by: By, at: datetime) -> WorkItem:
    """Write the work anew. Refused: need.head_counts, need.item_taken."""
    _check_counts(answers)
    if not WorkItem.objects.filter(pk=item.pk, state=WorkState.OPEN).update(**asdict(answers)):
        raise Refused("need.item_taken")
    item.refresh_from_db()
    need = item.need
    _touch(need, at)
    record("need.item_edited", need, by=by, at=at, operation=need.operation, item=item.pk)
    return item


@transaction.atomic
def remove_item(item: WorkItem, *, by: By, at: datetime) -> None:
    """Take work away. Refused: need.item_taken, need.last_item (of a need that waits for a team)."""
    need = item.need
    others = need.items.filter(state=WorkState.OPEN).exclude(pk=item.pk)
    if need.state == S.READY and not others.exists():
        raise Refused("need.last_item")
    pk = item.pk
    if not WorkItem.objects.filter(pk=pk, state=WorkState.OPEN).delete()[0]:
        raise Refused("need.item_taken")
    _touch(need, at)
    record("need.item_removed", need, by=by, at=at, operation=need.operation, item=pk)


def _check_counts(answers: ItemAnswers) -> None:
    if not 1 <= answers.people_min <= answers.people_ideal <= answers.people_max:
        raise Refused("need.head_counts")


def _touch(need: Need, at: datetime) -> None:
    Need.objects.filter(pk=need.pk).update(version=F("version") + 1, touched_at=at)
    need.refresh_from_db(fields=["version", "touched_at"])


@transaction.atomic
def move(need: Need, to: NeedState, *, by: By, at: datetime, reason: str = "", told: str = "") -> Need:
    """One step of the state table, won by whoever changes the row first; the work items follow.

    READY → ASSIGNED leases the open items, IN_PROGRESS starts them, COMPLETED ends them, every other step gives
    started ones back. `told`: who was told, for an ending. Refused: need.step_not_allowed, need.reason_needed,
    need.duplicate_of_what (use `mark_duplicate`), need.changed (the row is not in `need.state` any more).
    """
    if to == S.DUPLICATE and need.duplicate_of_id is None:
        raise Refused("need.duplicate_of_what")
    return _step(need, to, by=by, at=at, reason=reason, told=told)


def _step(
    need: Need, to: NeedState, *, by: By, at: datetime, reason: str, told: str = "", **values: object
) -> Need:
    before = NeedState(need.state)
    if to not in STEPS[before]:
        raise Refused("need.step_not_allowed", now=before.label, to=to.label)
    if to in REASON_REQUIRED and not reason:
        raise Refused("need.reason_needed", step=to.label)
    values |= {
        "held_reason": reason[:120] if to == S.ON_HOLD else "",
        "closed_reason": reason[:200] if to in _ENDED else "",
    }
    if to == S.READY and before != S.ASSIGNED:  # a lease given back does not lose its place
        values["ready_at"] = at
    if before == S.DUPLICATE:
        values["duplicate_of"] = None
    changed = Need.objects.filter(pk=need.pk, state=before).update(
        state=to, version=F("version") + 1, touched_at=at, **values
    )
    need.refresh_from_db()
    if not changed:
        raise Refused("need.changed")
    from_work, to_work = _WORK_FOLLOWS.get(to, (_STARTED, WorkState.OPEN))
    need.items.filter(state__in=from_work).update(state=to_work)
    NeedChange.objects.create(
        need=need, from_state=before, to_state=to, reason=reason[:200], told=told[:80], by=by.user, at=at
    )
    record("need.moved", need, by=by, at=at, operation=need.operation, before=str(before), to=str(to))
    return need


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
    if not is_reachable(need):
        missing.append(Refused("need.no_contact"))
    if need.household is None or need.household.precision == Precision.NONE:
        missing.append(Refused("need.no_place"))
    if not need.items.filter(state=WorkState.OPEN).exists():
        missing.append(Refused("need.no_items"))
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
def mark_duplicate(need: Need, first: Need, *, reason: str, by: By, at: datetime, told: str = "") -> Need:
    """`need` asks for the same as `first`: it ends, and its caller is kept with the first.

    Refused: need.duplicate_of_itself (also around a corner, or another operation's), and what `move` refuses.
    """
    while first.duplicate_of is not None:
        first = first.duplicate_of
    if first.pk == need.pk or first.operation_id != need.operation_id:
        raise Refused("need.duplicate_of_itself")
    _step(need, S.DUPLICATE, by=by, at=at, reason=reason, told=told, duplicate_of=first)
    for person in {person.pk: person for person in (need.requester, need.resident) if person}.values():
        relation = need.relation if person == need.requester else ""
        add_caller(first, person, relation=relation, note=f"同内容の連絡あり（N{need.number}）", by=by, at=at)
    return need


@transaction.atomic
def add_caller(need: Need, person: Person, *, relation: str, note: str, by: By, at: datetime) -> CallerNote:
    """Somebody else called about the same need: keep who and what they added. A fact, in every state."""
    caller = CallerNote.objects.create(need=need, person=person, relation=relation, note=note, at=at)
    _touch(need, at)
    record("need.caller_added", need, by=by, at=at, operation=need.operation, person=person.pk)
    return caller


@transaction.atomic
def add_call(
    need: Need, caller: PersonAnswers, *, relation: str, note: str, by: By, at: datetime
) -> CallerNote:
    """A call about a known need by somebody named here: the person we know by name and phone, or a new one."""
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
