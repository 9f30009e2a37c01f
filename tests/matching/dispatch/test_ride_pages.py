"""Which cars go and who drives, on every page of a team's day; the keys of the center's are asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.volunteers.models import Volunteer
from matching.dispatch import services, sheets, tokens
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import Vehicle
from matching.teams import services as teams
from matching.teams.rides import Drive
from tests import make
from tests.matching.dispatch import scene
from tests.matching.dispatch.test_pages import REPORT, board_url, signed_in, url

pytestmark = pytest.mark.django_db
CARS = "白のハイエース（運転 佐藤 花子）、青のキャラバン（運転 鈴木 花子）、高橋 花子さんの軽トラック"


@pytest.fixture
def now() -> datetime:
    """Pages ask the real clock."""
    return timezone.now()


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def person(operation: Operation, family: str, *, at: datetime, **fields: object) -> Volunteer:
    made = make.volunteer(operation.center, family, insured=False, **fields)  # type: ignore[arg-type]
    made.policies.create(
        valid_from=at - timedelta(days=1),
        valid_to=at + timedelta(days=90),
        recorded_at=at - timedelta(days=1),
    )
    return scene.present(operation, made, at=at - timedelta(hours=1))


@pytest.fixture
def dispatch(operation: Operation, now: datetime) -> Dispatch:
    site = operation.center.sites.get()
    vans = [
        Vehicle.objects.create(operation=operation, site=site, name=name, kind="van", seats=8)
        for name in ("白のハイエース", "青のキャラバン")
    ]
    drivers = [person(operation, name, at=now, skills=["driver"]) for name in ("佐藤", "鈴木")]
    owner = person(operation, "高橋", at=now, vehicle="kei_truck")
    rides = [*(Drive(*pair) for pair in zip(vans, drivers, strict=True)), Drive(None, owner)]
    team = teams.form(
        operation, volunteers=[*drivers, owner], leader=drivers[0], mode="car", rides=rides, by=SYSTEM, at=now
    )
    return services.assign(team, make.need(operation), by=SYSTEM, at=now)


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(make.user(operation.center))


def read(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def leave(dispatch: Dispatch, *, at: datetime) -> Dispatch:
    return services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=at, due_back_at=at + timedelta(hours=3))


def test_every_page_of_the_day_says_which_cars_go_and_who_drives(
    dispatch: Dispatch, client: Client, now: datetime
) -> None:
    departure = read(client, url("dispatch_depart", dispatch))
    assert "乗っていく車（3台）" in departure
    assert departure.count("かぎをわたす") == 2, "the center's vehicles only"
    pages = [url("work_order", dispatch), board_url(dispatch.operation), url("dispatch_detail", dispatch)]
    pages.append(reverse("matching_board", args=[dispatch.operation_id]))
    for page in pages:
        assert CARS in read(client, page), page
    leave(dispatch, at=now)
    assert CARS in read(Client(), reverse("leader_page", args=[tokens.leader_token(dispatch.token_nonce)]))


def test_letters_of_a_vehicle_s_name_are_looked_for_before_a_sheet_is_printed(dispatch: Dispatch) -> None:
    Vehicle.objects.filter(name="白のハイエース").update(name="車\ue000")
    fresh = Dispatch.objects.select_related("operation__center", "team__leader", "need").get(pk=dispatch.pk)
    order = sheets.order(fresh, base_url="https://center.example.jp", at=make.at(10))
    assert "\ue000" in sheets.missing_on(order)


@pytest.mark.database
def test_the_return_asks_for_the_keys_of_every_vehicle_and_says_whose_are_missing(
    dispatch: Dispatch, client: Client, now: datetime
) -> None:
    leave(dispatch, at=now)
    white, blue = Vehicle.objects.order_by("pk")
    page = read(client, url("dispatch_return", dispatch))
    assert [f'name="keys" value="{van.pk}"' in page for van in (white, blue)] == [True, True]
    back = client.post(url("dispatch_return", dispatch), {**REPORT, "keys": [white.pk]}, follow=True)
    said = back.content.decode()
    assert "「青のキャラバン」のかぎがまだです。運転した鈴木 花子さん（090-" in said
    assert "「白のハイエース」のかぎ" not in said
    assert Entry.objects.get(action="dispatch.back").details["keys_missing"] == [blue.pk]
    detail = read(client, url("dispatch_detail", dispatch))
    assert "車のかぎ" in detail
    assert "青のキャラバン</dd>" in detail
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.BACK


@pytest.mark.database
def test_all_keys_back_is_said_and_a_later_report_asks_for_none(
    dispatch: Dispatch, client: Client, now: datetime
) -> None:
    leave(dispatch, at=now)
    keys = [van.pk for van in Vehicle.objects.all()]
    client.post(
        url("dispatch_return", dispatch), {"later": "1", "heads": "all", "sheets_back": "", "keys": keys}
    )
    assert "戻りました" in read(client, url("dispatch_detail", dispatch))
    assert 'name="keys"' not in read(client, url("dispatch_return", dispatch))
    said = client.post(url("dispatch_return", dispatch), REPORT, follow=True).content.decode()
    assert "かぎがまだ" not in said


def test_a_team_on_foot_is_asked_for_no_keys(client: Client, operation: Operation, now: datetime) -> None:
    crew = [person(operation, name, at=now) for name in "一二"]
    team = teams.form(operation, volunteers=crew, leader=crew[0], mode="walk", by=SYSTEM, at=now)
    walking = leave(services.assign(team, make.need(operation), by=SYSTEM, at=now), at=now)
    assert 'name="keys"' not in read(client, url("dispatch_return", walking))
    assert "車のかぎ" not in read(client, url("dispatch_detail", walking))


def test_the_paper_list_of_teams_has_a_box_for_every_key(
    dispatch: Dispatch, client: Client, operation: Operation, now: datetime
) -> None:
    leave(dispatch, at=now)
    page = client.post(reverse("paper_teams", args=[operation.pk])).content.decode()
    assert "<br>□ 白のハイエース<br>□ 青のキャラバン</td>" in page
