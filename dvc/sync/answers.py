"""Ops about the questions of the day: what somebody said. Health is sensitive: what was said stands in one table
(intake.questions), before that with an op that waits or was set aside, and never in a receipt, an answer to a tablet,
another tablet's snapshot or the log."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.utils import timezone

from dvc.operations.models import Operation
from dvc.sync import photos_kept
from dvc.sync.context import Context
from dvc.sync.models import HeldOp, QuarantinedOp, Receipt
from dvc.sync.ops import PRIVATE, Op, Result, verdict
from dvc.sync.visits import find, keep_failed
from intake.exchange import services as imports
from intake.help_requests import drafts
from intake.questions import catalog
from intake.questions import services as questions

KIND: Final = "visit.answer"


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """Keep what whoever the card, code or id stands for said, also before their arrival is known."""
    at = context.happened(op, operation)
    [finding] = find([op], operation, context, moments=[at])
    if finding.volunteer is None:
        return keep_failed(op, finding, operation, context, at)
    person, day = finding.volunteer, timezone.localdate(at)
    said, at_once = op.payload[PRIVATE], op.payload.get("all", False)
    changed = questions.answer(operation, person, answers=said, by=context.by(op), at=at, only_new=at_once)
    data: dict[str, Any] = {"volunteer": person.pk, "name": person.name, "kana": person.kana}
    standing = questions.Answers(operation, [person.pk], [day]).standing(person.pk, day)
    if standing is not None:
        data["questions"] = standing.as_json()
    code = standing.code if standing else "ok_answered"
    return verdict(op.op_id, op.seq, "applied" if changed else "merged", code, data)


def for_tablet(operation: Operation) -> dict[str, Any]:
    """What a tablet needs to ask without a network: `ask` in order, and whom the answers keep from going out."""
    return {"ask": catalog.for_tablet(operation.day_questions), "stop": operation.questions_stop}


class Mark(NamedTuple):
    """What other tablets may know of somebody's answers: all given; and whether the chief waits or something is lent."""

    done: bool
    stopped: bool


def marks(operation: Operation, people: Collection[int] | None, *, at: datetime) -> dict[int, Mark]:
    """Of these people (None: everybody) who said anything today. One query, none when nothing or nobody is asked."""
    day = timezone.localdate(operation.moment(at))
    said = questions.Answers(operation, people, [day])
    standings = ((person, said.standing(person, day)) for person in said.people)
    return {
        person: Mark(not standing.left, standing.talk or bool(standing.lacks))
        for person, standing in standings
        if standing is not None
    }


@dataclass
class _Forgotten:
    """The day on which this process forgot last."""

    on: date | None = None


_forgotten = _Forgotten()


def forget_daily(*, at: datetime) -> None:
    """The sweeper's check (settings.SWEEP_CHECKS): once a day and after each start, whatever operation is open: the last
    days of one that was closed are forgotten as well."""
    today = timezone.localdate(at)
    if _forgotten.on != today:
        forget(at=at)
        drafts.forget(at=at)
        imports.forget(at=at)
        photos_kept.forget(at=at)
        _forgotten.on = today


@transaction.atomic
def forget(*, at: datetime) -> int:
    """Delete what people said when its time is over (`questions.KEPT_FOR`), also where an op with it waits or was set
    aside, and what tablets were told because of it. Returns how many rows changed."""
    before = at - questions.KEPT_FOR
    forgotten = questions.forget(at=at)
    for row in _set_aside(before=before):
        row.op = {**row.op, "payload": {**row.op["payload"], PRIVATE: {}}}
        row.save(update_fields=["op"])
        forgotten += 1
    for told, kind in _told_to_wait(before=before):
        told.result = _without_talk(told.result or {}, kind)
        told.save(update_fields=["result"])
        forgotten += 1
    return forgotten


def _set_aside(*, before: datetime) -> Iterator[HeldOp | QuarantinedOp]:
    for rows in (
        HeldOp.objects.filter(received_at__lt=before),
        QuarantinedOp.objects.filter(received_at__lt=before),
    ):
        for row in rows.filter(op__kind=KIND):
            if row.op["payload"].get(PRIVATE):
                yield row


def _told_to_wait(*, before: datetime) -> Iterator[tuple[Receipt | HeldOp, str]]:
    """What came of an op of somebody the chief had to talk with, and the op's kind."""
    talk = {"received_at__lt": before, "result__data__questions__talk": True}
    for receipt in Receipt.objects.filter(**talk):
        yield receipt, receipt.kind
    for held in HeldOp.objects.filter(**talk):
        yield held, held.op["kind"]


def _without_talk(result: dict[str, Any], kind: str) -> dict[str, Any]:
    data = {name: value for name, value in result["data"].items() if name not in ("questions", "todo")}
    if kind == KIND:
        return verdict(result["op_id"], result["seq"], "applied", "ok_answered", data).as_json()
    return {**result, "data": data}
