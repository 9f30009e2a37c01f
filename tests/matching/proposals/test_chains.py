"""From the engine's chain to a team that does several needs in a row: offered whole, decided whole, undone whole."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.volunteers.models import Volunteer
from matching.dispatch import services as dispatching
from matching.dispatch.models import Dispatch, DispatchState
from matching.dispatch.templatetags.visits import about
from matching.equipment.models import ToolStock
from matching.proposals import decisions
from matching.proposals.check import check_team
from matching.proposals.gather import gather
from matching.proposals.models import MatchRun, Overrule, Proposal, ProposalState, ProposalVisit, RunState
from matching.queue import services as queue
from matching.queue.models import Ban, Hold
from matching.teams.models import Team
from tests import make
from tests.matching.proposals.morning import answer, offer, people, present

pytestmark = pytest.mark.django_db
NOW = make.at(9, 31)
S = DispatchState


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def near(operation: Operation, count: int = 3) -> list[Need]:
    """Needs next to each other, an hour of work each."""
    return [make.need(operation, lng=141.006 + 0.0005 * n, minutes=60) for n in range(count)]


@pytest.fixture
def proposal(operation: Operation) -> Proposal:
    """One leader, three houses: only a chain serves them all."""
    near(operation)
    present(operation, "長", experience=2)
    for name in "甲乙":
        present(operation, name, experience=0)
    return offer(operation, at=make.at(9, 30))


def states() -> list[str]:
    return sorted(Need.objects.values_list("state", flat=True))


def code_of(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.code


# ── offered ────────────────────────────────────────────────────────────────────────────────────
def test_one_leader_is_proposed_for_three_houses_in_a_row_with_their_times(proposal: Proposal) -> None:
    visits = list(proposal.visits.all())
    assert [visit.position for visit in visits] == [1, 2, 3]
    assert {visit.need_id for visit in visits} == set(Need.objects.values_list("pk", flat=True))
    assert visits[0].need_id == proposal.need_id
    times = [moment for visit in visits for moment in (visit.planned_from, visit.planned_until)]
    assert None not in times
    assert times == sorted(times)  # type: ignore[type-var]
    assert all(visit.planned_until - visit.planned_from >= make.at(10) - make.at(9) for visit in visits)  # type: ignore[operator]


def test_as_many_in_a_row_as_the_operation_says(operation: Operation) -> None:
    near(operation)
    people(operation, 3)
    Volunteer.objects.exclude(pk=Volunteer.objects.order_by("pk").first().pk).update(experience=0)  # type: ignore[union-attr]
    for most in (1, 2, 3):
        Operation.objects.filter(pk=operation.pk).update(max_visits=most)
        answer(operation, at=make.at(9, 30 + most))
        assert Proposal.objects.on_offer(make.at(9, 35)).get().visits.count() == most
    ordinary = Operation.objects.get(center=operation.center, mode=Mode.ORDINARY)
    assert gather(ordinary, at=make.at(9, 30)).problem.params.max_visits == 1


def test_no_need_of_an_offer_is_offered_to_a_second_team(proposal: Proposal) -> None:
    last = proposal.visits.last()
    assert last is not None
    other = Proposal.objects.get(pk=proposal.pk)
    other.pk = None
    other.need_id = last.need_id
    other.save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProposalVisit.objects.create(proposal=other, need_id=last.need_id, position=1, need_version=1)


def test_the_same_chain_again_stays_the_same_row_with_the_new_times(proposal: Proposal) -> None:
    before = [visit.planned_from for visit in proposal.visits.all()]
    answer(proposal.operation, at=make.at(9, 40))
    again = Proposal.objects.on_offer(make.at(9, 41)).get()
    assert again.pk == proposal.pk
    after = [visit.planned_from for visit in again.visits.all()]
    assert all(new > old for new, old in zip(after, before, strict=True))  # type: ignore[operator]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_an_offer_goes_with_any_of_its_needs(proposal: Proposal, which: int) -> None:
    need = list(proposal.visits.all())[which].need
    here = people(proposal.operation, 2)
    decisions.send(need, volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.SUPERSEDED
    assert not ProposalVisit.objects.filter(offered=True).exists()


# ── decided ────────────────────────────────────────────────────────────────────────────────────
def test_accepting_forms_one_team_and_a_dispatch_for_each_need(proposal: Proposal) -> None:
    first = decisions.accept(proposal, by=SYSTEM, at=NOW)
    rows = list(Dispatch.objects.order_by("position"))
    assert rows[0] == first
    assert [row.state for row in rows] == [S.ACCEPTED, S.NEXT, S.NEXT]
    assert [row.need_id for row in rows] == [visit.need_id for visit in proposal.visits.all()]
    assert all(row.leg_minutes is not None for row in rows)
    assert Team.objects.count() == 1
    assert states() == [NeedState.ASSIGNED] * 3
    assert Entry.objects.filter(action="proposal.accepted").count() == 1
    assert gather(proposal.operation, at=NOW).problem.needs == ()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_need_of_the_chain_that_changed_since_is_not_taken(proposal: Proposal, which: int) -> None:
    visit = list(proposal.visits.all())[which]
    Need.objects.filter(pk=visit.need_id).update(version=visit.need_version + 1)
    with pytest.raises(Refused) as error:
        decisions.accept(proposal, by=SYSTEM, at=NOW)
    assert code_of(error) == "proposal.need_changed"
    assert states() == [NeedState.READY] * 3


def test_a_chain_cut_shorter_by_hand_leaves_the_rest_in_the_queue(proposal: Proposal) -> None:
    first, second, third = (visit.need for visit in proposal.visits.all())
    decisions.accept(proposal, then=[third], by=SYSTEM, at=NOW)
    assert [row.need_id for row in Dispatch.objects.order_by("position")] == [first.pk, third.pk]
    second.refresh_from_db()
    assert second.state == NeedState.READY


def test_undo_before_departure_gives_every_need_and_person_back(proposal: Proposal) -> None:
    first = decisions.accept(proposal, by=SYSTEM, at=NOW)
    decisions.undo(first, by=SYSTEM, at=NOW)
    decisions.undo(first, by=SYSTEM, at=NOW)
    assert states() == [NeedState.READY] * 3
    again = offer(proposal.operation, at=make.at(9, 40))
    assert again.visits.count() == 3


def test_a_rejection_holds_every_need_of_the_chain_or_those_it_is_about(proposal: Proposal) -> None:
    _, second, _ = (visit.need for visit in proposal.visits.all())
    with transaction.atomic():
        decisions.reject(proposal, reason="天候・時間の都合", by=SYSTEM, at=NOW)
        assert Hold.objects.count() == 3
        transaction.set_rollback(True)
    decisions.reject(proposal, reason="依頼者の返事待ち", about=[second.pk], by=SYSTEM, at=NOW)
    assert Hold.objects.get().need == second
    answer(proposal.operation, at=make.at(9, 40))
    assert Proposal.objects.on_offer(make.at(9, 41)).get().visits.count() == 2


def test_who_is_kept_out_is_kept_from_every_need_of_the_chain(proposal: Proposal) -> None:
    unwanted = Volunteer.objects.get(pk=proposal.members[-1])
    decisions.reject(proposal, reason="行き違い", keep_out=[unwanted], by=SYSTEM, at=NOW)
    assert Ban.objects.filter(volunteer=unwanted).count() == 3


# ── by hand ────────────────────────────────────────────────────────────────────────────────────
def test_a_chain_made_by_hand_is_checked_by_the_engine_s_rules(operation: Operation) -> None:
    close = make.need(operation, minutes=60)
    far = make.need(operation, lat=38.306, minutes=60)
    here = people(operation, 3)
    asked = {"volunteers": here, "leader": here[0], "at": NOW}
    found = check_team(close, then=[far], **asked)  # type: ignore[arg-type]
    assert "hop_too_far" in {one.code for one in found.warnings}
    assert any(one.text.startswith(f"N{far.number}：続けて行くには") for one in found.warnings)
    beside = make.need(operation, minutes=60)
    found = check_team(close, then=[beside], **asked)  # type: ignore[arg-type]
    assert found.warnings == ()
    (begin, until), (after, end) = found.spans
    assert (until - begin, end - after) == (60, 60)
    assert after - until == found.legs[1]
    Operation.objects.filter(pk=operation.pk).update(max_visits=1)
    close = Need.objects.get(pk=close.pk)
    assert {one.code for one in check_team(close, then=[beside], **asked).warnings} == {"too_many_visits"}  # type: ignore[arg-type]


def test_what_is_forbidden_at_a_later_house_is_forbidden(operation: Operation) -> None:
    first, second = make.need(operation), make.need(operation, minors_ok=False)
    adult = present(operation, "大人")
    child = present(operation, "少年", birth_date=date(2010, 5, 4), guardian_consent=True)
    with pytest.raises(Refused) as error:
        decisions.send(
            first, then=[second], volunteers=[adult, child], leader=adult, overrule="希望", by=SYSTEM, at=NOW
        )
    assert code_of(error) == "team.forbidden"
    assert f"N{second.number}：少年" in error.value.text


def test_a_chain_by_hand_lets_held_needs_go_and_leaves_no_half(operation: Operation) -> None:
    first, second = near(operation, 2)
    here = people(operation, 3)
    queue.hold(second, reason="様子を見る", by=SYSTEM, at=make.at(9))
    Need.objects.filter(pk=first.pk).update(state=NeedState.TRIAGE)
    with pytest.raises(Refused) as error:
        decisions.send(first, then=[second], volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    assert code_of(error) == "proposal.need_not_ready"
    assert Hold.objects.filter(need=second).exists()
    Need.objects.filter(pk=first.pk).update(state=NeedState.READY)
    decisions.send(first, then=[second], volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    assert not Hold.objects.exists()
    assert not Overrule.objects.exists()


def test_a_need_of_another_operation_is_in_no_chain(operation: Operation) -> None:
    first, foreign = make.need(operation), make.need(make.operation(operation.center, mode=Mode.DRILL))
    here = people(operation, 3)
    with pytest.raises(Refused):
        decisions.send(
            first, then=[foreign], volunteers=here, leader=here[0], overrule="近い", by=SYSTEM, at=NOW
        )
    foreign.refresh_from_db()
    assert foreign.state == NeedState.READY


# ── what the engine is told ────────────────────────────────────────────────────────────────────
def test_a_team_takes_its_tools_once_for_all_its_houses_until_it_is_back(operation: Operation) -> None:
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="shovel", count=9)
    first, second = make.need(operation, tools={"shovel": 2}), make.need(operation, tools={"shovel": 3})
    here = people(operation, 3)
    start = decisions.send(first, then=[second], volunteers=here, leader=here[0], by=SYSTEM, at=NOW)

    def left() -> int:
        return gather(operation, at=make.at(11)).problem.stock[f"S{site.pk}"]["shovel"]

    assert left() == 6
    Dispatch.objects.filter(team=start.team).update(departed_at=NOW)
    Dispatch.objects.filter(pk=start.pk).update(state=S.ON_SITE)
    Need.objects.filter(pk=first.pk).update(state=NeedState.IN_PROGRESS)
    now = dispatching.move_on(start, by=SYSTEM, at=make.at(11))
    assert left() == 6
    dispatching.come_back(now, by=SYSTEM, at=make.at(12))
    assert left() == 9


def test_each_need_is_told_who_was_there_and_nobody_who_was_not(operation: Operation) -> None:
    first, second, third = near(operation, 3)
    here = people(operation, 3)
    start = decisions.send(first, then=[second, third], volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    Dispatch.objects.filter(pk=start.pk).update(state=S.ON_SITE, departed_at=NOW)
    Need.objects.filter(pk=first.pk).update(state=NeedState.IN_PROGRESS)
    for visit in (start, Dispatch.objects.get(need=second)):
        dispatching.report(visit, outcome="continuing", people=3, remaining="奥", by=SYSTEM, at=make.at(11))
    dispatching.come_back(start, by=SYSTEM, at=make.at(12))
    assert WorkItem.objects.filter(need=third).get().state == "open"
    problem = gather(operation, at=make.at(12, 1)).problem
    been = {need: set(problem.need_by[f"N{need.pk}"].prev) for need in (first, second, third)}
    crew = {f"V{person.pk}" for person in here}
    assert been == {first: crew, second: crew, third: set()}


# ── races ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_of_two_hands_whose_chains_share_a_need_one_gets_all_and_the_other_nothing() -> None:
    operation = make.operation()
    a, b, c = near(operation)
    here = people(operation, 4)
    chains = [([a, b], here[:2]), ([c, b], here[2:])]
    start, outcomes = threading.Barrier(2), list[str]()

    def decide(number: int) -> None:
        (first, second), crew = chains[number]
        try:
            start.wait(timeout=10)
            decisions.send(first, then=[second], volunteers=crew, leader=crew[0], by=SYSTEM, at=NOW)
            outcomes.append("won")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    _together(decide)
    assert sorted(outcomes) == ["proposal.need_not_ready", "won"]
    assert states() == [NeedState.ASSIGNED, NeedState.ASSIGNED, NeedState.READY]
    assert Team.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_a_chain_while_a_hand_takes_its_last_need_never_splits_it() -> None:
    operation = make.operation()
    near(operation)
    present(operation, "長")
    present(operation, "甲", experience=0)
    proposal = offer(operation, at=make.at(9, 30))
    last = proposal.visits.last()
    assert last is not None
    others = people(operation, 2)
    start, outcomes = threading.Barrier(2), list[str]()

    def decide(number: int) -> None:
        try:
            start.wait(timeout=10)
            if number:
                decisions.accept(Proposal.objects.get(pk=proposal.pk), by=SYSTEM, at=NOW)
            else:
                decisions.send(last.need, volunteers=others, leader=others[0], by=SYSTEM, at=NOW)
            outcomes.append("won")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    _together(decide)
    assert outcomes.count("won") == 1
    assert {"proposal.superseded", "proposal.need_not_ready"} & set(outcomes)
    assert Team.objects.count() == 1
    assert Dispatch.objects.count() in (1, 3)


def _together(act: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=act, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    connection.ensure_connection()


# ── the matching screen ────────────────────────────────────────────────────────────────────────
def test_the_card_shows_every_house_with_its_time_and_none_of_them_waits_below(
    on_screen: tuple[Operation, Client, Proposal],
) -> None:
    operation, client, proposal = on_screen
    text = client.get(reverse("matching_board", args=[operation.pk])).content.decode()
    visits = list(proposal.visits.select_related("need"))
    assert "続けて3軒" in text
    for visit in visits:
        assert visit.planned_from is not None
        assert f"{about(visit.planned_from)}～" in text
        assert f'id="wait-{visit.need_id}"' not in text
        assert f"N{visit.need.number}" in text
    client.post(reverse("proposal_accept", args=[operation.pk, proposal.pk]))
    text = client.get(reverse("matching_board", args=[operation.pk])).content.decode()
    assert text.count("つぎ　") == 2
    assert text.count("送り出しへ") == 1


def test_what_a_proposal_is_decided_by_is_said_before_it_is_opened(
    on_screen: tuple[Operation, Client, Proposal],
) -> None:
    operation, client, proposal = on_screen
    last = proposal.visits.select_related("need").order_by("position").last()
    assert last is not None
    Need.objects.filter(pk=last.need_id).update(needs_crisis=True)
    operation.orientation_required = True
    operation.save()
    text = client.get(reverse("matching_board", args=[operation.pk])).content.decode()
    offer = text[text.index(f'id="offer-{proposal.pk}"') :].partition("</article>")[0]
    shown, _, opens = offer.partition("<details")
    for words in (
        "続けて3軒",
        f"危機介入 N{last.need.number}",
        "説明がまだ 3人",
        "リーダー <strong>長 花子</strong>",
        "3人・歩いて行く",
        "決定</button>",
    ):
        assert words in shown
    for words in ("甲 花子", "乙 花子", "直す</a>", "見送り</a>", "この班を固定</button>"):
        assert words in opens


def test_decided_with_others_at_once_a_chain_is_one_line_and_undone_whole(
    on_screen: tuple[Operation, Client, Proposal],
) -> None:
    operation, client, proposal = on_screen
    numbers = [visit.need.number for visit in proposal.visits.select_related("need")]
    page = client.post(reverse("proposal_accept_many", args=[operation.pk]), {"p": [proposal.pk]})
    text = page.content.decode()
    places = [text.index(f"N{number}") for number in numbers]
    assert places == sorted(places)
    assert text.count('name="d"') == 1
    undo = {"d": [Dispatch.objects.get(position=1).pk]}
    client.post(reverse("team_undo_many", args=[operation.pk]), undo)
    assert states() == [NeedState.READY] * 3


def test_a_house_is_taken_out_of_a_proposed_chain_on_the_page_by_hand(
    on_screen: tuple[Operation, Client, Proposal],
) -> None:
    operation, client, proposal = on_screen
    board = client.get(reverse("matching_board", args=[operation.pk])).content.decode()
    found = re.search(r'href="([^"]*proposal=\d+[^"]*)"', board)
    assert found
    path = html.unescape(found.group(1))
    first, second, third = (visit.need for visit in proposal.visits.select_related("need"))
    page = client.get(path).content.decode()
    assert f'name="n" value="{second.pk}" checked' in page
    assert "いま出ると" in page
    sent = {
        "proposal": proposal.pk, "m": proposal.members, "leader": proposal.leader_id, "n": [third.pk, "x", 9**30],
        "do": "decide",
    }  # fmt: skip
    client.post(reverse("team_make", args=[operation.pk, first.pk]), sent)
    assert [row.need_id for row in Dispatch.objects.order_by("position")] == [first.pk, third.pk]


def test_a_rejection_on_the_page_is_about_the_houses_that_are_ticked(
    on_screen: tuple[Operation, Client, Proposal],
) -> None:
    operation, client, proposal = on_screen
    first, *_ = (visit.need for visit in proposal.visits.all())
    address = reverse("proposal_reject", args=[operation.pk, proposal.pk])
    assert client.get(address).content.decode().count('name="about"') == 3
    none = client.post(address, {"reason": "人数が合わない"})
    assert none.status_code == 409
    client.post(address, {"reason": "人数が合わない", "about": [first.pk]})
    assert Hold.objects.get().need == first


@pytest.fixture
def on_screen() -> Iterator[tuple[Operation, Client, Proposal]]:
    """A chain on offer at this very moment: pages ask the clock, and in the evening three houses in a row fit no more."""
    with time_machine.travel(make.at(9, 30)):
        yield _on_screen(timezone.now())


def _on_screen(now: datetime) -> tuple[Operation, Client, Proposal]:
    operation = make.operation()
    near(operation)
    leader = make.volunteer(operation.center, "長")
    checkin.arrive(operation, leader, site=None, by=SYSTEM, at=now)
    for name in "甲乙":
        helper = make.volunteer(operation.center, name, experience=0)
        checkin.arrive(operation, helper, site=None, by=SYSTEM, at=now)
    operation.refresh_from_db()
    needs = list(Need.objects.filter(operation=operation).order_by("pk"))
    run = MatchRun.objects.create(operation=operation, why="test", state=RunState.DONE, requested_at=now)
    proposal = Proposal.objects.create(
        run=run, operation=operation, need=needs[0], need_version=needs[0].version, mode="walk", leader=leader,
        members=list(Volunteer.objects.order_by("pk").values_list("pk", flat=True)), offered_at=now,
        expires_at=now + timedelta(minutes=10),
    )  # fmt: skip
    for position, need in enumerate(needs, start=1):
        begin = now + timedelta(minutes=70 * (position - 1) + 10)
        ProposalVisit.objects.create(
            proposal=proposal, need=need, position=position, need_version=need.version, planned_from=begin,
            planned_until=begin + timedelta(minutes=60),
        )  # fmt: skip
    client = Client()
    client.force_login(make.user(operation.center))
    return operation, client, proposal


def test_a_need_that_waits_again_while_a_team_still_has_it_is_said_and_offered_to_nobody(
    operation: Operation,
) -> None:
    """It was proposed again and again, and every decision refused with a sentence that helped nobody."""
    first, later = make.need(operation), make.need(operation)
    here = people(operation, 8)
    sent = decisions.send(first, then=[later], volunteers=here[:4], leader=here[0], by=SYSTEM, at=NOW)
    for state in (NeedState.ON_HOLD, NeedState.READY):
        needs.move(Need.objects.get(pk=later.pk), state, by=SYSTEM, at=NOW, reason="依頼者の都合が変わった")
    run = answer(operation, at=NOW)
    assert not Proposal.objects.on_offer(NOW).exists()
    assert run.plan is not None
    assert "まだ1班の行き先に入っています" in run.plan["waiting"][f"N{later.pk}"]["text"]
    with pytest.raises(Refused, match=r"dispatch\.still_held") as refused:
        decisions.send(later, volunteers=here[4:], leader=here[4], overrule="急ぐ", by=SYSTEM, at=NOW)
    assert "1班からこの訪問を外し" in refused.value.text
    dispatching.drop_visit(Dispatch.objects.get(need=later), reason="予定が変わったため", by=SYSTEM, at=NOW)
    answer(operation, at=NOW)
    assert Proposal.objects.on_offer(NOW).get().need_id == later.pk
    assert Dispatch.objects.live().get() == sent


def test_undoing_a_decision_whose_first_house_was_taken_off_undoes_the_team(operation: Operation) -> None:
    """The page said that it was undone, and the team stayed with its other house."""
    first, later = make.need(operation), make.need(operation)
    here = people(operation, 4)
    sent = decisions.send(first, then=[later], volunteers=here, leader=here[0], by=SYSTEM, at=NOW)
    dispatching.drop_visit(sent, reason="予定が変わったため", by=SYSTEM, at=NOW)
    decisions.undo(sent, by=SYSTEM, at=NOW)
    decisions.undo(sent, by=SYSTEM, at=NOW)
    assert not Dispatch.objects.exclude(state=S.CANCELLED).exists()
    assert set(Need.objects.values_list("state", flat=True)) == {NeedState.READY}
    assert not Team.objects.live().exists()
