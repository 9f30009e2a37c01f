"""Mornings on which nothing goes as it should: each gives a plan or a sentence that says what to do, on the board."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.help_requests.models import Need
from intake.people.models import Household
from intake.volunteers.models import Group, VehicleKind
from matching.equipment.models import Vehicle
from matching.proposals.models import MatchRun, Proposal, RunState
from matching.queue import services as queue
from tests import make
from tests.matching.proposals.crowd import crowd
from tests.matching.proposals.morning import answer, people, present

pytestmark = pytest.mark.django_db
NOW = make.at(9, 31)


def drill(at: datetime = NOW) -> Operation:
    """Its clock stands, so that the pages are the same at any hour."""
    made = make.operation(mode=Mode.DRILL, name="訓練")
    return operations.set_clock(made, reading=at, speed=0, by=SYSTEM, at=timezone.now())


@pytest.fixture
def operation() -> Operation:
    return drill()


def seen(operation: Operation) -> str:
    """The board as the coordinator has it."""
    client = Client()
    client.force_login(make.user(operation.center, Role.MATCHING))
    response = client.get(reverse("matching_board", args=[operation.pk]))
    assert response.status_code == 200
    return str(response.content.decode())


def waits(run: MatchRun, need: Need) -> str:
    assert (run.state, run.error) == (RunState.DONE, "")
    assert run.plan is not None
    return str(run.plan["waiting"][f"N{need.pk}"]["text"])


def test_nobody_has_checked_in(operation: Operation) -> None:
    need = make.need(operation)
    said = waits(answer(operation, at=NOW), need)
    page = seen(operation)
    assert said in page
    assert "手があいている人がいません。受付が進むか、班が帰ってくると、提案が出ます。" in page


def test_nothing_is_asked_for_and_nobody_is_there(operation: Operation) -> None:
    assert answer(operation, at=NOW).state == RunState.DONE
    assert "待っている困りごとがありません" in seen(operation)


def test_there_is_no_leader_at_all(operation: Operation) -> None:
    need = make.need(operation)
    for number in range(6):
        present(operation, f"人{number}", experience=0)
    said = waits(answer(operation, at=NOW), need)
    assert said == "リーダーになれる人が足りません。経験のある人があと1人いれば出せます。"
    assert said in seen(operation)


def test_a_group_is_larger_than_any_need(operation: Operation) -> None:
    make.need(operation, people_min=2, people_ideal=3, people_max=4)
    group = Group.objects.create(center=operation.center, name="青年部", created_at=make.at(8))
    members = [present(operation, f"人{number}", group=group) for number in range(8)]
    run = answer(operation, at=NOW)
    assert run.plan is not None
    said = {run.plan["idle"][f"V{person.pk}"]["text"] for person in members}
    assert said == {"8人いっしょに入れる困りごとがありません。分かれてよいか聞いてみてください。"}
    assert not Proposal.objects.exists()
    assert "足り" in seen(operation)


@pytest.mark.parametrize(
    "asks",
    [{"women_only": True}, {"skills": {"chainsaw": 1}}, {"language": "vi"}, {"stamina_min": 3, "people_min": 5,
     "people_ideal": 5}],
)  # fmt: skip
def test_a_need_that_no_one_here_may_do(operation: Operation, asks: dict[str, Any]) -> None:
    need = make.need(operation, **asks)
    for number in range(6):
        present(operation, f"人{number}", gender="m", stamina=1)
    said = waits(answer(operation, at=NOW), need)
    assert "出せます。" in said
    assert said in seen(operation)
    assert not Proposal.objects.exists()


def test_a_fixed_team_that_breaks_a_rule_stands_and_is_said(operation: Operation) -> None:
    crowded, fine = make.need(operation, people_min=5, people_ideal=5, people_max=6), make.need(operation)
    here = people(operation, 6)
    queue.pin([crowded], members=here[:2], leader=here[0], reason="約束した", by=SYSTEM, at=NOW)
    run = answer(operation, at=NOW)
    assert (run.state, run.error) == (RunState.DONE, "")
    assert run.plan is not None
    (note,) = run.plan["notes"]
    assert note["code"] == "pin:wrong_size"
    page = seen(operation)
    assert note["text"] in page
    offers = {row.need_id: set(row.members) for row in Proposal.objects.all()}
    assert fine.pk in offers
    assert offers[fine.pk].isdisjoint(one.pk for one in here[:2])


def test_the_center_has_a_truck_and_nobody_who_drives(operation: Operation) -> None:
    need = make.need(operation, needs_truck=True)
    site = operation.center.sites.get()
    Vehicle.objects.create(
        operation=operation, site=site, name="軽トラ1号", kind=VehicleKind.KEI_TRUCK, seats=2
    )
    people(operation, 5)
    said = waits(answer(operation, at=NOW), need)
    assert said == "センターの車を運転できる人が足りません。あと1人いれば出せます。"
    assert said in seen(operation)


def test_nobody_knows_where_the_house_is(operation: Operation) -> None:
    unplaced, homeless, fine = (make.need(operation) for _ in range(3))
    Household.objects.filter(needs=unplaced).update(lat=None, lng=None)
    Need.objects.filter(pk=homeless.pk).update(household=None)
    people(operation, 5)
    run = answer(operation, at=NOW)
    said = "場所が決まっていません。困りごとの画面で場所を入れてください。"
    assert [waits(run, need) for need in (unplaced, homeless)] == [said, said]
    assert seen(operation).count(said) == 2
    assert Proposal.objects.get().need == fine


@pytest.mark.parametrize("hour", [15, 17, 23])
def test_the_clock_is_past_the_end_of_work(hour: int) -> None:
    late = make.at(hour, 45)
    operation = drill(late)
    need = make.need(operation)
    people(operation, 5)
    said = waits(answer(operation, at=late), need)
    assert (
        said == "いまからでは、受け入れの時間内に作業が終わりません。日を改めるか、時間を相談してください。"
    )
    assert said in seen(operation)


def test_everybody_who_is_here_should_have_gone_home(operation: Operation) -> None:
    need = make.need(operation)
    people(operation, 5)
    operation.visits.update(available_until=time(9))
    said = waits(answer(operation, at=NOW), need)
    assert said.endswith("。")
    assert said in seen(operation)


@pytest.mark.long
@pytest.mark.once
def test_ten_thousand_people_stand_at_the_door(operation: Operation) -> None:
    crowd(operation, 10_000, 30)
    run = answer(operation, at=NOW)
    assert (run.state, run.error) == (RunState.DONE, "")
    assert run.seconds is not None
    print(f"10,000 people, 30 needs: {run.seconds:.1f} s")
    assert Proposal.objects.on_offer(NOW).count() >= 20
    page = seen(operation)
    assert "10000" in page
    assert "提案" in page
