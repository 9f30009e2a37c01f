"""The API describes itself to those who are signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import make

pytestmark = pytest.mark.django_db


def test_the_schema_names_every_endpoint_and_its_answers(client: Client) -> None:
    client.force_login(make.user(make.center()))
    answer = client.get("/api/v1/schema", headers={"accept": "application/json"})
    assert answer.status_code == 200
    text = answer.content.decode()
    for word in ("/api/v1/sync/ops", "/api/v1/sync/snapshot", "results", "server_time"):
        assert word in text


def test_a_stranger_does_not_see_the_schema(client: Client) -> None:
    assert client.get("/api/v1/schema").status_code == 302
