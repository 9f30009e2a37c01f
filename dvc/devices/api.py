"""What a tablet calls before it is a device: ask with a code, then wait for the answer."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dvc.accounts import shell
from dvc.accounts.models import DeviceProfile, Storage
from dvc.core.refused import Refused
from dvc.devices import pairing as pairings
from dvc.devices.models import Pairing, PairingState

# The first page of each profile that has a page of its own (a URL name that takes the operation).
FIRST_PAGES: Final[dict[str, str]] = {
    DeviceProfile.RECEPTION: "tablet_reception",
    DeviceProfile.KIOSK: "kiosk",
    DeviceProfile.SURVEY: "tablet_survey",
    DeviceProfile.TOOLS: "tablet_tools",
}


class CapabilitiesSerializer(serializers.Serializer[dict[str, Any]]):
    secure = serializers.BooleanField()
    camera = serializers.BooleanField()
    offline = serializers.BooleanField()
    storage = serializers.ChoiceField(Storage.choices)


class AskSerializer(serializers.Serializer[dict[str, Any]]):
    code = serializers.CharField(max_length=64)
    secret_hash = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    capabilities = CapabilitiesSerializer()


class WaitSerializer(serializers.Serializer[dict[str, Any]]):
    pairing = serializers.UUIDField()
    secret = serializers.CharField(max_length=128)


class PairingAnswer(serializers.Serializer[dict[str, Any]]):
    """`state`: asking | approved | refused | over. The device and its page come with `approved`."""

    pairing = serializers.UUIDField()
    state = serializers.CharField()
    name = serializers.CharField()
    center = serializers.CharField()
    number = serializers.CharField()
    device_id = serializers.UUIDField(required=False)
    profile = serializers.CharField(required=False)
    next = serializers.CharField(required=False)


class PairView(APIView):
    """No session and no cookie counts here: the code or the tablet's secret is all there is."""

    authentication_classes = ()
    permission_classes = ()

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refused):
            return Response({"code": exc.code, "text": exc.text}, status=409)
        if isinstance(exc, RecursionError):
            return Response({"code": "malformed", "text": Refused("device.code_wrong").text}, status=400)
        response = super().handle_exception(exc)
        if response.status_code == 400:
            response.data = {"code": "malformed", "text": Refused("device.code_wrong").text}
        return response


class AskView(PairView):
    """POST /api/v1/pair/ask: a tablet uses a code up."""

    @extend_schema(request=AskSerializer, responses=PairingAnswer)
    def post(self, request: Request) -> Response:
        shape = AskSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        pairing = pairings.ask(
            shape.validated_data["code"],
            secret_hash=shape.validated_data["secret_hash"],
            capabilities=dict(shape.validated_data["capabilities"]),
            address=request.META.get("REMOTE_ADDR", ""),
            at=timezone.now(),
            plain_line=getattr(request._request, "plain_line", False),
        )
        return Response(_answer(pairing, "asking"))


class WaitView(PairView):
    """POST /api/v1/pair/wait: what became of it. Asked again and again; the answer is the same until it changes."""

    @extend_schema(request=WaitSerializer, responses=PairingAnswer)
    def post(self, request: Request) -> Response:
        shape = WaitSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        pairing = pairings.of_tablet(shape.validated_data["pairing"], shape.validated_data["secret"])
        if pairing.state == PairingState.ASKING and pairings.is_over(pairing, at=timezone.now()):
            return Response(_answer(pairing, "over"))
        response = Response(_answer(pairing, pairing.state))
        if pairing.device is not None and pairing.device.revoked_at is None:
            shell.remember(response, pairing.device)
        return response


def _answer(pairing: Pairing, state: str) -> dict[str, Any]:
    answer = {
        "pairing": str(pairing.pk), "state": state, "name": pairing.name, "center": pairing.center.name,
        "number": pairing.number,
    }  # fmt: skip
    if pairing.device is not None:
        page = FIRST_PAGES.get(pairing.profile)
        answer |= {
            "device_id": str(pairing.device.pk),
            "profile": pairing.profile,
            "next": reverse(page, args=[pairing.operation_id]) if page else "/",
        }
    return answer
