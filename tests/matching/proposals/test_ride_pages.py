"""The page 「手で組む」 with several cars: the center's, each with its driver, and the members' own."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.volunteers.models import Volunteer
from matching.equipment.models import Vehicle
from matching.proposals.models import Proposal
from matching.teams.models import Team
from matching.teams.rides import Drive
from tests import make
from tests.matching.proposals.morning import answer, present
from tests.matching.proposals.test_pages import NOW, signed_in, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    """A drill whose clock stands at 9:31, so that these pages are the same at any hour."""
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=timezone.now())


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.MATCHING)


def far_team(operation: Operation) -> tuple[str, list[Volunteer], list[Vehicle]]:
    """The address of the page of a need one has to drive to, six people and two vehicles."""
    need = make.need(operation, lat=38.33, lng=141.05, people_max=8)
    here = [present(operation, name, skills=["driver"]) for name in ("佐藤", "鈴木")]
    here += [present(operation, name, vehicle="car", vehicle_seats=2) for name in ("高橋", "田中")]
    here += [present(operation, name) for name in ("渡辺", "伊藤")]
    vans = [
        Vehicle.objects.create(
            operation=operation,
            site=operation.center.sites.get(),
            name=f"ワゴン{number}号",
            kind="van",
            seats=3,
        )
        for number in (1, 2)
    ]
    return url("team_make", operation, need_id=need.pk), here, vans


@pytest.mark.database
def test_a_team_by_hand_takes_several_vehicles_each_with_its_driver(
    operation: Operation, client: Client
) -> None:
    address, here, vans = far_team(operation)
    sent: dict[str, Any] = {"m": [one.pk for one in here], "leader": here[0].pk}
    one = {**sent, "vehicle": [vans[0].pk, ""], "driver": [here[1].pk, ""], "do": "check"}
    page = client.post(address, one).content.decode()
    assert "センターの車（2台目）" in page
    assert "6人に7席あります" in page, "two own cars make up for the missing seats"
    both = {**sent, "vehicle": [vans[1].pk, vans[0].pk], "driver": [here[1].pk, here[0].pk], "do": "decide"}
    assert client.post(address, both).status_code == 302
    assert Team.objects.get().drives == [Drive(vans[1], here[1]), Drive(vans[0], here[0])]


def test_a_vehicle_without_a_driver_gets_one_who_drives_nothing_else(
    operation: Operation, client: Client
) -> None:
    address, here, vans = far_team(operation)
    sent = {
        "m": [one.pk for one in here], "leader": here[0].pk, "vehicle": [vans[0].pk, vans[1].pk],
        "driver": ["", here[0].pk], "do": "decide",
    }  # fmt: skip
    assert client.post(address, sent).status_code == 302
    assert Team.objects.get().drives == [Drive(vans[0], here[1]), Drive(vans[1], here[0])]


@pytest.mark.database
def test_one_driver_of_two_and_one_vehicle_twice_are_sentences(operation: Operation, client: Client) -> None:
    address, here, vans = far_team(operation)
    sent = {"m": [one.pk for one in here], "leader": here[0].pk, "do": "decide"}
    for cars, words in (
        ({"vehicle": [vans[0].pk, vans[1].pk], "driver": [here[0].pk] * 2}, "佐藤 花子さんが2台の運転者"),
        ({"vehicle": [vans[0].pk] * 2, "driver": [here[0].pk, here[1].pk]}, "「ワゴン1号」を2回選んでいます"),
    ):
        response = client.post(address, {**sent, **cars})
        assert (response.status_code, words in response.content.decode()) == (409, True)
    assert not Team.objects.exists()


def test_an_own_car_whose_tick_is_taken_away_stays_at_the_center(
    operation: Operation, client: Client
) -> None:
    address, here, _ = far_team(operation)
    crew, owners = here[2:5], here[2:4]
    sent = {"m": [one.pk for one in crew], "leader": crew[0].pk}
    page = client.post(address, {**sent, "do": "check"}).content.decode()
    for owner in owners:
        assert f'name="own" value="{owner.pk}" checked' in page
        assert f'name="car_of" value="{owner.pk}"' in page
    answer = {**sent, "own": [owners[0].pk], "car_of": [one.pk for one in owners], "do": "check"}
    page = client.post(address, answer).content.decode()
    assert f'name="own" value="{owners[1].pk}" checked' not in page
    assert f'name="car_of" value="{owners[1].pk}"' in page, "and it does so after the next look as well"
    assert "3人に2席あります" in page
    assert "車の席が足りません" in page
    client.post(address, {**answer, "do": "decide", "ok": "yes", "reason": "もう1台は借りる"})
    assert Team.objects.get().drives == [Drive(None, owners[0])]


def test_the_link_of_a_proposal_brings_all_its_cars_to_the_page(operation: Operation, client: Client) -> None:
    far_team(operation)
    make.need(operation, lat=38.33, lng=141.05, people_min=6, people_ideal=6, people_max=6)
    answer(operation, at=NOW)
    proposal = max(Proposal.objects.on_offer(NOW), key=lambda one: len(one.rides))
    board = text(client, url("matching_board", operation))
    (link,) = re.findall(rf'id="edit-{proposal.pk}" href="([^"]*)"', board)
    page = text(client, html.unescape(link))
    for car in proposal.rides:
        if car["vehicle"]:
            assert f'<option value="{car["vehicle"]}" selected>' in page
            assert f'<option value="{car["driver"]}" selected>' in page
        else:
            assert f'name="own" value="{car["driver"]}" checked' in page
    assert len(proposal.rides) > 1
