"""The work order on paper: A4, tells the team everything it needs and nothing about anybody's health. A team with one
house gets one sheet; with several, a second one has the houses in order.

The same template is printed by the browser and by WeasyPrint. Free text of the phone call stays off the paper:
what to do stands in the work items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from dvc.core import qr
from dvc.core.japanese import era_date, said_hours
from dvc.core.refused import Refused
from intake.help_requests.answers import Lifeline
from intake.help_requests.models import Hazard, Need, Tool, WorkState
from intake.people.models import Household, Person, Precision
from intake.volunteers.sheets import missing_letters, write_pdf
from matching.dispatch import tokens
from matching.dispatch.models import Dispatch
from matching.dispatch.surroundings import DrawnMap, Surroundings, around, map_of
from matching.dispatch.times import EACH_WAY, Span, spans, usual_return
from matching.teams.services import people_of
from matching.trips.models import DumpSite

CSS: Final = "dispatch/order.css"
# Under these the sheet is full; the rest of a very long list stands on the leader's page.
MOST_MEMBERS: Final = 14
MOST_DUMPS: Final = 2
NOT_TO_DO: Final = (
    "依頼書にない作業は引き受けません。頼まれたら、センターに電話してください。",
    "あぶないと感じたら、中に入りません。すぐ離れて電話してください。",
    "屋根・高い所・電気・ガスにはさわりません。",
    "家の人に聞かずに、物を捨てません。写真もとりません。",
    "お金や品物は受け取りません。",
)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: what, how much, and the tools for it."""

    what: str
    detail: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Stop:
    """One house: whose, where, what to do there, and when. `address` begins with the town. `zones`: the danger zones it lies in. `planned` is None where
    nothing was worked out; `map` is empty without a place."""

    dispatch: Dispatch
    position: int
    who: str
    phone: str
    town: str
    address: str
    landmark: str
    lacking: list[str]
    jobs: list[Job]
    tools: list[str]
    hazards: list[str]
    zones: list[str]
    cleared: str
    not_before: time
    until: time
    planned: Span | None
    map: SafeString
    map_url: str

    @property
    def begin(self) -> str:
        """From when people may work there."""
        return said_hours(self.not_before, None)

    @property
    def hours(self) -> str:
        """When people may work there, of the day that is left to the team."""
        return said_hours(self.not_before, self.until)


@dataclass(frozen=True, slots=True)
class Order:
    """Everything printed for one team: a page, with more than one stop a second that has them in order, and the drawn map
    (None where nobody knows a place). Symbols are ready SVG."""

    dispatch: Dispatch
    day: str
    leader: str
    members: list[str]
    more_members: int
    cars: str
    stops: list[Stop]
    tools: list[str]
    due: datetime
    evacuation: str
    drawn: DrawnMap | None
    map_svg: SafeString
    dump_sites: list[DumpSite]
    not_to_do: tuple[str, ...]
    leader_page: SafeString
    genuine: SafeString
    leader_url: str
    genuine_url: str

    @property
    def pages(self) -> int:
        return (1 if len(self.stops) == 1 else 2) + (self.drawn is not None)

    @property
    def papers_both_sides(self) -> int:
        """Sheets of paper when it is printed on both sides, each order beginning on a sheet of its own."""
        return (self.pages + 1) // 2

    def papers(self, *, both_sides: bool) -> int:
        return self.papers_both_sides if both_sides else self.pages

    @property
    def map_url(self) -> str:
        """The way to the first house."""
        return self.stops[0].map_url


def order(dispatch: Dispatch, *, base_url: str, at: datetime, here: Surroundings | None = None) -> Order:
    """The sheet of this dispatch's team, with every house it still has or was at. `dispatch` is its first.

    `base_url`: scheme and host a phone can reach, without a slash at the end. `here`: what lies around, when many orders
    are made one after the other (None: asked for, four queries).
    """
    here = here or around(dispatch.operation)
    leader = dispatch.team.leader
    leader_url = base_url + reverse("leader_page", args=[tokens.leader_token(dispatch.token_nonce)])
    genuine_url = base_url + reverse("genuine", args=[tokens.genuine_token(dispatch.token_nonce)])
    due = due_of(dispatch, at=at)
    others = [person.name for person in people_of(dispatch.team) if person != leader]
    visits = stops_of(dispatch)
    planned = planned_of(visits, at=at)
    drawn = map_of([visit.need.household for visit in visits], here)
    return Order(
        dispatch=dispatch,
        day=_day(at),
        leader=leader.name if leader else "",
        members=others[:MOST_MEMBERS],
        more_members=max(0, len(others) - MOST_MEMBERS),
        cars=dispatch.team.cars,
        stops=[
            _stop(
                visit,
                number,
                due=due if number == len(visits) else None,
                planned=planned.get(visit.pk),
                here=here,
            )
            for number, visit in enumerate(visits, start=1)
        ],
        tools=tools_of(visits),
        due=due,
        evacuation="、".join(
            dict.fromkeys(filter(None, (here.shelter(visit.need.household) for visit in visits)))
        ),
        drawn=drawn,
        map_svg=mark_safe(drawn.svg if drawn else ""),  # noqa: S308  our own drawing, its words are escaped
        dump_sites=list(DumpSite.objects.filter(operation=dispatch.operation_id, closed=False)[:MOST_DUMPS]),
        not_to_do=NOT_TO_DO,
        leader_page=_symbol(leader_url, "リーダーの画面"),
        genuine=_symbol(genuine_url, "本物かどうかの確認"),
        leader_url=leader_url,
        genuine_url=genuine_url,
    )


def stops_of(dispatch: Dispatch) -> list[Dispatch]:
    """The visits of its team in order, with whose and where; of a dispatch that was called off only itself."""
    related = ("operation", "need__household__town", "need__resident", "need__requester")
    return list(Dispatch.objects.of_team(dispatch.team_id).select_related(*related)) or [dispatch]


def planned_of(visits: list[Dispatch], *, at: datetime) -> dict[int, Span]:
    """Visit pk → when the team is there: as it was planned at the departure, before that if it left at `at`."""
    if visits[0].departed_at is None:
        return {visit.pk: span for visit, span in zip(visits, spans(visits, leaving=at), strict=True)}
    return {
        visit.pk: Span(visit.planned_from, visit.planned_until)
        for visit in visits
        if visit.planned_from is not None and visit.planned_until is not None
    }


def due_of(dispatch: Dispatch, *, at: datetime) -> datetime:
    """When the team should be back: as was agreed with it last, before its departure the usual time."""
    dues = (
        Dispatch.objects.of_team(dispatch.team_id)
        .order_by("-departed_at")
        .values_list("due_back_at", flat=True)
    )
    return next((due for due in dues if due is not None), None) or usual_return(dispatch, at=at)


def _stop(
    visit: Dispatch, number: int, *, due: datetime | None, planned: Span | None, here: Surroundings
) -> Stop:
    """`due`: when the team should be back, of its last house."""
    ends = [visit.operation.work_end, visit.need.open_until]
    ends += [timezone.localtime(due - EACH_WAY).time()] if due else []
    need, house, who = visit.need, visit.need.household, _who(visit.need)
    map_url = map_link(house)
    return Stop(
        dispatch=visit,
        position=number,
        who=who.name if who else "",
        phone=who.phone if who else "",
        town=str(house.town) if house and house.town else "",
        address=house.where if house else "",
        landmark=house.landmark if house else "",
        lacking=[lifeline.label for lifeline in Lifeline if lifeline in need.lifelines],
        jobs=jobs(need),
        tools=tools(need),
        hazards=[hazard.label for hazard in Hazard if hazard in need.hazards],
        zones=here.zones_at(house),
        cleared=need.hazards_cleared_note if need.hazards_cleared else "",
        not_before=need.open_from,
        until=min(ends),
        planned=planned,
        map=_symbol(map_url, "地図"),
        map_url=map_url,
    )


def _who(need: Need) -> Person | None:
    """Who lives there, or who asked when the resident has no phone."""
    if need.resident is not None and (need.resident.phone or need.requester is None):
        return need.resident
    return need.requester or need.resident


def _day(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{era_date(local.date())}（{'月火水木金土日'[local.weekday()]}）"


def map_link(house: Household | None) -> str:
    """Navigation to the house on any phone; empty without a place."""
    if house is None or house.lat is None or house.lng is None or house.precision == Precision.NONE:
        return ""
    return str(settings.MAP_LINK).replace("{lat}", f"{house.lat:.6f}").replace("{lng}", f"{house.lng:.6f}")


def jobs(need: Need) -> list[Job]:
    """What there is still to do, in the order it was written down."""
    items = need.items.exclude(state__in=[WorkState.DONE, WorkState.NOT_POSSIBLE]).order_by("id")
    return [Job(str(item.get_category_display()), item.detail, item.minutes) for item in items]


def tools(need: Need) -> list[str]:
    """Tools of all open work: the largest count of each, as one team carries them from job to job."""
    return _said(_most(need))


def tools_of(visits: Iterable[Dispatch]) -> list[str]:
    """What a team takes along: the largest count of each tool, as it carries them from house to house."""
    most: dict[str, int] = {}
    for visit in visits:
        for tool, count in _most(visit.need).items():
            most[tool] = max(most.get(tool, 0), count)
    return _said(most)


def tools_back(visits: Iterable[Dispatch]) -> list[str]:
    """What a team brings back: also the tools of work that is done by now."""
    most: dict[str, int] = {}
    for visit in visits:
        for tool, count in _most(visit.need, done_too=True).items():
            most[tool] = max(most.get(tool, 0), count)
    return _said(most)


def _most(need: Need, *, done_too: bool = False) -> dict[str, int]:
    most: dict[str, int] = {}
    over = [] if done_too else [WorkState.DONE, WorkState.NOT_POSSIBLE]
    for item in need.items.exclude(state__in=over):
        for tool, count in item.tools.items():
            most[tool] = max(most.get(tool, 0), int(count))
    return most


def _said(most: Mapping[str, int]) -> list[str]:
    return [f"{tool.label} × {most[tool]}" for tool in Tool if tool in most]


def _symbol(text: str, label: str) -> SafeString:
    return mark_safe(qr.svg(text, label=label)) if text else mark_safe("")  # noqa: S308  our own drawing


def pdf(orders: Sequence[Order], *, both_sides: bool = False) -> bytes:
    """The orders as one A4 PDF; for `both_sides` none begins on the back of another. Refused dispatch.no_font when this machine has no letter for something on them."""
    if missing := sorted({letter for order in orders for letter in missing_on(order)}):
        raise Refused("dispatch.no_font", letters="".join(missing[:10]))
    context = {"orders": orders, "both_sides": both_sides}
    return write_pdf(render_to_string("matching/dispatch/work_order_pdf.html", context), css=CSS)


def missing_on(sheet: Order) -> list[str]:
    """Letters that people typed and no suitable font of this machine holds."""
    typed = [
        sheet.leader, *sheet.members, sheet.cars, sheet.evacuation, sheet.dispatch.operation.name,
        *(f"{one.name}{one.address}{one.hours}{one.takes}" for one in sheet.dump_sites),
        sheet.dispatch.operation.center.name,
    ]  # fmt: skip
    if sheet.drawn:
        typed += [*(note.text for note in sheet.drawn.notes), *sheet.drawn.zones]
    for stop in sheet.stops:
        need = stop.dispatch.need
        typed += [
            stop.who, stop.address, stop.town, stop.landmark, stop.cleared, *(job.detail for job in stop.jobs),
            need.summary, need.parking, need.attendance,
        ]  # fmt: skip
    return missing_letters("".join(typed))
