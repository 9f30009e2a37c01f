"""What a survey tablet holds: today's visits of whoever works at it, until midnight, and nothing else."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dvc.accounts.models import Device, DeviceProfile
from dvc.audit.services import By, looked
from dvc.devices import holdings
from dvc.devices.models import HoldingKind
from dvc.operations.models import Operation
from dvc.sync import queue_files
from dvc.sync.api import DeviceView, device_of, operation_asked
from intake.help_requests.answers import Damage, Lifeline
from intake.help_requests.models import Hazard, Need
from intake.survey.models import Appointment, AppointmentState, Round
from intake.survey.route import Leg, timeline
from intake.survey.services import minutes, place_of_site, stop_of

_WORDS: Final[dict[str, dict[str, Any]]] = {
    "hazards": dict(Hazard.choices), "damage_kinds": dict(Damage.choices), "lifelines": dict(Lifeline.choices),
}  # fmt: skip


class SurveyDayView(DeviceView):
    """GET /api/v1/sync/survey?operation=<id>&actor=<user id>: today's visits of one surveyor, in order."""

    profiles = frozenset({DeviceProfile.SURVEY})

    @extend_schema(
        parameters=[
            OpenApiParameter("operation", int, required=True),
            OpenApiParameter("actor", int, required=True),
        ],
        responses=serializers.DictField(),
    )
    def get(self, request: Request) -> Response:
        device, now = device_of(request), timezone.now()
        operation = operation_asked(request)
        actor = request.query_params.get("actor", "")
        if not actor.isdecimal() or len(actor) > 18:
            raise Http404
        visits = _visits(operation, int(actor), at=operation.moment(now))
        said = _as_json(operation, visits, at=now)
        etag = quote_etag(hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest())
        django_request: HttpRequest = request._request
        unchanged = get_conditional_response(django_request, etag=etag)
        response = Response(status=304) if unchanged is not None else Response(said)
        if unchanged is None:
            _note_looks(device, operation, visits, at=now)
        response["ETag"] = etag
        response["Cache-Control"] = "no-store"
        return response


def _visits(operation: Operation, actor: int, *, at: datetime) -> list[Appointment]:
    """Today's, of rounds in which that person goes; two queries."""
    rounds = Round.objects.filter(operation=operation, day=timezone.localdate(at))
    mine = rounds.filter(Q(first=actor) | Q(second=actor)).values("pk")
    return list(
        Appointment.objects.filter(round__in=mine)
        .exclude(state=AppointmentState.CANCELLED)
        .select_related(
            "round__first", "round__second", "need__household__town", "need__resident", "need__requester"
        )
        .annotate(
            misses=Count(
                "need__survey_appointments",
                filter=Q(need__survey_appointments__state=AppointmentState.ABSENT),
            )
        )
        .order_by("round__starts", "position", "pk")
    )


def _as_json(operation: Operation, visits: list[Appointment], *, at: datetime) -> dict[str, Any]:
    rounds = {visit.round_id: visit.round for visit in visits}
    legs: dict[int, Leg] = {}
    for found in rounds.values():
        booked = [v for v in visits if v.round_id == found.pk and v.state == AppointmentState.BOOKED]
        found.operation = operation
        line = timeline(place_of_site(operation), minutes(found.starts), [stop_of(visit) for visit in booked])
        legs |= {leg.key: leg for leg in line}
    return {
        "day": timezone.localdate(operation.moment(at)).isoformat(),
        "operation": {"id": operation.pk, "name": operation.name, "mode": operation.mode},
        "center": {"name": operation.center.name, "phone": operation.center.phone, "issuer": operation.center.issuer},
        "queue_key": queue_files.public_key(operation.center),
        "rounds": [
            {"number": found.number, "people": found.people, "car": found.car, "starts": f"{found.starts:%-H:%M}"}
            for found in rounds.values()
        ],
        "visits": [
            _visit(visit, road=legs[visit.pk].road if visit.pk in legs else None) for visit in visits
        ],
    }  # fmt: skip


def _visit(visit: Appointment, *, road: int | None) -> dict[str, Any]:
    """Who, where and what is known, in words. Nothing of illness, nor of who lives alone."""
    need = visit.need
    who, house = need.resident or need.requester, need.household
    return {
        "appointment": visit.pk, "need": need.pk, "number": need.number, "state": visit.state, "window": visit.window,
        "note": visit.note, "road": road, "misses": visit.misses,  # type: ignore[attr-defined]
        "name": who.name if who else "", "kana": who.kana if who else "",
        "phones": list(dict.fromkeys(p.phone for p in (need.resident, need.requester) if p and p.phone)),
        "town": str(house.town) if house and house.town else "", "address": house.address if house else "",
        "landmark": house.landmark if house else "",
        "map": _map_link(need), "summary": need.summary, "description": need.description, "parking": need.parking,
        "attendance": need.attendance, "crisis": need.needs_crisis,
        **{name: [str(words.get(code, code)) for code in getattr(need, name)] for name, words in _WORDS.items()},
    }  # fmt: skip


def _map_link(need: Need) -> str:
    house = need.household
    if house is None or house.lat is None or house.lng is None:
        return ""
    return settings.MAP_LINK.format(lat=f"{house.lat:.6f}", lng=f"{house.lng:.6f}")


def _note_looks(device: Device, operation: Operation, visits: list[Appointment], *, at: datetime) -> None:
    for visit in visits:
        looked(
            visit.need, by=By(device=device, via="tablet"), classes="P1 P2 P3", why="survey tablet",
            at=operation.moment(at),
        )  # fmt: skip
    holdings.note(device, operation, HoldingKind.VISITS, count=len(visits), at=at)
