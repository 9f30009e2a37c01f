"""What is typed wrongly at the phone desk: each has a sentence that says what to do, and nothing typed is lost.

The others of this list: no name, phone or address (test_services), a postal code that does not exist, a browser closed in
mid-call and two people on one request (test_pages, calls/test_pages), forty megabytes (dvc/photos, survey/test_pages)."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests.models import CallDraft, Need
from intake.people.services import TownRow, keep_towns
from tests import make

pytestmark = pytest.mark.django_db
TYPED = {
    "caller_name": "𠮷﨑 髙子", "caller_phone": "022-000-0001", "address": "町前一丁目9999-1", "landmark": "青い屋根",
    "description": "床下に泥が入った。", "relation": "本人", "method": "phone", "judgement": "survey",
    "w1-category": "mud_removal",
}  # fmt: skip


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def client(operation: Operation) -> Client:
    signed_in = Client()
    signed_in.force_login(make.user(operation.center, Role.NEEDS_DESK))
    return signed_in


def sent(client: Client, operation: Operation, **changes: str) -> Any:
    data = {**TYPED, "form_token": str(uuid4()), **changes}
    return client.post(reverse("need_new", args=[operation.pk]), data)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"open_from": "25:70"}, "時刻を 9:40 のように入力してください"),
        ({"open_from": "15:00", "open_until": "9:00"}, "終わりの時刻を、始まりより後にしてください"),
        ({"call_back_at": "きのう"}, "時刻を 9:40 のように入力してください"),
        ({"age": "820"}, "120以下の数字を入れてください"),
        ({"lat": "91", "lng": "141"}, "地図を押して、印を付け直してください"),
        ({"lat": "38.3", "lng": "北"}, "地図を押して、印を付け直してください"),
        ({"lat": "38.3"}, "両方入れるか、両方空欄に"),
        ({"caller_phone": "022"}, "電話番号のけた数が違います"),
    ],
)
def test_what_cannot_be_is_said_and_everything_typed_is_there(
    client: Client, operation: Operation, wrong: dict[str, str], sentence: str
) -> None:
    answer = sent(client, operation, **wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    for typed in {**TYPED, **wrong}.values():
        assert typed in page, typed
    assert not Need.objects.exists()


def test_a_pin_in_the_sea_is_refused_with_the_nearest_town_and_the_call_goes_on(
    client: Client, operation: Operation
) -> None:
    center = operation.center
    chome = zip(("一丁目", "二丁目", "三丁目"), (0.0, 0.01, 0.02), strict=True)
    rows = [TownRow("町前", name, "まちまえ", center.lat, center.lng + east) for name, east in chome]
    keep_towns(center, rows, by=SYSTEM, at=make.at(8))
    sea = {"lat": f"{center.lat:.5f}", "lng": f"{center.lng + 0.3:.5f}"}
    answer = sent(client, operation, **sea)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "市の外（海の上など）" in page
    assert "町前三丁目" in page
    for typed in {**TYPED, **sea}.values():
        assert typed in page, typed
    assert not Need.objects.exists()
    assert sent(client, operation).status_code == 302
    assert Need.objects.get().description == TYPED["description"]


def test_what_is_refused_lies_in_the_draft_as_well(client: Client, operation: Operation) -> None:
    """The browser may be closed on the page with the sentence."""
    token = str(uuid4())
    keep = {**TYPED, "form_token": token, "open_from": "25:70"}
    client.post(reverse("draft_save", args=[operation.pk]), keep)
    assert sent(client, operation, form_token=token, open_from="25:70").status_code == 422
    draft = CallDraft.objects.get()
    assert (draft.fields["caller_name"], draft.fields["open_from"]) == (["𠮷﨑 髙子"], ["25:70"])


def test_a_saving_on_its_way_when_the_sheet_is_sent_is_no_other_machine(
    client: Client, operation: Operation
) -> None:
    """Its answer, with the new version, never reached the page that was sent."""
    token = str(uuid4())
    keep = {**TYPED, "form_token": token, "open_from": "25:70"}
    saved = client.post(
        reverse("draft_save", args=[operation.pk]),
        {**keep, "summary": "泥"},
        headers={"x-requested-with": "fetch"},
    )
    seen = saved.json()["version"]
    client.post(
        reverse("draft_save", args=[operation.pk]),
        {**keep, "draft_version": seen},
        headers={"x-requested-with": "fetch"},
    )
    page = sent(client, operation, form_token=token, open_from="25:70", draft_version=str(seen))
    found = re.search('name="draft_version" value="([0-9]+)"', page.content.decode())
    assert found
    mended = {**keep, "open_from": "09:00", "draft_version": found[1]}
    answer = client.post(
        reverse("draft_save", args=[operation.pk]), mended, headers={"x-requested-with": "fetch"}
    ).json()
    assert (answer["sentence"], CallDraft.objects.count()) == ("", 1)
