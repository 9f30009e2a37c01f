"""Who may work at this tablet, and signing in there.

Apart from the snapshot: what is in here belongs to one device, the snapshot is the same for all of them.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from dvc.devices import holdings
from dvc.devices.models import HoldingKind
from dvc.sync.api import DeviceView, device_of, operation_asked
from intake.operators import services
from intake.operators.models import Badge


class OperatorSerializer(serializers.Serializer[dict[str, Any]]):
    """One operator: the badge's first half, who it is, what to compare with, until when (null: no end)."""

    badge = serializers.CharField()
    user = serializers.IntegerField()
    name = serializers.CharField()
    verifier = serializers.CharField()
    ends_at = serializers.DateTimeField(allow_null=True)


class OperatorsAnswer(serializers.Serializer[dict[str, Any]]):
    operators = OperatorSerializer(many=True)


class SignInSerializer(serializers.Serializer[dict[str, Any]]):
    badge = serializers.CharField(max_length=4096, trim_whitespace=False)
    proof = serializers.RegexField(r"\A[0-9a-f]{64}\Z")


class OperatorsView(DeviceView):
    """GET /api/v1/sync/operators?operation=<id>: everybody who may sign in at this device, on-line or off-line."""

    @extend_schema(parameters=[OpenApiParameter("operation", int, required=True)], responses=OperatorsAnswer)
    def get(self, request: Request) -> Response:
        device, now = device_of(request), timezone.now()
        operation = operation_asked(request)
        badges = list(services.operators_of(device, at=now).select_related("user").order_by("pk"))
        said = [_as_json(badge, services.verifier(badge, device)) for badge in badges]
        etag = quote_etag(hashlib.sha256(json.dumps(said).encode()).hexdigest())
        django_request: HttpRequest = request._request
        unchanged = get_conditional_response(django_request, etag=etag)
        response = Response(status=304) if unchanged is not None else Response({"operators": said})
        if unchanged is None and said:
            people = [badge.user_id for badge in badges]
            holdings.note(device, operation, HoldingKind.OPERATORS, count=len(people), people=people, at=now)
        response["ETag"] = etag
        response["Cache-Control"] = "no-store"
        return response


class SignInView(DeviceView):
    """POST /api/v1/sync/operator: badge and PIN, checked by the server while there is a network. 409 says why not."""

    @extend_schema(request=SignInSerializer, responses=OperatorSerializer)
    def post(self, request: Request) -> Response:
        shape = SignInSerializer(data=request.data)
        if not shape.is_valid():
            raise ParseError
        device = device_of(request)
        badge = services.sign_in(
            device, shape.validated_data["badge"], shape.validated_data["proof"], at=timezone.now()
        )
        return Response(_as_json(badge, services.verifier(badge, device)))


def _as_json(badge: Badge, verifier: str) -> dict[str, Any]:
    ends_at = badge.user.expires_at
    return {
        "badge": badge.prefix, "user": badge.user_id, "name": badge.user.display_name, "verifier": verifier,
        "ends_at": ends_at.isoformat() if ends_at else None,
    }  # fmt: skip
