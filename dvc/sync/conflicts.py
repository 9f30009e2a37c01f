"""What in an op does not agree with what was known (source: sync.md §6). An ordinary op costs no statement here:
every function takes rows that were fetched anyway."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dvc.audit.services import By
from dvc.operations.models import Operation
from dvc.sync import inbox
from dvc.sync.context import Context
from dvc.sync.inbox import View
from dvc.sync.models import InboxItem, ItemKind
from dvc.sync.ops import Op
from intake.checkin import identify
from intake.checkin import services as checkin
from intake.checkin.identify import Finding
from intake.checkin.models import Visit, VisitFlag
from intake.checkin.stays import Fact, two_gates
from intake.volunteers.models import CardBinding

ON_LINE = "online"


@dataclass(frozen=True, slots=True)
class OldCard:
    """A card that was ended, and who held it when it was scanned (or last)."""

    finding: Finding
    binding: CardBinding


def old_card(finding: Finding, op: Op, operation: Operation, *, happened: datetime) -> OldCard | None:
    """Whose arrival the scan of an ended card still was; None when the scan came after the end with the network up,
    so that the tablet has already said 「使えなくなったカード」. One statement, for ended cards only."""
    if finding.code != "revoked" or finding.card is None:
        return None
    bindings = list(finding.card.bindings.select_related("volunteer__guardian").order_by("bound_at"))
    held = [binding for binding in bindings if binding.bound_at <= happened] or bindings[:1]
    if not held:
        return None
    binding = held[-1]
    still_good = binding.ended_at is None or happened < binding.ended_at
    if op.mode == ON_LINE and not still_good:
        return None
    return OldCard(identify.of_volunteer(operation, binding.volunteer, finding.card), binding)


def after_visit(
    op: Op, visit: Visit | None, old: OldCard | None, operation: Operation, context: Context
) -> InboxItem | None:
    """The inbox item of what this op has just made of the visit, if a person must look."""
    if visit is None:
        return None
    by = context.by(op)
    if old is not None:
        return _old_card_item(op, visit, old, operation, context)
    if op.kind == "visit.arrive" and VisitFlag.TWO_GATES in visit.flags:
        return two_gates_item(visit, operation, by=by, at=operation.moment(context.at))
    return None


def _old_card_item(op: Op, visit: Visit, old: OldCard, operation: Operation, context: Context) -> InboxItem:
    by, at = context.by(op), operation.moment(context.at)
    checkin.flag(visit, VisitFlag.OLD_CARD, by=by, at=at)
    card = old.finding.card
    assert card is not None
    ended = old.binding.ended_at
    told = [View("card_ended", ended, row=card.pk)] if ended else []
    told.append(
        View("scanned", context.happened(op, operation), op=str(op.op_id), device=str(context.device.pk))
    )
    subjects = {"visit": [visit.pk], "volunteer": [visit.volunteer_id], "card": [card.pk]}
    return inbox.open_item(
        operation, ItemKind.OLD_CARD, f"{visit.pk}:{card.pk}", subjects=subjects, views=told, fix="same_person",
        by=by, at=at,
    )  # fmt: skip


def two_gates_item(visit: Visit, operation: Operation, *, by: By, at: datetime) -> InboxItem:
    """One visit, seen coming in at two gates."""
    return inbox.open_item(
        operation, ItemKind.TWO_GATES, visit.pk, subjects={"visit": [visit.pk], "volunteer": [visit.volunteer_id]},
        views=views_of(two_gates(visit.told)), fix="same_person", by=by, at=at,
    )  # fmt: skip


def views_of(facts: Iterable[Fact]) -> list[View]:
    """What was seen of a visit, as an item keeps it."""
    return [
        View(f"{fact.kind}_on_paper", fact.at, site=fact.site)
        if fact.is_on_paper
        else View(fact.kind, fact.at, op=fact.op, device=fact.gate, site=fact.site)
        for fact in facts
    ]
