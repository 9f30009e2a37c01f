"""Where am I in the day, and what comes next? Counts and one sentence, read from everything below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState
from matching.dispatch.models import IN_FIELD, Dispatch, DispatchState
from matching.proposals.models import Proposal
from matching.teams.models import Member

UNREAD = (NeedState.RECEIVED, NeedState.TRIAGE)
SURVEY = (NeedState.SURVEY_WAIT, NeedState.SURVEYED)
WAITING = (NeedState.READY, NeedState.CONTINUING)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The day in numbers, at one moment: people and teams of the local day, needs of the whole operation."""

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

    @property
    def arrived_note(self) -> str:
        return f"今日の受付 {self.arrived}人"

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
    """Five queries."""
    day = timezone.localtime(at).date()
    here = Q(left_at__isnull=True)
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
        back=Count("id", filter=Q(state=DispatchState.BACK, returned_at__date=day)),
    )
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
    )


def steps(operation: Operation, now: Numbers) -> list[Step]:
    """The stations of the day in order, with what each has in hand. The first with work waiting is "now"."""
    opening = "開設しています" if operation.is_open else "まだ開設していません"
    waiting = [
        ("準備", opening, "operation_list", not operation.is_open),
        ("受付", f"今日 {now.arrived}人", "tablet_reception", now.arrived == 0),
        ("説明", f"これから {now.not_briefed}人", "tablet_reception", now.not_briefed > 0),
        ("マッチング", f"提案 {now.proposals}件", "matching_board", now.proposals > 0 or _can_match(now)),
        ("送り出し", f"出発前 {now.teams_to_leave}チーム", "dispatch_board", now.teams_to_leave > 0),
        ("活動", f"現地 {now.teams_out}チーム", "dispatch_board", now.teams_out > 0),
        ("しめ", f"帰着 {now.teams_back}チーム", "operation_close", True),
    ]
    if not operation.orientation_required:
        del waiting[2]
    current = next(index for index, entry in enumerate(waiting) if entry[3])
    return [
        Step(name, note, page, "now" if index == current else "done" if index < current else "later")
        for index, (name, note, page, _) in enumerate(waiting)
    ]


def advice(operation: Operation, now: Numbers, *, allowed: frozenset[str]) -> Advice | None:
    """The most pressing thing this person may do. None when nothing waits for them."""
    for true, text, label, page in _situations(operation, now):
        if true and page in allowed:
            return Advice(text, label, page)
    return None


def _situations(operation: Operation, now: Numbers) -> list[tuple[bool, str, str, str]]:
    """Most pressing first."""
    return [
        (
            now.teams_overdue > 0,
            f"戻りの時刻を過ぎたチームが{now.teams_overdue}つあります。リーダーに電話して、安否を確かめてください。",
            "チームを見る",
            "dispatch_board",
        ),
        (
            not operation.is_open,
            "まだ開設していません。準備ができたら開設してください。",
            "開設する",
            "operation_list",
        ),
        (
            now.proposals > 0,
            f"チームの提案が{now.proposals}件あります。内容を見て、決めるか見送るかを選んでください。",
            "提案を見る",
            "matching_board",
        ),
        (
            now.teams_to_leave > 0,
            f"出発を待つチームが{now.teams_to_leave}つあります。出発前の確認をして、送り出してください。",
            "送り出す",
            "dispatch_board",
        ),
        (
            now.not_briefed > 0,
            f"説明（オリエンテーション）がまだの人が{now.not_briefed}人います。説明が終わったら記録してください。",
            "受付を開く",
            "tablet_reception",
        ),
        (
            now.needs_unread > 0,
            f"確認していない困りごとが{now.needs_unread}件あります。読んで、調査かマッチングへ回してください。",
            "困りごとを見る",
            "need_list",
        ),
        (
            _can_match(now),
            f"手の空いている人が{now.free}人、待っている困りごとが{now.needs_waiting}件あります。チームを組んでください。",
            "マッチングを開く",
            "matching_board",
        ),
        (
            now.teams_out > 0,
            f"{now.teams_out}チームが活動しています。帰ってきたら、まず「おつかれさま」と体調の確認をして、帰着を記録してください。",
            "チームを見る",
            "dispatch_board",
        ),
        (
            now.present == 0,
            "来た人のカードを読み取って、受付をはじめてください。",
            "受付をはじめる",
            "tablet_reception",
        ),
        (
            now.needs_waiting == 0,
            "マッチングを待つ困りごとはありません。電話や窓口で聞いたことを登録してください。",
            "困りごとを登録する",
            "need_list",
        ),
    ]


def _can_match(now: Numbers) -> bool:
    return now.needs_waiting > 0 and now.free > 0
