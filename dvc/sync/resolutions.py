"""What the choices of an inbox item do: one transaction with the item itself, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction

from dvc.audit.services import By
from dvc.core.races import past_deadlock
from dvc.core.refused import Refused
from dvc.sync import (
    gather,
    holding,
    inbox,
    merging,
    never_arrived,
    quarantine,
    taken_back,
    tools,
    unclear_names,
)
from dvc.sync.bindings import fold_held
from dvc.sync.models import HeldOp, InboxItem, ItemKind
from dvc.sync.situations import choice_of
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.orientation import services as orientation
from intake.survey import reports as surveys
from intake.survey.models import Survey
from intake.volunteers.models import Merge, Volunteer
from matching.loans import services as loans

Act = Callable[[InboxItem, str, datetime | None, By, datetime], object]


def choose(
    item: InboxItem, code: str, *, reason: str, told_at: datetime | None, by: By, at: datetime,
    person: int | None = None,
) -> None:  # fmt: skip
    """Settle the item as a person chose. A tablet whose record meets the item locks the visit before it, as this does
    after it. `told_at`: the time they were told, where the choice asks for one; `person`:
    whom they picked, where it asks for one.

    Refused inbox.choice | inbox.person_needed | inbox.reason_needed | inbox.time_needed | inbox.resolved, and what the act refuses.
    """
    choice = choice_of(item, code)
    if choice is None:
        raise Refused("inbox.choice")
    if choice.reason and not reason.strip():
        raise Refused("inbox.reason_needed")
    if choice.asks == "time" and told_at is None:
        raise Refused("inbox.time_needed")
    if choice.asks == "person" and person is None:
        raise Refused("inbox.person_needed")
    act = _ACTS.get((ItemKind(item.kind), code))

    def settle() -> None:
        inbox.resolve(item, choice=code, reason=reason.strip(), by=by, at=at)
        if choice.asks == "person":
            unclear_names.record_for(item, person, by=by, at=at)
        if act is not None:
            act(item, reason.strip(), told_at, by, at)

    past_deadlock(settle)


@transaction.atomic
def seen_home(visit: Visit, *, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    """電話で帰宅を確認, from the list: of somebody still "here" as well. Refused as `choose`."""
    operation = visit.operation
    item = gather.visit_item(operation, ItemKind.UNRETURNED, visit, by=by, at=at)
    choose(item, "phoned_home", reason=reason, told_at=told_at, by=by, at=at)


def _visit(item: InboxItem) -> Visit:
    return Visit.objects.select_related("operation", "volunteer", "site").get(pk=item.subjects["visit"][0])


def _annul(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    checkin.annul(_visit(item), reason=reason, by=by, at=at)


def _close(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    checkin.close_visit(_visit(item), reason=reason, left_at=told_at, by=by, at=at)


def _came(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    visit = _visit(item)
    assert told_at is not None
    if told_at > visit.arrived_at:
        raise Refused("inbox.came_after_leaving")
    checkin.arrive(visit.operation, visit.volunteer, site=visit.site, by=by, at=told_at)


def _came_after_all(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    assert told_at is not None
    if told_at > at:
        raise Refused("inbox.came_in_future")
    checkin.arrive(item.operation, never_arrived.person_of(item), site=None, by=by, at=told_at)
    gather.fold_what_waited(item.operation, at=at)
    orientation.catch_up(at=at)


def _never_came(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    never_arrived.forget(item, by=by, at=at)


def _drop(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    holding.drop(HeldOp.objects.get(pk=item.subjects["held"][0]), by=by, at=at)


def _fold(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    held = HeldOp.objects.select_related("card", "operation__center", "device__center").get(
        pk=item.subjects["held"][0]
    )
    if held.card is None or held.card.holder_id is None:
        raise Refused("inbox.nobody_holds_it")
    result = holding.fold_one(held, fold=fold_held, at=at)
    if result is not None and result.code == "unbound_card":
        raise Refused("inbox.nobody_holds_it")


def _of_holder(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    taken_back.fold_for_holder(item, at=at)


def _of_first(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    taken_back.fold_for_first(item, at=at)


def _of_nobody(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    for held in taken_back.waiting(item):
        holding.drop(held, by=by, at=at)


def _merge(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    one, other = Volunteer.objects.filter(pk__in=item.subjects["volunteer"])
    made = merging.merge(one, other, by=by, at=at)
    item.subjects = {**item.subjects, "merge": [made.pk]}
    item.save(update_fields=["subjects"])


@transaction.atomic
def take_apart(item: InboxItem, *, by: By, at: datetime) -> None:
    """They were two people after all: the merge is undone and the item says so. Refused inbox.choice."""
    made = Merge.objects.select_related("twin", "into").filter(pk__in=item.subjects.get("merge", ())).first()
    if made is None or item.choice != "merge":
        raise Refused("inbox.choice")
    merging.undo(made, by=by, at=at)
    inbox.choose_again(item, choice="different", by=by, at=at)


def _use_survey(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    surveys.use(Survey.objects.select_related("appointment", "operation").get(pk=int(item.key)), by=by, at=at)


def _try_again(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    for row in quarantine.broken_one(item):
        if not quarantine.try_one(row, by=by, at=at):
            raise Refused("inbox.still_broken")


def _done_by_hand(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    quarantine.leave_out_broken(item, by=by, at=at)


def _take_in(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    quarantine.take_in(item, by=by, at=at)


def _leave_out(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    quarantine.refuse(item, reason=reason, by=by, at=at)


def _later_has_it(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    loans.has_it(tools.disputed(item)[-1], by=by, at=at)


def _earlier_has_it(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    loans.has_it(tools.disputed(item)[0], by=by, at=at)


def _tool_is_here(item: InboxItem, reason: str, told_at: datetime | None, by: By, at: datetime) -> None:
    loans.give_back(item.operation, item=tools.piece_of(item), by=by, at=at)


_ACTS: Final[dict[tuple[ItemKind, str], Act]] = {
    (ItemKind.NO_ARRIVAL, "came_at"): _came,
    (ItemKind.NO_ARRIVAL, "annul"): _annul,
    (ItemKind.UNRETURNED, "phoned_home"): _close,
    (ItemKind.UNRETURNED, "annul"): _annul,
    (ItemKind.OLD_CARD, "annul"): _annul,
    (ItemKind.NEVER_ARRIVED, "came_at"): _came_after_all,
    (ItemKind.NEVER_ARRIVED, "not_here"): _never_came,
    (ItemKind.CARD_NEVER_BOUND, "drop"): _drop,
    (ItemKind.CARD_NEVER_BOUND, "fold"): _fold,
    (ItemKind.CARD_TAKEN_BACK, "holder"): _of_holder,
    (ItemKind.CARD_TAKEN_BACK, "first"): _of_first,
    (ItemKind.CARD_TAKEN_BACK, "drop"): _of_nobody,
    (ItemKind.TOOL_TWICE, "later"): _later_has_it,
    (ItemKind.TOOL_TWICE, "earlier"): _earlier_has_it,
    (ItemKind.TOOL_TWICE, "back"): _tool_is_here,
    (ItemKind.SAME_PERSON, "merge"): _merge,
    (ItemKind.TWO_SURVEYS, "second"): _use_survey,
    (ItemKind.BROKEN_OP, "again"): _try_again,
    (ItemKind.BROKEN_OP, "by_hand"): _done_by_hand,
    (ItemKind.QUARANTINE, "take_in"): _take_in,
    (ItemKind.QUARANTINE, "refuse"): _leave_out,
}
