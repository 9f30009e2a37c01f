"""The board with more on it than fits on a screen: pages, filters, several decided at once; and what was decided by hand."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState, Tool
from intake.people.models import Household, Town
from intake.volunteers.models import Volunteer
from matching.dispatch.models import Dispatch
from matching.proposals import board as screen
from matching.proposals import decisions
from matching.proposals.idle import LABELS
from matching.proposals.models import MatchRun, Proposal, RunState
from matching.queue import services as queue
from matching.queue.models import Ban, Lock, Pin
from matching.solver.words import NAMES, OF_NEEDS, OF_PEOPLE
from matching.teams.models import Clash
from tests import make
from tests.matching.proposals.morning import answer, people, present
from tests.matching.proposals.test_pages import AT_THE_DOOR, NOW, offered, signed_in, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    # One need per team; several in a row are tried in test_chains.
    operations.edit_operation(drill, max_visits=1, by=SYSTEM, at=NOW)
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=NOW)


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.MATCHING)


def several(operation: Operation, count: int) -> list[Proposal]:
    for _ in range(count):
        make.need(operation, people_ideal=2, people_max=2)
    people(operation, 2 * count)
    answer(operation, at=NOW)
    return list(Proposal.objects.on_offer(NOW).filter(operation=operation))


# ── pages and filters ──────────────────────────────────────────────────────────────────────────
def test_a_long_lane_comes_in_pages_and_every_need_is_on_one(
    operation: Operation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "SHORT_PAGE", 3)
    wanted = {make.need(operation).pk for _ in range(8)}
    seen: set[int] = set()
    for number in (1, 2, 3):
        page = text(client, f"{url('matching_board', operation)}?waits={number}")
        on_it = {int(pk) for pk in re.findall(r'id="wait-(\d+)"', page)}
        assert len(on_it) == (3 if number < 3 else 2)
        seen |= on_it
    assert seen == wanted
    assert "7～8件目（全8件）" in page
    assert "waits=2" in page  # the way back
    assert "part/?waits=3" in page  # and what is asked again


def test_the_board_opens_at_what_matters_most(
    operation: Operation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a page in the address it opened at the last one."""
    monkeypatch.setattr(screen, "PER_PAGE", 2)
    for _ in range(3):
        make.need(operation)
    crisis = make.need(operation)
    Need.objects.filter(pk=crisis.pk).update(needs_crisis=True)
    for asked in ("", "?waits=0", "?waits=x"):
        page = text(client, url("matching_board", operation) + asked)
        assert re.findall(r'id="wait-(\d+)"', page)[0] == str(crisis.pk), asked


def test_the_lanes_are_narrowed_by_town_kind_urgency_words_and_names(
    operation: Operation, client: Client
) -> None:
    mud, house, crisis = make.need(operation), make.need(operation, category="cleaning"), make.need(operation)
    town = Town.objects.create(center=operation.center, name="桜木", lat=38.29, lng=141.0)
    Household.objects.filter(needs=mud).update(town=town)
    Need.objects.filter(pk=house.pk).update(summary="床のふき掃除")
    Need.objects.filter(pk=crisis.pk).update(needs_crisis=True)
    for asked, found in (
        (f"town={town.pk}", {mud}), ("kind=cleaning", {house}), ("tier=1", {crisis}),
        ("q=フキ掃除", {house}), (f"q=N{mud.number}", {mud}), ("q=桜木", {mud}), ("kind=nonsense", {mud, house, crisis}),
        ("town=99999", set()),
    ):  # fmt: skip
        page = text(client, f"{url('matching_board', operation)}?{asked}")
        assert {int(pk) for pk in re.findall(r'id="wait-(\d+)"', page)} == {one.pk for one in found}, asked


def test_a_proposal_is_found_by_the_name_of_somebody_in_it(operation: Operation, client: Client) -> None:
    several(operation, 2)
    someone = present(operation, "髙﨑")
    make.need(operation, people_min=1, people_ideal=1, people_max=1)
    answer(operation, at=NOW)
    page = text(client, f"{url('matching_board', operation)}?q=高崎")
    (shown,) = re.findall(r'id="offer-(\d+)"', page)
    assert someone.pk in Proposal.objects.get(pk=shown).members


def test_only_what_can_leave_at_once_when_asked_for(operation: Operation, client: Client) -> None:
    first, second = several(operation, 2)
    Visit.objects.filter(volunteer__in=first.members).update(oriented_at=NOW)
    page = text(client, f"{url('matching_board', operation)}?briefed=1")
    assert re.findall(r'id="offer-(\d+)"', page) == [str(first.pk)]
    whole = text(client, url("matching_board", operation))
    assert f'id="offer-{second.pk}"' in whole
    assert "説明がまだ 2人" in whole


def test_what_waits_is_grouped_by_why(operation: Operation, client: Client) -> None:
    crowd, held = make.need(operation, people_min=30, people_ideal=30, people_max=30), make.need(operation)
    queue.hold(held, reason="雨", by=SYSTEM, at=NOW)
    people(operation, 2)
    answer(operation, at=NOW)
    page = text(client, url("matching_board", operation))
    assert "見合わせ中 1" in page
    page = text(client, f"{url('matching_board', operation)}?why=held")
    assert f'id="wait-{held.pk}"' in page
    assert f'id="wait-{crowd.pk}"' not in page


# What a plan can say of a need that waits, and what keeps a need out of it.
REASONS = sorted(
    {
        *OF_NEEDS,
        "tool:shovel",
        "skill:chainsaw",
        "lang:en",
        "bad_value",
        "pin_broken",
        "reserved",
        "still_held",
    }
    - {"tool", "skill", "lang"}
)
# What keeps somebody out of the plan.
LEFT_OUT = ("answer_talk", "blocked", "in_broken_pin", "no_consent")


@pytest.mark.parametrize("code", REASONS)
def test_whatever_a_need_waits_for_has_a_name_to_group_by(
    operation: Operation, client: Client, code: str
) -> None:
    need, _ = make.need(operation), make.need(operation)
    said = {f"N{need.pk}": {"code": code, "text": "わけ。", "params": {}}}
    MatchRun.objects.create(
        operation=operation, state=RunState.DONE, requested_at=NOW, finished_at=NOW, plan={"waiting": said}
    )
    page = text(client, url("matching_board", operation))
    label = re.search(rf'id="why-{code}" [^>]*>([^<]+) 1</a>', page)
    assert label is not None
    assert not label[1].strip().startswith("が足りない")
    assert not label[1].isascii()


def test_whatever_somebody_waits_for_has_a_name_to_group_by() -> None:
    assert {*OF_PEOPLE, *LEFT_OUT} - LABELS.keys() == set()


def test_the_sentences_and_the_lists_call_a_tool_the_same() -> None:
    assert {tool.value: str(tool.label) for tool in Tool} == {tool.value: NAMES[tool] for tool in Tool}


def test_nonsense_in_the_address_is_the_plain_board(operation: Operation, client: Client) -> None:
    offered(operation)
    page = text(client, f"{url('matching_board', operation)}?offers=x&town=a&tier=9&waits=99999999999&q=%00")
    assert 'class="card card--ok offer"' in page


@pytest.mark.database
def test_a_page_costs_the_same_however_much_waits(
    operation: Operation,
    client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screen, "PER_PAGE", 3)
    proposals = several(operation, 8)
    decisions.accept(proposals[0], by=SYSTEM, at=NOW)
    for proposal in proposals[1:5]:
        members = list(Volunteer.objects.filter(pk__in=proposal.members))
        queue.pin([proposal.need], members=members, leader=proposal.leader, reason="x", by=SYSTEM, at=NOW)
    with django_assert_max_num_queries(AT_THE_DOOR + 20):
        text(client, f"{url('matching_board', operation)}?briefed=1&q=人")


# ── several at once ────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_several_are_decided_at_once_and_taken_back_at_once(operation: Operation, client: Client) -> None:
    first, second, third = several(operation, 3)
    page = client.post(
        url("proposal_accept_many", operation),
        {"p": [first.pk, third.pk], "which": "ticked", "all": second.pk},
    ).content.decode()
    assert "2件を決めました" in page
    made = list(Dispatch.objects.live())
    assert {one.need_id for one in made} == {first.need_id, third.need_id}
    client.post(url("team_undo_many", operation), {"d": [one.pk for one in made]})
    assert not Dispatch.objects.live().exists()
    assert Need.objects.filter(state=NeedState.READY).count() == 3


@pytest.mark.database
def test_what_is_refused_among_several_is_said_and_keeps_nothing_back(
    operation: Operation, client: Client
) -> None:
    first, second, third = several(operation, 3)
    gone = Volunteer.objects.get(pk=second.members[0])
    checkin.leave(operation, gone, by=SYSTEM, at=NOW)
    Need.objects.filter(pk=third.need_id).update(version=99)
    sent = {"all": [first.pk, second.pk, third.pk], "which": "all"}
    page = client.post(url("proposal_accept_many", operation), sent).content.decode()
    assert "1件を決めました" in page
    assert f"{gone.name}さんはいま受付していません" in page
    assert "内容が、提案のあとで変わりました" in page
    assert [one.need_id for one in Dispatch.objects.live()] == [first.need_id]
    assert Proposal.objects.get(pk=second.pk).state == "offered"


def test_nothing_ticked_is_nothing_decided(operation: Operation, client: Client) -> None:
    proposal = offered(operation)
    page = client.post(
        url("proposal_accept_many", operation), {"which": "ticked", "all": proposal.pk}, follow=True
    )
    assert "印をつけてから" in page.content.decode()
    stranger = signed_in(make.operation(make.center("隣の市")), Role.CHIEF)
    answered = stranger.post(url("proposal_accept_many", operation), {"p": proposal.pk, "which": "ticked"})
    assert answered.status_code == 404
    other = make.operation(operation.center, name="8月豪雨")
    client.post(url("proposal_accept_many", other), {"p": proposal.pk, "which": "ticked"})
    assert not Dispatch.objects.exists()


def test_somebody_taken_meanwhile_is_on_record_also_among_several(operation: Operation) -> None:
    first, second = several(operation, 2)
    both = [first.members[0], *second.members]
    Proposal.objects.filter(pk=second.pk).update(members=both)
    second.refresh_from_db()
    decisions.accept(first, by=SYSTEM, at=NOW)
    Proposal.objects.filter(pk=second.pk).update(state="offered")
    (one,) = decisions.accept_each([second], by=SYSTEM, at=NOW)
    assert one.dispatch is None
    assert Clash.objects.get().volunteer_id == first.members[0]


# ── by hand ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_a_proposal_is_fixed_with_one_tap_and_let_go_with_one(operation: Operation, client: Client) -> None:
    proposal = offered(operation)
    client.post(url("proposal_pin", operation, proposal_id=proposal.pk))
    pin = Pin.objects.get()
    assert (set(pin.members), pin.leader_id) == (set(proposal.members), proposal.leader_id)
    assert "固定をはずす" in text(client, url("matching_board", operation))
    listed = text(client, url("matching_hand", operation))
    assert "提案のまま行ってもらう" in listed
    assert pin.by is not None
    assert pin.by.display_name in listed
    assert f'id="offer-{proposal.pk}"' in text(client, f"{url('matching_board', operation)}?fixed=1")
    for _ in range(2):
        client.post(url("pin_undo", operation, pin_id=pin.pk))
    assert not Pin.objects.exists()


@pytest.mark.database
def test_people_get_a_destination_or_are_kept_away_from_the_page_by_hand(
    operation: Operation, client: Client
) -> None:
    need, (one, other) = make.need(operation), people(operation, 2)
    address = url("team_make", operation, need_id=need.pk)
    refused = client.post(address, {"m": [one.pk], "do": "lock"})
    assert refused.status_code == 409
    assert "なぜそう決めるのか" in refused.content.decode()
    client.post(address, {"m": [one.pk], "do": "lock", "why": "依頼者か本人の希望"})
    client.post(address, {"m": [other.pk], "do": "ban", "why_note": "けんかした"})
    lock, ban = Lock.objects.get(), Ban.objects.get()
    assert (lock.volunteer_id, lock.reason, ban.volunteer_id, ban.reason) == (
        one.pk, "依頼者か本人の希望", other.pk, "けんかした",
    )  # fmt: skip
    listed = text(client, url("matching_hand", operation))
    assert "けんかした" in listed
    clash = client.post(address, {"m": [other.pk], "do": "lock", "why": "x"})
    assert "行かせないと決めてあります" in clash.content.decode()
    for name, row in (("lock_undo", {"lock_id": lock.pk}), ("ban_undo", {"ban_id": ban.pk})):
        client.post(url(name, operation, **row))
    assert not Lock.objects.exists()
    assert not Ban.objects.exists()


def test_the_list_says_what_is_no_longer_as_it_was(operation: Operation, client: Client) -> None:
    proposal = offered(operation)
    client.post(url("proposal_pin", operation, proposal_id=proposal.pk))
    gone = Volunteer.objects.get(pk=proposal.members[0])
    checkin.leave(operation, gone, by=SYSTEM, at=NOW)
    assert f"{gone.name}さんが、いまいないか" in text(client, url("matching_hand", operation))


def test_a_decision_that_cannot_be_kept_is_a_sentence_on_the_board(
    operation: Operation, client: Client
) -> None:
    hard = make.need(operation, people_min=9, people_ideal=9, people_max=9)
    here = people(operation, 3)
    queue.lock(hard, here[0], reason="名指し", by=SYSTEM, at=NOW)
    answer(operation, at=NOW)
    page = text(client, url("matching_board", operation))
    assert "手で決めたとおりにできないものがあります" in page
    assert f"{here[0].name}さん・N{hard.number}：" in page


# ── who is free ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_everybody_free_is_listed_with_the_reason(
    operation: Operation, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    need = make.need(operation, people_ideal=2, people_max=2)
    here = people(operation, 4)
    idle = present(operation, "暇人", avoids=["mud_removal"])
    run = answer(operation, at=NOW)
    assert run.plan is not None
    with django_assert_max_num_queries(AT_THE_DOOR + 6):
        page = text(client, url("matching_people", operation))
    assert all(person.name in page for person in (*here, idle))
    assert page.count(f"N{need.number}の提案に入っています") == 2
    assert run.plan["idle"][f"V{idle.pk}"]["text"] in page
    only = text(client, f"{url('matching_people', operation)}?why=offered")
    assert only.count("の提案に入っています") == 2
    assert idle.name not in only
    assert MatchRun.objects.count() == 1
