"""Settings of island mode, on an authority made for the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from dvc.island import services

NAME = "saigai.local"
TABLET = "192.168.1.30"


@pytest.fixture
def island(settings: Settings, tmp_path: Path) -> Settings:
    """The encrypted line, as `up --lan` sets it up."""
    from ipaddress import IPv4Address

    from django.utils import timezone

    settings.LAN = True
    settings.LAN_NAME = NAME
    settings.LAN_KEYS = tmp_path / "keys" / "lan"
    settings.LAN_ADDRESS = [IPv4Address("192.168.1.10")]
    settings.LAN_HOSTS = [NAME, "localhost", "127.0.0.1", "testserver"]
    settings.ALLOWED_HOSTS = ["*"]
    settings.PORT, settings.HTTPS_PORT = 8000, 8443
    settings.PUBLIC_URL = f"https://{NAME}:8443"
    settings.WIFI_NAME, settings.WIFI_PASSWORD = "災害VC", 'se;cret"1'
    settings.MIDDLEWARE = ["dvc.island.hosts.OnlyOurNames", *settings.MIDDLEWARE]
    services.make_certificate(at=timezone.now())
    return settings


@pytest.fixture
def plain(island: Settings) -> Callable[..., Any]:
    """A request of a tablet on the unencrypted line: `plain("/path")`; keywords are the client's."""
    before = island.MIDDLEWARE.index("dvc.accounts.policy.PolicyMiddleware")
    island.MIDDLEWARE = [
        *island.MIDDLEWARE[:before], "dvc.island.plain.PlainLine", *island.MIDDLEWARE[before:],
    ]  # fmt: skip
    client = Client(HTTP_HOST=f"{NAME}:8000", REMOTE_ADDR=TABLET)

    def ask(path: str, method: str = "GET", who: Client = client, **options: Any) -> Any:
        return who.generic(method, path, **options)

    return ask
