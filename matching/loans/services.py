"""Lend and take back. Lending at a desk with a network is a decision and may be refused: what is out cannot be lent
twice, and no more than is there. What a tablet recorded without one has happened: it is kept, and what does not agree is
`disputed`. Giving back is always a fact, told in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from dvc.operations.services import require_open
from intake.help_requests.models import Tool
from matching.equipment import services as equipment
from matching.equipment import stock
from matching.equipment.models import Condition, ToolItem
from matching.loans import queries
from matching.loans.models import GiveBack, Loan, Outcome
from matching.teams.models import Team, TeamState

MOST: Final = 500  # of one tool in one loan
# Two tablets' corrected clocks may differ by so much: what came back a moment "before" it went out had gone out.
SKEW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Borrower:
    """A team, or a person with what they need it for."""

    team: Team | None = None
    person: str = ""
    phone: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lent:
    """What became of a lending that happened. `changed`: it was not known; `others`: open loans of the same piece that
    do not agree with it; `raised`: by how much the counted stock was too small; `was`: how the piece was until then."""

    loan: Loan
    changed: bool
    others: tuple[Loan, ...] = ()
    raised: int = 0
    was: Condition = Condition.FINE


@dataclass(frozen=True, slots=True)
class Given:
    """`loans` a give-back answered to; `unknown`: how many pieces no loan is known of."""

    loans: tuple[Loan, ...]
    unknown: int
    changed: bool = True


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def lend(
    operation: Operation,
    borrower: Borrower,
    *,
    site: Site,
    by: By,
    at: datetime,
    counts: Mapping[str, int] | None = None,
    items: Sequence[ToolItem] = (),
    token: UUID | None = None,
) -> list[Loan]:
    """Hand over everything, or nothing. `token`: the form this came from; sent twice, it is lent once.

    Raises `Refused`: loan.borrower, loan.nothing, loan.count, loan.not_enough, loan.item_out, loan.item_broken,
    loan.team_over, operation.closed.
    """
    require_open(operation)
    _check_borrower(borrower)
    wanted = {tool: count for tool, count in (counts or {}).items() if count}
    if not wanted and not items:
        raise Refused("loan.nothing")
    # In one order for everybody: two desks that lend the same things then wait for one another and never dead-lock.
    counted = [
        _lend_counted(operation, borrower, tool, wanted[tool], site=site, by=by, at=at, token=token)
        for tool in sorted(wanted)
    ]
    pieces = [
        _lend_item(operation, borrower, item, by=by, at=at, token=token)
        for item in sorted(items, key=lambda one: one.pk)
    ]
    return counted + pieces


def _check_borrower(borrower: Borrower) -> None:
    if borrower.team is None and not (borrower.person.strip() and borrower.reason.strip()):
        raise Refused("loan.borrower")
    if borrower.team is not None and borrower.team.state == TeamState.DISSOLVED:
        raise Refused("loan.team_over", number=borrower.team.number)


def _lend_counted(
    operation: Operation, borrower: Borrower, tool: str, count: int, *, site: Site, by: By, at: datetime,
    token: UUID | None,
) -> Loan:  # fmt: skip
    if tool not in Tool.values:
        raise Refused("equipment.unknown_tool")
    if not 1 <= count <= MOST:
        raise Refused("loan.count", tool=Tool(tool).label, most=MOST)
    op = uuid5(token, tool) if token else None
    stock.hold(operation, site, tool)
    known = Loan.objects.filter(op=op).first() if op else None
    if known is not None:
        return known
    if not stock.take(operation, site, tool, count):
        row = stock.row(operation, site, tool).first()
        raise Refused(
            "loan.not_enough", tool=Tool(tool).label, site=site.name, left=row.free if row else 0,
            rest=queries.whereabouts(operation, tool, but=site),
        )  # fmt: skip
    return _create(operation, borrower, site=site, tool=tool, count=count, item=None, by=by, at=at, op=op)


def _lend_item(
    operation: Operation, borrower: Borrower, item: ToolItem, *, by: By, at: datetime, token: UUID | None
) -> Loan:
    op = uuid5(token, item.card_id) if token else None
    fresh = _lock(item)
    known = Loan.objects.filter(op=op).first() if op else None
    if known is not None:
        return known
    if fresh.condition != Condition.FINE:
        raise Refused(
            "loan.item_broken", item=str(fresh), condition=Condition(fresh.condition).label,
            note=fresh.condition_note or "理由の記録なし",
        )  # fmt: skip
    try:
        with transaction.atomic():
            return _create(
                operation,
                borrower,
                site=fresh.site,
                tool=fresh.tool,
                count=1,
                item=fresh,
                by=by,
                at=at,
                op=op,
            )
    except IntegrityError:  # one_open_loan_per_item
        raise _is_out(fresh) from None


def _is_out(item: ToolItem) -> Refused:
    has = Loan.objects.of_item(item.pk).select_related("team__leader").first()
    if has is None:
        return Refused("loan.item_out", item=str(item), since="さきほど", who="ほかの班")
    leader = f"（リーダー {has.team.leader.name}さん）" if has.team and has.team.leader else ""
    since = f"{timezone.localtime(has.lent_at):%-H:%M}"
    return Refused("loan.item_out", item=str(item), since=since, who=f"{has.who}{leader}")


# ── facts ──────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def record_lent(
    operation: Operation,
    borrower: Borrower,
    *,
    site: Site,
    by: By,
    at: datetime,
    op: UUID,
    tool: str = "",
    count: int = 1,
    item: ToolItem | None = None,
) -> Lent:
    """Somebody has handed it over, off-line perhaps hours ago: `item`, or `count` of `tool`. Never refused. What came
    back after it, and had no loan to answer to, answers to this one now."""
    known = Loan.objects.filter(op=op).select_related("item").first()
    if known is not None:
        return Lent(known, changed=False)
    if item is None:
        raised = stock.take_anyway(operation, site, tool, count)
        if raised:
            record(
                "equipment.stock_raised", site, by=by, at=at, operation=operation, tool=tool, by_how_many=raised
            )  # fmt: skip
        loan = _create(operation, borrower, site=site, tool=tool, count=count, item=None, by=by, at=at, op=op)
        _answered_before(loan, by=by)
        return Lent(loan, changed=True, raised=raised)
    fresh = _lock(item)
    was = Condition(fresh.condition)
    loan = _create(
        operation, borrower, site=fresh.site, tool=fresh.tool, count=1, item=fresh, by=by, at=at, op=op, disputed=True
    )  # fmt: skip
    if was == Condition.LOST:  # whoever lends it has found it
        equipment.set_condition(fresh, Condition.FINE, by=by, at=at)
    _answered_before(loan, by=by)
    _settle(fresh)
    loan.refresh_from_db()
    others = () if loan.closed_at else tuple(_others(loan))
    if others:
        record(
            "loan.disputed",
            fresh,
            by=by,
            at=at,
            operation=operation,
            loans=sorted([loan.pk, *(o.pk for o in others)]),
        )
    return Lent(loan, changed=True, others=others, was=was)


@transaction.atomic
def give_back(
    operation: Operation,
    *,
    by: By,
    at: datetime,
    tool: str = "",
    count: int = 1,
    item: ToolItem | None = None,
    team: Team | None = None,
    outcome: Outcome = Outcome.FINE,
    note: str = "",
    op: UUID | None = None,
) -> Given:
    """`item`, or `count` of `tool` from `team`, came back or will not (`outcome`). A fact: what no loan is known of is
    kept for the loan that may come. The same `op` again changes nothing."""
    if op is not None and GiveBack.objects.filter(op=op).exists():
        return Given((), 0, changed=False)
    if item is not None:
        return _give_back_item(operation, item, outcome=outcome, note=note, by=by, at=at, op=op)
    loans = Loan.objects.open().filter(operation=operation, team=team, tool=tool, item__isnull=True)
    left = count
    answered = []
    for loan in (
        loans.filter(lent_at__lte=at + SKEW).select_for_update(of=("self",)).order_by("lent_at", "id")
    ):
        part = min(left, loan.count - loan.back)
        if part:
            _account(loan, part, outcome=outcome, note=note, by=by, at=at, op=op)
            answered.append(loan)
            left -= part
    if left:
        _keep_unanswered(
            operation, tool=tool, team=team, count=left, outcome=outcome, note=note, by=by, at=at, op=op
        )
    return Given(tuple(answered), left)


@transaction.atomic
def give_back_loan(
    loan: Loan,
    *,
    count: int,
    outcome: Outcome,
    by: By,
    at: datetime,
    note: str = "",
    token: UUID | None = None,
) -> None:
    """`count` of what was lent, at the desk. Raises `Refused`: loan.over, loan.too_many_back."""
    if loan.item is not None:  # the piece before its loans, as everybody: nobody waits for one another
        _lock(loan.item)
    fresh = Loan.objects.select_for_update(of=("self",)).select_related("item").get(pk=loan.pk)
    if token is not None and GiveBack.objects.filter(op=token, loan=loan).exists():
        return
    if fresh.closed_at is not None:
        raise Refused("loan.over")
    if not 1 <= count <= fresh.out:
        raise Refused("loan.too_many_back", tool=fresh.what, out=fresh.out)
    if fresh.item is not None:
        _give_back_item(fresh.operation, fresh.item, outcome=outcome, note=note, by=by, at=at, op=token)
    else:
        _account(fresh, count, outcome=outcome, note=note, by=by, at=at, op=token)
    loan.refresh_from_db()


@dataclass(frozen=True, slots=True)
class Back:
    """Of a `tool`, or of one piece, `came` are here; `rest` says what became of those that are not (None: nothing is
    known, they are still out)."""

    tool: str
    came: int
    rest: Outcome | None = None
    item: ToolItem | None = None


@transaction.atomic
def take_back_all(team: Team, told: Sequence[Back], *, by: By, at: datetime) -> None:
    """The team is back and hands over what it has. What it is told to have is counted now: what another desk took back
    meanwhile is not missing.

    Raises `Refused`: loan.too_many_back, loan.reason_needed.
    """
    for item in sorted((line.item for line in told if line.item), key=lambda one: one.pk):
        _lock(item)
    # Two desks that take back from one team do so one after the other, and the second counts what the first has left.
    held = Loan.objects.open().filter(team=team).select_for_update(of=("self",)).order_by("pk")
    has = [loan for loan in held if loan.out]
    for line in told:
        piece = line.item.pk if line.item else None
        out = sum(loan.out for loan in has if loan.tool == line.tool and loan.item_id == piece)
        if not out:
            continue
        short = out - line.came
        if line.came < 0 or short < 0:
            raise Refused("loan.too_many_back", tool=line.item or Tool(line.tool).label, out=out)
        if short and line.rest in (None, Outcome.FINE):
            raise Refused("loan.reason_needed")
        for count, became in ((line.came, Outcome.FINE), (short, line.rest)):
            if count and became is not None:
                give_back(
                    team.operation, tool=line.tool, count=count, item=line.item, team=team, outcome=became, by=by, at=at
                )  # fmt: skip


@transaction.atomic
def annul(loan: Loan, *, by: By, at: datetime) -> bool:
    """The lending was recorded by mistake: nothing of it ever left. What came back of it meanwhile stands. False when it
    is over already."""
    fresh = (
        Loan.objects.select_for_update(of=("self",))
        .select_related("item", "site", "operation")
        .get(pk=loan.pk)
    )
    if fresh.closed_at is not None:
        return False
    if fresh.item is None:
        stock.put_back(fresh.operation, fresh.site, fresh.tool, fresh.out)
    fresh.closed_at, fresh.annulled, fresh.left = at, True, 0
    fresh.save(update_fields=["closed_at", "annulled", "left"])
    record(
        "loan.annulled", fresh, by=by, at=at, operation=fresh.operation, tool=fresh.tool, count=fresh.count
    )
    if fresh.item is not None:
        _settle(fresh.item)
    return True


@transaction.atomic
def reopen(give_backs: Sequence[GiveBack], *, by: By, at: datetime) -> bool:
    """A give-back was recorded by mistake: what it closed is out again. Of what came back broken or is lost a person
    says what it is. False when nothing of it stands."""
    changed = False
    for row in give_backs:
        changed = True
        GiveBack.objects.filter(pk=row.pk).delete()
        if row.loan_id is not None:
            _out_again(Loan.objects.select_for_update(of=("self",)).get(pk=row.loan_id), row, by=by, at=at)
    return changed


def _out_again(loan: Loan, row: GiveBack, *, by: By, at: datetime) -> None:
    if row.outcome == Outcome.LEFT:
        loan.left = max(0, loan.left - row.count)
        loan.save(update_fields=["left"])
    elif loan.item is not None:
        Loan.objects.filter(pk=loan.pk).update(back=0, closed_at=None, disputed=True)
        _settle(_lock(loan.item))
    else:
        Loan.objects.filter(pk=loan.pk).update(back=loan.back - row.count, closed_at=None)
        broken = row.count if row.outcome == Outcome.BROKEN else 0
        lost = row.count if row.outcome == Outcome.LOST else 0
        stock.out_again(loan.operation, loan.site, loan.tool, row.count, broken=broken, lost=lost)
    record("loan.out_again", loan, by=by, at=at, operation=loan.operation, tool=loan.tool, count=row.count)


@transaction.atomic
def set_condition(item: ToolItem, condition: Condition, *, note: str, by: By, at: datetime) -> None:
    """`equipment.set_condition` of a piece that is held, so that nobody lends it meanwhile. Raises `Refused`: those."""
    lent = Loan.objects.of_item(_lock(item).pk).exists()
    equipment.set_condition(item, condition, note=note, lent=lent, by=by, at=at)


# ── a piece that was lent twice ────────────────────────────────────────────────────────────────
def disputing(item: ToolItem) -> list[Loan]:
    """Open loans of a piece that was lent more than once, in the order they were lent; none when all is clear."""
    loans = list(Loan.objects.of_item(item.pk).select_related("team__leader", "lent_by", "device", "item"))
    return loans if len(loans) > 1 else []


@transaction.atomic
def has_it(keep: Loan, *, by: By, at: datetime) -> None:
    """A person knows who has the piece. Loans before that one had ended without a record; loans after it were none.

    Raises `Refused`: loan.over.
    """
    assert keep.item is not None
    _lock(keep.item)
    loans = list(Loan.objects.of_item(keep.item.pk).select_for_update(of=("self",)))
    if keep not in loans:
        raise Refused("loan.over")
    place = loans.index(keep)
    for loan in loans[:place]:
        _account(loan, 1, outcome=Outcome.FINE, note="返却の記録もれ", by=by, at=keep.lent_at, op=None)
    for loan in loans[place + 1 :]:
        annul(loan, by=by, at=at)
    _settle(keep.item)


def _settle(item: ToolItem) -> None:
    """The loan that was lent first stands undisputed, the others are disputed, in whatever order they were told.

    First all step back: two undisputed ones may not exist even for a moment.
    """
    loans = list(Loan.objects.of_item(item.pk))
    later = [loan.pk for loan in loans[1:]]
    Loan.objects.filter(pk__in=later, disputed=False).update(disputed=True)
    if loans and loans[0].disputed:
        Loan.objects.filter(pk=loans[0].pk).update(disputed=False)


def _others(loan: Loan) -> list[Loan]:
    assert loan.item_id is not None
    related = Loan.objects.of_item(loan.item_id).select_related("team__leader", "lent_by", "device")
    return list(related.exclude(pk=loan.pk))


def _lock(item: ToolItem) -> ToolItem:
    """The piece as it is now, held: whoever lends or takes it back waits here."""
    rows = ToolItem.objects.select_for_update(of=("self",)).select_related("site", "operation__center")
    return rows.get(pk=item.pk)


# ── one step ───────────────────────────────────────────────────────────────────────────────────
def _create(
    operation: Operation, borrower: Borrower, *, site: Site, tool: str, count: int, item: ToolItem | None, by: By,
    at: datetime, op: UUID | None, disputed: bool = False,
) -> Loan:  # fmt: skip
    made = Loan.objects.create(
        operation=operation, site=site, tool=tool, item=item, count=count, team=borrower.team,
        person="" if borrower.team else borrower.person.strip()[:60],
        phone="" if borrower.team else borrower.phone.strip()[:20],
        reason=borrower.reason.strip()[:120], lent_at=at, lent_by=by.user, device=by.device, op=op, disputed=disputed,
    )  # fmt: skip
    record(
        "loan.lent", made, by=by, at=at, operation=operation, tool=tool, count=count, team=made.team_id,
        item=made.item_id,
    )  # fmt: skip
    return made


def _give_back_item(
    operation: Operation,
    item: ToolItem,
    *,
    outcome: Outcome,
    note: str,
    by: By,
    at: datetime,
    op: UUID | None,
) -> Given:
    """The piece is here (or broken, or lost): nobody has it any more who had it before."""
    fresh = _lock(item)
    loans = list(Loan.objects.of_item(item.pk).filter(lent_at__lte=at + SKEW).select_for_update(of=("self",)))
    for loan in loans:
        _account(loan, 1, outcome=outcome, note=note, by=by, at=at, op=op)
    if not loans:
        _keep_unanswered(
            operation, tool=item.tool, item=item, count=1, outcome=outcome, note=note, by=by, at=at, op=op
        )
    _condition_after(fresh, outcome, note=note, by=by, at=at)
    _settle(fresh)
    return Given(tuple(loans), 0 if loans else 1)


def _condition_after(item: ToolItem, outcome: Outcome, *, note: str, by: By, at: datetime) -> None:
    if item.condition == Condition.RETIRED:
        return
    if outcome == Outcome.BROKEN:
        equipment.set_condition(item, Condition.BROKEN, note=note or "こわれて返った", by=by, at=at)
    elif outcome == Outcome.LOST:
        equipment.set_condition(
            item, Condition.LOST, note=note or "返却のとき、なくしたと聞いた", by=by, at=at
        )
    elif outcome == Outcome.FINE and item.condition == Condition.LOST:
        equipment.set_condition(item, Condition.FINE, by=by, at=at)


def _account(
    loan: Loan, count: int, *, outcome: Outcome, note: str, by: By, at: datetime, op: UUID | None
) -> None:
    """`count` of an open loan, held, are accounted for."""
    if outcome == Outcome.LEFT:
        loan.left = min(loan.count - loan.back, max(loan.left, count))
    else:
        loan.back += count
        loan.left = min(loan.left, loan.count - loan.back)
        if loan.back == loan.count:
            loan.closed_at = max(at, loan.lent_at)
        if loan.item_id is None:
            stock.put_back(
                loan.operation, loan.site, loan.tool, count,
                broken=count if outcome == Outcome.BROKEN else 0, lost=count if outcome == Outcome.LOST else 0,
            )  # fmt: skip
    loan.save(update_fields=["left", "back", "closed_at"])
    GiveBack.objects.create(
        operation=loan.operation, loan=loan, tool=loan.tool, item=loan.item, team=loan.team, count=count, outcome=outcome,
        note=note.strip()[:120], at=at, by=by.user, op=op,
    )  # fmt: skip
    record(
        "loan.given_back", loan, by=by, at=at, operation=loan.operation, tool=loan.tool, count=count,
        outcome=str(outcome), team=loan.team_id, item=loan.item_id,
    )  # fmt: skip


def _keep_unanswered(
    operation: Operation, *, tool: str, count: int, outcome: Outcome, note: str, by: By, at: datetime, op: UUID | None,
    item: ToolItem | None = None, team: Team | None = None,
) -> None:  # fmt: skip
    made = GiveBack.objects.create(
        operation=operation, tool=tool, item=item, team=team, count=count, outcome=outcome, note=note.strip()[:120], at=at,
        by=by.user, op=op,
    )  # fmt: skip
    record(
        "loan.given_back_unknown", made, by=by, at=at, operation=operation, tool=tool, count=count,
        team=team.pk if team else None, item=item.pk if item else None,
    )  # fmt: skip


def _answered_before(loan: Loan, *, by: By) -> None:
    """Give-backs that were told before this loan, and happened after it, answer to it."""
    told = GiveBack.objects.filter(operation=loan.operation, at__gte=loan.lent_at - SKEW)
    if loan.item_id is not None:
        # A piece that was at a desk then was with nobody, whichever loan that give-back answered to first.
        here = told.filter(item=loan.item).exclude(outcome=Outcome.LEFT).order_by("at", "id").first()
        if here is not None:
            _account(loan, 1, outcome=Outcome(here.outcome), note=here.note, by=by, at=here.at, op=here.op)
            told.filter(pk=here.pk, loan__isnull=True).delete()
        return
    mine = told.filter(loan__isnull=True, item__isnull=True, team=loan.team, tool=loan.tool)
    for row in mine.select_for_update(of=("self",)).order_by("at", "id"):
        part = min(row.count, loan.count - loan.back)
        if not part:
            return
        _account(loan, part, outcome=Outcome(row.outcome), note=row.note, by=by, at=row.at, op=row.op)
        if part == row.count:
            row.delete()
        else:
            row.count -= part
            row.save(update_fields=["count"])
