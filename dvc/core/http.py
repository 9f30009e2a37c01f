"""Small facts about addresses."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def is_loopback(host: str) -> bool:
    """Whether an address with this host (a name or a number, with or without a port) opens on this machine only."""
    name = host.rsplit(":", 1)[0].strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def outside_address(request: HttpRequest) -> str:
    """Where another device opens this center, without a slash at the end: PUBLIC_URL, else the address in use."""
    return str(settings.PUBLIC_URL) or request.build_absolute_uri("/").rstrip("/")


def plain_address() -> str:
    """Island mode's unencrypted line, without a slash at the end; empty where there is none."""
    return f"http://{settings.LAN_NAME}:{settings.PORT}".removesuffix(":80") if settings.LAN else ""
