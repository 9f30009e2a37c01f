"""Finding somebody who stands at the desk without a card: on-line only, a tablet keeps nothing of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dvc.accounts.models import Device, DeviceProfile
from dvc.audit.services import By, looked
from dvc.core.japanese import phone_digits, search_key
from dvc.operations.models import Operation
from dvc.sync.api import DeviceView, device_of, operation_asked
from intake.checkin.models import Visit
from intake.volunteers.models import CardState, Volunteer, VolunteerQuerySet

MOST: Final = 12
LAST_DIGITS: Final = 4


class PeopleView(DeviceView):
    """GET /api/v1/sync/people?operation=<id>&q=<kana, name or the last four digits of the telephone>."""

    profiles = frozenset({DeviceProfile.RECEPTION})

    @extend_schema(
        parameters=[
            OpenApiParameter("operation", int, required=True),
            OpenApiParameter("q", str, required=True),
        ],
        responses=serializers.DictField(),
    )
    def get(self, request: Request) -> Response:
        device, now = device_of(request), timezone.now()
        operation = operation_asked(request)
        people = _people(operation, request.query_params.get("q", "")[:100], device=device, at=now)
        response = Response({"people": people})
        response["Cache-Control"] = "no-store"
        return response


def _people(operation: Operation, text: str, *, device: Device, at: datetime) -> list[dict[str, Any]]:
    """Name, reading and whether a card is held; every person shown is a look. At most four queries and the looks."""
    found = list(_matching(operation, text)[:MOST])
    ids = [person.pk for person in found]
    present = Visit.objects.present().filter(operation=operation, volunteer__in=ids)
    here = set(present.values_list("volunteer_id", flat=True))
    held = Volunteer.objects.filter(pk__in=ids, cards__state=CardState.BOUND)
    holders = set(held.values_list("pk", flat=True))
    for person in found:
        looked(person, by=By(device=device, via="tablet"), classes="V1", why="reception search", at=at)
    return [
        {
            "volunteer": person.pk, "name": person.name, "kana": person.kana,
            "has_card": person.pk in holders, "here": person.pk in here,
        }
        for person in found
    ]  # fmt: skip


def _matching(operation: Operation, text: str) -> VolunteerQuerySet:
    people = Volunteer.objects.known_in(operation).living()
    digits = phone_digits(text)
    if digits and len(digits) == len("".join(text.split())) == LAST_DIGITS:
        return people.filter(phone_digits__endswith=digits)
    # One letter of a name would be half the register.
    return people.matching(text) if len(search_key(text)) > 1 else people.none()
