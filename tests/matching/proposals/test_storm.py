"""Five coordinators and the engine at once: whatever they do, every need waits or is one team's, and nobody is in two."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from django.db import DatabaseError, connection

from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch import services as dispatching
from matching.dispatch.models import Dispatch, DispatchState
from matching.proposals import decisions
from matching.proposals.hands import pin_proposal
from matching.proposals.models import Proposal, ProposalState, RunState
from matching.teams.models import Member
from tests import make
from tests.matching.proposals.morning import answer, people

NOW = make.at(9, 31)
TURNS = 12


def a_proposal(operation: Operation, dice: Random) -> Proposal | None:
    found = list(Proposal.objects.filter(operation=operation, state=ProposalState.OFFERED))
    return dice.choice(found) if found else None


def a_visit(operation: Operation, dice: Random) -> Dispatch | None:
    rows = Dispatch.objects.filter(
        operation=operation, state__in=[DispatchState.ACCEPTED, DispatchState.NEXT]
    )
    found = list(rows.select_related("team", "need", "operation"))
    return dice.choice(found) if found else None


def accept(operation: Operation, dice: Random) -> None:
    if one := a_proposal(operation, dice):
        decisions.accept(one, by=SYSTEM, at=NOW)


def reject(operation: Operation, dice: Random) -> None:
    if one := a_proposal(operation, dice):
        keep_out = [Volunteer.objects.get(pk=one.members[0])] if dice.random() < 0.5 else []
        decisions.reject(one, reason="雨", keep_out=keep_out, by=SYSTEM, at=NOW)


def pin(operation: Operation, dice: Random) -> None:
    if one := a_proposal(operation, dice):
        pin_proposal(one, reason="よい班", by=SYSTEM, at=NOW)


def send(operation: Operation, dice: Random) -> None:
    team = dice.sample(list(Volunteer.objects.order_by("pk")), 3)
    first, then = dice.sample(list(Need.objects.filter(operation=operation).order_by("pk")), 2)
    decisions.send(first, then=[then], volunteers=team, leader=team[0], overrule="急ぐ", by=SYSTEM, at=NOW)


def undo(operation: Operation, dice: Random) -> None:
    if one := a_visit(operation, dice):
        decisions.undo(one, by=SYSTEM, at=NOW)


def drop(operation: Operation, dice: Random) -> None:
    if one := a_visit(operation, dice):
        dispatching.drop_visit(one, reason="雨", by=SYSTEM, at=NOW)


def add(operation: Operation, dice: Random) -> None:
    if one := a_visit(operation, dice):
        need = dice.choice(list(Need.objects.filter(operation=operation).order_by("pk")))
        dispatching.add_visit(one.team, need, by=SYSTEM, at=NOW)


HANDS: tuple[Callable[[Operation, Random], None], ...] = (accept, accept, reject, pin, send, undo, drop, add)


@pytest.mark.django_db(transaction=True)
def test_whatever_many_decide_at_once_no_need_is_lost_and_nobody_is_in_two_teams() -> None:
    operation = make.operation()
    for _ in range(8):
        make.need(operation, minutes=40)
    people(operation, 24)
    answer(operation, at=NOW)
    start, faults, refused = threading.Barrier(6), list[DatabaseError](), Counter[str]()

    def decide(number: int) -> None:
        dice = random.Random(number)
        try:
            start.wait(timeout=30)
            for turn in range(TURNS):
                try:
                    if number == 0 and turn % 3 == 0:
                        answer(operation, at=NOW)
                    else:
                        dice.choice(HANDS)(operation, dice)
                except Refused as no:
                    refused[no.code] += 1
        except DatabaseError as fault:  # a dead-lock, or a constraint that nobody turned into a sentence
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert faults == []
    assert refused, "they were in one another's way"
    held = Counter(Dispatch.objects.holding().values_list("need", flat=True))
    for need in Need.objects.filter(operation=operation):
        assert (need.state, held[need.pk]) in ((NeedState.READY, 0), (NeedState.ASSIGNED, 1)), need.number
    busy = Counter(Member.objects.filter(left_at__isnull=True).values_list("volunteer", flat=True))
    assert max(busy.values(), default=1) == 1
    run = answer(operation, at=NOW + timedelta(minutes=1))
    assert run.state == RunState.DONE, run.error
