"""A need added to a team that is out is asked about as it would be for a new team."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.test import Client

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch import services as dispatching
from matching.dispatch.models import Dispatch
from matching.equipment.models import ToolStock
from matching.proposals import one_more
from matching.proposals.check import check_team
from matching.proposals.models import Overrule, Proposal, ProposalState
from tests import make
from tests.matching.dispatch import scene
from tests.matching.proposals.morning import answer, people
from tests.matching.proposals.test_pages import signed_in, url

pytestmark = pytest.mark.django_db
NOW = make.at(10, 30)


@pytest.fixture
def operation() -> Operation:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=NOW)


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.MATCHING)


def out(operation: Operation) -> tuple[Dispatch, list[Volunteer]]:
    """Two men who walked to a house at ten."""
    crew = [
        scene.present(operation, make.volunteer(operation.center, f"人{one}", gender="m", stamina=2))
        for one in range(2)
    ]
    dispatch = scene.assigned(operation, *crew)
    return dispatching.depart(
        dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(10), due_back_at=make.at(12)
    ), crew


def codes(dispatch: Dispatch, need: Need) -> set[str]:
    found = one_more.check_one_more(dispatch.team, need, at=NOW)
    return {one.code for one in (*found.forbidden, *found.warnings)}


@pytest.mark.database
@pytest.mark.parametrize(
    ("asks", "code"),
    [
        ({}, ""),
        ({"skills": {"chainsaw": 1}}, "too_few_skilled"),
        ({"women_only": True}, "women_only"),
        ({"women_min": 1}, "too_few_women"),
        ({"language": "vi"}, "no_speaker"),
        ({"stamina_min": 3}, "too_little_stamina"),
        ({"people_min": 4, "people_ideal": 4, "people_max": 5}, "wrong_size"),
        ({"needs_truck": True}, "truck_missing"),
        ({"tools": {"shovel": 2}}, "tools_short"),
        ({"minutes": 240}, "back_too_late ends_after_close"),
        ({"lat": 38.32}, "hop_too_far"),
    ],
)
def test_what_a_new_team_would_be_asked_is_asked(
    operation: Operation, asks: dict[str, Any], code: str
) -> None:
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="shovel", count=9)
    dispatch, _ = out(operation)
    need = make.need(operation, **asks)
    assert codes(dispatch, need) == set(code.split())
    if not code:
        one_more.add(dispatch, need, by=SYSTEM, at=NOW)
        assert not Overrule.objects.exists()
        return
    with pytest.raises(Refused) as refused:
        one_more.add(dispatch, need, by=SYSTEM, at=NOW)
    assert refused.value.code == "team.needs_ok"
    need.refresh_from_db()
    assert need.state == NeedState.READY
    made = one_more.add(dispatch, need, overrule="リーダーが、できると言った", by=SYSTEM, at=NOW)
    assert made.need == need
    assert Overrule.objects.get().codes == code.split()
    assert Entry.objects.filter(action="team.overruled").count() == 1


def test_what_is_asked_about_the_people_is_what_a_new_team_of_them_is_asked(operation: Operation) -> None:
    dispatch, crew = out(operation)
    Volunteer.objects.filter(pk=crew[1].pk).update(avoids=["mud_removal"], experience=0)
    need = make.need(operation, skills={"chainsaw": 1}, women_min=1, language="vi", stamina_min=3)
    new = check_team(need, volunteers=crew, leader=crew[0], at=NOW)
    of_new = {one.code for one in (*new.forbidden, *new.warnings)}
    assert of_new & one_more.ABOUT_PEOPLE == codes(dispatch, need) & one_more.ABOUT_PEOPLE
    assert len(of_new & one_more.ABOUT_PEOPLE) >= 5


def test_the_hours_of_the_house_and_of_the_people_are_kept(operation: Operation) -> None:
    dispatch, crew = out(operation)
    early = make.need(operation)
    Need.objects.filter(pk=early.pk).update(open_from=time(8), open_until=time(11))
    early.items.update(open_from=None, open_until=None)
    assert codes(dispatch, early) == {"ends_after_close"}
    need = make.need(operation)
    assert codes(dispatch, need) == set()
    Visit.objects.filter(volunteer=crew[1]).update(available_until=time(12))
    assert codes(dispatch, need) == {"back_too_late"}


def test_tools_the_team_has_for_its_other_house_are_enough(operation: Operation) -> None:
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="shovel", count=9)
    dispatch, _ = out(operation)
    dispatch.need.items.update(tools={"shovel": 2})
    assert codes(dispatch, make.need(operation, tools={"shovel": 2})) == set()
    found = one_more.check_one_more(dispatch.team, make.need(operation, tools={"shovel": 5}), at=NOW)
    assert [one.text for one in found.warnings] == [
        "資機材「角スコップ」があと3つ要ります。届けるか、取りに戻ってもらってください。"
    ]


def test_a_second_reason_adds_to_the_first_and_the_need_is_offered_to_nobody_else(
    operation: Operation,
) -> None:
    dispatch, _ = out(operation)
    need = make.need(operation, women_min=1)
    people(operation, 4)
    Volunteer.objects.exclude(gender="m").update(gender="F")
    answer(operation, at=NOW)
    assert Proposal.objects.get(need=need).state == ProposalState.OFFERED
    Overrule.objects.create(team=dispatch.team, codes=["wrong_size"], reason="少なめでよい", at=NOW)
    one_more.add(dispatch, need, overrule="家の方と話した", by=SYSTEM, at=NOW)
    assert Proposal.objects.get(need=need).state == ProposalState.SUPERSEDED
    assert Overrule.objects.get().codes == ["too_few_women", "wrong_size"]


def test_the_page_says_what_to_check_and_adds_with_a_tick_and_a_reason(
    operation: Operation, client: Client
) -> None:
    dispatch, _ = out(operation)
    need = make.need(operation, skills={"chainsaw": 1})
    address = url("dispatch_add", operation, dispatch_id=dispatch.pk)
    said = client.post(address, {"need": need.pk})
    page = said.content.decode()
    assert said.status_code == 409
    assert f"N{need.number}を足す前に、確かめてください。" in page
    assert "「チェーンソー」のできる人が足りません。" in page
    no_reason = client.post(address, {"need": need.pk, "ok": "yes", "reason": " "}).content.decode()
    assert "理由を書いてください" in no_reason
    assert Dispatch.objects.filter(team=dispatch.team).count() == 1
    done = client.post(address, {"need": need.pk, "ok": "yes", "reason": "持ち主が切ってくれた"}, follow=True)
    assert f"N{need.number}を足しました。" in done.content.decode()
    assert Overrule.objects.get().reason == "持ち主が切ってくれた"
    again = client.post(address, {"need": need.pk})
    assert again.status_code == 409
    assert "確かめてください。" not in again.content.decode()
