"""Pages that open from a sheet's QR, without an account: the leader's, and the one at the resident's door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dvc.audit.services import By, looked
from dvc.core import http
from dvc.core.refused import Refused
from dvc.operations.models import Center
from intake.help_requests.models import Hazard
from matching.dispatch import queries, sheets, throttle, tokens
from matching.dispatch.models import Dispatch, DispatchState
from matching.dispatch.surroundings import dangers
from matching.trips.queries import dumps

LEADER: Final = By(via="leader")
SAID: Final = {
    "on_site": "着いたことを、センターに伝えました。",
    "next": "つぎのお宅へ向かうことを、センターに伝えました。気をつけて行ってください。",
    "leaving": "帰ることを、センターに伝えました。気をつけて帰ってきてください。",
    "report": "報告を、センターが受け取りました。ありがとうございました。",
    "told": "センターに伝えました。返事は、この画面に出ます。",
    "known": "報告は先に届いています。最初の報告がそのまま使われます。直すときは、センターに電話してください。",
}


@dataclass(frozen=True, slots=True)
class World:
    """What a page without an account may know of its operation: whether it is a drill."""

    name: str
    mode: str


class NoSheet(Exception):
    """The secret opens nothing (any more). `dispatch` when it once did."""

    def __init__(self, dispatch: Dispatch | None) -> None:
        self.dispatch = dispatch


def _found(request: HttpRequest, dispatch: Dispatch | None, token: str) -> tuple[Dispatch, datetime]:
    if dispatch is None:
        throttle.count_wrong(_address(request))
        raise NoSheet(None)
    throttle.check_token(token)
    at = dispatch.operation.moment(timezone.now())
    if not tokens.is_live(dispatch, at=at):
        raise NoSheet(dispatch)
    return dispatch, at


def leaders(request: HttpRequest, token: str) -> tuple[Dispatch, datetime]:
    return _found(request, tokens.find_by_leader_token(token), token)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def context_of(dispatch: Dispatch, at: datetime) -> dict[str, Any]:
    operation = dispatch.operation
    return {
        "dispatch": dispatch,
        "center": operation.center,
        "operation": World(operation.name, operation.mode),
        "now": at,
    }


def show_gone(request: HttpRequest, dispatch: Dispatch | None) -> HttpResponse:
    """Why it opens nothing, and what to do now. Of whoever holds the sheet it tells no more than the sheet: its day."""
    context: dict[str, Any] = {"center": dispatch.operation.center if dispatch else _only_center()}
    if dispatch is not None:
        context |= {"why": tokens.why_ended(dispatch), "day": day_of(dispatch)}
    return render(request, "matching/dispatch/field_gone.html", context, status=404)


def day_of(dispatch: Dispatch) -> date:
    return timezone.localdate(dispatch.departed_at or dispatch.accepted_at)


def _only_center() -> Center | None:
    """Whom to phone about a sheet nobody knows: the center, when this computer serves one."""
    centers = list(Center.objects.all()[:2])
    return centers[0] if len(centers) == 1 else None


def _too_many(request: HttpRequest, refused: Refused) -> HttpResponse:
    context = {"refusal": refused.text, "center": _only_center()}
    return render(request, "matching/dispatch/field_busy.html", context, status=429)


@never_cache
@require_safe
def leader_page(request: HttpRequest, token: str) -> HttpResponse:
    """Call, where to go, arrived, report, on to the next house, going back. One house at a time: the address of the one
    the team is at, or on the way to, from departure until 2 h after the return; of the next one the town."""
    try:
        asked, at = leaders(request, token)
        place = queries.place_of(asked)
        dispatch = place.now
        if not tokens.is_live(dispatch, at=at):
            raise NoSheet(dispatch)
    except NoSheet as gone:
        return show_gone(request, gone.dispatch)
    except Refused as refused:
        return _too_many(request, refused)
    context = context_of(dispatch, at) | {
        "token": tokens.leader_token(dispatch.token_nonce),
        "asked": asked,
        "leader": dispatch.team.leader,
        "number": len(place.before) + 1,
        "visits": place.visits,
        "later": [visit for visit in place.later if not visit.need_is_gone],
        "missing": [(visit, tokens.leader_token(visit.token_nonce)) for visit in place.missing],
        "behind": dispatch.minutes_behind(at) if place.later else 0,
        "reported": queries.has_report(dispatch),
        "said": SAID.get(request.GET.get("said", ""), ""),
        "late": dispatch.is_overdue(at),
        "other_day": None if day_of(dispatch) == timezone.localdate(at) else day_of(dispatch),
        "keep_for": _keep_for(dispatch, at),
    }
    if dispatch.state != DispatchState.ACCEPTED:
        looked(dispatch, by=LEADER, classes="P2 P3", why="リーダーの画面（QR）", at=at)
        here = dangers(dispatch.operation)
        context |= {
            "house": dispatch.need.household,
            "shelter": here.shelter(dispatch.need.household),
            "zones": here.zones_at(dispatch.need.household),
            "map_url": sheets.map_link(dispatch.need.household),
            "resident": dispatch.need.resident,
            "requester": dispatch.need.requester,
            "jobs": sheets.jobs(dispatch.need),
            "hazards": [hazard.label for hazard in Hazard if hazard in dispatch.need.hazards],
            "not_to_do": sheets.NOT_TO_DO,
            "cars": dispatch.team.cars,
            "dumps": dumps(dispatch.operation, at=at, open_only=True) if dispatch.team.cars else [],
        }
    return to_keep(render(request, "matching/dispatch/leader.html", context), dispatch, at)


def _keep_for(dispatch: Dispatch, at: datetime) -> int:
    """Seconds outside, where a phone's clock runs, also in a drill whose clock runs faster."""
    kept = tokens.phone_may_keep(dispatch, at=at) / (dispatch.operation.clock_speed or 1)
    return max(0, int(kept.total_seconds()))


def to_keep(response: HttpResponse, dispatch: Dispatch, at: datetime) -> HttpResponse:
    """Tells the phone's worker (frontend/src/leader_sw.ts) that this page may open again without a signal."""
    response["X-Keep-For"] = str(_keep_for(dispatch, at))
    return response


@require_safe
def leader_worker(request: HttpRequest) -> HttpResponse:
    """The built worker of the leader's page. It looks after nothing but these pages."""
    return http.service_worker("leader_sw.js", scope="/l/")


def refuse(request: HttpRequest, refused: Refused) -> HttpResponse:
    if refused.code == "field.too_many":
        return _too_many(request, refused)
    context = {"refusal": refused.text, "center": _only_center()}
    return render(request, "matching/dispatch/field_busy.html", context, status=409)


def back_to_page(token: str, said: str) -> HttpResponse:
    response = redirect("leader_page", token)
    response["Location"] += f"?said={said}"
    return response


@never_cache
@require_safe
def genuine(request: HttpRequest, token: str) -> HttpResponse:
    """本物の依頼書ですか: yes or no, the date, the center's name and phone. Never where, who or what."""
    try:
        dispatch, _ = _found(request, tokens.find_by_genuine_token(token), token)
    except NoSheet as gone:
        context: dict[str, Any] = {
            "center": gone.dispatch.operation.center if gone.dispatch else _only_center(),
            "was_genuine": gone.dispatch is not None,
        }
        return render(request, "matching/dispatch/genuine.html", context, status=404)
    except Refused as refused:
        return _too_many(request, refused)
    context = {
        "genuine": True,
        "day": day_of(dispatch),
        "center": dispatch.operation.center,
        "operation": World(dispatch.operation.name, dispatch.operation.mode),
    }
    return render(request, "matching/dispatch/genuine.html", context)
