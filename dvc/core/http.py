"""Small facts about addresses."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port


def is_loopback(host: str) -> bool:
    """Whether an address with this host (a name or a number, with or without a port) opens on this machine only."""
    name, _ = split_domain_port(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]") or host).is_loopback
    except ValueError:
        return False


def outside_address(request: HttpRequest) -> str:
    """Where another device opens this center, without a slash at the end: PUBLIC_URL, else the address in use."""
    return str(settings.PUBLIC_URL) or request.build_absolute_uri("/").rstrip("/")


def opens_here_only(request: HttpRequest) -> bool:
    """Whether `outside_address` means this very machine, so that no other device can open it."""
    return is_loopback(urlsplit(outside_address(request)).netloc)


def service_worker(name: str, *, scope: str) -> HttpResponse:
    """A built worker, which may look after the pages below `scope`. 404 before the front end is built."""
    path = Path(settings.FRONTEND) / "dist" / name
    if not path.exists():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = scope
    response["Cache-Control"] = "no-cache"
    return response


def plain_address() -> str:
    """Island mode's unencrypted line, without a slash at the end; empty where there is none."""
    return f"http://{settings.LAN_NAME}:{settings.PORT}".removesuffix(":80") if settings.LAN else ""
