"""Which names this laptop answers to, when its address may change over night."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.request import split_domain_port, validate_host

from dvc.island.authority import is_private


class OnlyOurNames:
    """Stands for ALLOWED_HOSTS in island mode: our names, and any private address.

    A written address cannot be turned against us: what a foreign page can bend (DNS rebinding) are names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host = split_domain_port(request.get_host())[0]
        if not validate_host(host, settings.LAN_HOSTS) and not _is_private(host):
            return HttpResponseBadRequest(
                "not a name of this center", content_type="text/plain; charset=utf-8"
            )
        return self.get_response(request)


def _is_private(host: str) -> bool:
    try:
        return is_private(IPv4Address(host))
    except ValueError:
        return False
