"""Accept, edit, send by hand, reject, undo: everything is checked again at the moment of the decision."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import close_old_connections, connection
from pytest_django import DjangoAssertNumQueries

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Operation, OperationState
from intake.checkin import services as checkin
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.volunteers.models import Volunteer
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import ToolStock, Vehicle
from matching.proposals import decisions
from matching.proposals.models import Overrule, Proposal, ProposalState
from matching.queue import services as queue
from matching.queue.models import Ban, Hold
from matching.teams import services as teams
from matching.teams.models import Member, Team, TeamState
from matching.teams.rides import Drive
from tests import make
from tests.matching.proposals.morning import answer, offer, people, present

pytestmark = pytest.mark.django_db
NOW = make.at(9, 31)


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def proposal(operation: Operation) -> Proposal:
    make.need(operation)
    people(operation, 4)
    return offer(operation, at=make.at(9, 30))


def accept(proposal: Proposal, *, by: By = SYSTEM) -> Dispatch:
    return decisions.accept(proposal, by=by, at=NOW)


def code_of(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.code


# ── accept ─────────────────────────────────────────────────────────────────────────────────────
def test_accepting_forms_the_team_and_gives_it_the_need(proposal: Proposal) -> None:
    dispatch = accept(proposal)
    need = Need.objects.get(pk=proposal.need_id)
    assert need.state == NeedState.ASSIGNED
    assert [person.pk for person in teams.people_of(dispatch.team)] == proposal.members
    assert dispatch.team.leader_id == proposal.leader_id
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.ACCEPTED
    assert Entry.objects.filter(action="proposal.accepted").count() == 1


def test_an_acceptance_asks_only_what_it_must(
    proposal: Proposal, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Fifty decide in one instant, and each statement of one makes all of them wait. Begin and end are counted as well. Who is
    away or drives a run is asked by itself: before they have joined, a return or run that is being written down is not seen."""
    proposal = Proposal.objects.select_related("operation").get(pk=proposal.pk)
    with django_assert_max_num_queries(23):
        accept(proposal)


def test_the_second_of_two_who_accept_gets_a_sentence_with_the_name_of_the_first(proposal: Proposal) -> None:
    first = make.user(proposal.operation.center, name="千葉 係長")
    accept(proposal, by=By(user=first))
    with pytest.raises(Refused) as error:
        accept(proposal)
    assert code_of(error) == "proposal.already_accepted"
    assert "千葉 係長さん" in error.value.text
    assert Dispatch.objects.count() == 1


def test_a_need_that_changed_since_is_not_taken(proposal: Proposal) -> None:
    Need.objects.filter(pk=proposal.need_id).update(version=proposal.need_version + 1)
    with pytest.raises(Refused) as error:
        accept(proposal)
    assert code_of(error) == "proposal.need_changed"
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.OFFERED


def test_an_old_proposal_is_not_taken(proposal: Proposal) -> None:
    with pytest.raises(Refused) as error:
        decisions.accept(proposal, by=SYSTEM, at=proposal.expires_at + timedelta(seconds=1))
    assert code_of(error) == "proposal.expired"


def test_an_operation_that_was_closed_since_the_offer_was_read_decides_nothing(proposal: Proposal) -> None:
    shown = Proposal.objects.select_related("operation").get(pk=proposal.pk)
    Operation.objects.filter(pk=proposal.operation_id).update(state=OperationState.CLOSED)
    with pytest.raises(Refused) as error:
        accept(shown)
    assert code_of(error) == "operation.closed"
    assert Team.objects.count() == 0


def test_somebody_who_left_meanwhile_stops_the_team(proposal: Proposal) -> None:
    gone = Volunteer.objects.get(pk=proposal.members[-1])
    checkin.leave(proposal.operation, gone, by=SYSTEM, at=NOW)
    with pytest.raises(Refused) as error:
        accept(proposal)
    assert code_of(error) == "team.person_left"
    assert Team.objects.count() == 0


def test_somebody_taken_meanwhile_stops_the_team(proposal: Proposal) -> None:
    taken = Volunteer.objects.get(pk=proposal.members[0])
    teams.form(proposal.operation, volunteers=[taken], leader=taken, mode="walk", by=SYSTEM, at=NOW)
    with pytest.raises(Refused) as error:
        accept(proposal)
    assert code_of(error) == "team.person_taken"
    assert Need.objects.get(pk=proposal.need_id).state == NeedState.READY


def test_a_need_put_on_hold_meanwhile_is_not_taken(proposal: Proposal) -> None:
    queue.hold(proposal.need, reason="雨", by=SYSTEM, at=NOW)
    with pytest.raises(Refused) as error:
        accept(proposal)
    assert code_of(error) == "proposal.need_held"


def test_a_leader_who_turns_out_a_beginner_must_be_confirmed(proposal: Proposal) -> None:
    Volunteer.objects.filter(pk__in=proposal.members).update(experience=0)
    with pytest.raises(Refused) as error:
        accept(proposal)
    assert code_of(error) == "team.needs_ok"
    assert "経験" in error.value.text
    decisions.accept(proposal, by=SYSTEM, at=NOW, overrule="本人は区長で顔がきく")
    assert Overrule.objects.get().codes == ["leader_unfit"]


def test_missing_insurance_does_not_stop_a_team_from_forming(operation: Operation) -> None:
    need = make.need(operation)
    bare = [present(operation, name, insured=False) for name in "一二"]
    dispatch = decisions.send(need, volunteers=bare, leader=bare[0], by=SYSTEM, at=NOW)
    assert dispatch.state == DispatchState.ACCEPTED


def test_other_offers_with_the_same_people_go_when_one_is_edited(operation: Operation) -> None:
    Operation.objects.update(max_visits=1)
    operation.refresh_from_db()
    for _ in range(2):
        make.need(operation)
    people(operation, 6)
    answer(operation, at=make.at(9, 30))
    first, second = Proposal.objects.on_offer(NOW)
    mixed = list(Volunteer.objects.filter(pk__in=[*first.members, second.members[0]]))
    decisions.accept(
        first, members=mixed, leader=first.leader, by=SYSTEM, at=NOW, overrule="力仕事なので多めに"
    )
    second.refresh_from_db()
    assert second.state == ProposalState.SUPERSEDED
    with pytest.raises(Refused) as error:
        accept(second)
    assert code_of(error) == "proposal.superseded"


@pytest.mark.django_db(transaction=True)
def test_of_two_coordinators_at_the_same_moment_one_wins() -> None:
    operation = make.operation()
    make.need(operation)
    people(operation, 4)
    proposal = offer(operation, at=make.at(9, 30))
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def decide() -> None:
        try:
            start.wait(timeout=10)
            accept(Proposal.objects.get(pk=proposal.pk))
            outcomes.append("won")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=decide) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["proposal.already_accepted", "won"]
    assert Dispatch.objects.count() == 1
    assert Member.objects.filter(left_at__isnull=True).count() == len(proposal.members)


@pytest.mark.django_db(transaction=True)
def test_two_hands_that_want_the_same_person_get_one_team_and_one_sentence() -> None:
    operation = make.operation()
    needs = [make.need(operation) for _ in range(4)]
    wanted, *others = people(operation, 5)
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def decide(need: Need, other: Volunteer) -> None:
        try:
            start.wait(timeout=10)
            decisions.send(need, volunteers=[wanted, other], leader=other, by=SYSTEM, at=NOW)
            outcomes.append("won")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=pair) for pair in zip(needs, others, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["team.person_taken"] * 3 + ["won"]
    assert Need.objects.filter(state=NeedState.ASSIGNED).count() == 1


def test_several_decided_at_once_cost_the_same_few_statements_each(
    operation: Operation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Of the 43 of each, 14 begin and end steps that can be taken back by themselves."""
    operation.max_visits = 1
    operation.save()
    for _ in range(4):
        make.need(operation)
    people(operation, 16)
    answer(operation, at=make.at(9, 30))
    offered = list(Proposal.objects.on_offer(NOW).select_related("operation"))
    with django_assert_max_num_queries(43 * len(offered)):
        decided = decisions.accept_each(offered, by=SYSTEM, at=NOW)
    assert [one.refusal for one in decided] == [""] * 4


# ── by hand ────────────────────────────────────────────────────────────────────────────────────
def test_a_team_made_by_hand_needs_no_worker_and_lets_a_held_need_go(operation: Operation) -> None:
    need = make.need(operation)
    here = people(operation, 3)
    queue.hold(need, reason="様子を見る", by=SYSTEM, at=make.at(9))
    dispatch = decisions.send(need, volunteers=here, leader=here[1], by=SYSTEM, at=NOW)
    assert (dispatch.team.leader, dispatch.team.mode) == (here[1], "walk")
    assert not Hold.objects.exists()


def test_head_counts_are_advice_and_want_a_reason(operation: Operation) -> None:
    need = make.need(operation)
    here = people(operation, 7)
    for team in (here[:1], here):
        with pytest.raises(Refused) as error:
            decisions.send(need, volunteers=team, leader=team[0], by=SYSTEM, at=NOW)
        assert code_of(error) == "team.needs_ok"
        assert f"{len(team)}人です。めやすは2～5人です。" in error.value.text
    decisions.send(need, volunteers=here, leader=here[0], overrule="庭が広い", by=SYSTEM, at=NOW)
    overrule = Overrule.objects.get()
    assert (overrule.codes, overrule.reason) == (["wrong_size"], "庭が広い")


def test_what_is_missing_is_said_by_name(operation: Operation) -> None:
    need = make.need(
        operation, needs_truck=True, women_min=1, skills={"chainsaw": 1}, tools={"shovel": 3}, language="en"
    )
    ToolStock.objects.create(operation=operation, site=operation.center.sites.get(), tool="shovel", count=1)
    here = people(operation, 2)
    with pytest.raises(Refused) as error:
        decisions.send(need, volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    for part in (
        "軽トラックがありません",
        "女性の人数",
        "「チェーンソー」のできる人",
        "資機材「角スコップ」",
        "「en」を話せる人",
    ):
        assert part in error.value.text


def test_minors_never_go_where_minors_may_not_whatever_the_reason(operation: Operation) -> None:
    need = make.need(operation, minors_ok=False)
    adult = present(operation, "大人")
    child = present(operation, "少年", birth_date=date(2010, 5, 4), guardian_consent=True)
    with pytest.raises(Refused) as error:
        decisions.send(
            need, volunteers=[adult, child], leader=adult, overrule="本人の希望", by=SYSTEM, at=NOW
        )
    assert code_of(error) == "team.forbidden"
    assert "少年 花子さんは18歳未満で" in error.value.text


def test_a_minor_without_consent_joins_no_team(operation: Operation) -> None:
    need = make.need(operation)
    adult = present(operation, "大人")
    child = present(operation, "少年", birth_date=date(2010, 5, 4))
    with pytest.raises(Refused) as error:
        decisions.send(
            need, volunteers=[adult, child], leader=adult, overrule="本人の希望", by=SYSTEM, at=NOW
        )
    assert code_of(error) == "team.forbidden"
    assert "保護者の同意" in error.value.text


def test_a_truck_of_the_center_brings_its_driver_into_the_team(operation: Operation) -> None:
    site = operation.center.sites.get()
    truck = Vehicle.objects.create(
        operation=operation, site=site, name="軽トラ1号", kind="kei_truck", seats=2
    )
    need = make.need(operation, needs_truck=True)
    driver, helper = present(operation, "一", skills=["driver"]), present(operation, "二")
    dispatch = decisions.send(
        need, volunteers=[driver, helper], leader=helper, rides=[Drive(truck, driver)], by=SYSTEM, at=NOW
    )
    assert (dispatch.team.drives, dispatch.team.mode) == ([Drive(truck, driver)], "car")


def test_own_cars_are_used_where_it_is_too_far_to_walk(operation: Operation) -> None:
    need = make.need(operation, lat=38.33, lng=141.05)
    owner, rider = present(operation, "一", vehicle="car", vehicle_seats=4), present(operation, "二")
    dispatch = decisions.send(need, volunteers=[owner, rider], leader=rider, by=SYSTEM, at=NOW)
    assert (dispatch.team.mode, dispatch.team.drives) == ("car", [Drive(None, owner)])


def test_every_own_car_the_team_takes_is_named_and_seats_are_counted_over_all(operation: Operation) -> None:
    need = make.need(operation, lat=38.33, lng=141.05, people_max=6)
    owners = [present(operation, name, vehicle="car", vehicle_seats=2) for name in "一二三"]
    riders = people(operation, 2)
    dispatch = decisions.send(need, volunteers=[*owners, *riders], leader=owners[0], by=SYSTEM, at=NOW)
    assert {ride.driver for ride in dispatch.team.drives} == set(owners)
    decisions.undo(dispatch, by=SYSTEM, at=NOW)
    need.refresh_from_db()
    with pytest.raises(Refused) as error:
        decisions.send(
            need, volunteers=[*owners, *riders], leader=owners[0], stay=owners[2:], by=SYSTEM, at=NOW
        )
    assert "車の席が足りません" in error.value.text


def test_a_van_and_a_car_are_filled_before_another_car_is_taken(operation: Operation) -> None:
    van = Vehicle.objects.create(
        operation=operation, site=operation.center.sites.get(), name="ワゴン", kind="van", seats=3
    )
    need = make.need(operation, people_max=6)
    driver = present(operation, "一", skills=["driver"])
    owners = [present(operation, name, vehicle="car", vehicle_seats=4) for name in "二三"]
    dispatch = decisions.send(
        need, volunteers=[driver, *owners, *people(operation, 2)], leader=driver, rides=[Drive(van, driver)],
        by=SYSTEM, at=NOW,
    )  # fmt: skip
    assert dispatch.team.drives == [Drive(van, driver), Drive(None, owners[0])]


def test_a_named_own_car_is_taken_although_it_is_near_enough_to_walk(operation: Operation) -> None:
    need = make.need(operation)
    owner, rider = present(operation, "一", vehicle="car"), present(operation, "二")
    dispatch = decisions.send(
        need, volunteers=[owner, rider], leader=rider, rides=[Drive(None, owner)], by=SYSTEM, at=NOW
    )
    assert (dispatch.team.mode, dispatch.team.drives) == ("car", [Drive(None, owner)])


def test_tools_another_team_has_taken_are_missed(operation: Operation) -> None:
    ToolStock.objects.create(operation=operation, site=operation.center.sites.get(), tool="shovel", count=4)
    first, second = (make.need(operation, tools={"shovel": 3}) for _ in range(2))
    here = people(operation, 4)
    decisions.send(first, volunteers=here[:2], leader=here[0], by=SYSTEM, at=NOW)
    with pytest.raises(Refused) as error:
        decisions.send(second, volunteers=here[2:], leader=here[2], by=SYSTEM, at=NOW)
    assert "角スコップ" in error.value.text


def test_a_need_not_ready_gets_no_team(operation: Operation) -> None:
    need = make.need(operation, state=NeedState.SURVEY_WAIT)
    here = people(operation, 2)
    with pytest.raises(Refused) as error:
        decisions.send(need, volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    assert code_of(error) == "proposal.need_not_ready"


def test_who_was_kept_out_may_still_be_sent_knowingly(operation: Operation) -> None:
    need = make.need(operation)
    here = people(operation, 2)
    queue.ban(need, here[1], by=SYSTEM, at=make.at(9))
    with pytest.raises(Refused) as error:
        decisions.send(need, volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    assert code_of(error) == "team.needs_ok"
    decisions.send(need, volunteers=here, leader=here[0], overrule="家の人と話がついた", by=SYSTEM, at=NOW)


# ── reject and undo ────────────────────────────────────────────────────────────────────────────
def test_a_rejection_without_names_holds_the_need_so_that_it_does_not_come_back(proposal: Proposal) -> None:
    decisions.reject(proposal, reason="天候・時間の都合", by=SYSTEM, at=NOW)
    assert Hold.objects.get(need=proposal.need_id).reason == "天候・時間の都合"
    answer(proposal.operation, at=make.at(9, 40))
    assert not Proposal.objects.on_offer(make.at(9, 41)).exists()


def test_a_rejection_with_names_keeps_those_people_from_this_need_only(proposal: Proposal) -> None:
    unwanted = Volunteer.objects.get(pk=proposal.leader_id)
    decisions.reject(proposal, reason="以前の行き違い", keep_out=[unwanted], by=SYSTEM, at=NOW)
    assert Ban.objects.get().volunteer == unwanted
    answer(proposal.operation, at=make.at(9, 40))
    assert unwanted.pk not in Proposal.objects.on_offer(make.at(9, 41)).get().members


def test_a_rejection_wants_a_reason_and_only_people_of_the_proposal(proposal: Proposal) -> None:
    stranger = present(proposal.operation, "他人")
    for reason, keep_out, code in (
        ("  ", [], "proposal.reason_needed"), ("行き違い", [stranger], "proposal.not_in_proposal"),
    ):  # fmt: skip
        with pytest.raises(Refused) as error:
            decisions.reject(proposal, reason=reason, keep_out=keep_out, by=SYSTEM, at=NOW)
        assert code_of(error) == code
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.OFFERED


def test_undo_gives_everything_back_until_the_team_has_left(proposal: Proposal) -> None:
    dispatch = accept(proposal)
    decisions.undo(dispatch, by=SYSTEM, at=NOW)
    dispatch.team.refresh_from_db()
    assert dispatch.team.state == TeamState.DISSOLVED
    assert Need.objects.get(pk=proposal.need_id).state == NeedState.READY
    assert WorkItem.objects.get(need=proposal.need_id).state == "open"
    again = offer(proposal.operation, at=make.at(9, 40))
    assert decisions.accept(again, by=SYSTEM, at=make.at(9, 41)).team.number == 2


def test_a_need_continued_yesterday_is_told_who_was_there(operation: Operation) -> None:
    from matching.proposals.gather import gather

    need = make.need(operation)
    here = people(operation, 2)
    dispatch = decisions.send(need, volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    Dispatch.objects.filter(pk=dispatch.pk).update(state=DispatchState.BACK)
    teams.release(dispatch.team, by=SYSTEM, at=make.at(14))
    Need.objects.filter(pk=need.pk).update(state=NeedState.READY)
    WorkItem.objects.filter(need=need).update(state="open")
    problem = gather(operation, at=make.at(14)).problem
    assert set(problem.need_by[f"N{need.pk}"].prev) == {f"V{person.pk}" for person in here}
