"""The work order on paper: one A4 sheet that tells the team everything it needs and nothing about anybody's health.

The same template is printed by the browser and by WeasyPrint. Free text of the phone call stays off the paper:
what to do stands in the work items.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from dvc.core import qr
from dvc.core.japanese import era_date
from dvc.core.refused import Refused
from intake.help_requests.models import Hazard, Need, Tool, WorkState
from intake.people.models import Household, Person, Precision
from intake.volunteers.sheets import missing_letters, write_pdf
from matching.dispatch import tokens
from matching.dispatch.gate import EACH_WAY, usual_return
from matching.dispatch.models import Dispatch
from matching.teams.services import people_of

CSS: Final = "dispatch/order.css"
# Under these the sheet is full; the rest of a very long list stands on the leader's page.
MOST_MEMBERS: Final = 14
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
class Order:
    """Everything printed on the sheet. Symbols are ready SVG; `map` is empty without a place."""

    dispatch: Dispatch
    day: str
    leader: str
    members: list[str]
    more_members: int
    who: str
    phone: str
    town: str
    address: str
    landmark: str
    jobs: list[Job]
    tools: list[str]
    hazards: list[str]
    cleared: str
    until: time
    due: datetime
    evacuation: str
    not_to_do: tuple[str, ...]
    map: SafeString
    leader_page: SafeString
    genuine: SafeString
    map_url: str
    leader_url: str
    genuine_url: str


def order(dispatch: Dispatch, *, base_url: str, at: datetime) -> Order:
    """The sheet of this dispatch. `base_url`: scheme and host a phone can reach, without a slash at the end."""
    need, operation = dispatch.need, dispatch.operation
    people = [person.name for person in people_of(dispatch.team)]
    leader = dispatch.team.leader
    house, who = need.household, _who(need)
    map_url = map_link(house)
    leader_url = base_url + reverse("leader_page", args=[tokens.leader_token(dispatch.token_nonce)])
    genuine_url = base_url + reverse("genuine", args=[tokens.genuine_token(dispatch.token_nonce)])
    due = dispatch.due_back_at or usual_return(dispatch, at=at)
    others = [name for name in people if leader is None or name != leader.name]
    return Order(
        dispatch=dispatch,
        day=_day(at),
        leader=leader.name if leader else "",
        members=others[:MOST_MEMBERS],
        more_members=max(0, len(others) - MOST_MEMBERS),
        who=who.name if who else "",
        phone=who.phone if who else "",
        town=str(house.town) if house and house.town else "",
        address=house.address if house else "",
        landmark=house.landmark if house else "",
        jobs=jobs(need),
        tools=tools(need),
        hazards=[hazard.label for hazard in Hazard if hazard in need.hazards],
        cleared=need.hazards_cleared_note if need.hazards_cleared else "",
        until=min(operation.work_end, need.open_until, timezone.localtime(due - EACH_WAY).time()),
        due=due,
        evacuation=settings.EVACUATION_PLACE,
        not_to_do=NOT_TO_DO,
        map=_symbol(map_url, "地図"),
        leader_page=_symbol(leader_url, "リーダーの画面"),
        genuine=_symbol(genuine_url, "本物かどうかの確認"),
        map_url=map_url,
        leader_url=leader_url,
        genuine_url=genuine_url,
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
    most: dict[str, int] = {}
    for item in need.items.exclude(state__in=[WorkState.DONE, WorkState.NOT_POSSIBLE]):
        for tool, count in item.tools.items():
            most[tool] = max(most.get(tool, 0), int(count))
    return [f"{tool.label} × {most[tool]}" for tool in Tool if tool in most]


def _symbol(text: str, label: str) -> SafeString:
    return mark_safe(qr.svg(text, label=label)) if text else mark_safe("")  # noqa: S308  our own drawing


def pdf(sheet: Order) -> bytes:
    """The sheet as A4 PDF. Refused dispatch.no_font when this machine has no letter for something on it."""
    text = render_to_string(
        "matching/dispatch/work_order_pdf.html", {"order": sheet, "dispatch": sheet.dispatch}
    )
    if missing := missing_on(sheet):
        raise Refused("dispatch.no_font", letters="".join(missing[:10]))
    return write_pdf(text, css=CSS)


def missing_on(sheet: Order) -> list[str]:
    """Letters that people typed and no suitable font of this machine holds."""
    typed = [
        sheet.leader, *sheet.members, sheet.who, sheet.address, sheet.town, sheet.landmark, sheet.cleared,
        sheet.evacuation, *(job.detail for job in sheet.jobs), sheet.dispatch.need.summary,
        sheet.dispatch.need.parking, sheet.dispatch.need.attendance, sheet.dispatch.operation.name,
        sheet.dispatch.operation.center.name,
    ]  # fmt: skip
    return missing_letters("".join(typed))
