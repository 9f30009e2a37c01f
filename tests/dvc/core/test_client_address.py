"""Behind a proxy a brake by address stops who is meant, and not everybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django.fixtures import Settings

from dvc.accounts import services
from dvc.core.client_address import AddressBehindProxy
from tests import make
from tests.infra.center import BASE

OURS = "dvc.core.client_address.AddressBehindProxy"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("10.0.0.1, 203.0.113.9", "203.0.113.9"),  # the first is what the visitor wrote
        ("2001:db8::7", "2001:db8::7"),
        ("", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
        ("203.0.113.9,", "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_the_proxy_added(said: str, address: str) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.META["REMOTE_ADDR"])

    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=said)
    assert AddressBehindProxy(page)(request).content.decode() == address


@pytest.mark.django_db
def test_one_who_guesses_stops_nobody_else_behind_the_proxy(settings: Settings) -> None:
    settings.MIDDLEWARE = [OURS, *settings.MIDDLEWARE]
    cache.clear()
    user = make.user(make.center())

    def sign_in(address: str, password: str) -> int:
        form = {"sign_in_name": user.sign_in_name, "password": password}
        return Client().post(reverse("sign_in"), form, HTTP_X_FORWARDED_FOR=address).status_code

    for _ in range(services.WRONG_PASSWORDS.most):
        assert sign_in("203.0.113.9", "not-the-password") == 403
    assert sign_in("203.0.113.9", "a-long-password") == 403
    assert sign_in("198.51.100.4", "a-long-password") == 302


@pytest.mark.parametrize(
    ("variables", "believed"), [({}, False), ({"HTTPS": "on"}, True), ({"LAN": "on"}, False)]
)
def test_only_a_center_behind_a_proxy_believes_it(
    variables: dict[str, str], *, believed: bool, tmp_path: Path
) -> None:
    code = f"from dvc import settings; print({OURS!r} in settings.MIDDLEWARE)"
    environment = {"PATH": os.environ["PATH"], "DATA": str(tmp_path), **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=BASE, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(believed)
