"""Questions to the engine: asked once, answered once, replayable, and answered by nobody who lost the lease."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from dvc import __version__
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
from matching.proposals import decisions, runs
from matching.proposals.models import MatchRun, Proposal, ProposalState, RunState
from matching.proposals.thinking import thinking
from matching.queue import services as queue
from matching.solver.vcjson import plan_to_json
from tests import make
from tests.infra.center import until
from tests.matching.proposals.morning import answer, due, offer, people, present

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def ask(operation: Operation, *, at: datetime) -> MatchRun:
    return runs.request_run(operation, why="test", by=SYSTEM, at=at)


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
        if next(turns) == 2:
            taken = outbox.claim(held.row.pk, at=make.at(9, 31))
            assert taken is not None
        return make.at(9, 30)

    with pytest.raises(outbox.LeaseLost):
        runs.run(held, now=now)
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
        if next(turns) >= 3:
            Row.objects.filter(pk=held.row.pk).update(lease_epoch=held.epoch + 1)
        return make.at(9, 30)

    with pytest.raises(outbox.LeaseLost):
        runs.run(held, now=now)
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

    with thinking(run, held, now, effort=1, seconds=1, every=timedelta(milliseconds=50)):
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
    runs.run(claim(run, at=make.at(9, 31)), now=lambda: make.at(9, 31))
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
        if next(turns) == 2:
            Need.objects.filter(pk=need.pk).update(version=need.version + 1)
        return make.at(9, 30)

    runs.run(held, now=now)
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert not Proposal.objects.exists()


def test_who_is_kept_from_a_need_while_the_engine_is_thinking_is_not_offered_for_it(
    operation: Operation,
) -> None:
    """The proposal that had just been rejected came back, and could be decided with one tap."""
    need = make.need(operation, people_min=3)
    here = people(operation, 3)
    run = ask(operation, at=make.at(9, 30))
    held = claim(run, at=make.at(9, 30))
    turns = iter(range(100))

    def now() -> datetime:
        if next(turns) == 2:
            queue.ban(need, here[1], by=SYSTEM, at=make.at(9, 30), reason="知り合い")
        return make.at(9, 30)

    runs.run(held, now=now)
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert not Proposal.objects.exists()


def test_a_stored_plan_that_another_version_wrote_keeps_no_run_from_its_answer(operation: Operation) -> None:
    """Every run failed at it, again and again, and the plan stayed the last one."""
    make.need(operation)
    people(operation, 3)
    for plan in ({}, {"format": "vcplan/9", "teams": 3}):
        MatchRun.objects.create(
            operation=operation, requested_at=make.at(9), state=RunState.DONE, plan=plan, problem={}
        )
        run = answer(operation, at=make.at(9, 30), why="change")
        assert run.state == RunState.DONE, run.error
        assert run.effort == runs.WHOLE.effort
    assert Proposal.objects.on_offer(make.at(9, 31)).exists()


def test_a_value_the_engine_cannot_use_keeps_its_own_need_waiting_with_a_sentence_and_no_other(
    operation: Operation,
) -> None:
    """It failed the whole run."""
    odd, fine = make.need(operation), make.need(operation)
    Household.objects.filter(needs=odd).update(lat=1000.0)
    people(operation, 3)
    run = answer(operation, at=make.at(9, 30))
    assert run.state == RunState.DONE
    assert run.plan is not None
    assert "登録に使えない値があり" in run.plan["waiting"][f"N{odd.pk}"]["text"]
    assert Proposal.objects.get().need == fine


def test_a_morning_the_engine_cannot_use_fails_the_run_with_a_sentence(operation: Operation) -> None:
    make.need(operation)
    operation.center.sites.update(lat=1000.0)
    run = answer(operation, at=make.at(9, 30))
    assert run.state == RunState.FAILED
    assert "記録の中に使えない値があります" in run.error
    assert Row.objects.get(dedupe_key=f"run:{run.pk}").state == State.DONE


def test_a_question_whose_work_was_given_up_does_not_keep_new_ones_away(operation: Operation) -> None:
    stuck = ask(operation, at=make.at(9))
    Row.objects.filter(dedupe_key=f"run:{stuck.pk}").update(state=State.PARKED, last_error="MemoryError: ")
    fresh = ask(operation, at=make.at(9, 5))
    stuck.refresh_from_db()
    assert (stuck.state, stuck.error) == (RunState.FAILED, "MemoryError: ")
    assert Entry.objects.filter(action="match.failed", subject_id=str(stuck.pk)).count() == 1
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
    assert "bound" not in plan
    said = io.StringIO()
    call_command(
        "solve",
        str(folder / "in.json"),
        "-o",
        str(folder / "plan.json"),
        "--effort",
        "5",
        "--bound",
        stderr=said,
    )
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan["gap"] == pytest.approx(0, abs=0.01)
    assert "これ以上はほぼ良くなりません" in said.getvalue()


def test_a_closed_operation_asks_nothing(operation: Operation) -> None:
    closed = operations.close_operation(operation, teams_out=0, by=SYSTEM, at=make.at(16))
    with pytest.raises(Refused):
        ask(closed, at=make.at(17))
    runs.request_due_runs(at=make.at(17))
    assert not MatchRun.objects.filter(operation=closed).exists()


# ── what a run remembers ───────────────────────────────────────────────────────────────────────
def test_a_run_says_who_answered_how_thoroughly_how_often_and_how_long(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    run = ask(operation, at=make.at(9, 30))
    dead = claim(run, at=make.at(9, 30))
    assert runs.begin(run, dead, previous=None, at=make.at(9, 30))
    runs.run(claim(run, at=make.at(9, 31)), now=lambda: make.at(9, 31))
    run.refresh_from_db()
    assert (run.attempts, run.effort, run.version) == (2, runs.WHOLE.effort, __version__)
    assert run.worker.endswith(f":{os.getpid()}")
    assert run.started_at == make.at(9, 31)
    assert run.seconds is not None
    assert 0 < run.seconds < runs.WHOLE.seconds
    assert run.done == 1


def test_beside_a_whole_answer_stands_what_no_plan_can_exceed(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    run = answer(operation, at=make.at(9, 30))
    assert run.score is not None
    assert run.bound is not None
    assert run.gap is not None
    assert run.bound >= run.score
    assert 0 <= run.gap < 0.01
    after_a_change = answer(operation, at=make.at(9, 31), why="change")
    assert after_a_change.bound is None


def test_nothing_is_proven_while_another_operation_asks(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    other = make.operation(make.center("隣の市"))
    ask(other, at=make.at(9, 30))
    assert answer(operation, at=make.at(9, 31)).bound is None


def test_nothing_is_said_of_a_better_plan_where_nobody_came_or_nothing_waits(operation: Operation) -> None:
    assert answer(operation, at=make.at(9, 30)).gap is None
    make.need(operation)
    assert answer(operation, at=make.at(9, 31)).gap is None


def test_after_a_change_the_last_plan_is_taken_up_with_little_effort_and_replayed_from_it(
    operation: Operation,
) -> None:
    for _ in range(3):
        make.need(operation)
    people(operation, 9)
    first = answer(operation, at=make.at(9, 30))
    present(operation, "新")
    second = answer(operation, at=make.at(9, 31), why="change")
    assert first.plan is not None
    assert second.plan is not None
    assert second.previous is not None
    assert (first.effort, second.effort) == (runs.WHOLE.effort, runs.CHANGE.effort)
    assert second.previous["teams"] == first.plan["teams"]
    assert plan_to_json(runs.replay(second))["teams"] == second.plan["teams"]


def test_one_more_arrival_moves_nobody_who_was_told(operation: Operation) -> None:
    Operation.objects.update(max_visits=1)
    operation.refresh_from_db()
    for _ in range(4):
        make.need(operation)
    people(operation, 20)
    answer(operation, at=make.at(9, 30))
    before = {row.pk: row.members for row in Proposal.objects.on_offer(make.at(9, 31))}
    present(operation, "新")
    answer(operation, at=make.at(9, 31), why="change")
    after = {row.pk: row.members for row in Proposal.objects.on_offer(make.at(9, 32))}
    assert len(before) == 4
    assert after == before


def test_old_answers_forget_problem_and_plan_but_not_those_that_were_decided(operation: Operation) -> None:
    need = make.need(operation)
    people(operation, 3)
    decided = answer(operation, at=make.at(9, 30))
    decisions.reject(Proposal.objects.get(need=need), reason="雨", by=SYSTEM, at=make.at(9, 31))
    old = answer(operation, at=make.at(9, 32))
    for _ in range(runs.KEPT):
        newest = answer(operation, at=make.at(9, 33))
    for run in (decided, old, newest):
        run.refresh_from_db()
    assert decided.problem is not None
    assert (old.problem, old.plan, old.state) == (None, None, RunState.DONE)
    assert newest.plan is not None
    assert MatchRun.objects.filter(problem__isnull=False).count() == runs.KEPT + 1


# ── stopping ───────────────────────────────────────────────────────────────────────────────────
def test_a_question_that_is_cancelled_is_answered_by_nobody_and_the_offers_stay(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    offered = offer(operation, at=make.at(9, 30))
    run = ask(operation, at=make.at(9, 31))
    held = claim(run, at=make.at(9, 31))
    turns = iter(range(100))

    def now() -> datetime:
        if next(turns) == 2:
            assert runs.cancel(operation, by=SYSTEM, at=make.at(9, 31))
        return make.at(9, 31)

    with pytest.raises(outbox.LeaseLost):
        runs.run(held, now=now)
    run.refresh_from_db()
    offered.refresh_from_db()
    assert (run.state, run.plan, offered.state) == (RunState.CANCELLED, None, ProposalState.OFFERED)
    assert Row.objects.get(pk=held.row.pk).state == State.DONE
    assert not runs.cancel(operation, by=SYSTEM, at=make.at(9, 32))


def test_after_a_cancelled_question_the_engine_rests_until_something_changes(operation: Operation) -> None:
    present(operation)
    make.need(operation)
    MatchRun.objects.filter(pk=ask(operation, at=make.at(9, 10)).pk).update(asked_at=make.at(9, 10))
    runs.cancel(operation, by=SYSTEM, at=make.at(9, 10))
    assert not due(make.at(9, 11), operation)
    assert due(make.at(9, 13), operation)
    runs.cancel(operation, by=SYSTEM, at=make.at(9, 13))
    present(operation, "二")
    assert due(make.at(9, 14), operation)


def begun(operation: Operation, *, at: datetime) -> tuple[MatchRun, outbox.Claim]:
    """A question a worker has begun to answer."""
    run = ask(operation, at=at)
    held = claim(run, at=at)
    assert runs.begin(run, held, previous=None, at=at)
    return run, held


def test_asking_again_after_a_change_takes_the_place_of_what_is_being_answered(operation: Operation) -> None:
    present(operation)
    old, held = begun(operation, at=make.at(9, 30))
    assert ask(operation, at=make.at(9, 31)) == old
    present(operation, "二")
    fresh = ask(operation, at=make.at(9, 32))
    old.refresh_from_db()
    assert (old.state, fresh.state) == (RunState.SUPERSEDED, RunState.REQUESTED)
    with pytest.raises(outbox.LeaseLost):
        outbox.finish(held, at=make.at(9, 32))
    assert answer(operation, at=make.at(9, 33)) == fresh
    assert MatchRun.objects.get(pk=fresh.pk).state == RunState.DONE


def test_nobody_begins_a_question_that_was_withdrawn_as_its_message_came(operation: Operation) -> None:
    run = ask(operation, at=make.at(9, 30))
    held = claim(run, at=make.at(9, 30))
    runs.cancel(operation, by=SYSTEM, at=make.at(9, 30))
    assert not runs.begin(run, held, previous=None, at=make.at(9, 30))


@pytest.mark.django_db(transaction=True)
def test_the_engine_is_told_to_stop_once_its_answer_is_not_wanted_and_shows_how_far_it_is() -> None:
    operation = make.operation()
    run, held = begun(operation, at=make.at(9, 30))

    def stored() -> MatchRun:
        return MatchRun.objects.get(pk=run.pk)

    with thinking(
        run, held, lambda: make.at(9, 30), effort=100, seconds=1000, every=timedelta(milliseconds=20)
    ) as thought:
        assert thought.told(40, 1234.5)
        # Not the first sign of life: on a busy machine that is given before the engine has told anything.
        until(lambda: stored().score == 1234.5, 10)
        assert round(stored().done, 2) == 0.4
        runs.cancel(operation, by=SYSTEM, at=make.at(9, 30))
        until(lambda: thought.told(50, 2000.0) is False, 10)
    assert thought.lost
    assert (stored().state, stored().score) == (RunState.CANCELLED, 1234.5)


# ── beside decisions ───────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_offers_are_replaced_before_or_after_a_decision_and_never_in_the_middle_of_it() -> None:
    """Each held offers the other was waiting for, and PostgreSQL ended one of the two."""
    operation = make.operation()
    make.need(operation)
    people(operation, 3)
    deciding, seen = threading.Event(), list[str]()

    def decide() -> None:
        with transaction.atomic():
            queue.one_at_a_time(operation.pk)
            Operation.objects.filter(pk=operation.pk).update(
                name="決定中"
            )  # SQLite locks at the first change
            deciding.set()
            time.sleep(1)
            seen.append(MatchRun.objects.get(pk=run.pk).state)
        connection.close()

    thread = threading.Thread(target=decide)
    run = ask(operation, at=make.at(9, 30))
    held = claim(run, at=make.at(9, 30))
    turns = iter(range(100))

    def now() -> datetime:
        if next(turns) == 3:  # the engine has thought; what follows is the commit
            thread.start()
            assert deciding.wait(10)
        return make.at(9, 30)

    runs.run(held, now=now)
    thread.join()
    run.refresh_from_db()
    assert (seen, run.state) == ([RunState.REQUESTED], RunState.DONE)


# ── on the board and in a drill ────────────────────────────────────────────────────────────────
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
    from matching.solver import warm

    warm.make()  # made already by `make test`
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    drill = operations.set_clock(drill, reading=make.at(9, 30), speed=0, by=SYSTEM, at=timezone.now())
    make.need(drill)
    people(drill, 3)
    run = ask(drill, at=make.at(9, 30))
    row = Row.objects.get(dedupe_key=f"run:{run.pk}")
    assert outbox.work(row.pk, now=timezone.now)
    assert not outbox.work(row.pk, now=timezone.now)
    assert Proposal.objects.on_offer(make.at(9, 31)).count() == 1
