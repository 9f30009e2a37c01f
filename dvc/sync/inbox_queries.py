"""What the inbox's pages show: items with the names of whom they are about, read when they are looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q
from django.utils import timezone

from dvc.accounts import access
from dvc.accounts.models import Device, User
from dvc.accounts.roles import Role
from dvc.operations.models import Operation, Site
from dvc.photos import services as photos
from dvc.photos.models import Purpose
from dvc.sync import quarantine
from dvc.sync.kinds import KINDS
from dvc.sync.models import REFUSED, HeldOp, InboxItem, ItemKind, QuarantinedOp, Receipt
from dvc.sync.situations import SETTLED, SITUATIONS, VIEW_WORDS, Situation, choice_of, situation_of
from intake.checkin import nameless
from intake.checkin.models import FailedScan, Visit
from intake.checkin.verdicts import AT_THE_DESK, VERDICTS
from intake.help_requests.models import Need
from intake.survey.forms import in_words
from intake.survey.models import Survey
from intake.volunteers.models import Card, Volunteer
from matching.dispatch.models import ActivityReport, Dispatch, LaterReport
from matching.equipment.models import ToolItem
from matching.loans.models import Loan

DONE_SHOWN: Final = 50
# How a picked person fails, and what an id looks like: a number, or what a tablet calls a walk-in.
_PICKED: Final = frozenset({"no_such_volunteer", "blocked", "drill_card"})
_AN_ID: Final = re.compile(r"\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OP_WORDS: Final[dict[str, str]] = {
    "visit.arrive": "到着", "visit.leave": "帰り", "visit.orient": "説明を受けた", "visit.insure": "保険を確認",
    "visit.answer": "今日の質問の答え", "visit.consent": "注意事項に同意", "visit.undo": "取り消し", "card.bind": "カードを渡した", "person.walk_in": "その場で登録",
    "group.arrive": "団体の到着", "group.leave": "団体の帰り", "scan.failed": "読めなかったカード",
    "survey.done": "現地調査の結果", "survey.absent": "現地調査で不在",
    "tool.lend": "資機材の貸出", "tool.give_back": "資機材の返却",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One item in the list."""

    item: InboxItem
    situation: Situation
    who: str
    ended: str


@dataclass(frozen=True, slots=True)
class Told:
    """One view: what, by whom and with what, when by its clock, when it reached the center."""

    what: str
    who: str
    where: str
    at: datetime
    received_at: datetime | None


def may_see(item: InboxItem, roles: frozenset[Role]) -> bool:
    may = SITUATIONS[ItemKind(item.kind)].may
    return may is None or access.may(roles, may)


def kinds_for(roles: frozenset[Role]) -> list[str]:
    """The kinds of items these roles may settle."""
    return [
        kind.value for kind, situation in SITUATIONS.items()
        if situation.may is None or access.may(roles, situation.may)
    ]  # fmt: skip


def open_count(operation: Operation, roles: frozenset[Role]) -> int:
    """How many items wait for these roles. One query."""
    return InboxItem.objects.open().filter(operation=operation, kind__in=kinds_for(roles)).count()


def lines(items: Sequence[InboxItem]) -> list[Line]:
    """The items with names. At most four queries."""
    people = _people(items)
    asked = [item.key for item in items if item.kind == ItemKind.UNCLEAR_NAME and not item.subjects]
    typed = Receipt.objects.filter(op_id__in=asked).values_list("op_id", "payload__name")
    devices = Device.objects.in_bulk([item.key for item in items if item.kind == ItemKind.QUARANTINE])
    names = {str(pk): device.name for pk, device in devices.items()}
    pieces = {pk for item in items for pk in item.subjects.get("tool_item", ())}
    called = ToolItem.objects.in_bulk(pieces)
    names |= {
        item.key: str(called[pk])
        for item in items
        for pk in item.subjects.get("tool_item", ())
        if pk in called
    }
    names |= {str(op_id): f"「{name}」" for op_id, name in typed}
    return [
        Line(item, situation_of(item), _who(item, people) or names.get(item.key, ""), ended(item))
        for item in items
    ]  # fmt: skip


def _people(items: Iterable[InboxItem]) -> dict[int, Volunteer]:
    return Volunteer.objects.in_bulk({pk for item in items for pk in item.subjects.get("volunteer", ())})


def _who(item: InboxItem, people: dict[int, Volunteer]) -> str:
    return "、".join(people[pk].name for pk in item.subjects.get("volunteer", ()) if pk in people)


def ended(item: InboxItem) -> str:
    """How it was settled, in words."""
    if item.is_open:
        return ""
    choice = choice_of(item, item.choice)
    return choice.label if choice else SETTLED


def views(item: InboxItem) -> list[Told]:
    """Every telling of the item. Four queries."""
    said = item.views
    devices = Device.objects.in_bulk({view["device"] for view in said if "device" in view})
    receipts = Receipt.objects.select_related("actor").in_bulk(
        {view["op"] for view in said if "op" in view}, field_name="op_id"
    )
    by_op = {str(op_id): receipt for op_id, receipt in receipts.items()}
    by_device = {str(pk): device for pk, device in devices.items()}
    users = User.objects.in_bulk({view["user"] for view in said if "user" in view})
    sites = Site.objects.in_bulk({view["site"] for view in said if "site" in view})
    told = []
    for view in said:
        receipt, device = by_op.get(view.get("op", "")), by_device.get(view.get("device", ""))
        user = users.get(view.get("user", 0)) or (receipt.actor if receipt else None)
        site = sites.get(view.get("site", 0))
        told.append(
            Told(
                VIEW_WORDS[view["what"]], user.display_name if user else "", _where(device, site),
                datetime.fromisoformat(view["at"]),
                item.operation.moment(receipt.received_at) if receipt else None,
            )
        )  # fmt: skip
    return told


def _where(device: Device | None, site: Site | None) -> str:
    words = [site.name if site else "", f"端末「{device.name}」" if device else "窓口のパソコン"]
    return "　".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class QuarantinedLine:
    """An op that waits: when, what, about whom, by whom; of its photos how many there are, and how many still lie on the
    device."""

    at: datetime
    what: str
    who: str
    by: str
    photos: int = 0
    on_device: int = 0


def quarantined(item: InboxItem) -> list[QuarantinedLine]:
    """What waits behind a quarantine item, in the device's order, or behind one of an op that broke."""
    broken = item.kind == ItemKind.BROKEN_OP
    rows = quarantine.broken_one(item) if broken else quarantine.waiting(item.operation, item.key)
    people = Volunteer.objects.in_bulk(
        {row.op["payload"]["volunteer"] for row in rows if "volunteer" in row.op["payload"]}
    )
    cards = {card.short_code: card for card in _typed_cards(rows, item.operation)}
    needs = _surveyed(rows, item.operation)
    sent = {row.pk: quarantine.photos_of(row) for row in rows}
    came = (
        photos.found(item.operation, {one for each in sent.values() for one in each}, purpose=Purpose.SURVEY)
        if any(sent.values())
        else {}
    )
    return [
        QuarantinedLine(
            row.happened_at, OP_WORDS.get(row.op["kind"], row.op["kind"]), needs.get(row.pk) or _about(row, people, cards),
            row.actor.display_name if row.actor else "", len(sent[row.pk]),
            sum(1 for one in sent[row.pk] if one not in came),
        )
        for row in rows
    ]  # fmt: skip


def _surveyed(rows: Sequence[QuarantinedOp], operation: Operation) -> dict[int, str]:
    """The short code of the request that a survey's op is about, by the row's id. One query, none without a survey."""
    asked = {row.pk: row.op["payload"]["need"] for row in rows if row.op["kind"].startswith("survey.")}
    if not asked:
        return {}
    found = Need.objects.filter(operation=operation, pk__in=asked.values()).values_list("pk", "number")
    numbers = dict(found)
    return {pk: f"N{numbers[need]}" for pk, need in asked.items() if need in numbers}


def _typed_cards(rows: Sequence[QuarantinedOp], operation: Operation) -> Iterable[Card]:
    codes = {row.op["payload"].get("short_code", "") for row in rows}
    return Card.objects.filter(center=operation.center_id, short_code__in=codes).select_related("holder")


def _about(row: QuarantinedOp, people: dict[int, Volunteer], cards: dict[str, Card]) -> str:
    payload = row.op["payload"]
    if row.op["kind"].startswith("tool."):
        return "資機材"
    person = people.get(payload.get("volunteer", 0))
    if person is not None and person.center_id == row.operation.center_id:
        return person.name
    card = cards.get(payload.get("short_code", ""))
    if card is not None and card.holder is not None:
        return card.holder.name
    named = payload.get("name", "") or payload.get("family_name", "")
    return "カードの人" if "card" in payload else named or "－"


@dataclass(frozen=True, slots=True)
class LateDay:
    """The digest of one day: how many facts of it came on a later day, by kind."""

    day: date
    came: date
    counts: list[tuple[str, int]]


def late_day(item: InboxItem) -> LateDay:
    """One query."""
    day, came = (date.fromisoformat(text) for text in item.key.split(":"))
    start = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    rows = Receipt.objects.filter(
        operation=item.operation, happened_at__gte=start, happened_at__lt=start + timedelta(days=1)
    ).exclude(kind="")
    if item.operation.clock_reading is None:
        first = timezone.make_aware(datetime.combine(came, datetime.min.time()))
        rows = rows.filter(received_at__gte=first, received_at__lt=first + timedelta(days=1))
    counts = rows.values_list("kind").annotate(n=Count("pk")).order_by("kind")
    return LateDay(day, came, [(OP_WORDS.get(kind, kind), n) for kind, n in counts if kind in KINDS])


def not_seen_leaving(operation: Operation, *, at: datetime) -> tuple[list[Visit], list[Visit]]:
    """Visits whose leaving nobody recorded: (of days that are over, of today once the work has ended). Two queries."""
    today = timezone.localdate(at)
    rows = Visit.objects.filter(operation=operation).select_related("volunteer", "site")
    work_over = timezone.localtime(at).time() >= operation.work_end
    here = list(rows.present().filter(day=today)) if work_over else []
    return list(rows.not_seen_leaving(today)), here


def nameless_not_seen_leaving(operation: Operation, *, at: datetime) -> list[nameless.Counted]:
    """As `not_seen_leaving`, of people without names. Two queries at most."""
    today = timezone.localdate(at)
    over = not operation.is_open or timezone.localtime(at).time() >= operation.work_end
    return [each for each in nameless.counted(operation, at=at) if each.here and (each.day < today or over)]


def reports(item: InboxItem) -> list[ActivityReport | LaterReport]:
    """Of a TWO_REPORTS item: the report that counts, then the later ones. Two queries."""
    if item.kind != ItemKind.TWO_REPORTS:
        return []
    dispatch = Dispatch.objects.select_related("report").get(pk=item.subjects["dispatch"][0])
    return [dispatch.report, *dispatch.later_reports.all()]


def surveys(item: InboxItem) -> list[tuple[Survey, list[tuple[str, str]]]]:
    """Of a TWO_SURVEYS item: the surveys it is about with what they say, oldest first. One query."""
    if item.kind != ItemKind.TWO_SURVEYS:
        return []
    rows = Survey.objects.filter(pk__in=[view.get("row", 0) for view in item.views]).select_related("need")
    return [(survey, in_words(survey.answers)) for survey in rows]


def loans(item: InboxItem) -> list[Loan]:
    """Of a TOOL_TWICE item: to whom the piece was lent, in the order of lending. One query."""
    rows = Loan.objects.filter(pk__in=item.subjects.get("loan", ()))
    return list(rows.select_related("item", "team__leader", "lent_by", "device").order_by("lent_at", "id"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision or a record of a tablet that was not accepted."""

    receipt: Receipt
    what: str
    title: str
    text: str


def refusals(operation: Operation) -> list[Refusal]:
    """Of the center's tablets, about this operation or none that is known, not dismissed yet, newest first. Two queries."""
    later = HeldOp.objects.filter(operation=operation, result__status="refused")
    ended: dict[Any, dict[str, Any]] = {held.op_id: held.result or {} for held in later}
    rows = (
        Receipt.objects.filter(Q(operation=operation) | Q(operation=None))
        .filter(Q(result__status__in=["refused", "mismatch"]) | Q(op_id__in=ended))
        .filter(device__center=operation.center_id, dismissal=None)
        .exclude(result__code=REFUSED)  # a person has decided that, here
        .select_related("device", "actor")
        .order_by("-id")[:200]
    )
    return [
        Refusal(
            row, OP_WORDS.get(row.kind, "読めない記録"), str(result.get("title", "")), str(result.get("text", ""))
        )
        for row, result in ((row, ended.get(row.op_id, row.result)) for row in rows)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed scan, the words for why, the card's number where one was read, and what to search for."""

    scan: FailedScan
    title: str
    say: str
    code: str
    sought: str


def failed_scans(operation: Operation) -> list[Failed]:
    """Not handled yet, newest first. Two queries."""
    scans = list(
        FailedScan.objects.filter(operation=operation, handled_at__isnull=True).select_related("device")[:200]
    )
    tokens = {scan.raw for scan in scans}
    cards = dict(
        Card.objects.filter(center=operation.center_id, token__in=tokens).values_list("token", "short_code")
    )
    found = []
    for scan in scans:
        words = AT_THE_DESK.get(scan.code) or VERDICTS.get(scan.code, VERDICTS["unreadable"])
        code = cards.get(scan.raw, "")
        found.append(Failed(scan, words.title, words.say, code, code or _sought(scan)))
    return found


def _sought(scan: FailedScan) -> str:
    """What was read or typed; nothing where somebody was picked from a list, whose id says nothing to a search."""
    return "" if scan.code in _PICKED and _AN_ID.fullmatch(scan.raw) else scan.raw
