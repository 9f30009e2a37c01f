"""A leader leaves at noon, and other changes of who is in a team: said wherever the team is called, and put right at the desk."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.volunteers.models import Volunteer
from matching.control import recalls
from matching.control.late import others_of
from matching.dispatch import services
from matching.dispatch.models import Dispatch
from matching.evening.ledger import ledger
from matching.safety import services as safety
from matching.safety.models import RecallReason
from matching.teams import services as teams
from matching.teams.models import Team
from matching.teams.queries import gone_leaders
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def desk(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.TRANSPORT))
    return client


def crew(operation: Operation) -> tuple[Volunteer, Volunteer, Volunteer]:
    leader, second, third = (
        scene.present(operation, make.volunteer(operation.center, name, "一郎"))
        for name in ("髙﨑", "𠮷田", "佐藤")
    )
    return leader, second, third


def change(client: Client, dispatch: Dispatch, person: Volunteer, what: str) -> str:
    url = reverse("dispatch_member", args=[dispatch.operation_id, dispatch.pk])
    return client.post(url, {"person": str(person.pk), "what": what}, follow=True).content.decode()


def test_a_leader_who_leaves_at_noon_is_said_on_every_screen_that_calls_the_team_until_another_leads() -> (
    None
):
    operation = make.operation()
    leader, second, third = crew(operation)
    dispatch = scene.assigned(operation, leader, second, third)
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=scene.TEN, due_back_at=make.at(24 * 3650))
    client = desk(operation)
    pages = [
        reverse("dispatch_board", args=[operation.pk]), reverse("dispatch_detail", args=[operation.pk, dispatch.pk]),
    ]  # fmt: skip
    assert all("帰った" not in client.get(page).content.decode() for page in pages)
    checkin.leave(operation, leader, by=SYSTEM, at=make.at(12))
    for page in pages:
        shown = client.get(page).content.decode()
        assert "12:00" in shown
        assert "リーダーを替える" in shown
        assert second.phone_digits in shown
    recall = safety.start_recall(operation, reason=RecallReason.TSUNAMI, by=SYSTEM, at=make.at(13))
    (called,) = recalls.progress(recall).teams
    assert called.gone is not None
    assert called.gone.others == (second, third)  # who is still there and has a telephone
    page = client.get(reverse("recall_page", args=[operation.pk])).content.decode()
    assert "リーダーは12:00に帰った" in page
    assert f"tel:{second.phone_digits}" in page
    assert f"tel:{leader.phone_digits}" not in page
    checkin.leave(operation, third, by=SYSTEM, at=make.at(12, 30))
    assert others_of(dispatch.team) == [second]
    assert "もう帰っています" in change(client, dispatch, leader, "lead")
    assert "𠮷田" in change(client, dispatch, second, "lead")
    assert Team.objects.get().leader == second
    assert gone_leaders([dispatch.team_id]) == {}
    assert Entry.objects.filter(action="team.leader_set").count() == 1
    missing = [one.what for one in ledger(operation, day=make.day(make.MORNING), at=make.at(17)).missing]
    assert "髙﨑 一郎さん" in missing  # reception and roster disagree until the team is back
    services.come_back(dispatch, by=SYSTEM, at=make.at(17))
    missing = [one.what for one in ledger(operation, day=make.day(make.MORNING), at=make.at(17)).missing]
    assert "髙﨑 一郎さん" not in missing


def test_a_leader_who_goes_home_before_the_departure_is_replaced_and_the_team_leaves() -> None:
    operation = make.operation()
    leader, second, third = crew(operation)
    dispatch = scene.assigned(operation, leader, second, third)
    checkin.leave(operation, leader, by=SYSTEM, at=make.at(9, 40))
    with pytest.raises(Refused) as refused:
        services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
    assert "もう帰っています" in refused.value.text
    client = desk(operation)
    assert "先に別の人をリーダーに" in change(client, dispatch, second, "lead") + change(
        client, dispatch, second, "out"
    )
    change(client, dispatch, leader, "out")
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
    assert [person.pk for person in teams.people_of(dispatch.team)] == [second.pk, third.pk]
    assert "もう出発しています" in change(client, dispatch, third, "out")
    assert len(teams.people_of(dispatch.team)) == 2


def test_who_leads_and_who_is_in_a_team_is_changed_by_its_own_desk_only() -> None:
    operation = make.operation()
    leader, second, _ = crew(operation)
    dispatch = scene.assigned(operation, leader, second)
    url = reverse("dispatch_member", args=[operation.pk, dispatch.pk])
    told = {"person": str(second.pk), "what": "lead"}
    stranger = desk(make.operation())
    assert stranger.post(url, told).status_code == 404
    colleague = Client()
    colleague.force_login(make.user(operation.center, Role.RECEPTION))
    assert colleague.post(url, told).status_code == 403
    assert desk(operation).post(url, {**told, "what": "x"}).status_code == 404
    outsider = make.volunteer(operation.center)
    assert desk(operation).post(url, {**told, "person": str(outsider.pk)}).status_code == 404
    assert Team.objects.get().leader == leader


def test_the_ladder_and_the_board_ask_one_query_more_for_all_gone_leaders_together() -> None:
    operation = make.operation()
    for _ in range(3):
        leader, second, third = crew(operation)
        out = scene.assigned(operation, leader, second, third)
        services.depart(out, checks=scene.ALL, by=SYSTEM, at=scene.TEN)
        checkin.leave(operation, leader, by=SYSTEM, at=make.at(12))
    found = gone_leaders(Team.objects.values_list("pk", flat=True))
    assert {len(gone.others) for gone in found.values()} == {2}
    assert {timezone.localtime(gone.at).hour for gone in found.values()} == {12}
