"""Who asks, behind our own proxy: there every request comes from the proxy, and each brake that counts by address would
stop everybody because of one (dvc.core.throttle)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse


class AddressBehindProxy:
    """REMOTE_ADDR is the address that the proxy put at the end of X-Forwarded-For; what stands before it anybody may have
    written. Only where X-Forwarded-Proto is believed too (settings)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        try:
            request.META["REMOTE_ADDR"] = str(ip_address(last))
        except ValueError:
            pass  # a proxy that does not say: then all are the proxy
        return self.get_response(request)
