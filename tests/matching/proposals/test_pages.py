"""The matching screens over HTTP: who may, what is shown, what each button does."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.help_requests.models import Need, NeedState
from intake.people.models import Household
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import ToolStock, Vehicle
from matching.proposals import decisions, runs
from matching.proposals.models import MatchRun, Proposal, ProposalState, RunState
from matching.queue.models import Ban, Hold
from tests import make
from tests.matching.proposals.morning import answer, people, present

pytestmark = pytest.mark.django_db

# Session, user, operation and roles: what every page of a signed-in person costs before its view begins.
AT_THE_DOOR = 4
NOW = make.at(9, 31)


@pytest.fixture
def operation() -> Operation:
    """A drill whose clock stands at 9:31, so that these pages are the same at any hour."""
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=timezone.now())


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.MATCHING)


def signed_in(operation: Operation, *roles: Role) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    return client


def url(name: str, operation: Operation, **more: int) -> str:
    return reverse(name, kwargs={"operation_id": operation.pk, **more})


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def offered(operation: Operation) -> Proposal:
    make.need(operation)
    people(operation, 4)
    answer(operation, at=NOW)
    return Proposal.objects.get()


# ── who ────────────────────────────────────────────────────────────────────────────────────────
def test_only_the_matching_desk_and_the_chief_open_these_pages(operation: Operation) -> None:
    need, colleague = make.need(operation), signed_in(operation, Role.RECEPTION)
    for name, more in (("matching_board", {}), ("matching_poll", {}), ("team_make", {"need_id": need.pk})):
        assert colleague.get(url(name, operation, **more)).status_code == 403
    assert signed_in(operation, Role.CHIEF).get(url("matching_board", operation)).status_code == 200
    assert signed_in(operation, Role.EQUIPMENT).get(url("equipment_list", operation)).status_code == 200


def test_a_stranger_finds_nothing_of_this_center(operation: Operation) -> None:
    proposal = offered(operation)
    stranger = signed_in(make.operation(make.center("隣の市")), Role.CHIEF)
    assert stranger.get(url("matching_board", operation)).status_code == 404
    accept = url("proposal_accept", operation, proposal_id=proposal.pk)
    assert stranger.post(accept).status_code == 404
    assert not Dispatch.objects.exists()


def test_another_operations_rows_are_not_reached_through_this_one(
    operation: Operation, client: Client
) -> None:
    other = make.operation(operation.center, name="8月豪雨")
    need = make.need(other)
    for name in ("team_make", "queue_hold"):
        assert client.get(url(name, operation, need_id=need.pk)).status_code == 404


# ── the board ──────────────────────────────────────────────────────────────────────────────────
def test_the_board_says_what_waits_and_why_who_is_proposed_and_why(
    operation: Operation, client: Client
) -> None:
    crowd = make.need(operation, people_min=30, people_ideal=30, people_max=40)
    Need.objects.filter(pk=crowd.pk).update(summary="土のう積み")
    offered_need = make.need(operation)
    here = people(operation, 4)
    run = answer(operation, at=NOW)
    page = text(client, url("matching_board", operation))
    assert "土のう積み" in page
    assert "床下の泥かき" in page
    proposal = Proposal.objects.get(need=offered_need)
    for person in here:
        assert (person.name in page) == (person.pk in proposal.members)
    assert run.plan is not None
    assert run.plan["waiting"][f"N{crowd.pk}"]["text"] in page
    for reason in proposal.reasons[:3]:
        assert reason in page


def test_no_list_says_who_lives_alone(operation: Operation, client: Client) -> None:
    need = make.need(operation)
    assert need.household is not None
    Household.objects.filter(pk=need.household.pk).update(lives_alone=True)
    Need.objects.filter(pk=need.pk).update(needs_watch=True)
    page = text(client, url("matching_board", operation))
    assert "優先" in page
    for word in ('<span class="chip chip--warn">一人暮らし', '<span class="chip chip--warn">見守り'):
        assert word not in page


def test_an_empty_morning_says_what_to_do(operation: Operation, client: Client) -> None:
    assert "待っている困りごとがありません" in text(client, url("matching_board", operation))
    make.need(operation)
    assert "手があいている人がいません" in text(client, url("matching_board", operation))


def test_before_the_first_plan_it_says_which_button_makes_one(operation: Operation, client: Client) -> None:
    """The needs gave 「待っているわけ」 as the place to look, where nothing had been worked out yet."""
    make.need(operation)
    people(operation, 1)
    page = text(client, url("matching_board", operation))
    assert "「提案を作り直す」を押すと、ここに並びます" in page
    assert "まだ計算に入っていません。" in page
    assert "待っているわけが書いてあります" not in page
    answer(operation, at=NOW)  # nobody can go alone: a reason, and no offer
    assert "待っているわけが書いてあります" in text(client, url("matching_board", operation))


def test_a_silent_worker_is_said_and_the_hand_still_works(operation: Operation, client: Client) -> None:
    need = make.need(operation)
    here = people(operation, 2)
    runs.request_run(operation, why="test", by=SYSTEM, at=NOW)
    MatchRun.objects.update(asked_at=timezone.now() - timedelta(seconds=25))
    page = text(client, url("matching_board", operation))
    assert "提案の計算が止まっています。手で組めます。" in page
    response = client.post(
        url("team_make", operation, need_id=need.pk),
        {"m": [p.pk for p in here], "leader": here[0].pk, "do": "decide"},
    )
    assert response.status_code == 302
    need.refresh_from_db()
    assert need.state == NeedState.ASSIGNED


def test_a_run_that_failed_is_said(operation: Operation, client: Client) -> None:
    MatchRun.objects.create(
        operation=operation,
        state=RunState.FAILED,
        why="test",
        requested_at=timezone.now(),
        error="値が使えません",
    )
    assert "値が使えません" in text(client, url("matching_board", operation))


def test_an_unchanged_poll_is_two_queries_and_204(
    operation: Operation, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    offered(operation)
    first = client.get(url("matching_poll", operation))
    assert first.status_code == 200
    with django_assert_max_num_queries(AT_THE_DOOR + 2):
        again = client.get(url("matching_poll", operation), {"version": first["X-Version"]})
    assert (again.status_code, again.content) == (204, b"")
    present(operation, "遅刻")
    changed = client.get(url("matching_poll", operation), {"version": first["X-Version"]})
    assert changed.status_code == 200
    assert changed["X-Version"] != first["X-Version"]


def test_the_worker_falling_silent_changes_the_version(operation: Operation, client: Client) -> None:
    runs.request_run(operation, why="test", by=SYSTEM, at=NOW)
    before = client.get(url("matching_poll", operation))["X-Version"]
    MatchRun.objects.update(asked_at=timezone.now() - timedelta(seconds=30))
    response = client.get(url("matching_poll", operation), {"version": before})
    assert response.status_code == 200
    assert "提案の計算が止まっています" in response.content.decode()


@pytest.mark.database
def test_the_board_costs_the_same_for_many_needs_and_people(
    operation: Operation, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(6):
        make.need(operation)
    people(operation, 14)
    answer(operation, at=NOW)
    for proposal in Proposal.objects.all()[:2]:
        decisions.accept(proposal, by=SYSTEM, at=NOW)
    with django_assert_max_num_queries(AT_THE_DOOR + 21):
        text(client, url("matching_board", operation))


@pytest.mark.database
def test_asking_again_by_hand_is_one_question(operation: Operation, client: Client) -> None:
    for _ in range(2):
        assert client.post(url("matching_request", operation)).status_code == 302
    assert MatchRun.objects.count() == 1


# ── how far the engine is ──────────────────────────────────────────────────────────────────────
def thinking(operation: Operation, *, ago: int = 2) -> MatchRun:
    """A question some worker began to answer `ago` seconds ago."""
    run = runs.request_run(operation, why="test", by=SYSTEM, at=NOW)
    begun = timezone.now() - timedelta(seconds=ago)
    MatchRun.objects.filter(pk=run.pk).update(started_at=begun, asked_at=begun, done=0.4, score=12345.6)
    return run


def test_the_line_above_the_board_says_how_old_the_proposals_are_and_how_far_the_next(
    operation: Operation, client: Client
) -> None:
    assert "まだ一度も計算していません" in text(client, url("matching_board", operation))
    answer(operation, at=NOW)
    MatchRun.objects.update(finished_at=NOW - timedelta(minutes=4))
    page = text(client, url("matching_board", operation))
    assert "いまの提案：<time>9:27</time>（4分前）" in page
    assert "計算をやめる" not in page
    runs.request_run(operation, why="test", by=SYSTEM, at=NOW)
    assert "計算の順番を待っています" in text(client, url("matching_board", operation))
    thinking(operation)
    page = text(client, url("matching_board", operation))
    for words in ("計算中", "40%", "ここまでの点数 12,346", "計算をやめる"):
        assert words in page
    thinking(operation, ago=25)
    assert "計算が進んでいません" in text(client, url("matching_board", operation))


def test_the_line_is_asked_for_often_and_costs_two_queries(
    operation: Operation, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = thinking(operation)
    first = client.get(url("matching_engine", operation))
    with django_assert_max_num_queries(AT_THE_DOOR + 2):
        again = client.get(url("matching_engine", operation), {"version": first["X-Version"]})
    assert again.status_code == 204
    MatchRun.objects.filter(pk=run.pk).update(done=0.8)
    assert "80%" in text(client, url("matching_engine", operation) + f"?version={first['X-Version']}")


def test_how_much_better_it_could_be_is_a_sentence(operation: Operation, client: Client) -> None:
    offered(operation)
    MatchRun.objects.update(gap=None)
    before = client.get(url("matching_engine", operation))
    assert "良くなりません" not in before.content.decode()
    MatchRun.objects.update(gap=0.004)
    after = client.get(url("matching_engine", operation), {"version": before["X-Version"]})
    assert "これ以上はほぼ良くなりません（いちばん良い案との差は、多くて0.4％）。" in after.content.decode()
    assert "これ以上はほぼ良くなりません" in text(client, url("matching_board", operation))


def test_one_tap_stops_the_engine_and_the_proposals_stay(operation: Operation, client: Client) -> None:
    proposal = offered(operation)
    run = thinking(operation)
    page = client.post(url("matching_stop", operation), follow=True).content.decode()
    run.refresh_from_db()
    proposal.refresh_from_db()
    assert "計算をやめました。いまの提案は、そのままです。" in page
    assert "計算をやめる" not in page
    assert (run.state, proposal.state) == (RunState.CANCELLED, ProposalState.OFFERED)
    page = client.post(url("matching_stop", operation), follow=True).content.decode()
    assert "計算は、もう終わっていました。" in page
    Operation.objects.filter(pk=operation.pk).update(auto_match=False)
    thinking(operation)
    page = client.post(url("matching_stop", operation), follow=True).content.decode()
    assert (
        "計算をやめました。いまの提案は、そのままです。「提案を作り直す」を押すと、また計算します。" in page
    )


def test_no_page_of_the_center_loads_what_only_the_matching_worker_needs() -> None:
    """The linear programs alone took 74 MB in every process; compiled search takes more, and seconds."""
    code = """
import sys
from dvc.runtime import parts
parts.load()
from django.urls import get_resolver
assert get_resolver().url_patterns and "dvc.wsgi" in sys.modules and "matching.proposals.runs" in sys.modules
heavy = ("highspy", "numba", "llvmlite", "matching.solver.engine", "matching.solver.search", "matching.solver.bound")
print("loaded:", *(name for name in heavy if name in sys.modules))
"""
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.splitlines()[-1].split() == ["loaded:"]


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_one_tap_decides_and_one_tap_takes_it_back(operation: Operation, client: Client) -> None:
    proposal = offered(operation)
    page = client.post(
        url("proposal_accept", operation, proposal_id=proposal.pk), follow=True
    ).content.decode()
    assert "1班に決めました" in page
    dispatch = Dispatch.objects.get()
    page = client.post(url("team_undo", operation, dispatch_id=dispatch.pk), follow=True).content.decode()
    assert "1班を取り消しました" in page
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.CANCELLED


def test_a_stale_tap_gets_a_sentence_on_the_board(operation: Operation, client: Client) -> None:
    proposal = offered(operation)
    address = url("proposal_accept", operation, proposal_id=proposal.pk)
    client.post(address)
    assert "もう決定しました" in client.post(address, follow=True).content.decode()


def test_a_rejection_asks_for_a_reason_and_can_keep_people_out(operation: Operation, client: Client) -> None:
    proposal = offered(operation)
    address = url("proposal_reject", operation, proposal_id=proposal.pk)
    assert "この家に行かせない人" in text(client, address)
    missing = client.post(address, {"keep_out": proposal.leader_id})
    assert missing.status_code == 409
    assert "見送る理由を選ぶ" in missing.content.decode()
    client.post(address, {"reason": "人数が合わない", "note": "庭だけ", "keep_out": proposal.leader_id})
    proposal.refresh_from_db()
    assert (proposal.state, proposal.reject_reason) == (ProposalState.REJECTED, "人数が合わない：庭だけ")
    assert Ban.objects.get().volunteer_id == proposal.leader_id


def test_a_need_is_held_and_let_go_from_the_board(operation: Operation, client: Client) -> None:
    need = make.need(operation)
    address = url("queue_hold", operation, need_id=need.pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 409
    client.post(address, {"reason": "雨がやむまで"})
    assert Hold.objects.get().reason == "雨がやむまで"
    assert "見合わせ中です：雨がやむまで" in text(client, url("matching_board", operation))
    client.post(url("queue_release", operation, need_id=need.pk))
    assert not Hold.objects.exists()


# ── by hand ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_people_are_found_by_name_and_by_what_they_can(operation: Operation, client: Client) -> None:
    need = make.need(operation)
    make_people: dict[str, dict[str, object]] = {
        "初心": {"experience": 0}, "運転": {"skills": ["driver"]}, "女子": {"gender": "F"},
        "軽虎": {"vehicle": "kei_truck"}, "髙﨑": {"experience": 0, "given_kana": "いちろう", "family_kana": "たかさき"},
    }  # fmt: skip
    for family, fields in make_people.items():
        present(operation, family, **fields)
    address = url("team_make", operation, need_id=need.pk)

    def found(**sent: object) -> set[str]:
        page = client.post(address, {"do": "check", **sent}).content.decode()
        return {family for family in make_people if f"<strong>{family} 花子</strong>" in page}

    assert found() == set(make_people)
    assert found(q="たかさき") == {"髙﨑"}
    assert found(q="高崎") == {"髙﨑"}
    assert found(f="leader") == {"運転", "女子", "軽虎"}
    assert found(f="driver") == {"運転"}
    assert found(f="women") == {"女子"}
    assert found(f="truck") == {"軽虎"}
    assert found(f=["leader", "women"]) == {"女子"}
    assert found(q="\x00'\"%_") == set()


def test_the_chosen_stay_chosen_while_the_list_is_searched(operation: Operation, client: Client) -> None:
    need = make.need(operation)
    first, second = present(operation, "佐々木"), present(operation, "千葉")
    page = client.post(
        url("team_make", operation, need_id=need.pk), {"do": "check", "m": first.pk, "q": "千葉"}
    ).content.decode()
    assert f'value="{first.pk}" checked' in page
    assert second.name in page
    assert "1人です。めやすは2～5人です。" in page


def test_warnings_want_a_tick_and_a_reason_and_stay_on_the_page(operation: Operation, client: Client) -> None:
    need = make.need(operation, needs_truck=True)
    here = people(operation, 2)
    address = url("team_make", operation, need_id=need.pk)
    team = {"m": [p.pk for p in here], "leader": here[0].pk, "do": "decide"}
    refused = client.post(address, team)
    assert refused.status_code == 409
    assert "軽トラックがありません" in refused.content.decode()
    assert client.post(address, {**team, "reason": "近いので要らない"}).status_code == 409
    assert client.post(address, {**team, "reason": "近いので要らない", "ok": "yes"}).status_code == 302


def test_a_proposal_is_edited_on_the_same_page_and_counts_as_accepted(
    operation: Operation, client: Client
) -> None:
    proposal = offered(operation)
    extra = present(operation, "追加")
    address = url("team_make", operation, need_id=proposal.need_id)
    page = text(client, f"{address}?proposal={proposal.pk}&m={'&m='.join(map(str, proposal.members))}")
    assert "提案を直す" in page
    team = [*proposal.members, extra.pk]
    response = client.post(
        address,
        {
            "m": team,
            "leader": extra.pk,
            "proposal": proposal.pk,
            "do": "decide",
            "ok": "yes",
            "reason": "希望",
        },
    )
    assert response.status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.ACCEPTED
    assert Dispatch.objects.get().team.leader == extra


def test_who_left_while_choosing_is_named_and_the_rest_stays(operation: Operation, client: Client) -> None:
    need = make.need(operation)
    here, gone = present(operation, "残る"), present(operation, "帰る")
    checkin.leave(operation, gone, by=SYSTEM, at=NOW)
    response = client.post(
        url("team_make", operation, need_id=need.pk),
        {"m": [here.pk, gone.pk], "leader": here.pk, "do": "decide"},
    )
    assert response.status_code == 409
    page = response.content.decode()
    assert "帰る 花子さんは、ほかの班に決まったか、もう受付していません" in page
    assert f'value="{here.pk}" checked' in page


@pytest.mark.parametrize(
    "sent",
    [
        {"m": ["x", "9" * 40, "-1", ""]},
        {"leader": "①"},
        {"vehicle": "999999"},
        {"vehicle": ["1", "x"], "driver": ["9" * 40]},
        {"own": "x", "car_of": "999999"},
        {"f": "?"},
    ],
)
@pytest.mark.database
def test_nonsense_is_a_page_and_never_an_error(
    operation: Operation, client: Client, sent: dict[str, object]
) -> None:
    need = make.need(operation)
    for do in ("check", "decide"):
        response = client.post(url("team_make", operation, need_id=need.pk), {**sent, "do": do})
        assert response.status_code in (200, 409)


# ── equipment ──────────────────────────────────────────────────────────────────────────────────
def test_tools_are_counted_and_vehicles_added_on_one_page(operation: Operation, client: Client) -> None:
    site = operation.center.sites.get()
    save = url("equipment_save", operation, site_id=site.pk)
    client.post(save, {"count_shovel": "12", "count_cart": "", "count_rope": "たくさん"})
    assert list(ToolStock.objects.values_list("tool", "count")) == [("shovel", 12)]
    too_many = client.post(save, {"count_shovel": "10000"})
    assert too_many.status_code == 409
    assert "0～9999" in too_many.content.decode()
    add = url("vehicle_add", operation)
    client.post(add, {"name": "軽トラ1号", "kind": "kei_truck", "seats": "2", "site": site.pk})
    truck = Vehicle.objects.get()
    assert (truck.name, truck.seats, truck.available) == ("軽トラ1号", 2, True)
    client.post(url("vehicle_switch", operation, vehicle_id=truck.pk))
    truck.refresh_from_db()
    assert not truck.available
    assert "軽トラ1号" in text(client, url("equipment_list", operation))


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"name": "車", "kind": "", "seats": "4"},
        {"name": "車", "kind": "car", "seats": "0"},
        {"name": "車", "kind": "x", "seats": "x"},
    ],
)
def test_a_vehicle_without_name_kind_or_seats_is_a_sentence(
    operation: Operation, client: Client, sent: dict[str, str]
) -> None:
    site = operation.center.sites.get()
    response = client.post(url("vehicle_add", operation), {**sent, "site": site.pk})
    assert response.status_code == 409
    assert not Vehicle.objects.exists()
