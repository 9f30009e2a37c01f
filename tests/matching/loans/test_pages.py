"""The tool desk's pages: a team before the desk, a piece's card, a person, what is still out, the return."""

from __future__ import annotations

import html
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from matching.dispatch import gate, undoing
from matching.dispatch import services as dispatches
from matching.dispatch.models import Dispatch
from matching.equipment import services as equipment
from matching.equipment.models import Condition, ToolItem, ToolStock
from matching.loans import queries, services
from matching.loans.models import Loan
from matching.loans.services import Borrower
from matching.loans.views import ITEMS_PER_PAGE
from matching.teams import services as teams
from matching.teams.rides import Drive
from tests import make
from tests.matching.dispatch import scene
from tests.matching.proposals.test_pages import NOW, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=timezone.now())
    site = drill.center.sites.get()
    equipment.set_stock(
        drill, site=site, counts={"shovel": 10, "wheelbarrow": 3, "brush": 4}, by=SYSTEM, at=NOW
    )
    return drill


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.EQUIPMENT)


@pytest.fixture
def saw(operation: Operation) -> ToolItem:
    site = operation.center.sites.get()
    (made,) = equipment.add_items(operation, site=site, tool="chainsaw", count=1, by=SYSTEM, at=NOW)
    return made


def assigned(operation: Operation, **tools: int) -> Dispatch:
    return scene.assigned(operation, need=make.need(operation, tools=tools))


def url(name: str, operation: Operation, *more: int) -> str:
    return reverse(name, args=[operation.pk, *more])


def text(page: Any) -> str:
    """What people read on it."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.content.decode()))


def test_a_team_is_offered_the_usual_kit_for_its_work_and_size(client: Client, operation: Operation) -> None:
    dispatch = assigned(operation)  # two people, mud; nobody wrote tools at the need
    page = client.get(url("team_tools", operation, dispatch.team_id)).content.decode()
    assert 'name="count_shovel" value="2"' in page
    assert 'name="count_wheelbarrow" value="1"' in page


def test_what_the_survey_asked_for_comes_before_the_kit(client: Client, operation: Operation) -> None:
    dispatch = assigned(operation, shovel=5)
    page = client.get(url("team_tools", operation, dispatch.team_id)).content.decode()
    assert 'name="count_shovel" value="5"' in page
    assert 'name="count_wheelbarrow" value="0"' in page


def test_many_numbered_pieces_are_listed_in_pages(client: Client, operation: Operation) -> None:
    """Behind three hundred of them nobody found, on a phone, where more are added."""
    site = operation.center.sites.get()
    for _ in range(3):
        equipment.add_items(operation, site=site, tool="chainsaw", count=20, by=SYSTEM, at=NOW)
    items = url("tool_items", operation)
    page = text(client.get(items))
    assert page.count("貸せる") == ITEMS_PER_PAGE
    assert f"1～{ITEMS_PER_PAGE}件目（全60件）" in page
    assert text(client.get(items, {"page": "2"})).count("貸せる") == 60 - ITEMS_PER_PAGE


def test_many_numbered_pieces_are_folded_until_one_is_picked(client: Client, operation: Operation) -> None:
    """Behind three hundred of them nobody found, on a phone, the shovels that every team takes."""
    dispatch = assigned(operation)
    site = operation.center.sites.get()
    pieces = equipment.add_items(operation, site=site, tool="chainsaw", count=12, by=SYSTEM, at=NOW)
    tools = url("team_tools", operation, dispatch.team_id)
    folded = "札がないときは、番号から選ぶ"
    assert folded not in client.get(tools).content.decode()
    equipment.add_items(operation, site=site, tool="chainsaw", count=1, by=SYSTEM, at=NOW)
    page = client.get(tools).content.decode()
    assert f'<details class="more"><summary>{folded}' in page
    assert page.count("</details>") == page.count("<details")
    added = client.post(tools, {"code": pieces[0].short_code, "add": "1", "site": site.pk})
    assert f'<details class="more" open><summary>{folded}' in added.content.decode()


@pytest.mark.database
def test_lending_by_count_and_by_card_and_taking_back_by_type(
    client: Client, operation: Operation, saw: ToolItem
) -> None:
    dispatch = assigned(operation, shovel=3, chainsaw=1)
    where = url("team_tools", operation, dispatch.team_id)
    sent = {"count_shovel": "3", "form_token": str(uuid4())}
    scanned = client.post(where, {**sent, "code": saw.token})
    assert f'value="{saw.pk}" checked' in scanned.content.decode()
    for _ in range(2):  # pressed twice
        client.post(where, {**sent, "piece": str(saw.pk)})
    assert queries.said(queries.of_team(dispatch.team_id)) == "角スコップ × 3、チェーンソー 1号"
    assert not [block for block in gate.departure_blocks(dispatch, at=NOW) if block.code == "tools"]
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=NOW)

    back = url("dispatch_return", operation, dispatch.pk)
    page = client.get(back).content.decode()
    assert "角スコップ（貸した数 3）の、返った数" in page
    told = {
        "later": "1",
        "heads": "all",
        "came_shovel": "2",
        "rest_shovel": "",
        f"rest_piece_{saw.pk}": "fine",
    }
    refused = client.post(back, told)
    assert refused.status_code == 422
    assert "足りない分がどうなったか" in refused.content.decode()
    client.post(back, {**told, "rest_shovel": "broken"})
    assert not Loan.objects.open().exists()
    stock = ToolStock.objects.get(tool="shovel")
    assert (stock.count, stock.out, stock.broken) == (10, 0, 1)


@pytest.mark.database
def test_a_team_s_tools_are_back_when_somebody_has_counted_them(
    client: Client, operation: Operation, saw: ToolItem
) -> None:
    dispatch = assigned(operation, shovel=3, chainsaw=1)
    site, borrower = operation.center.sites.get(), Borrower(team=dispatch.team)
    services.lend(operation, borrower, site=site, counts={"shovel": 3}, items=[saw], by=SYSTEM, at=NOW)
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=NOW)
    back = url("dispatch_return", operation, dispatch.pk)
    everything = f"came_shovel:3 came_piece_{saw.pk}:1"
    page = client.get(back).content.decode()
    assert f'value="{everything}"' in page
    assert "checked" not in page.split("貸した資機材")[1].split("洗ったもの")[0]
    told = {"later": "1", "heads": "all"}
    for wrong in (
        {"tools_all": everything, "came_shovel": "2", "rest_shovel": "lost"},
        {"tools_all": everything, f"rest_piece_{saw.pk}": "broken"},
        {"tools_all": "came_shovel:3"},
        {"rest_shovel": "lost"},
    ):
        assert client.post(back, {**told, **wrong}).status_code == 422
    assert Loan.objects.open().count() == 2
    said = client.post(back, told, follow=True).content.decode()
    assert "角スコップ、チェーンソー 1号は、まだ数えていない" in said
    assert Loan.objects.open().count() == 2
    undoing.undo(dispatch, seen="back", by=SYSTEM, at=NOW)
    client.post(back, {**told, "tools_all": everything})
    assert not Loan.objects.open().exists()


def test_a_team_without_its_tools_is_stopped_where_loans_are_recorded(operation: Operation) -> None:
    dispatch, other = assigned(operation, shovel=3), assigned(operation)
    assert "tools" not in [block.code for block in gate.departure_blocks(dispatch, at=NOW)]
    services.lend(
        operation, Borrower(team=other.team), site=operation.center.sites.get(), counts={"shovel": 1}, by=SYSTEM, at=NOW
    )  # fmt: skip
    (block,) = [block for block in gate.departure_blocks(dispatch, at=NOW) if block.code == "tools"]
    assert "角スコップがあと3" in block.text
    assert not block.firm


@pytest.mark.database
def test_a_refusal_says_where_the_rest_is_and_keeps_what_was_typed(
    client: Client, operation: Operation
) -> None:
    dispatch = assigned(operation)
    page = client.post(
        url("team_tools", operation, dispatch.team_id),
        {"count_shovel": "12", "count_brush": "1", "form_token": str(uuid4())},
    )
    assert page.status_code == 409
    assert "「角スコップ」は、本部に残り10です。ほかにもありません。" in text(page)
    assert 'name="count_brush" value="1"' in page.content.decode()


def test_a_scanned_card_leads_to_its_piece_with_who_has_it(
    client: Client, operation: Operation, saw: ToolItem
) -> None:
    dispatch = assigned(operation)
    for what in (saw.token, saw.code, saw.short_code.lower()):
        answer = client.get(url("loan_desk", operation), {"q": what})
        assert answer.headers["Location"] == url("tool_item", operation, saw.pk)
    client.post(
        url("tool_item_lend", operation, saw.pk), {"team": dispatch.team_id, "form_token": str(uuid4())}
    )
    page = client.get(url("tool_item", operation, saw.pk))
    assert "髙﨑 一郎さん" in text(page)
    again = client.post(url("tool_item_lend", operation, saw.pk), {"team": assigned(operation).team_id})
    assert again.status_code == 409


def test_a_volunteers_card_is_told_from_a_tools(client: Client, operation: Operation) -> None:
    from intake.volunteers import cards

    (card,) = cards.issue_stock(operation.center, count=1, by=SYSTEM, at=timezone.now()).cards.all()
    page = client.get(url("loan_desk", operation), {"q": card.token})
    assert page.status_code == 409
    assert "資機材のカードではありません" in text(page)


@pytest.mark.database
def test_the_unreturned_list_names_whom_to_call_and_a_count_comes_back_in_parts(
    client: Client, operation: Operation
) -> None:
    team = scene.team(operation)
    (loan,) = services.lend(
        operation, Borrower(team=team), site=operation.center.sites.get(), counts={"shovel": 4}, by=SYSTEM, at=NOW
    )  # fmt: skip
    page = client.get(url("loan_unreturned", operation))
    assert team.leader is not None
    assert team.leader.phone in text(page)
    sent = {"count": "3", "outcome": "fine", "form_token": str(uuid4())}
    for _ in range(2):  # pressed twice
        client.post(url("loan_back", operation, loan.pk), sent)
    assert Loan.objects.get().out == 1
    client.post(url("loan_back", operation, loan.pk), {**sent, "count": "1"})
    assert "全部返っています" in text(client.get(url("loan_unreturned", operation)))


def test_a_person_is_asked_for_a_reason(client: Client, operation: Operation) -> None:
    where = url("loan_person", operation)
    sent = {"person": "総務の田中", "count_shovel": "1", "form_token": str(uuid4())}
    assert client.post(where, sent).status_code == 409
    client.post(where, {**sent, "reason": "駐車場の泥かき"})
    assert "総務の田中さん" in text(client.get(url("loan_unreturned", operation)))


@pytest.mark.database
def test_pieces_are_added_from_the_count_printed_broken_and_mended(
    client: Client, operation: Operation
) -> None:
    client.post(url("tool_items", operation), {"tool": "brush", "count": "2", "from_stock": "1"})
    assert ToolStock.objects.get(tool="brush").count == 2
    first, second = ToolItem.objects.all()
    assert (str(first), str(second)) == ("デッキブラシ 1号", "デッキブラシ 2号")
    page = client.get(url("tool_cards", operation)).content.decode()
    assert page.count('class="face"') == 2
    assert first.code in page
    where = url("tool_item_condition", operation, first.pk)
    assert client.post(where, {"condition": "broken"}).status_code == 409
    client.post(where, {"condition": "broken", "note": "柄が折れた"})
    assert ToolItem.objects.get(pk=first.pk).condition == Condition.BROKEN
    client.post(where, {"condition": "fine"})
    assert ToolItem.objects.get(pk=first.pk).condition == Condition.FINE


@pytest.mark.database
def test_counted_tools_break_and_are_mended_on_the_stock_page(client: Client, operation: Operation) -> None:
    site = operation.center.sites.get()
    where = url("stock_condition", operation, site.pk)
    client.post(where, {"tool": "shovel", "count": "2", "note": "柄が折れた", "what": "broken"})
    assert ToolStock.objects.get(tool="shovel").broken == 2
    assert "こわれた 2" in text(client.get(url("equipment_list", operation)))
    client.post(where, {"tool": "shovel", "count": "1", "what": "mended"})
    client.post(where, {"tool": "shovel", "count": "1", "what": "thrown_away"})
    stock = ToolStock.objects.get(tool="shovel")
    assert (stock.count, stock.broken) == (9, 0)


@pytest.mark.parametrize("name", ["loan_desk", "loan_person", "loan_unreturned", "tool_items", "tool_cards"])
def test_who_does_not_dispatch_sees_no_tools(operation: Operation, name: str) -> None:
    colleague = signed_in(operation, Role.RECEPTION)
    assert colleague.get(url(name, operation)).status_code in (403, 404)
    assert Client().get(url(name, operation)).status_code == 302


@pytest.mark.database
def test_a_vehicle_whose_inspection_is_over_keeps_its_team_from_leaving(
    client: Client, operation: Operation
) -> None:
    truck = equipment.add_vehicle(
        operation,
        site=operation.center.sites.get(),
        name="軽トラ1号",
        kind="kei_truck",
        seats=2,
        by=SYSTEM,
        at=NOW,
    )
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    crew = teams.form(
        operation,
        volunteers=[driver],
        leader=driver,
        mode="car",
        rides=[Drive(truck, driver)],
        by=SYSTEM,
        at=NOW,
    )
    dispatch = dispatches.assign(crew, make.need(operation), by=SYSTEM, at=NOW)
    where = url("vehicle_about", operation, truck.pk)
    said = {"licence": "ordinary", "owner": "市役所", "return_by": "2026-07-20"}
    client.post(where, {**said, "inspection_until": "2026-07-18"})
    assert "inspection" not in [block.code for block in gate.departure_blocks(dispatch, at=NOW)]
    page = text(client.get(url("equipment_list", operation)))
    assert "車検は7月18日まで" in page
    assert "市役所から借用" in page
    client.post(where, {**said, "inspection_until": "2026-07-17"})
    dispatch = Dispatch.objects.get(pk=dispatch.pk)
    (block,) = [block for block in gate.departure_blocks(dispatch, at=NOW) if block.code == "inspection"]
    assert block.firm
    assert client.post(where, {**said, "inspection_until": "きのう"}).status_code == 409
