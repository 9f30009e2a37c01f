"""Photos from a tablet: named by their hash, in pieces, taken up where the network broke off.

A revoked device may still hand over the photos of its records, as it hands over the records themselves: the hash that a
record names is the content, so nothing can be slipped in. Nobody sees a photo before the record that names it counts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from dvc.accounts.models import Device, DeviceProfile
from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.photos import parts, services
from dvc.photos.models import Purpose
from dvc.sync import quarantine
from dvc.sync.api import DeviceView, QueueAuthentication, device_of, operation_asked
from dvc.sync.models import QuarantineState
from intake.survey import reports as surveys

_PURPOSES: Final[dict[str, Purpose]] = {
    DeviceProfile.SURVEY: Purpose.SURVEY,
    DeviceProfile.FIELD: Purpose.REPORT,
}
_ASKED: Final = [OpenApiParameter("operation", int, required=True)]


class Received(serializers.Serializer[dict[str, Any]]):
    """How much of the file is here; `whole`: the photo is kept, and need not be sent any more."""

    received = serializers.IntegerField()
    whole = serializers.BooleanField()


class PhotoView(DeviceView):
    """GET and PUT /api/v1/sync/photos/<sha256 of the file>?operation=<id>."""

    authentication_classes = (QueueAuthentication,)
    profiles = frozenset(DeviceProfile(profile) for profile in _PURPOSES)
    parser_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        device = device_of(request)
        if device.revoked_at is not None:
            _check_named(device, operation_asked(request), kwargs["sent"])

    @extend_schema(parameters=_ASKED, responses=Received)
    def get(self, request: Request, sent: str) -> Response:
        """Where to go on."""
        operation = operation_asked(request)
        return _answer(device_of(request), operation, sent)

    @extend_schema(
        parameters=[
            *_ASKED,
            OpenApiParameter("offset", int, required=True),
            OpenApiParameter("size", int, required=True, description="of the whole file, in bytes"),
        ],
        request={"application/octet-stream": {"type": "string", "format": "binary"}},
        responses=Received,
    )
    def put(self, request: Request, sent: str) -> Response:
        """A piece of at most 1 MiB. One that does not fit changes nothing; the answer says where to go on."""
        device, operation = device_of(request), operation_asked(request)
        offset, size = (_number(request, name) for name in ("offset", "size"))
        piece = _body(request)
        if _kept(device, operation, sent):
            return _answer(device, operation, sent)
        length = parts.append(device.pk, operation.pk, sent, piece, offset=offset)
        if length < size:
            return Response({"received": length, "whole": False})
        return _keep(device, operation, sent, size=length)


def _check_named(device: Device, operation: Operation, sent: str) -> None:
    """Of a revoked device only what its records name. PermissionDenied device_revoked: not (yet), the tablet keeps it
    and asks again after its records. Refused photo.left_out: a person has decided against the record."""
    waits = quarantine.photo_state(device, operation, sent)
    if waits == QuarantineState.REFUSED:
        raise Refused("photo.left_out")
    if waits is None and not surveys.names_photo(device, operation, sent):
        raise PermissionDenied({"code": "device_revoked", "text": Refused("device.revoked").text})


def _answer(device: Device, operation: Operation, sent: str) -> Response:
    whole = _kept(device, operation, sent)
    return Response(
        {"received": 0 if whole else parts.received(device.pk, operation.pk, sent), "whole": whole}
    )


def _kept(device: Device, operation: Operation, sent: str) -> bool:
    return bool(services.found(operation, [sent], purpose=_PURPOSES[device.profile]))


def _keep(device: Device, operation: Operation, sent: str, *, size: int) -> Response:
    with parts.whole(device.pk, operation.pk, sent) as file:
        photo = services.add(
            operation, file, purpose=_PURPOSES[device.profile], size=size, sent=sent,
            by=By(device=device, via="tablet"), at=operation.moment(timezone.now()),
        )  # fmt: skip
    return Response({"received": photo.bytes, "whole": True}, status=HTTPStatus.CREATED)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not text.isdecimal() or len(text) > 9:
        raise Http404
    return int(text)


def _body(request: Request) -> bytes:
    if int(request.META.get("CONTENT_LENGTH") or 0) > parts.PIECE_BYTES:
        raise Refused("photo.broken_on_the_way")
    return request._request.read(parts.PIECE_BYTES)
