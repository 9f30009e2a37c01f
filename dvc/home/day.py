"""Where am I in the day, and what comes next? Counts and one sentence, read from everything below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin import nameless
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState
from matching.dispatch.models import IN_FIELD, Dispatch, DispatchState
from matching.evening.ledger import is_closed
from matching.proposals.models import Proposal
from matching.teams.models import Member

UNREAD = (NeedState.RECEIVED, NeedState.TRIAGE)
SURVEY = (NeedState.SURVEY_WAIT, NeedState.SURVEYED)
WAITING = (NeedState.READY, NeedState.CONTINUING)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The day in numbers, at one moment: people and teams of the local day, needs of the whole operation.
    `nameless_earlier` of those who are here came before midnight."""

    arrived: int
    present: int
    not_briefed: int
    free: int
    needs_unread: int
    needs_survey: int
    needs_waiting: int
    needs_done_today: int
    proposals: int
    teams_to_leave: int
    teams_out: int
    teams_overdue: int
    teams_back: int
    work_over: bool
    day_closed: bool
    nameless_came: int
    nameless_here: int
    nameless_earlier: int

    @property
    def arrived_note(self) -> str:
        more = f"、ほかに名前のない人 {self.nameless_came}人" if self.nameless_came else ""
        return f"今日の受付 {self.arrived}人{more}"

    @property
    def unread_tone(self) -> str:
        """The css tone of the tile of requests nobody has read."""
        return "warn" if self.needs_unread else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the day. `state` is "done", "now" or "later"; `page` is a URL name."""

    name: str
    note: str
    page: str
    state: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next: a sentence, the word on the button, and the page (a URL name) it leads to."""

    text: str
    label: str
    page: str


def numbers(operation: Operation, *, at: datetime) -> Numbers:
    """Six queries; one more when the day's work is over, up to two more while people are here whose names nobody has."""
    day = timezone.localtime(at).date()
    work_over = timezone.localtime(at).time() >= operation.work_end
    here = Q(left_at__isnull=True, unreturned_at__isnull=True)
    visits = Visit.objects.filter(operation=operation, annulled_at__isnull=True).aggregate(
        arrived=Count("id", filter=Q(day=day)),
        present=Count("id", filter=here),
        not_briefed=Count("id", filter=here & Q(oriented_at__isnull=True)),
    )
    busy = Member.objects.filter(
        team__operation=operation, left_at__isnull=True, visit__left_at__isnull=True
    ).count()
    needs = Need.objects.filter(operation=operation).aggregate(
        unread=Count("id", filter=Q(state__in=UNREAD)),
        survey=Count("id", filter=Q(state__in=SURVEY)),
        waiting=Count("id", filter=Q(state__in=WAITING)),
        done=Count("id", filter=Q(state=NeedState.COMPLETED, touched_at__date=day)),
    )
    teams = Dispatch.objects.filter(operation=operation).aggregate(
        to_leave=Count("id", filter=Q(state=DispatchState.ACCEPTED)),
        out=Count("id", filter=Q(state__in=IN_FIELD)),
        overdue=Count("id", filter=Q(state__in=IN_FIELD, due_back_at__lt=at)),
        back=Count("team", filter=Q(state=DispatchState.BACK, returned_at__date=day), distinct=True),
    )
    without_names = nameless.figures(operation, at=at)
    return Numbers(
        arrived=visits["arrived"],
        present=visits["present"],
        not_briefed=visits["not_briefed"] if operation.orientation_required else 0,
        free=max(0, visits["present"] - busy),
        needs_unread=needs["unread"],
        needs_survey=needs["survey"],
        needs_waiting=needs["waiting"],
        needs_done_today=needs["done"],
        proposals=Proposal.objects.filter(operation=operation).on_offer(at).count(),
        teams_to_leave=teams["to_leave"],
        teams_out=teams["out"],
        teams_overdue=teams["overdue"],
        teams_back=teams["back"],
        nameless_came=without_names.came,
        nameless_here=without_names.here,
        nameless_earlier=without_names.earlier,
        work_over=work_over,
        day_closed=work_over and is_closed(operation, day),
    )


def steps(operation: Operation, now: Numbers) -> list[Step]:
    """The stations of the day in order, with what each has in hand. "now" is where the most pressing thing
    waits; a station before it is "done" when nothing waits there.
    """
    opening = "開設しています" if operation.is_open else "まだ開設していません"
    stations = [
        ("準備", opening, "operation_list", not operation.is_open),
        ("受付", f"今日 {now.arrived}人", "tablet_reception", now.arrived == 0),
        ("説明", f"これから {now.not_briefed}人", "tablet_reception", now.not_briefed > 0),
        ("困りごと", f"未確認 {now.needs_unread}件", "need_list", now.needs_unread > 0),
        ("マッチング", f"提案 {now.proposals}件", "matching_board", now.proposals > 0 or _can_match(now)),
        ("送り出し", f"出発前 {now.teams_to_leave}", "dispatch_board", now.teams_to_leave > 0),
        ("活動", f"現地に {now.teams_out}班", "dispatch_board", now.teams_out > 0),
        ("しめ", f"帰ったのは {now.teams_back}班", "evening", not now.day_closed),
    ]
    if not operation.orientation_required:
        del stations[2]
    here = next((s.station for s in _situations(operation, now) if s.true), "マッチング")
    current = [name for name, *_ in stations].index(here)
    return [
        Step(name, note, page, "now" if i == current else "done" if i < current and not waits else "later")
        for i, (name, note, page, waits) in enumerate(stations)
    ]


def advice(operation: Operation, now: Numbers, *, allowed: frozenset[str]) -> Advice | None:
    """The most pressing thing this person may do. None when nothing waits for them."""
    for situation in _situations(operation, now):
        if situation.true and situation.page in allowed:
            return Advice(situation.text, situation.label, situation.page)
    return None


@dataclass(frozen=True, slots=True)
class _Situation:
    true: bool
    station: str
    page: str
    label: str
    text: str


def _situations(operation: Operation, now: Numbers) -> list[_Situation]:
    """Most pressing first."""
    day_over = now.work_over and now.teams_out == 0 and now.arrived > 0
    return [
        _Situation(
            now.teams_overdue > 0,
            "活動",
            "dispatch_board",
            "班を見る",
            f"戻りの時刻を過ぎた班が{now.teams_overdue}つあります。"
            "リーダーに電話して、安否を確かめてください。",
        ),
        _Situation(
            not operation.is_open,
            "準備",
            "operation_list",
            "開設する",
            "いまは開設していません。準備ができたら開設してください。",
        ),
        _Situation(
            day_over and now.present > 0,
            "しめ",
            "tablet_reception",
            "受付を開く",
            f"作業の時間が終わりました。帰りの受付がまだの人が{now.present}人います。",
        ),
        _Situation(
            day_over and not now.day_closed,
            "しめ",
            "evening",
            "一日を閉じる",
            "今日の活動は終わりました。人・紙・資機材・車が全部戻ったかを確かめて、一日を閉じてください。",
        ),
        _Situation(
            day_over,
            "しめ",
            "need_list",
            "困りごとを見る",
            "今日は閉じました。夕礼をして、待っている困りごとと明日の準備を確かめてください。",
        ),
        _Situation(
            now.proposals > 0,
            "マッチング",
            "matching_board",
            "提案を見る",
            f"班の提案が{now.proposals}件あります。内容を見て、決めるか見送るかを選んでください。",
        ),
        _Situation(
            now.teams_to_leave > 0,
            "送り出し",
            "dispatch_board",
            "送り出す",
            f"出発を待つ班が{now.teams_to_leave}つあります。出発前の確認をして、送り出してください。",
        ),
        _Situation(
            now.not_briefed > 0,
            "説明",
            "tablet_reception",
            "受付を開く",
            f"説明（オリエンテーション）がまだの人が{now.not_briefed}人います。"
            "説明が終わったら記録してください。",
        ),
        _Situation(
            now.needs_unread > 0,
            "困りごと",
            "need_list",
            "困りごとを見る",
            f"確認していない困りごとが{now.needs_unread}件あります。"
            "読んで、調査かマッチングへ回してください。",
        ),
        _Situation(
            _can_match(now),
            "マッチング",
            "matching_board",
            "マッチングを開く",
            f"手があいている人が{now.free}人、待っている困りごとが{now.needs_waiting}件あります。"
            "班を組んでください。",
        ),
        _Situation(
            now.teams_out > 0,
            "活動",
            "dispatch_board",
            "班を見る",
            f"活動している班は、{now.teams_out}班です。"
            "帰ってきたら、まずねぎらって体調を聞き、それから帰着を記録してください。",
        ),
        _Situation(
            now.present == 0,
            "受付",
            "tablet_reception",
            "受付をはじめる",
            "来た人のカードを読み取って、受付をはじめてください。",
        ),
        _Situation(
            now.needs_waiting == 0,
            "困りごと",
            "need_list",
            "困りごとを登録する",
            "マッチングを待つ困りごとはありません。電話や窓口で聞いたことを登録してください。",
        ),
    ]


def _can_match(now: Numbers) -> bool:
    return now.needs_waiting > 0 and now.free > 0
