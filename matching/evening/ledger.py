"""Everyone back? What went out or came in on a day, what of it is back, and each thing that is not, by name and with where
it is settled. Read from reception, rosters, paper, loans and cars as they are now; nothing is stored.

A thing of an earlier day that is still missing is on every later day's list. In each kind: out = back + missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin import nameless
from intake.checkin.models import Visit
from intake.paper.models import PaperPeriod, PaperSheet, SheetKind
from matching.dispatch.models import LIVE, Dispatch, DispatchState
from matching.evening.models import DayClosing, Kind, NamedException
from matching.loans.models import Loan
from matching.teams.models import Member, Ride, Team, TeamState
from matching.trips.models import Run


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not back. `page` with `args` (after the operation's id): where it is settled; `phone`: whom to
    call about it, who is `called`. `count`: how many it stands for; `stage`: of a team, where it is in its day. `excused`:
    what a person said about it."""

    kind: Kind
    key: str
    what: str
    page: str
    args: tuple[int, ...] = ()
    note: str = ""
    called: str = ""
    phone: str = ""
    count: int = 1
    visit: Visit | None = None
    stage: str = ""
    excused: NamedException | None = None

    @property
    def plain(self) -> str:
        """What is missing, without a person's name."""
        return "" if self.visit else self.what


@dataclass(frozen=True, slots=True)
class Tally:
    """One kind in numbers: `out` = `back` + `missing`; `excused` of the missing have a reason."""

    kind: Kind
    out: int
    missing: tuple[Missing, ...]

    @property
    def lacking(self) -> int:
        return sum(one.count for one in self.missing)

    @property
    def back(self) -> int:
        return self.out - self.lacking

    @property
    def excused(self) -> int:
        return sum(one.count for one in self.missing if one.excused)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A day of an operation, kind by kind."""

    day: date
    tallies: tuple[Tally, ...]

    @property
    def missing(self) -> list[Missing]:
        return [one for tally in self.tallies for one in tally.missing]

    @property
    def unexplained(self) -> list[Missing]:
        """What keeps the day from being closed."""
        return [one for one in self.missing if one.excused is None]

    @property
    def excused(self) -> list[Missing]:
        return [one for one in self.missing if one.excused is not None]

    def find(self, key: str) -> Missing | None:
        return next((one for one in self.missing if one.key == key), None)

    def figures(self) -> dict[str, list[int]]:
        """Kind → out, back, missing."""
        return {str(tally.kind): [tally.out, tally.back, tally.lacking] for tally in self.tallies}


@dataclass(slots=True)
class _Found:
    out: int = 0
    missing: list[Missing] = field(default_factory=list)

    def add(self, *missing: Missing) -> None:
        self.missing += missing


def ledger(operation: Operation, *, day: date, at: datetime) -> Ledger:
    """The ledger of `day` (a local day) as it stands at the moment `at`. Some twenty queries, however much is out."""
    excused = {one.key: one for one in NamedException.objects.standing().filter(operation=operation)}
    found = {
        Kind.HEAD: _heads(operation, day, at=at),
        Kind.NAMELESS: _nameless(operation, day, at=at),
        Kind.TEAM: _teams(operation, day),
        Kind.SHEET: _sheets(operation, day),
        Kind.TOOL: _tools(operation, day),
        Kind.VEHICLE: _vehicles(operation, day),
    }
    return Ledger(
        day, tuple(Tally(kind, each.out, _excused(each.missing, excused)) for kind, each in found.items())
    )


def _excused(missing: Iterable[Missing], known: dict[str, NamedException]) -> tuple[Missing, ...]:
    return tuple(_covered(one, known[one.key]) if one.key in known else one for one in missing)


def _covered(one: Missing, said: NamedException) -> Missing:
    return replace(one, excused=said) if said.covers(count=one.count, stage=one.stage) else one


# In a prefecture thousands are missing at once: of each only what its line says is read.
_PERSON: Final = ("family_name", "given_name", "phone")


def _of(path: str) -> list[str]:
    """The columns of a person that a line says, for `only`."""
    return [path, *(f"{path}__{name}" for name in _PERSON)]


def end_of(day: date) -> datetime:
    """The first moment after a local day."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


# ── people ─────────────────────────────────────────────────────────────────────────────────────
def _heads(operation: Operation, day: date, *, at: datetime) -> _Found:
    """Who came that day, and who came earlier and was never seen leaving. Somebody is back when reception has seen them
    leave and no team that is still out has them on its roster: where the two disagree, a person looks."""
    rows = Visit.objects.filter(operation=operation, annulled_at__isnull=True)
    found = _Found(rows.filter(day=day).count())
    joined = Member.objects.filter(team__operation=operation, left_at__isnull=True, joined_at__lt=end_of(day))
    rosters = joined.select_related("team").only("volunteer", "team__number", "team__state")
    on_rosters = {member.volunteer_id: member.team for member in rosters}
    unseen = Q(left_at__isnull=True)
    of_rosters = Exists(joined.filter(visit=OuterRef("pk"), team__state=TeamState.OUT))
    open_visits = (
        rows.filter(unseen | of_rosters, day__lte=day)
        .select_related("volunteer")
        .only("day", "arrived_at", "left_at", *_of("volunteer"))
    )
    listed = timezone.localtime(at).time() >= operation.work_end or day < timezone.localdate(at)
    for visit in open_visits.order_by("arrived_at", "id"):
        found.out += visit.day < day
        found.add(_head(visit, on_rosters.get(visit.volunteer_id), listed=listed))
    return found


def _head(visit: Visit, team: Team | None, *, listed: bool) -> Missing:
    person = visit.volunteer
    words = [f"{timezone.localtime(visit.arrived_at):%-m月%-d日 %-H:%M}に到着"]
    words += [f"{team}（{team.get_state_display()}）"] if team else []
    words += ["受付では帰ったことになっているのに、班は外に出たままです"] if visit.left_at else []
    page = (
        "dispatch_board"
        if team and team.state == TeamState.OUT
        else "unreturned_list"
        if listed
        else "tablet_reception"
    )
    return Missing(
        Kind.HEAD, f"visit:{visit.pk}", f"{person.name}さん", page, note="・".join(words), called="本人",
        phone=person.phone, visit=visit,
    )  # fmt: skip


def _nameless(operation: Operation, day: date, *, at: datetime) -> _Found:
    counted = [each for each in nameless.counted(operation, at=at) if each.day <= day]
    found = _Found(sum(each.came if each.day == day else each.here for each in counted))
    for each in counted:
        if each.here:
            whose = each.group.name if each.group else "団体ではない人"
            leader = each.group.leader if each.group else None
            found.add(
                Missing(
                    Kind.NAMELESS, f"nameless:{each.group_id or 0}:{each.day}", f"{whose} {each.here}人", "group_list",
                    note=f"{timezone.localtime(each.since):%-m月%-d日 %-H:%M}から", called="代表" if leader else "",
                    phone=leader.phone if leader else "", count=each.here,
                )
            )  # fmt: skip
    return found


# ── teams ──────────────────────────────────────────────────────────────────────────────────────
def _teams(operation: Operation, day: date) -> _Found:
    teams = Team.objects.filter(operation=operation, formed_at__lt=end_of(day))
    found = _Found(teams.filter(formed_at__gte=begin_of(day)).exclude(state=TeamState.DISSOLVED).count())
    live = teams.live().select_related("leader").only("number", "state", "formed_at", *_of("leader"))
    visits = Dispatch.objects.filter(operation=operation, state__in=LIVE)
    at_work = {dispatch.team_id: dispatch for dispatch in visits.only("team", "state", "due_back_at")}
    for team in live:
        found.out += team.formed_at < begin_of(day)
        dispatch = at_work.get(team.pk)
        note = "まだ出発していません。行かないときは、派遣を取りやめます"
        if dispatch is not None and dispatch.in_field:
            due = (
                f"（{timezone.localtime(dispatch.due_back_at):%-H:%M}に戻る予定）"
                if dispatch.due_back_at
                else ""
            )
            note = f"外に出ています{due}。現地から直接帰ったときは、全員の無事を確かめて、帰着を記録します"
        found.add(
            Missing(
                Kind.TEAM, f"team:{team.pk}", str(team), "dispatch_detail" if dispatch else "dispatch_board",
                (dispatch.pk,) if dispatch else (), note=note, called="リーダー" if team.leader else "",
                phone=team.leader.phone if team.leader else "", stage=team.state,
            )
        )  # fmt: skip
    return found


# ── paper ──────────────────────────────────────────────────────────────────────────────────────
def _sheets(operation: Operation, day: date) -> _Found:
    found = _orders(operation, day)
    # Blank forms lie in reserve and say nothing of anybody; they count on a day that was written on paper.
    worked_on_paper = PaperPeriod.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=begin_of(day)),
        operation=operation,
        started_at__lt=end_of(day),
    ).exists()
    sheets = PaperSheet.objects.filter(operation=operation, printed_at__lt=end_of(day))
    if not worked_on_paper:
        sheets = sheets.filter(kind=SheetKind.LIST)
    found.out += sheets.filter(printed_at__gte=begin_of(day)).count()
    for sheet in sheets.missing():
        found.out += sheet.printed_at < begin_of(day)
        word = sheet.title or str(SheetKind(sheet.kind).label)
        page = "request_sheets" if sheet.kind == SheetKind.REQUEST else "paper_home"
        note = f"{timezone.localtime(sheet.printed_at):%-m月%-d日 %-H:%M}に印刷"
        found.add(
            Missing(Kind.SHEET, f"paper:{sheet.pk}", f"用紙No.{sheet.serial}「{word}」", page, note=note)
        )
    return found


def _orders(operation: Operation, day: date) -> _Found:
    """Work orders: how many sheets of each team were printed, counted in, or are known to be lost. Two queries."""
    rows = Dispatch.objects.filter(operation=operation, accepted_at__lt=end_of(day), sheets_printed__gt=0)
    today = rows.filter(accepted_at__gte=begin_of(day)).aggregate(sum=Sum("sheets_printed"))["sum"] or 0
    found = _Found(today)
    about = rows.filter(sheets_printed__gt=F("sheets_back") + F("sheets_lost")).select_related("team__leader")
    sheets = ("sheets_printed", "sheets_back", "sheets_lost")
    for dispatch in about.only(
        "serial", "state", "accepted_at", *sheets, "team", "team__number", *_of("team__leader")
    ):
        found.out += dispatch.sheets_out if dispatch.accepted_at < begin_of(day) else 0
        leader = dispatch.team.leader
        note = "取りやめた派遣の依頼書です" if dispatch.state == DispatchState.CANCELLED else ""
        found.add(
            Missing(
                Kind.SHEET, f"order:{dispatch.pk}",
                f"依頼書No.{dispatch.serial}（{dispatch.team}）{dispatch.sheets_out}枚", "dispatch_detail", (dispatch.pk,),
                note=note, called="リーダー" if leader else "", phone=leader.phone if leader else "",
                count=dispatch.sheets_out,
            )
        )  # fmt: skip
    return found


# ── tools and cars ─────────────────────────────────────────────────────────────────────────────
def _tools(operation: Operation, day: date) -> _Found:
    rows = Loan.objects.filter(operation=operation, lent_at__lt=end_of(day), annulled=False)
    lent_today = rows.filter(lent_at__gte=begin_of(day))
    found = _Found(lent_today.aggregate(sum=Sum("count"))["sum"] or 0)
    for loan in rows.open().select_related("item", "team__leader", "operation"):
        found.out += loan.out if loan.lent_at < begin_of(day) else 0
        what = loan.what if loan.item_id else f"{loan.what} × {loan.out}"
        found.add(
            Missing(
                Kind.TOOL, f"loan:{loan.pk}", f"{what}（{loan.team}）" if loan.team else what,
                "team_tools" if loan.team_id else "loan_unreturned", (loan.team_id,) if loan.team_id else (),
                note=f"{loan.who}・{timezone.localtime(loan.lent_at):%-m月%-d日 %-H:%M}から",
                called="リーダー" if loan.team_id else "借りた人", phone=loan.leader_phone, count=loan.out,
            )
        )  # fmt: skip
    return found


def _vehicles(operation: Operation, day: date) -> _Found:
    rows = Ride.objects.filter(
        team__operation=operation, vehicle__isnull=False, team__formed_at__lt=end_of(day)
    ).exclude(team__state=TeamState.DISSOLVED)
    found = _Found(rows.filter(team__formed_at__gte=begin_of(day)).count())
    away = list(
        rows.filter(Q(over_at__isnull=True) | Q(key_missing=True)).select_related("team", "vehicle", "driver")
    )
    visits = Dispatch.objects.filter(team__in=[ride.team_id for ride in away]).order_by("position")
    last_of = {visit.team_id: visit for visit in visits.exclude(state=DispatchState.CANCELLED)}
    for ride in away:
        found.out += ride.team.formed_at < begin_of(day)
        last = last_of.get(ride.team_id)
        why = "かぎがまだです" if ride.key_missing else "まだ戻っていません"
        found.add(
            Missing(
                Kind.VEHICLE, f"ride:{ride.pk}", f"「{ride.vehicle}」（{ride.team}）",
                "dispatch_detail" if last else "dispatch_board", (last.pk,) if last else (),
                note=f"{why}・運転 {ride.driver.name}さん", called="運転した人", phone=ride.driver.phone,
            )
        )  # fmt: skip
    return _runs(operation, day, found)


def _runs(operation: Operation, day: date, found: _Found) -> _Found:
    """Vehicles that are out on a round of their own."""
    runs = Run.objects.filter(operation=operation, day__lte=day, left_at__isnull=False)
    found.out += runs.filter(day=day).count()
    for run in runs.on_the_way().select_related("vehicle", "driver"):
        found.out += run.day < day
        note = f"{timezone.localtime(run.left_at):%-m月%-d日 %-H:%M}に出た便・運転 {run.who}さん"
        found.add(
            Missing(
                Kind.VEHICLE, f"run:{run.pk}", f"「{run.vehicle}」（送迎）", "trip_list", note=note,
                called="運転する人" if run.driver else "", phone=run.driver.phone if run.driver else "",
            )
        )  # fmt: skip
    return found


# ── which day ──────────────────────────────────────────────────────────────────────────────────
LOOK_BACK: Final = timedelta(days=7)


def open_days(operation: Operation, *, at: datetime) -> list[date]:
    """Days of the last week, before today, on which somebody came and which nobody has closed. Two queries."""
    today = timezone.localdate(at)
    came = Visit.objects.filter(
        operation=operation, annulled_at__isnull=True, day__gte=today - LOOK_BACK, day__lt=today
    )
    closed = DayClosing.objects.standing().filter(operation=operation, day__gte=today - LOOK_BACK)
    days = set(came.order_by().values_list("day", flat=True).distinct())
    return sorted(days - set(closed.values_list("day", flat=True)))


def is_closed(operation: Operation, day: date) -> bool:
    """Whether somebody has closed this day, and nobody opened it again. One query."""
    return DayClosing.objects.standing().filter(operation=operation, day=day).exists()
