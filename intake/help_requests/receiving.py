"""Needs by the hundred, as an import brings them: received, with their work and their state, in few statements.

A need comes in as it was elsewhere, so its first steps are taken here and not one by one; the state table and what a need
must have to be READY are the same (`states`, `BLOCKING`). The audit entry of each says that it was imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from dvc.audit.services import By, entry, record_all
from dvc.core.counting import count_up
from dvc.core.inserting import append_all, insert_all
from dvc.operations.models import Operation
from intake.help_requests import crisis
from intake.help_requests.models import BLOCKING, Need, NeedChange, NeedState, WorkItem
from intake.help_requests.services import ItemAnswers, NeedAnswers, fill
from intake.people.models import Household, Person, Precision

S = NeedState
_OF_AN_ITEM: Final = tuple(one.name for one in fields(ItemAnswers))
ENDED = frozenset({S.COMPLETED, S.DECLINED, S.REFERRED, S.WITHDRAWN, S.UNREACHABLE})
# States a need may have when it comes from elsewhere: those that say nothing about a team of ours.
FROM_ELSEWHERE = ENDED | {S.TRIAGE, S.SURVEY_WAIT, S.SURVEYED, S.READY, S.ON_HOLD}


@dataclass(frozen=True, slots=True)
class Arriving:
    """One need from elsewhere, with the rows of its people. `state`: one of FROM_ELSEWHERE; `reason` is kept with it."""

    household: Household
    caller: Person
    resident: Person
    answers: NeedAnswers
    received_at: datetime
    state: NeedState
    reason: str
    item: ItemAnswers | None
    details: dict[str, int]  # for the audit: which import, which line


def lacks(answers: NeedAnswers, *, name: str, phone: str, place: Precision, has_work: bool) -> list[str]:
    """What keeps a need from elsewhere from being READY, in words: the same as `services.what_is_missing` asks."""
    missing = []
    if not (name and phone):
        missing.append("名前と電話番号")
    if place == Precision.NONE:
        missing.append("場所")
    if not has_work:
        missing.append("作業の種類")
    if BLOCKING & set(answers.hazards):
        missing.append("危険の確認")
    if answers.needs_crisis:
        missing.append("現地調査")
    return missing


def receive_many(operation: Operation, arriving: Sequence[Arriving], *, by: By, at: datetime) -> list[Need]:
    """The needs, in order, with the next numbers of the operation. Called inside the caller's transaction.

    ValueError for a state that no file can tell.
    """
    if not arriving:
        return []
    if any(one.state not in FROM_ELSEWHERE for one in arriving):
        raise ValueError("a state of a team")

    def make(number: int) -> list[Need]:
        made = [_need(operation, one, number + i, by=by, at=at) for i, one in enumerate(arriving)]
        insert_all(made)
        return made

    needs = count_up(Need.objects.filter(operation=operation), "number", make)
    append_all(
        [step for need, one in zip(needs, arriving, strict=True) for step in _steps(need, one, by, at)]
    )
    append_all(
        [
            WorkItem(need=need, **{name: getattr(one.item, name) for name in _OF_AN_ITEM})
            for need, one in zip(needs, arriving, strict=True)
            if one.item is not None
        ]
    )
    for need in needs:
        if need.needs_crisis and need.state not in ENDED:
            crisis.raise_alert(need, by=by, at=at)
    record_all(
        [
            entry(
                "need.imported", need, by=by, at=at, operation=operation, number=need.number, to=str(one.state), **one.details
            )
            for need, one in zip(needs, arriving, strict=True)
        ]
    )  # fmt: skip
    return needs


def _need(operation: Operation, one: Arriving, number: int, *, by: By, at: datetime) -> Need:
    need = Need(
        operation=operation,
        number=number,
        household=one.household,
        requester=one.caller,
        resident=one.resident,
        received_at=one.received_at,
        received_by=by.user,
        touched_at=at,
        state=one.state,
        held_reason=one.reason[:120] if one.state == S.ON_HOLD else "",
        closed_reason=one.reason[:200] if one.state in ENDED else "",
        ready_at=at if one.state == S.READY else None,
    )
    fill(need, one.answers)
    return need


def _steps(need: Need, one: Arriving, by: By, at: datetime) -> list[NeedChange]:
    return [
        NeedChange(need=need, from_state="", to_state=S.RECEIVED, by=by.user, at=one.received_at),
        NeedChange(
            need=need, from_state=S.RECEIVED, to_state=one.state, reason=one.reason[:200], by=by.user, at=at
        ),
    ]
