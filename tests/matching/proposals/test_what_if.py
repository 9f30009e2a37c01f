"""「もし…だったら」: what would be, compared with what is, and nothing changed by asking."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row, State
from matching.proposals import compare, memory, what_if
from matching.proposals.compare import Comparison
from matching.proposals.decided import with_decisions
from matching.proposals.gather import gather
from matching.proposals.models import MatchRun, Proposal, RunState, WhatIf
from matching.proposals.weights import ASPECTS, set_weights, steps_of, weights
from matching.proposals.what_if import Change, changed
from matching.queue import services as queue
from matching.queue.models import Pin
from matching.solver import model
from matching.solver.engine import solve
from tests import make
from tests.matching.proposals.morning import answer, people, present
from tests.matching.proposals.test_pages import NOW, signed_in, text, url

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


def answered(asked: WhatIf, *, at: datetime = NOW) -> Comparison:
    """Let a worker's turn pass."""
    held = outbox.claim(Row.objects.get(kind=what_if.KIND, dedupe_key=f"what_if:{asked.pk}").pk, at=at)
    assert held is not None
    what_if.answer(held, now=lambda: at)
    asked.refresh_from_db()
    assert asked.state == RunState.DONE, asked.error
    return Comparison.from_json(asked.result or {})


def ask(operation: Operation, change: Change) -> Comparison:
    return answered(what_if.ask(operation, change, by=SYSTEM, at=NOW))


# ── asking changes nothing ─────────────────────────────────────────────────────────────────────
def test_one_more_leader_brings_the_need_that_lacked_one_and_nothing_is_offered(operation: Operation) -> None:
    first, second = make.need(operation), make.need(operation)
    present(operation, "長", experience=2)
    for number in range(5):
        present(operation, f"人{number}", experience=0)
    answer(operation, at=NOW)
    runs, offers = MatchRun.objects.count(), list(Proposal.objects.values_list("pk", "state", "expires_at"))
    served = Proposal.objects.get().need_id
    found = ask(operation, Change(leaders=1))
    other = second.pk if served == first.pk else first.pk
    assert (found.before.served, found.after.served, found.gained, found.lost) == (1, 2, (other,), ())
    assert list(Proposal.objects.values_list("pk", "state", "expires_at")) == offers
    assert MatchRun.objects.count() == runs
    assert Row.objects.filter(kind="matching.run").count() == runs


def test_every_change_is_in_the_problem_and_only_that(operation: Operation) -> None:
    need = make.need(operation)
    people(operation, 3)
    problem = gather(operation, at=NOW).problem
    assert what_if.changed(problem, Change()) == problem
    more = what_if.changed(problem, Change(leaders=2, people=10, trucks=1))
    assert len(more.volunteers) == len(problem.volunteers) + 12
    assert sum(one.exp == model.MAX_EXP and one.id.startswith("?") for one in more.volunteers) == 2
    assert [one.kind for one in more.fleet] == ["truck"]
    assert what_if.changed(problem, Change(closed=need.pk)).needs == ()
    assert what_if.changed(problem, Change(earlier=60)).params.work_end == problem.params.work_end - 60
    assert what_if.changed(problem, Change(earlier=9999)).params.work_end == problem.now
    assert what_if.changed(problem, Change(steps={"travel": 2})).params.w.travel == 4 * model.Weights().travel


def test_work_that_ends_an_hour_earlier_loses_what_takes_long(operation: Operation) -> None:
    long = make.need(operation, minutes=240)
    people(operation, 3)
    answer(operation, at=NOW)
    found = ask(operation, Change(earlier=120))
    assert (found.lost, found.after.served) == ((long.pk,), 0)
    said = list(compare.sentences(found, numbers={long.pk: long.number}))
    assert said[0] == "行ける困りごとが1件減ります（1件 → 0件）。"
    assert f"行けなくなるのは、N{long.number}です。" in said
    assert any("いま提案に出ている人のうち3人" in one for one in said)


def test_a_plan_compared_with_itself_says_that_nothing_changes(operation: Operation) -> None:
    make.need(operation)
    people(operation, 3)
    problem = gather(operation, at=NOW).problem
    plan = solve(problem, effort=20)
    found = compare.compare(problem, plan, problem, plan)
    assert list(compare.sentences(found, numbers={})) == ["行ける困りごとの数は変わりません（1件）。"]


def test_what_was_compared_long_ago_is_told_as_past() -> None:
    some, more = compare.Outcome(3, 1, 9, 2, 60), compare.Outcome(5, 2, 7, 2, 90)
    found = Comparison(some, more, gained=(1, 2), lost=(3,), moved=4, announced=2)
    assert list(compare.sentences(found, numbers={1: 11, 2: 12, 3: 13}, past=True)) == [
        "行ける困りごとが2件増えました（3件 → 5件）。",
        "危機介入は、1件 → 2件でした。",
        "新しく行けるのは、N11、N12でした。",
        "行けなくなるのは、N13でした。",
        "活動する人が2人減りました。",
        "移動は、全部の班を合わせて30分長くなりました。",
        "そのとき提案に出ていた人のうち2人の行き先が変わりました。",
    ]
    assert Comparison.from_json(found.to_json()) == found


def test_asking_anew_withdraws_the_question_that_is_open(operation: Operation) -> None:
    first = what_if.ask(operation, Change(people=10), by=SYSTEM, at=NOW)
    held = outbox.claim(Row.objects.get(kind=what_if.KIND).pk, at=NOW)
    second = what_if.ask(operation, Change(people=30), by=SYSTEM, at=NOW)
    assert held is not None
    with pytest.raises(outbox.LeaseLost):
        outbox.renew(held, at=NOW)
    first.refresh_from_db()
    assert first.state == RunState.SUPERSEDED
    answered(second)


def test_a_question_about_nothing_or_about_an_unknown_need_is_refused(operation: Operation) -> None:
    with pytest.raises(Refused, match="no_change"):
        what_if.ask(operation, Change(), by=SYSTEM, at=NOW)
    with pytest.raises(Refused, match="no_change"):
        what_if.ask(operation, Change(steps=dict.fromkeys(ASPECTS, 0)), by=SYSTEM, at=NOW)
    with pytest.raises(Refused, match="no_such_need"):
        what_if.need_numbered(operation, 12345)
    assert not WhatIf.objects.exists()


def test_a_need_that_is_closed_takes_its_fixed_team_and_destinations_along(operation: Operation) -> None:
    """The fixed team stood all the same, and the answer said that nothing changes."""
    fixed, sent, later = (make.need(operation) for _ in range(3))
    here = people(operation, 8)
    queue.pin([fixed, later], members=here[:4], leader=here[0], reason="よい班", by=SYSTEM, at=NOW)
    queue.lock(sent, here[5], reason="名指し", by=SYSTEM, at=NOW)
    problem = with_decisions(gather(operation, at=NOW), day=make.day(NOW)).problem
    assert changed(problem, Change(closed=sent.pk)).locks == ()
    (pin,) = changed(problem, Change(closed=fixed.pk)).pins
    assert pin.team.visits == (f"N{later.pk}",)
    Pin.objects.update(visits=[fixed.pk])
    asked = what_if.ask(operation, Change(closed=fixed.pk), by=SYSTEM, at=NOW)
    found = answered(asked)
    assert found.after.served == found.before.served - 1 + len(found.gained) - len(found.lost)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_in_the_same_moment_get_an_answer_each_time_one_makes_way() -> None:
    """The second got a page that says the server has a fault."""
    operation = make.operation()
    start, faults = threading.Barrier(4), list[Exception]()

    def ask_for(leaders: int) -> None:
        try:
            start.wait(timeout=10)
            what_if.ask(operation, Change(leaders=leaders), by=SYSTEM, at=NOW)
        except IntegrityError as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask_for, args=[number]) for number in (1, 2, 3, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert faults == []
    states = sorted(WhatIf.objects.values_list("state", flat=True))
    assert states == [RunState.REQUESTED, *[RunState.SUPERSEDED] * 3]


# ── what counts ────────────────────────────────────────────────────────────────────────────────
def test_weights_are_set_with_a_reason_and_reach_the_engine(operation: Operation) -> None:
    with pytest.raises(Refused, match="weights_why"):
        set_weights(operation, {"travel": 2}, reason=" ", by=SYSTEM, at=NOW)
    set_weights(
        operation, {"travel": 2, "idle": 0, "nonsense": 1, "need": 9}, reason="暑い", by=SYSTEM, at=NOW
    )
    assert steps_of(operation) == {"travel": 2}
    problem = with_decisions(gather(operation, at=NOW), day=make.day(NOW)).problem
    assert problem.params.w == weights({"travel": 2})
    entry = Entry.objects.get(action="match.weights_set")
    assert entry.details == {"steps": {"travel": 2}, "reason": "暑い"}
    set_weights(operation, {}, reason="戻す", by=SYSTEM, at=NOW)
    assert with_decisions(gather(operation, at=NOW), day=make.day(NOW)).problem.params.w == model.Weights()


@pytest.mark.parametrize("aspect", list(ASPECTS))
@pytest.mark.parametrize("step", [-2, 2])
def test_a_crisis_comes_first_whatever_is_chosen(operation: Operation, aspect: str, step: int) -> None:
    crisis = make.need(operation, lat=38.33, lng=141.05)
    type(crisis).objects.filter(pk=crisis.pk).update(needs_crisis=True)
    for _ in range(2):
        make.need(operation, people_min=3, people_ideal=5)
    for person in people(operation, 5):
        person.vehicle, person.vehicle_seats, person.experience = "car", 5, 3
        person.prefers = ["cleaning"]
        person.save()
    set_weights(operation, {aspect: step}, reason="試す", by=SYSTEM, at=NOW)
    answer(operation, at=NOW)
    assert crisis.pk in set(Proposal.objects.values_list("need_id", flat=True))


# ── pages ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_the_coordinator_tries_weights_looks_and_takes_them_over(
    operation: Operation, client: Client
) -> None:
    make.need(operation)
    people(operation, 3)
    answer(operation, at=NOW)
    page = text(client, url("what_if", operation))
    assert "すべて「ふつう」です" in page
    response = client.post(url("what_if", operation), {"travel": "2", "idle": "0"})
    asked = WhatIf.objects.get()
    assert response["Location"] == url("what_if_result", operation, what_if_id=asked.pk)
    waiting = text(client, url("what_if_result", operation, what_if_id=asked.pk))
    assert "計算しています" in waiting
    part = client.get(url("what_if_part", operation, what_if_id=asked.pk))
    same = client.get(url("what_if_part", operation, what_if_id=asked.pk), {"version": part["X-Version"]})
    assert same.status_code == 204
    answered(asked)
    done = text(client, url("what_if_result", operation, what_if_id=asked.pk))
    assert "移動の時間を短くする：ずっと重く" in done
    assert "行ける困りごとの数は変わりません（1件）。" in done
    WhatIf.objects.update(finished_at=NOW - timedelta(hours=1))
    old = text(client, url("what_if_result", operation, what_if_id=asked.pk))
    assert "行ける困りごとの数は変わりませんでした（1件）。" in old
    assert "そのあとの人や困りごとの動きは入っていません" in old
    client.post(url("what_if_take", operation, what_if_id=asked.pk), {"reason": ""})
    assert steps_of(operation) == {}
    client.post(url("what_if_take", operation, what_if_id=asked.pk), {"reason": "暑い"})
    assert steps_of(operation) == {"travel": 2}
    assert "いまは：移動の時間を短くする：ずっと重く" in text(client, url("what_if", operation))
    assert "いま、ふつうと違うところ：移動の時間を短くする：ずっと重く。" in text(
        client, url("matching_board", operation)
    )
    client.post(url("weights_usual", operation))
    assert steps_of(operation) == {}


def test_a_number_that_does_not_wait_is_a_sentence(operation: Operation, client: Client) -> None:
    response = client.post(url("what_if", operation), {"closed": "999"})
    assert response.status_code == 409
    assert "N999は、いま待っている困りごとの中にありません" in response.content.decode()
    need = make.need(operation)
    client.post(url("what_if", operation), {"closed": str(need.number), "people": "10", "earlier": "2"})
    asked = WhatIf.objects.get()
    assert Change.from_json(asked.change) == Change(closed=need.pk, people=10, earlier=60)
    page = text(client, url("what_if_result", operation, what_if_id=asked.pk))
    assert f"N{need.number}を今日は行わないことにしたら" in page
    stranger = signed_in(make.operation(make.center("隣の市")), Role.CHIEF)
    assert stranger.get(url("what_if_result", operation, what_if_id=asked.pk)).status_code == 404


def test_a_withdrawn_what_if_leaves_no_work(operation: Operation) -> None:
    asked = what_if.ask(operation, Change(people=10), by=SYSTEM, at=NOW)
    answered(asked)
    assert Row.objects.get(kind=what_if.KIND).state == State.DONE


def test_the_newest_proposals_are_compared_with_those_before(operation: Operation, client: Client) -> None:
    first = make.need(operation)
    people(operation, 3)
    answer(operation, at=NOW)
    assert "くらべる提案がありません" in text(client, url("last_two", operation))
    second = make.need(operation)
    people(operation, 3)
    answer(operation, at=NOW)
    with CaptureQueriesContext(connection) as asked:
        page = text(client, url("last_two", operation))
    assert not [one for one in asked if '"problem"' in one["sql"]], "nobody waits for two mornings to be read"
    assert "新しく行ける困りごと　1件" in page
    assert f"N{second.number}" in page
    assert f"N{first.number}" not in page
    assert "行き先の変わった人はいません" in page
    MatchRun.objects.update(plan={"format": "vcplan/9"})
    memory.drop_all()
    answer(operation, at=NOW)
    assert "くらべる提案がありません" in text(client, url("last_two", operation)), (
        "another version wrote what was before"
    )
