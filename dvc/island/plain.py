"""What may be seen on the unencrypted line, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render

from dvc.accounts import shell
from dvc.accounts.models import DeviceProfile
from dvc.core.http import is_loopback
from dvc.core.refused import Refused
from dvc.operations.models import Center

OPEN: Final = frozenset(
    {
        "island_install",
        "island_steps",
        "island_certificate",
        "island_without",
        "check",
        "healthz",
        "type_size",
    }
)
# What a reception with a keyboard reader needs, and nothing else. Nobody signs in here: a password or a link that is
# overheard would open the whole center, and a badge with its proof could be tried for the PIN at leisure. Devices are
# paired by a code and open an empty page with it; what they record is told by the device's name.
RECEPTION: Final = frozenset(
    {"pair", "pair_ask", "pair_wait", "tablet_reception", "sync_ops", "sync_snapshot"}
)
API: Final = "/api/"


def is_this_machine(request: HttpRequest) -> bool:
    """The laptop itself, by an address that only it can open: nothing crosses a network, so nothing is held back."""
    return is_loopback(request.get_host()) and is_loopback(request.META.get("REMOTE_ADDR", ""))


class PlainLine:
    """Lets the install pages through, the reception where a center's chief allows it, and sends the rest to https."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_this_machine(request):
            request.plain_line = True  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        assert request.resolver_match is not None
        name = request.resolver_match.view_name
        if not getattr(request, "plain_line", False) or name in OPEN:
            return None
        if name == "start":
            return _start(request)
        if name in RECEPTION:
            return None if _is_allowed(kwargs.get("operation_id")) else _not_allowed(request)
        if request.method in {"GET", "HEAD"} and not request.path.startswith(API):
            return redirect(https_address(request) + request.get_full_path())
        return _not_allowed(request)


def https_address(request: HttpRequest) -> str:
    """The encrypted line under the host the visitor asked for, without a path."""
    host = split_domain_port(request.get_host())[0]
    return f"https://{host}:{settings.HTTPS_PORT}".removesuffix(":443")


def _is_allowed(operation_id: int | None) -> bool:
    centers = Center.objects.filter(plain_reception=True)
    return (centers if operation_id is None else centers.filter(operations=operation_id)).exists()


def _start(request: HttpRequest) -> HttpResponse:
    """A paired reception goes on where it was; anybody else is shown how to come in."""
    device = shell.device_behind(request)
    if device is not None and device.profile == DeviceProfile.RECEPTION and device.center.plain_reception:
        operation = device.center.operations.live().main_first().first()
        if operation is not None:
            return redirect("tablet_reception", operation.pk)
    return redirect("island_install")


def _not_allowed(request: HttpRequest) -> HttpResponse:
    text = Refused("island.plain_not_allowed").text
    if request.path.startswith(API):
        return JsonResponse({"code": "plain_line", "text": text}, status=403)
    return render(request, "dvc/island/plain_not_allowed.html", {"refusal": text}, status=403)
