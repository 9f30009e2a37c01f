"""Questions to the engine: asked once, answered once, replayable, and answered by nobody who lost the lease."""

from __future__ import annotations

import io
import json
import time
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row, State
from intake.checkin import services as checkin
from intake.help_requests.models import Need
from intake.people.models import Household
from intake.volunteers.models import Volunteer
from matching.equipment.models import ToolStock
from matching.proposals import services as proposals
from matching.proposals.models import MatchRun, Proposal, ProposalState, RunState
from matching.queue import services as queue
from tests import make
from tests.matching.proposals.morning import answer, people, present

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def ask(operation: Operation, *, at: datetime) -> MatchRun:
    return proposals.request_run(operation, why="test", by=SYSTEM, at=at)


def claim(run: MatchRun, *, at: datetime) -> outbox.Claim:
    held = outbox.claim(Row.objects.get(dedupe_key=f"run:{run.pk}").pk, at=at)
    assert held is not None
    return held


def test_asking_twice_is_one_question(operation: Operation) -> None:
    assert ask(operation, at=make.at(9)) == ask(operation, at=make.at(9, 1))
    assert Row.objects.filter(kind="matching.run").count() == 1
    answered = answer(operation, at=make.at(9, 2))
    assert ask(operation, at=make.at(9, 3)) != answered


def test_a_run_offers_a_team_with_its_reasons_and_keeps_problem_and_plan(operation: Operation) -> None:
    need = make.need(operation)
    here = people(operation, 3)
    run = answer(operation, at=make.at(9, 30))
    offer = Proposal.objects.get()
    assert (offer.need, offer.run, offer.need_version) == (need, run, need.version)
    assert set(offer.members) <= {person.pk for person in here}
    assert offer.leader_id in offer.members
    assert offer.expires_at == make.at(9, 40)
    assert len(offer.reasons) >= 1
    assert run.state == RunState.DONE
    assert run.problem is not None
    assert run.problem["format"] == "vcmatch/1"
    assert run.plan is not None
    assert run.plan["teams"][0]["visits"] == [f"N{need.pk}"]


def test_what_waits_says_why_also_when_it_is_not_the_engines_business(operation: Operation) -> None:
    homeless, crowd = make.need(operation), make.need(operation, people_min=5, people_ideal=5, people_max=5)
    Household.objects.filter(needs=homeless).update(lat=None, lng=None)
    people(operation, 2)
    plan = answer(operation, at=make.at(9, 30)).plan
    assert plan is not None
    assert "場所が決まっていません" in plan["waiting"][f"N{homeless.pk}"]["text"]
    assert plan["waiting"][f"N{crowd.pk}"]["text"]


def test_a_run_with_nobody_and_nothing_is_done_and_offers_nothing(operation: Operation) -> None:
    assert answer(operation, at=make.at(9, 30)).state == RunState.DONE
    assert not Proposal.objects.exists()


def test_the_same_offer_stays_the_same_row_and_lives_longer(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    answer(operation, at=make.at(9, 30))
    first = Proposal.objects.get()
    answer(operation, at=make.at(9, 35))
    again = Proposal.objects.get()
    assert (again.pk, again.state, again.expires_at) == (first.pk, ProposalState.OFFERED, make.at(9, 45))


def test_an_offer_whose_person_left_is_superseded_by_the_next_run(operation: Operation) -> None:
    make.need(operation)
    here = people(operation, 4)
    answer(operation, at=make.at(9, 30))
    first = Proposal.objects.get()
    gone = Volunteer.objects.get(pk=first.leader_id)
    checkin.leave(operation, gone, by=SYSTEM, at=make.at(9, 31))
    answer(operation, at=make.at(9, 32))
    first.refresh_from_db()
    fresh = Proposal.objects.on_offer(make.at(9, 33)).get()
    assert first.state == ProposalState.SUPERSEDED
    assert gone.pk not in fresh.members
    assert set(fresh.members) <= {person.pk for person in here}


def test_a_worker_that_lost_its_lease_commits_nothing(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    run = ask(operation, at=make.at(9, 30))
    held = claim(run, at=make.at(9, 30))
    turns = iter(range(100))

    def now() -> datetime:
        # Between reading the rows and the first sign of life the process was stopped, and another took the row.
        if next(turns) == 1:
            taken = outbox.claim(held.row.pk, at=make.at(9, 31))
            assert taken is not None
        return make.at(9, 30)

    with pytest.raises(outbox.LeaseLost):
        proposals.run(held, now=now)
    run.refresh_from_db()
    assert (run.state, run.plan) == (RunState.REQUESTED, None)
    assert not Proposal.objects.exists()


def test_a_lease_lost_while_thinking_is_found_at_the_commit(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    run = ask(operation, at=make.at(9, 30))
    held = claim(run, at=make.at(9, 30))
    turns = iter(range(100))

    def now() -> datetime:
        # The last look at the clock is the one of the commit.
        if next(turns) >= 2:
            Row.objects.filter(pk=held.row.pk).update(lease_epoch=held.epoch + 1)
        return make.at(9, 30)

    with pytest.raises(outbox.LeaseLost):
        proposals.run(held, now=now)
    run.refresh_from_db()
    assert run.state == RunState.REQUESTED
    assert not Proposal.objects.exists()
    assert not Entry.objects.filter(action="match.done").exists()


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_the_engine_thinks() -> None:
    operation = make.operation()
    run = ask(operation, at=make.at(9, 30))
    held = claim(run, at=make.at(9, 30))
    clock = iter(range(100))

    def now() -> datetime:
        return make.at(9, 30) + timedelta(seconds=next(clock))

    with proposals.alive(held, now, every=timedelta(milliseconds=50)):
        first = Row.objects.get(pk=held.row.pk).lease_until
        time.sleep(1)
    last = Row.objects.get(pk=held.row.pk).lease_until
    assert first is not None
    assert last is not None
    assert last > first >= make.at(9, 30) + outbox.LEASE


def test_work_done_twice_changes_nothing_the_second_time(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    run = answer(operation, at=make.at(9, 30))
    row = Row.objects.get(dedupe_key=f"run:{run.pk}")
    Row.objects.filter(pk=row.pk).update(state=State.PENDING)
    proposals.run(claim(run, at=make.at(9, 31)), now=lambda: make.at(9, 31))
    row.refresh_from_db()
    assert row.state == State.DONE
    assert Proposal.objects.count() == 1


def test_a_need_that_changed_while_the_engine_was_thinking_is_not_offered(operation: Operation) -> None:
    need = make.need(operation)
    people(operation, 3)
    run = ask(operation, at=make.at(9, 30))
    held = claim(run, at=make.at(9, 30))
    turns = iter(range(100))

    def now() -> datetime:
        if next(turns) == 1:
            Need.objects.filter(pk=need.pk).update(version=need.version + 1)
        return make.at(9, 30)

    proposals.run(held, now=now)
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert not Proposal.objects.exists()


def test_a_value_the_engine_cannot_use_fails_the_run_with_a_sentence(operation: Operation) -> None:
    need = make.need(operation)
    Household.objects.filter(needs=need).update(lat=1000.0)
    run = answer(operation, at=make.at(9, 30))
    assert run.state == RunState.FAILED
    assert f"N{need.pk}" in run.error
    assert Row.objects.get(dedupe_key=f"run:{run.pk}").state == State.DONE


def test_a_question_whose_work_was_given_up_does_not_keep_new_ones_away(operation: Operation) -> None:
    stuck = ask(operation, at=make.at(9))
    Row.objects.filter(dedupe_key=f"run:{stuck.pk}").update(state=State.PARKED, last_error="MemoryError: ")
    fresh = ask(operation, at=make.at(9, 5))
    stuck.refresh_from_db()
    assert (stuck.state, stuck.error) == (RunState.FAILED, "MemoryError: ")
    assert fresh != stuck


def test_a_stored_run_is_replayed_to_the_same_plan(operation: Operation) -> None:
    for _ in range(3):
        make.need(operation)
    people(operation, 9)
    run = answer(operation, at=make.at(9, 30))
    out = io.StringIO()
    call_command("replay_run", str(run.pk), stdout=out)
    assert run.plan is not None
    assert json.loads(out.getvalue())["teams"] == run.plan["teams"]


def test_the_solve_command_reads_an_instance_and_writes_a_plan(
    operation: Operation, tmp_path: object
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    make.need(operation)
    people(operation, 3)
    run = answer(operation, at=make.at(9, 30))
    (folder / "in.json").write_text(json.dumps(run.problem), encoding="utf-8")
    call_command("solve", str(folder / "in.json"), "-o", str(folder / "plan.json"), "--seconds", "1")
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan["format"] == "vcplan/1"
    assert len(plan["teams"]) == 1


def test_a_closed_operation_asks_nothing(operation: Operation) -> None:
    closed = operations.close_operation(operation, teams_out=0, by=SYSTEM, at=make.at(16))
    with pytest.raises(Refused):
        ask(closed, at=make.at(17))
    proposals.request_due_runs(at=make.at(17))
    assert not MatchRun.objects.filter(operation=closed).exists()


# ── when to think again ────────────────────────────────────────────────────────────────────────
def due(at: datetime, operation: Operation) -> bool:
    """Whether the sweeper's check asks at the real moment `at`."""
    before = set(MatchRun.objects.values_list("pk", flat=True))
    proposals.request_due_runs(at=at)
    asked = MatchRun.objects.exclude(pk__in=before)
    asked.update(asked_at=at)
    return asked.filter(operation=operation).exists()


def test_a_change_asks_and_its_own_answer_does_not(operation: Operation) -> None:
    present(operation)
    make.need(operation)
    assert due(make.at(9, 10), operation)
    answer(operation, at=make.at(9, 10))
    assert not due(make.at(9, 11), operation)
    present(operation, "二")
    assert due(make.at(9, 12), operation)


def test_changes_ask_at_most_every_ten_seconds(operation: Operation) -> None:
    present(operation)
    answer(operation, at=make.at(9, 10))
    present(operation, "二")
    assert not due(make.at(9, 10) + timedelta(seconds=9), operation)
    assert due(make.at(9, 10) + timedelta(seconds=10), operation)


def test_while_a_question_waits_no_other_is_asked(operation: Operation) -> None:
    present(operation)
    MatchRun.objects.filter(pk=ask(operation, at=make.at(9, 10)).pk).update(asked_at=make.at(9, 10))
    assert not due(make.at(9, 30), operation)


def test_every_three_minutes_while_needs_and_people_wait(operation: Operation) -> None:
    need = make.need(operation)
    present(operation)
    answer(operation, at=make.at(9, 10))
    assert not due(make.at(9, 12), operation)
    assert due(make.at(9, 13), operation)
    answer(operation, at=make.at(9, 13))
    queue.hold(need, reason="雨", by=SYSTEM, at=make.at(9, 14))
    answer(operation, at=make.at(9, 14))
    assert not due(make.at(9, 30), operation)


def test_an_operation_without_automatic_matching_is_left_alone(operation: Operation) -> None:
    operations.edit_operation(operation, by=SYSTEM, at=make.at(8), auto_match=False)
    present(operation)
    assert not due(make.at(9, 10), operation)


def test_the_sweepers_check_is_cheap(
    operation: Operation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    present(operation)
    answer(operation, at=make.at(9, 10))
    due(make.at(9, 11), operation)  # the ordinary operation beside it asks its first question
    with django_assert_max_num_queries(6):
        proposals.request_due_runs(at=make.at(9, 12))


def test_in_a_fast_drill_an_offer_still_lives_ten_real_minutes() -> None:
    from dvc.operations.models import Mode

    drill = make.operation(mode=Mode.DRILL, name="訓練")
    drill = operations.set_clock(drill, reading=make.at(9), speed=60, by=SYSTEM, at=make.at(9))
    make.need(drill)
    people(drill, 3)
    answer(drill, at=make.at(9, 30))
    offer = Proposal.objects.get()
    assert offer.offered_at == make.at(9, 30)
    assert offer.expires_at == make.at(19, 30)


def test_the_chief_sees_what_alone_would_free_most(operation: Operation) -> None:
    from matching.proposals.board import board

    for _ in range(2):
        make.need(operation, tools={"washer": 1})
    make.need(operation, tools={"washer": 1}, skills={"chainsaw": 1})
    people(operation, 12)
    # The tools were counted: there is a shovel, and no washer.
    ToolStock.objects.create(operation=operation, site=operation.center.sites.get(), tool="shovel", count=1)
    answer(operation, at=make.at(9, 30))
    first, second = board(operation, at=make.at(9, 31), real=make.at(9, 31)).engine.shortages
    assert (first.label, first.alone, first.among) == ("高圧洗浄機", 2, 1)
    assert (second.label, second.alone, second.among) == ("「チェーンソー」のできる人", 0, 1)


def test_the_outbox_finds_its_way_to_the_engine() -> None:
    """Through the handler named in the settings, as the worker does it, on the real clock of a drill that stands."""
    from django.utils import timezone

    from dvc.operations.models import Mode

    drill = make.operation(mode=Mode.DRILL, name="訓練")
    drill = operations.set_clock(drill, reading=make.at(9, 30), speed=0, by=SYSTEM, at=timezone.now())
    make.need(drill)
    people(drill, 3)
    run = ask(drill, at=make.at(9, 30))
    row = Row.objects.get(dedupe_key=f"run:{run.pk}")
    assert outbox.work(row.pk, now=timezone.now)
    assert not outbox.work(row.pk, now=timezone.now)
    assert Proposal.objects.on_offer(make.at(9, 31)).count() == 1
