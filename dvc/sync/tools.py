"""Ops of the tool desk's tablet: lent, given back. With the network up lending is a decision, refused before the tool
leaves the desk; what was recorded without one has happened and is kept, twice if it must be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from dvc.sync import inbox
from dvc.sync.conflicts import ON_LINE
from dvc.sync.context import Context
from dvc.sync.inbox import View
from dvc.sync.models import InboxItem, ItemKind
from dvc.sync.ops import Op, Result, verdict
from intake.checkin import services as checkin
from intake.help_requests.models import Tool
from matching.equipment.models import Condition, ToolItem
from matching.loans import find, services
from matching.loans.models import Loan, Outcome
from matching.loans.services import Borrower, Lent
from matching.teams.models import Team

# So long a person at the desk waits for a no. A record that was on its way for longer tells what has happened.
AT_ONCE: Final = timedelta(seconds=30)


def lend(op: Op, operation: Operation, context: Context) -> Result:
    """Something was handed over. Refused (with the network up): loan.*; at any time: loan.borrower."""
    at, by = context.happened(op, operation), context.by(op)
    try:
        item = _piece(op, operation)
    except Refused:
        return _keep_failed(op, operation, context)
    borrower, count = _borrower(op, operation), op.payload.get("count", 1)
    tool = item.tool if item else op.payload["tool"]
    if _waits_for_an_answer(op, context):
        [loan] = services.lend(
            operation, borrower, site=_site(op, operation, context), counts={} if item else {tool: count},
            items=[item] if item else [], by=by, at=at,
        )  # fmt: skip
        Loan.objects.filter(pk=loan.pk).update(op=op.op_id)
        return verdict(op.op_id, op.seq, "applied", "ok_lent", _about(loan))
    lent = services.record_lent(
        operation, borrower, site=_site(op, operation, context), tool=tool, count=count, item=item, by=by, at=at,
        op=op.op_id,
    )  # fmt: skip
    data = _about(lent.loan)
    if lent.others:
        asked = _ask(lent, operation, op, context)
        return verdict(op.op_id, op.seq, "review", "lent_twice", {**data, "inbox": asked.pk})
    code = "ok_lent"
    if lent.was in (Condition.BROKEN, Condition.RETIRED):
        code = "lent_broken"
    elif lent.raised:
        code = "lent_uncounted"
    return verdict(op.op_id, op.seq, "applied", code, data)


def give_back(op: Op, operation: Operation, context: Context) -> Result:
    """Something came back, or will not: a fact."""
    try:
        item = _piece(op, operation)
    except Refused:
        return _keep_failed(op, operation, context)
    team = _team(op, operation)
    tool = item.tool if item else op.payload["tool"]
    given = services.give_back(
        operation, tool=tool, count=op.payload.get("count", 1), item=item, team=team,
        outcome=Outcome(op.payload.get("outcome", Outcome.FINE)), by=context.by(op),
        at=context.happened(op, operation), op=op.op_id,
    )  # fmt: skip
    data: dict[str, Any] = {
        "what": str(item) if item else str(Tool(tool).label),
        "loans": [loan.pk for loan in given.loans],
    }
    if item is not None:
        data["item"] = item.pk
    code = "given_back_unknown" if given.unknown else "ok_given_back"
    return verdict(op.op_id, op.seq, "applied", code, data)


def _waits_for_an_answer(op: Op, context: Context) -> bool:
    return op.mode == ON_LINE and abs(context.at - context.told(op).at) <= AT_ONCE


def _piece(op: Op, operation: Operation) -> ToolItem | None:
    """The numbered piece the op is about; None for a count. Refused as `find.piece`."""
    payload = op.payload
    if "item" in payload:
        found = (
            ToolItem.objects.filter(operation=operation, pk=payload["item"]).select_related("site").first()
        )
        if found is None:
            raise Refused("equipment.no_such_item")
        return found
    text = payload.get("card") or payload.get("short_code")
    return find.piece(operation, str(text)) if text else None


def _keep_failed(op: Op, operation: Operation, context: Context) -> Result:
    raw = str(op.payload.get("card") or op.payload.get("short_code") or op.payload.get("item") or "")
    checkin.keep_failed_scan(
        operation, raw=raw, code="no_such_tool", device=context.device, by=context.by(op),
        at=context.happened(op, operation),
    )  # fmt: skip
    return verdict(op.op_id, op.seq, "merged", "no_such_tool")


def _team(op: Op, operation: Operation) -> Team | None:
    return (
        Team.objects.filter(operation=operation, pk=op.payload.get("team") or 0)
        .select_related("leader")
        .first()
    )


def _borrower(op: Op, operation: Operation) -> Borrower:
    team = _team(op, operation)
    person, reason = str(op.payload.get("person", "")), str(op.payload.get("reason", ""))
    if team is None and not (person.strip() and reason.strip()):
        raise Refused("loan.borrower")
    return Borrower(team=team, person=person, reason=reason)


def _site(op: Op, operation: Operation, context: Context) -> Site:
    """Whose shelf it was: the tablet's site, else the center's first."""
    told = context.site(op.payload.get("site"))
    return told or context.once(
        "first site", lambda: Site.objects.filter(center=operation.center_id).order_by("pk")[0]
    )


def _about(loan: Loan) -> dict[str, Any]:
    about: dict[str, Any] = {"loan": loan.pk, "what": loan.what, "to": loan.who, "count": loan.count}
    return {**about, "item": loan.item_id} if loan.item_id else about


# ── a piece that was lent twice ────────────────────────────────────────────────────────────────
def _ask(lent: Lent, operation: Operation, op: Op, context: Context) -> InboxItem:
    loans = [lent.loan, *lent.others]
    first = min(loan.pk for loan in loans)
    views = [
        View(
            "lent", loan.lent_at, op=str(loan.op or ""), device=str(loan.device_id or ""), user=loan.lent_by_id,
            site=loan.site_id, row=loan.pk,
        )
        for loan in loans
    ]  # fmt: skip
    return inbox.open_item(
        operation, ItemKind.TOOL_TWICE, f"{lent.loan.item_id}:{first}",
        subjects={"loan": [loan.pk for loan in loans], "tool_item": [lent.loan.item_id or 0]}, views=views, fix="later",
        by=context.by(op), at=operation.moment(context.at), reopen=True,
    )  # fmt: skip


def piece_of(item: InboxItem) -> ToolItem:
    return ToolItem.objects.get(pk=item.subjects["tool_item"][0])


def still_disputed(item: InboxItem) -> bool:
    """Whether more than one loan of the piece is open still."""
    return bool(services.disputing(piece_of(item)))


def disputed(item: InboxItem) -> list[Loan]:
    """The loans that do not agree, in the order of lending. Refused inbox.resolved when they do by now."""
    loans = services.disputing(piece_of(item))
    if not loans:
        raise Refused("inbox.resolved")
    return loans
