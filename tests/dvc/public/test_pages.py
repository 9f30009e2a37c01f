"""The pages for everybody."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode
from intake.volunteers.models import Source, Volunteer
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def center() -> Center:
    return make.center()


def filled(client: Client, center: Center, **changes: str) -> dict[str, str]:
    """The form as a browser would send it, handed out a minute ago."""
    with time_machine.travel(make.at(9), tick=False):
        page = client.get(f"/p/{center.pk}/register/")
    seal = re.search('name="seal"[^>]* value="([^"]*)"', page.content.decode())
    assert seal
    return {
        "seal": unescape(seal[1]), "family_name": "𠮷﨑", "given_name": "髙子", "family_kana": "", "given_kana": "",
        "phone": "０９０－００００－１２３４", "consented": "on", "website": "", "vehicle_seats": "", "experience": "0",
        "stamina": "2", **changes,
    }  # fmt: skip


def send(client: Client, center: Center, data: dict[str, str]) -> int:
    with time_machine.travel(make.at(9) + timedelta(minutes=1), tick=False):
        return client.post(f"/p/{center.pk}/register/", data).status_code


def test_the_front_page_sets_no_cookie_and_may_be_cached(client: Client, center: Center) -> None:
    response = client.get(f"/p/{center.pk}/")
    assert response.status_code == 200
    assert not response.cookies
    assert "public" in response["Cache-Control"]
    assert "募集しています" in response.content.decode()


def test_a_drill_is_not_told_to_the_public(client: Client, center: Center) -> None:
    make.operation(center, mode=Mode.DRILL, name="ひみつの訓練")
    assert "ひみつの訓練" not in client.get(f"/p/{center.pk}/").content.decode()


def test_only_in_a_disaster_the_front_page_speaks_of_mud_and_boots(client: Client, center: Center) -> None:
    calm = client.get(f"/p/{center.pk}/").content.decode()
    assert "泥かき" not in calm
    assert "厚い靴" not in calm
    make.operation(center, name="7月豪雨")
    in_need = client.get(f"/p/{center.pk}/").content.decode()
    assert "泥かき" in in_need
    assert "厚い靴" in in_need


def test_somebody_registers_from_home(client: Client, center: Center) -> None:
    assert send(client, center, filled(client, center)) == 302
    person = Volunteer.objects.get()
    assert (person.name, person.source) == ("𠮷﨑 髙子", Source.WEB)
    assert person.consented_at is not None


@pytest.mark.database
def test_sending_twice_registers_once(client: Client, center: Center) -> None:
    data = filled(client, center)
    assert [send(client, center, data), send(client, center, data)] == [302, 302]
    assert Volunteer.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [{"website": "http://spam"}, {"consented": ""}, {"phone": ""}, {"family_name": "\x00"}, {"seal": "forged"}, {"family_name": "あ" * 1_000_000}],
)  # fmt: skip
def test_a_bad_form_is_shown_again_with_a_sentence(
    client: Client, center: Center, changes: dict[str, str]
) -> None:
    assert send(client, center, filled(client, center, **changes)) == 422
    assert not Volunteer.objects.exists()


def test_a_closed_door_leads_back_to_the_front_page(client: Client, center: Center) -> None:
    ordinary = center.operations.get()
    operations.edit_operation(ordinary, recruiting=False, by=SYSTEM, at=make.at(9))
    response = client.get(f"/p/{center.pk}/register/")
    assert response.status_code == 302


def test_a_center_that_does_not_exist_is_a_404(client: Client) -> None:
    assert client.get("/p/999/").status_code == 404
