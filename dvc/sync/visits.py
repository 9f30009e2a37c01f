"""Ops about people's visits: arrive, show insurance, leave. A run of them is folded as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from dvc.core.compiled import compiled
from dvc.core.days import local_day
from dvc.core.japanese import family_first_letter
from dvc.operations.models import Operation
from dvc.sync import conflicts, doubts, holding, unclear_names, wrong_holders
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, Status, verdict
from intake.checkin import identify
from intake.checkin import services as checkin
from intake.checkin.desk import Desk, Happened
from intake.checkin.identify import Asked, Finding
from intake.checkin.models import Visit
from intake.checkin.verdicts import OF_A_NAME
from intake.questions.services import Answers
from intake.volunteers.models import InsurancePolicy, Volunteer


def fold(ops: Sequence[Op], operation: Operation, context: Context) -> list[Result]:
    """Record each fact about whoever its card, code or id stands for; a scan that leads nowhere is kept as well.

    One result for each op, in order. Raises `IntegrityError` as `Desk.save` does; the caller rolls everything back.
    """
    typed = unclear_names.typed_for(ops, operation)
    moments = [
        typed[op.op_id].told.happened_at if op.op_id in typed else context.happened(op, operation)
        for op in ops
    ]
    findings = find(ops, operation, context, moments=moments)
    olds = [
        conflicts.old_card(finding, op, operation, happened=at)
        for op, finding, at in zip(ops, findings, moments, strict=True)
    ]
    findings = [old.finding if old else finding for old, finding in zip(olds, findings, strict=True)]
    people = {finding.volunteer.pk for finding in findings if finding.volunteer is not None}
    if not people:
        return [
            keep_failed(op, finding, operation, context, at)
            for op, finding, at in zip(ops, findings, moments, strict=True)
        ]
    cover = Cover(operation, people, moments)
    desk = Desk.open(operation, people, moments=moments)
    results: list[Result] = []
    visits: dict[int, Visit] = {}
    for op, finding, at in zip(ops, findings, moments, strict=True):
        if finding.volunteer is None:
            results.append(keep_failed(op, finding, operation, context, at))
            continue
        happened = _tell(desk, op, finding.volunteer, context, at)
        if op.kind == "visit.insure" and happened.visit is None:
            results.append(holding.hold_for_arrival(op, operation, finding.volunteer, context, happened=at))
            continue
        status: Status = "applied" if happened.changed else "merged"
        # What is true now: a later op of the run may change it again.
        data = about_person(finding, happened.visit, operation, cover, at)
        if happened.visit is not None:
            visits[len(results)] = happened.visit
        code = happened.code
        if op.kind == "visit.arrive":
            code = checkin.welcome_code(code, todo_codes(data))
        results.append(verdict(op.op_id, op.seq, status, code, data))
    desk.save()
    for op, finding in zip(ops, findings, strict=True):
        if finding.volunteer is not None and op.op_id in typed:
            unclear_names.meant(typed[op.op_id], finding.volunteer, op, operation, context)
    for i, visit in visits.items():
        results[i] = replace(results[i], data={**results[i].data, "visit": visit.pk})
        doubts.flag_visit(ops[i], visit, operation, context)
        item = conflicts.after_visit(ops[i], visit, olds[i], operation, context)
        if item is not None:
            results[i] = replace(results[i], status="review", data={**results[i].data, "inbox": item.pk})
    return results


def find(
    ops: Sequence[Op], operation: Operation, context: Context, *, moments: Sequence[datetime]
) -> list[Finding]:
    """Whom each op is about: whoever its card, code or id stands for, or the reason why that is nobody."""
    findings = identify.find(operation, [asked(op, context.day(op)) for op in ops], keys=context.keys)
    return [
        wrong_holders.doubted(finding, happened=at) for finding, at in zip(findings, moments, strict=True)
    ]


def fold_for(volunteer: Volunteer, op: Op, operation: Operation, context: Context) -> Result:
    """Fold an op whose person is known by now, whatever became of the card since."""
    return fold([about(volunteer, op)], operation, context)[0]


def about(volunteer: Volunteer, op: Op) -> Op:
    """The op, told with its person instead of a card."""
    told = {name: value for name, value in op.payload.items() if name not in ("card", "short_code", "guest")}
    return replace(op, payload={**told, "volunteer": volunteer.pk})


def asked(op: Op, day: date) -> Asked:
    payload = op.payload
    if "card" in payload:
        return Asked(day, card=str(payload["card"]))
    if "short_code" in payload:
        return Asked(day, short_code=str(payload["short_code"]))
    if "guest" in payload:
        return Asked(day, guest=str(payload["guest"]))
    if "name" in payload:
        return Asked(day, name=str(payload["name"]))
    return Asked(day, volunteer=payload["volunteer"])


def _tell(desk: Desk, op: Op, volunteer: Volunteer, context: Context, at: datetime) -> Happened:
    by = context.by(op)
    if op.kind == "visit.arrive":
        return desk.arrive(volunteer, site=context.site(op.payload.get("site")), by=by, at=at)
    if op.kind == "visit.leave":
        return desk.leave(volunteer, by=by, at=at)
    return desk.see_insurance(volunteer, evidence=op.payload["evidence"], by=by, at=at)


def keep_failed(op: Op, finding: Finding, operation: Operation, context: Context, at: datetime) -> Result:
    """A scan that leads nowhere, or (of a card nobody holds yet) nowhere before the card is bound."""
    if finding.code == "unbound_card" and finding.card is not None:
        return holding.hold(op, operation, finding.card, context, happened=at)
    if finding.code == wrong_holders.IN_DOUBT and finding.card is not None:
        return wrong_holders.hold(op, operation, finding.card, context, happened=at)
    if asked(op, context.day(op)).name is not None and finding.code in unclear_names.UNCLEAR:
        return _ask_who(op, finding, operation, context, at)
    raw = str(
        op.payload.get("card")
        or op.payload.get("short_code")
        or op.payload.get("volunteer")
        or op.payload.get("guest")
        or op.payload.get("name")  # of somebody who is not to be let in
        or ""
    )
    checkin.keep_failed_scan(
        operation, raw=raw, code=finding.code, device=context.device, by=context.by(op), at=at
    )
    data: dict[str, Any] = {"short_code": finding.card.short_code} if finding.card else {}
    return verdict(op.op_id, op.seq, "merged", finding.code, data)


def _ask_who(op: Op, finding: Finding, operation: Operation, context: Context, at: datetime) -> Result:
    """Somebody was here, off-line perhaps hours ago: a person says who it was."""
    item = unclear_names.ask(op, operation, context, at=at)
    words = OF_A_NAME[finding.code]
    data = {"inbox": item.pk, "candidates": [_candidate(person) for person in finding.several]}
    result = verdict(op.op_id, op.seq, "review", finding.code, data)
    return replace(result, title=words.title, text=words.say)


def _candidate(person: Volunteer) -> dict[str, Any]:
    return {
        "volunteer": person.pk,
        "name": family_first_letter(person.family_name, person.given_name),
        "kana": family_first_letter(person.family_kana, person.given_kana),
    }


def todo_codes(data: dict[str, Any]) -> list[str]:
    """What is still to be done, of what `about_person` says."""
    return [str(todo["code"]) for todo in data.get("todo", [])]


class Cover:
    """Who of these people is insured by a policy, and when; what they said to the questions of the day. At most one query,
    and one more where something is asked."""

    def __init__(self, operation: Operation, people: set[int], moments: Sequence[datetime]) -> None:
        self.asked = operation.insurance_required
        self._policies: dict[int, list[InsurancePolicy]] = {}
        if self.asked:
            for policy in _policies(people, max(moments), min(moments)):
                self._policies.setdefault(policy.volunteer_id, []).append(policy)

        self._answers = Answers(operation, people, [local_day(at) for at in moments])

    def answers_into(self, data: dict[str, Any], volunteer: Volunteer, at: datetime) -> None:
        """Put into an answer how the person stands with the questions of the day; nothing when none is asked."""
        day = local_day(at)
        standing = self._answers.standing(volunteer.pk, day)
        if standing is not None:
            data["questions"] = standing.as_json()
            stops = self._answers.blocks(volunteer.pk, day)
            data["todo"] = [
                *data.get("todo", []),
                *({"code": stop.code, "text": stop.text} for stop in stops),
            ]

    def of(self, volunteer: Volunteer, at: datetime) -> bool:
        return not self.asked or any(policy.covers(at) for policy in self._policies.get(volunteer.pk, ()))


@compiled
def _policies(people: set[int], begun_by: datetime, not_over_by: datetime) -> QuerySet[InsurancePolicy]:
    return InsurancePolicy.objects.filter(
        volunteer__in=people, valid_from__lte=begun_by, valid_to__gt=not_over_by
    )


def about_person(
    finding: Finding, visit: Visit | None, operation: Operation, cover: Cover, at: datetime
) -> dict[str, Any]:
    volunteer = finding.volunteer
    assert volunteer is not None
    data: dict[str, Any] = {"volunteer": volunteer.pk, "name": volunteer.name, "kana": volunteer.kana}
    if finding.card is not None:
        data["short_code"] = finding.card.short_code
    if visit is not None:
        visit.volunteer, visit.operation = volunteer, operation
        data["arrived_at"] = visit.arrived_at.isoformat()
        data["left_at"] = visit.left_at.isoformat() if visit.left_at else None
        insured = visit.insurance_seen_at is not None or cover.of(volunteer, at)
        data["todo"] = [
            {"code": block.code, "text": block.text}
            for block in checkin.departure_blocks(visit, at=at, insured=insured)
        ]
    cover.answers_into(data, volunteer, at)
    return data
