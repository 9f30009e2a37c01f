"""The tablets' API. Serializers check shape only; rules live in the services below."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import Any, Final

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import authentication, permissions, serializers
from rest_framework.exceptions import AuthenticationFailed, ParseError, PermissionDenied
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dvc.accounts import access
from dvc.accounts.models import Device, DeviceProfile
from dvc.accounts.services import authenticate_device
from dvc.core.full_disk import is_full
from dvc.core.refused import Refused
from dvc.core.shapes import Shape
from dvc.devices import holdings
from dvc.devices.models import HoldingKind
from dvc.operations.models import Operation
from dvc.sync import download, holders, marks, quarantine, reporting, services, snapshot
from dvc.sync.clocks import Reading
from dvc.sync.envelope import OpSerializer, read_ops
from dvc.sync.ops import Op

_JSON: Final = JSONRenderer()
MAX_BODY = 5 * 1024 * 1024
SCHEME = "Device"


class DeviceAuthentication(authentication.BaseAuthentication):
    """`Authorization: Device <id>.<secret>`. `request.auth` is the Device."""

    revoked_too = False

    def authenticate(self, request: Request) -> tuple[None, Device] | None:
        # Not by `headers`, which names every header of the request anew.
        scheme, _, credentials = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
        if scheme != SCHEME:
            return None
        try:
            return None, authenticate_device(credentials.strip(), revoked_too=self.revoked_too)
        except Refused as refusal:
            raise AuthenticationFailed(
                {"code": refusal.code.replace(".", "_"), "text": refusal.text}
            ) from None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class QueueAuthentication(DeviceAuthentication):
    """Also a revoked device: what it still has to tell goes into quarantine, and it reads nothing."""

    revoked_too = True


class IsDevice(permissions.BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Device)


def device_of(request: Request) -> Device:
    """The device behind a request that `IsDevice` let through."""
    device: object = request.auth
    assert isinstance(device, Device)
    return device


def operation_asked(request: Request) -> Operation:
    """The operation of `?operation=`, if it is one of the device's center; else Http404."""
    number = request.query_params.get("operation", "")
    if not number.isdecimal() or len(number) > 18:
        raise Http404
    return access.of_center(
        device_of(request).center, Operation.objects.select_related("center"), int(number)
    )


class DeviceView(APIView):
    """An endpoint for registered devices. Every answer that is not 200 is {"code", "text"}."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)
    profiles: frozenset[DeviceProfile] | None = None  # who may ask; None: every profile

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """JSON, whatever was asked for: a tablet understands nothing else, in no answer."""
        return _JSON, str(_JSON.media_type)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.profiles is not None and device_of(request).profile not in self.profiles:
            raise PermissionDenied({"code": "profile", "text": Refused("device.profile").text})

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, OperationalError):
            return _full() if is_full(exc) else _busy()
        # A body of ten thousand brackets exhausts the JSON reader before it is anything else.
        if isinstance(exc, ParseError | RecursionError):
            return _no(
                400,
                "malformed",
                "送られた内容を読めませんでした。端末に残っているので、もう一度送ってください。",
            )
        if isinstance(exc, Refused):
            return _no(409, exc.code, exc.text)
        response = super().handle_exception(exc)
        if response.status_code == 404:
            return _no(404, "not_found", "この活動は見つかりません。ホームから開き直してください。")
        if response.status_code in (401, 403) and "code" not in (response.data or {}):
            refusal = Refused("device.unknown")
            response = _no(401, "device_unknown", refusal.text)
        elif (
            response.status_code in (401, 403) and str((response.data or {}).get("code")) == "device_revoked"
        ):
            response.status_code = 403
        return response


def _no(status: int, code: str, text: str) -> Response:
    return Response({"code": code, "text": text}, status=status)


def _full() -> Response:
    """Nothing was written. Who already has the list goes on with it (holdings.py); everybody else waits for room."""
    response = _no(
        503,
        "disk_full",
        "センターのパソコンの空きがなくなり、記録を受け取れません。記録は端末に残っています。センター長に知らせてください。空きができると、自動で送ります。",
    )
    response["Retry-After"] = "30"
    return response


def _busy() -> Response:
    response = _no(503, "busy", "サーバーが混み合っています。記録は端末に残っています。自動で送り直します。")
    response["Retry-After"] = "3"
    return response


class EnvelopeSerializer(Shape):
    epoch = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    sent_wall = serializers.DateTimeField(required=False, allow_null=True)
    sent_mono = serializers.FloatField(required=False, allow_null=True)
    boot_id = serializers.CharField(required=False, max_length=64, allow_blank=True)
    app = serializers.CharField(required=False, max_length=20, allow_blank=True)
    report = serializers.JSONField(required=False, allow_null=True)
    ops = serializers.ListField(child=serializers.DictField())


ENVELOPE: Final = EnvelopeSerializer()  # one for all, as in envelope.py


def _read_envelope(request: Request) -> dict[str, Any]:
    try:
        return ENVELOPE.run_validation(request.data)
    except serializers.ValidationError:
        raise ParseError from None


class ResultSerializer(serializers.Serializer[dict[str, Any]]):
    op_id = serializers.CharField()
    seq = serializers.IntegerField()
    status = serializers.CharField()
    code = serializers.CharField()
    tone = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]  # the name is the protocol's
    was = serializers.CharField(required=False, help_text="of a replay: the status of the first answer")


class OpsView(DeviceView):
    """POST /api/v1/sync/ops: up to 200 operations, one result each."""

    authentication_classes = (QueueAuthentication,)

    @extend_schema(
        request=inline_serializer(
            "Ops", {"epoch": serializers.IntegerField(), "sent_wall": serializers.DateTimeField(),
                    "sent_mono": serializers.FloatField(required=False),
                    "boot_id": serializers.CharField(required=False), "app": serializers.CharField(), "report": reporting.ReportSerializer(required=False),
                    "ops": OpSerializer(many=True)}
        ),
        responses=inline_serializer(
            "OpsResults",
            {"server_time": serializers.DateTimeField(), "generation": serializers.CharField(),
             "backed_up_seq": serializers.IntegerField(), "results": ResultSerializer(many=True)},
        ),
    )  # fmt: skip
    def post(self, request: Request) -> Response | HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
            return _too_large()
        envelope = _read_envelope(request)
        raw_ops = envelope["ops"]
        if len(raw_ops) > services.MAX_OPS:
            return _too_large()
        device = device_of(request)
        now = timezone.now()
        sent = Reading.of(envelope.get("sent_wall"), envelope.get("sent_mono"), envelope.get("boot_id"))
        epoch = envelope["epoch"]
        ops, misshapen = read_ops(raw_ops)
        if device.revoked_at is not None:
            return _into_quarantine(device, ops, misshapen, epoch=epoch, sent=sent, at=now)
        results = services.refuse_misshapen(device, misshapen, epoch=epoch, at=now)
        results += services.apply_ops(device, ops, epoch=epoch, sent=sent, at=now)
        app, report = envelope.get("app", ""), envelope.get("report")
        reporting.hear(device, report, app=app, sent_wall=sent.wall if sent else None, at=now)
        answer = {
            "server_time": now.isoformat(),
            "generation": snapshot.generation(),
            "backed_up_seq": marks.mark_of(device, epoch),
            "results": [result.as_json() for result in results],
        }
        # As DRF writes it, without its questions in what form that may be: the reader is a tablet.
        return HttpResponse(_JSON.render(answer), content_type="application/json")


def _into_quarantine(
    device: Device, ops: list[Op], misshapen: Any, *, epoch: int, sent: Reading | None, at: datetime
) -> Response:
    """A revoked device gets answers to what it sent and nothing else."""
    refusal = Refused("device.revoked")
    if not ops and not misshapen:
        return _no(403, "device_revoked", refusal.text)
    results = services.refuse_misshapen(device, misshapen, epoch=epoch, at=at)
    results += quarantine.keep(device, ops, epoch=epoch, sent=sent, at=at)
    return Response(
        {
            "server_time": at.isoformat(), "generation": snapshot.generation(), "backed_up_seq": 0,
            "device": "revoked", "text": Refused("device.quarantined").text,
            "results": [result.as_json() for result in results],
        }
    )  # fmt: skip


def _too_large() -> Response:
    return _no(413, "too_large", f"一度に送れるのは{services.MAX_OPS}件までです。分けて送り直します。")


class SnapshotView(DeviceView):
    """GET /api/v1/sync/snapshot?operation=<id>: what a reception tablet needs to answer off-line."""

    # Whose tablets hold cards and names (sync.md §3: a tablet holds only what its profile needs).
    profiles = frozenset({DeviceProfile.RECEPTION, DeviceProfile.KIOSK})

    @extend_schema(
        parameters=[
            OpenApiParameter("operation", int, required=True),
            OpenApiParameter(
                "since", str, description="the cursor of the last answer, empty for the whole in columns"
            ),
        ],
        responses=serializers.DictField(),
    )
    def get(self, request: Request) -> Response | HttpResponse:
        device, now = device_of(request), timezone.now()
        operation = operation_asked(request)
        if "since" in request.query_params:
            return _since(request, device, operation, now)
        content = snapshot.build(operation, at=now)
        etag = quote_etag(content["version"])
        django_request: HttpRequest = request._request
        unchanged = get_conditional_response(django_request, etag=etag)
        response = Response(status=304) if unchanged is not None else Response(content)
        if unchanged is None:
            holdings.note_or_known(device, operation, HoldingKind.CARDS, count=len(content["cards"]), at=now)
        response["ETag"] = etag
        response["Cache-Control"] = "no-store"
        return response


def _since(request: Request, device: Device, operation: Operation, at: datetime) -> Response | HttpResponse:
    """What changed since the cursor, else the whole (gzipped once for all tablets)."""
    cursor = download.Cursor.read(request.query_params["since"])
    found = download.changes(operation, cursor, at=at) if cursor else None
    if found is not None:
        if found["cards"]:
            holdings.note_or_known(
                device, operation, HoldingKind.CARDS, count=holders.count(operation), at=at
            )
        response: Response | HttpResponse = Response(found)
    else:
        try:
            whole = download.whole(operation, at=at)
        except download.Busy:
            return _busy()
        holdings.note_or_known(device, operation, HoldingKind.CARDS, count=whole.cards, at=at)
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        body = whole.body if packed else gzip.decompress(whole.body)
        response = HttpResponse(body, content_type="application/json")
        if packed:
            response["Content-Encoding"] = "gzip"
        response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "no-store"
    return response
