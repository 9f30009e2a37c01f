"""What a drill's debrief (ふりかえり) is held over: how long each procedure took, what went otherwise than planned, and what
happened hour by hour. Read from the rows of a real day, so players and staff count alike; no names, and nothing is stored.

The figures are about procedures. How much was done says nothing about how well (domain.md §7.3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median_low
from typing import Final

from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import Visit, VisitFlag
from intake.help_requests.models import Need, NeedState
from matching.control.recalls import Reach, reach
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState, Outcome
from matching.safety.models import Recall
from matching.teams.models import Clash, Member

# The stations of a center, in the order in which somebody passes through them: one line each on the sheet to write on.
STATIONS: Final = (
    "受付", "説明", "困りごとの電話", "マッチング", "送り出し・帰着", "資機材", "本部・連絡",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Took:
    """How long one procedure took: `minutes` in whole minutes, ascending, one for each time; empty when it never happened."""

    what: str
    minutes: tuple[int, ...]

    @property
    def times(self) -> int:
        return len(self.minutes)

    @property
    def median(self) -> int | None:
        return median_low(self.minutes) if self.minutes else None

    @property
    def nine_in_ten(self) -> int | None:
        """So long or less it took nine times in ten."""
        return self.minutes[ceil(0.9 * len(self.minutes)) - 1] if self.minutes else None

    @property
    def longest(self) -> int | None:
        return self.minutes[-1] if self.minutes else None


@dataclass(frozen=True, slots=True)
class Hour:
    """What happened from `begins` on, for an hour."""

    begins: datetime
    arrived: int
    received: int
    decided: int
    departed: int
    returned: int
    reported: int


@dataclass(frozen=True, slots=True)
class Debrief:
    """`never_out`: people who came and did not leave with a team. `needs`: by state; `carried` of them were there before the
    drill was opened. `talk`: what is worth talking about, and how often it happened (「4班」); what did not happen is left
    out."""

    took: tuple[Took, ...]
    people: int
    never_out: int
    needs: tuple[tuple[str, int], ...]
    carried: int
    recalls: tuple[Reach, ...]
    talk: tuple[tuple[str, str], ...]
    hours: tuple[Hour, ...]

    @property
    def several_days(self) -> bool:
        return len({hour.begins.date() for hour in self.hours}) > 1


def debrief(operation: Operation) -> Debrief:
    """Of the whole operation, as its rows stand now. Two dozen queries, and two for each recall."""
    visits = Visit.objects.filter(operation=operation, annulled_at__isnull=True)
    needs = Need.objects.filter(operation=operation)
    dispatches = Dispatch.objects.filter(operation=operation)
    people, departures = visits.count(), _departures(operation)
    opened = operation.opened_at or operation.created_at
    states = Counter(needs.order_by().values_list("state", flat=True))
    return Debrief(
        took=_took(operation, dispatches, departures, opened=opened),
        people=people,
        never_out=people - len(departures),
        needs=tuple((str(state.label), states[state]) for state in NeedState if states[state]),
        carried=needs.filter(received_at__lt=opened).count(),
        recalls=tuple(reach(recall) for recall in Recall.objects.filter(operation=operation).order_by("id")),
        talk=tuple(
            (what, f"{times}{of}") for what, times, of in _to_talk_about(operation, visits, states) if times
        ),
        hours=_hours(operation, visits, needs.filter(received_at__gte=opened), dispatches),
    )


# ── how long it took ───────────────────────────────────────────────────────────────────────────
def _departures(operation: Operation) -> list[tuple[datetime, datetime]]:
    """Of each visit that did: its arrival, and when the person first left with a team."""
    departed = F("team__dispatches__departed_at")
    still_in_it = Q(left_at__isnull=True) | Q(left_at__gte=departed)
    rows = (
        Member.objects.filter(team__operation=operation, visit__annulled_at__isnull=True)
        .order_by()
        .values("visit", "visit__arrived_at")
        .annotate(first=Min(departed, filter=still_in_it))
        .filter(first__isnull=False)
    )
    return list(rows.values_list("visit__arrived_at", "first"))


def _took(
    operation: Operation,
    dispatches: QuerySet[Dispatch],
    departures: Iterable[tuple[datetime, datetime]],
    *,
    opened: datetime,
) -> tuple[Took, ...]:
    decided = (
        dispatches.order_by()
        .values("need")
        .annotate(first=Min("accepted_at"))
        .values_list("need__received_at", "first")
    )
    first_house = dispatches.filter(position=1, departed_at__isnull=False)
    reports = ActivityReport.objects.filter(
        dispatch__operation=operation, dispatch__returned_at__isnull=False
    )
    reported = reports.values_list("dispatch__returned_at", "reported_at")
    return (
        _pairs("受付から、班で出発するまで", departures),
        # One that was carried over has waited in this drill since it was opened.
        _pairs(
            "困りごとの受付から、行く班が決まるまで",
            ((max(received, opened), first) for received, first in decided),
        ),
        _pairs("班が決まってから、出発するまで", first_house.values_list("accepted_at", "departed_at")),
        _pairs("班の帰着から、活動の報告まで", reported),
    )


def _pairs(what: str, moments: Iterable[tuple[datetime | None, datetime | None]]) -> Took:
    """From the one moment to the other; what was told before its time (a report from the house) took no time."""
    return Took(what, tuple(sorted(_minutes(begun, ended) for begun, ended in moments if begun and ended)))


def _minutes(begun: datetime, ended: datetime) -> int:
    return max(0, (ended - begun) // timedelta(minutes=1))


# ── what went otherwise than planned ───────────────────────────────────────────────────────────
def _to_talk_about(
    operation: Operation, visits: QuerySet[Visit], states: Mapping[str, int]
) -> Iterable[tuple[str, int, str]]:
    """What, how often, and what is counted."""
    dispatches = Dispatch.objects.filter(operation=operation)
    reports = ActivityReport.objects.filter(dispatch__operation=operation)
    flags = Counter(flag for flags in visits.values_list("flags", flat=True) for flag in flags)
    yield (
        "予定の時刻より遅れて戻った班",
        dispatches.filter(returned_at__gt=F("due_back_at")).values("team").distinct().count(),
        "班",
    )
    yield (
        "帰着したのに、活動の報告がないお宅",
        dispatches.filter(state=DispatchState.BACK, report__isnull=True).count(),
        "軒",
    )
    yield "取りやめた派遣", dispatches.filter(state=DispatchState.CANCELLED).count(), "件"
    yield "同じ人を2つの班に入れようとした", Clash.objects.filter(operation=operation).count(), "回"
    yield "二重に受け付けた困りごと", states.get(NeedState.DUPLICATE, 0), "件"
    yield "不在で入れなかったお宅", reports.filter(outcome=Outcome.ABSENT).count(), "軒"
    yield "途中で中止した活動", reports.filter(outcome=Outcome.STOPPED).count(), "件"
    yield "けが・体調不良の報告", reports.exclude(injury="").count(), "件"
    yield "ヒヤリハットの報告", reports.exclude(near_miss="").count(), "件"
    yield (
        "帰りの記録がなく、職員が帰宅を確かめた人",
        flags[VisitFlag.CLOSED_BY_DESK] + flags[VisitFlag.CAPPED],
        "人",
    )
    yield "到着の記録がない人", flags[VisitFlag.NO_ARRIVAL], "人"
    yield "使えなくなったカードで受付した人", flags[VisitFlag.OLD_CARD], "人"
    yield "2か所で受付した人", flags[VisitFlag.TWO_GATES], "人"
    yield "まだ帰りの記録がない人", visits.filter(left_at__isnull=True).count(), "人"


# ── hour by hour ───────────────────────────────────────────────────────────────────────────────
def _hours(
    operation: Operation, visits: QuerySet[Visit], needs: QuerySet[Need], dispatches: QuerySet[Dispatch]
) -> tuple[Hour, ...]:
    """Those in which something happened since the drill was opened."""
    first = dispatches.filter(position=1)
    reports = ActivityReport.objects.filter(dispatch__operation=operation)
    counts = [
        _by_hour(moments)
        for moments in (
            visits.values_list("arrived_at", flat=True),
            needs.values_list("received_at", flat=True),
            first.values_list("accepted_at", flat=True),
            first.values_list("departed_at", flat=True),
            first.values_list("returned_at", flat=True),
            reports.values_list("reported_at", flat=True),
        )
    ]
    return tuple(Hour(hour, *(each[hour] for each in counts)) for hour in sorted(set().union(*counts)))


def _by_hour(moments: Iterable[datetime | None]) -> Counter[datetime]:
    return Counter(
        timezone.localtime(at).replace(minute=0, second=0, microsecond=0) for at in moments if at is not None
    )
