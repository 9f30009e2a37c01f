"""Many coordinators decide in the same moment, each for another need: what two teams cannot share goes to one of them, and
who shares nothing with the others is not held up or refused."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch.models import Dispatch
from matching.equipment.models import ToolStock, Vehicle
from matching.proposals import decisions
from matching.proposals.models import MatchRun, Proposal, ProposalState, ProposalVisit, RunState
from matching.queue import services as queue
from matching.teams.models import Member, Ride, Team
from tests import make
from tests.matching.proposals.morning import people

pytestmark = pytest.mark.django_db(transaction=True)
NOW = make.at(9, 31)
MANY = 12


def offered(run: MatchRun, needs: Sequence[Need], crew: Sequence[Volunteer], **values: object) -> Proposal:
    """An offer as the engine makes it."""
    made = Proposal.objects.create(
        run=run, operation=run.operation, need=needs[0], need_version=needs[0].version, leader=crew[0],
        members=[person.pk for person in crew], offered_at=make.at(9, 30), expires_at=make.at(10),
        **{"mode": "walk", **values},
    )  # fmt: skip
    for position, need in enumerate(needs, start=1):
        ProposalVisit.objects.create(proposal=made, need=need, position=position, need_version=need.version)
    return made


def _is_old(looked: decisions.Looked, wish: decisions.Wish) -> bool:
    return decisions.is_old(looked, wish, decisions.decided_until_now(wish.visits))


def run_of(operation: Operation) -> MatchRun:
    return MatchRun.objects.create(operation=operation, why="test", state=RunState.DONE, requested_at=NOW)


def at_once(proposals: Sequence[Proposal]) -> Counter[str]:
    """What each coordinator was told who tapped 決定, one for each proposal, all in the same moment."""
    start, told = threading.Barrier(len(proposals)), list[str]()

    def decide(proposal: Proposal) -> None:
        try:
            start.wait(timeout=60)
            decisions.accept(proposal, by=SYSTEM, at=NOW)
            told.append("won")
        except Refused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=[proposal]) for proposal in proposals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(told) == len(proposals), "somebody got no answer: a dead-lock, or a fault that is no refusal"
    return Counter(told)


def one_team_stands(told: Counter[str]) -> None:
    """Of those who wanted the same thing one has it, the others a sentence, and nothing of theirs is left behind."""
    assert told["won"] == 1
    assert Need.objects.filter(state=NeedState.ASSIGNED).count() == 1
    assert Need.objects.filter(state=NeedState.READY).count() == MANY - 1
    assert Dispatch.objects.count() == 1
    assert Entry.objects.filter(action="proposal.accepted").count() == 1
    assert set(Member.objects.values_list("team", flat=True)) == {Dispatch.objects.get().team_id}


def test_who_shares_nothing_is_neither_refused_nor_held_up() -> None:
    operation = make.operation()
    run, here = run_of(operation), people(operation, 2 * MANY)
    offers = [offered(run, [make.need(operation)], here[2 * n : 2 * n + 2]) for n in range(MANY)]
    assert at_once(offers) == {"won": MANY}
    assert sorted(Dispatch.objects.values_list("serial", flat=True)) == list(range(1, MANY + 1))
    assert set(Proposal.objects.values_list("state", flat=True)) == {ProposalState.ACCEPTED}


def test_of_fifty_who_decide_the_same_proposal_one_gets_it_and_the_others_hear_who() -> None:
    operation = make.operation()
    need = make.need(operation)
    proposal = offered(run_of(operation), [need], people(operation, 2))
    assert at_once([proposal] * 50) == {"won": 1, "proposal.already_accepted": 49}
    assert Dispatch.objects.holding().get().need == need
    assert Member.objects.count() == 2
    assert Entry.objects.filter(action="dispatch.assigned").count() == 1


def test_of_many_who_want_one_person_for_different_needs_one_gets_them() -> None:
    operation = make.operation()
    run, (wanted, *others) = run_of(operation), people(operation, 1 + MANY)
    told = at_once([offered(run, [make.need(operation)], [other, wanted]) for other in others])
    one_team_stands(told)
    assert set(told) <= {"won", "team.person_taken", "proposal.superseded"}
    assert Member.objects.filter(volunteer=wanted, left_at=None).count() == 1


def test_of_many_who_want_one_car_for_different_needs_one_gets_it() -> None:
    operation = make.operation()
    site = operation.center.sites.get()
    van = Vehicle.objects.create(operation=operation, site=site, name="ワゴン", kind="van", seats=8)
    run, here = run_of(operation), people(operation, 2 * MANY, skills=["driver"])
    told = at_once(
        [
            offered(
                run, [make.need(operation)], here[2 * n : 2 * n + 2], mode="car",
                rides=[{"vehicle": van.pk, "driver": here[2 * n].pk}],
            )
            for n in range(MANY)
        ]
    )  # fmt: skip
    one_team_stands(told)
    assert set(told) <= {"won", "team.vehicle_taken", "team.forbidden", "proposal.superseded"}
    assert Ride.objects.filter(vehicle=van, over_at=None).count() == 1


def test_of_many_whose_needs_want_the_one_generator_one_takes_it_and_the_others_are_asked() -> None:
    operation = make.operation()
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="generator", count=1)
    run, here = run_of(operation), people(operation, 2 * MANY)
    told = at_once(
        [
            offered(run, [make.need(operation, tools={"generator": 1})], here[2 * n : 2 * n + 2])
            for n in range(MANY)
        ]
    )
    one_team_stands(told)
    assert told == {"won": 1, "team.needs_ok": MANY - 1}  # a person may still overrule it, knowingly
    assert Proposal.objects.filter(state=ProposalState.OFFERED).count() == MANY - 1


def test_of_chains_that_share_houses_in_any_order_no_house_is_held_twice() -> None:
    operation = make.operation()
    run, here = run_of(operation), people(operation, 6)
    needs = [make.need(operation, minutes=30) for _ in range(3)]
    first = offered(run, needs, here[:2])
    start, told = threading.Barrier(3), list[str]()

    def decide(number: int) -> None:
        try:
            start.wait(timeout=60)
            if number == 0:
                decisions.accept(first, by=SYSTEM, at=NOW)
            else:
                visits = needs[::-1] if number == 1 else [needs[1], needs[0]]
                crew = here[2 * number : 2 * number + 2]
                decisions.send(
                    visits[0],
                    then=visits[1:],
                    volunteers=crew,
                    leader=crew[0],
                    overrule="急ぐ",
                    by=SYSTEM,
                    at=NOW,
                )
            told.append("won")
        except Refused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert told.count("won") == 1
    assert len(told) == 3
    assert len(set(Dispatch.objects.values_list("team", flat=True))) == 1


def test_a_destination_somebody_fixes_while_the_rules_are_asked_is_heard() -> None:
    """The rules are asked before anybody has to wait. What was decided by hand until the team is written still counts."""
    operation = make.operation()
    here = people(operation, 2)
    need, other = make.need(operation), make.need(operation)
    wish = decisions.Wish([need], here, here[0], ())
    looked = decisions.look(wish, at=NOW)
    assert looked.check.warnings == ()
    queue.lock(other, here[1], reason="顔なじみ", by=SYSTEM, at=NOW)
    assert _is_old(looked, wish)
    proposal = offered(run_of(operation), [need], here)
    with pytest.raises(Refused) as error:
        decisions.accept(proposal, by=SYSTEM, at=NOW)
    assert error.value.code == "team.needs_ok"


def between_look_and_lock(happens: Callable[[], object]) -> Callable[..., Any]:
    """Somebody else does this, on a connection of their own, when the rules have been asked and nobody is waited for yet:
    at the statement that begins the writing (SQLite) or takes the operation's row (PostgreSQL)."""
    first = "BEGIN" if connection.vendor == "sqlite" else "FOR NO KEY UPDATE"
    done: list[Future[object]] = []

    def elsewhere() -> object:
        try:
            return happens()
        finally:
            connection.close()

    def wrapper(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if first in sql and not done:
            with ThreadPoolExecutor(1) as other:
                done.append(other.submit(elsewhere))
            done[0].result()
        return execute(sql, *rest)

    return wrapper


BETWEEN = {
    "nothing": "won",
    "a ban": "team.needs_ok",
    "a destination": "team.needs_ok",
    "a fixed team": "team.needs_ok",
    "a hold": "proposal.need_held",
}


@pytest.mark.parametrize("overrule", ["", "隣の家の人"])
def test_what_somebody_decides_after_the_look_and_before_the_lock_is_heard(overrule: str) -> None:
    """Also by who gives a reason: it was given for what they saw."""
    told = {(what, hand): _told(what, hand, overrule) for what in BETWEEN for hand in ("accept", "send")}
    assert told == {(what, hand): BETWEEN[what] for what, hand in told}


def _told(what: str, hand: str, overrule: str) -> str:
    operation = make.operation()
    here = people(operation, 4)
    need, other = make.need(operation), make.need(operation)
    proposal = offered(run_of(operation), [need], here[:2])
    happens: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "a ban": lambda: queue.ban(need, here[1], by=SYSTEM, at=NOW),
        "a destination": lambda: queue.lock(other, here[1], reason="顔なじみ", by=SYSTEM, at=NOW),
        "a fixed team": lambda: queue.pin(
            [need], members=here[2:], leader=here[2], reason="よい班", by=SYSTEM, at=NOW
        ),
        "a hold": lambda: queue.hold(need, reason="雨", by=SYSTEM, at=NOW),
    }
    decide: dict[str, Callable[[], object]] = {
        "accept": lambda: decisions.accept(proposal, overrule=overrule, by=SYSTEM, at=NOW),
        "send": lambda: decisions.send(
            need, volunteers=here[:2], leader=here[0], overrule=overrule, by=SYSTEM, at=NOW
        ),
    }
    told = "won"
    try:
        with connection.execute_wrapper(between_look_and_lock(happens[what])):
            decide[hand]()
    except Refused as refused:
        told = refused.code
    assert Team.objects.filter(operation=operation).count() == (told == "won")
    return told


def test_a_ban_for_another_house_costs_no_second_look() -> None:
    operation = make.operation()
    here = people(operation, 2)
    need, other = make.need(operation), make.need(operation)
    wish = decisions.Wish([need], here, here[0], ())
    looked = decisions.look(wish, at=NOW)
    queue.ban(other, here[0], by=SYSTEM, at=NOW)
    assert not _is_old(looked, wish)
    queue.ban(need, here[0], by=SYSTEM, at=NOW)
    assert _is_old(looked, wish)
    queue.unban(need, here[0], by=SYSTEM, at=NOW)
    assert not _is_old(looked, wish)


def test_the_rules_are_asked_again_only_for_what_no_constraint_holds() -> None:
    operation = make.operation()
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="shovel", count=9)
    here = people(operation, 6)
    plain, with_tools = make.need(operation), make.need(operation, tools={"shovel": 2})
    wishes = [decisions.Wish([need], here[:2], here[0], ()) for need in (plain, with_tools)]
    looked = [decisions.look(wish, at=NOW) for wish in wishes]
    assert [_is_old(*pair) for pair in zip(looked, wishes, strict=True)] == [False, False]
    decisions.send(make.need(operation), volunteers=here[2:4], leader=here[2], by=SYSTEM, at=NOW)
    assert [_is_old(*pair) for pair in zip(looked, wishes, strict=True)] == [False, True]
    Need.objects.filter(pk=plain.pk).update(version=plain.version + 1)
    wishes[0].catch_up()
    assert _is_old(looked[0], wishes[0])
