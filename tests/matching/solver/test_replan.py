"""A morning followed event by event: every plan keeps every rule, and what is kept in memory changes nothing but speed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from matching.solver.crews import Ground, State
from matching.solver.engine import solve
from matching.solver.model import Plan, Problem
from matching.solver.replan.around import Around, difference
from matching.solver.replan.slate import Slate
from matching.solver.rules import score
from matching.solver.search import arrays
from matching.solver.session import Session, explained, replan
from matching.solver.units import make_units
from matching.solver.vcjson import plan_to_json, problem_from_json, problem_to_json
from tests.bench.events import Step, morning
from tests.infra.scale import count
from tests.matching.instances import odd, problem, tiny
from tests.matching.solver.test_properties import broken_promises

KINDS = ("base", "storm", "shuttle", "split", "pins", "sites")
SPARE = problem("base", "150x60", 99)


def steps(made: Problem, session: Session, events: int, seed: int) -> Iterator[Step]:
    def next_plan(now: Problem, plan: Plan) -> Plan:
        assert plan is session.plan
        return session.replan(now, effort=1, seed=seed)

    return morning(made, SPARE, session.plan, next_plan, events, seed=seed)


def same(a: Slate, b: Slate) -> bool:
    return (
        a.frame == b.frame
        and a.unit_of == b.unit_of
        and a.number_of == b.number_of
        and dict(a.out) == dict(b.out)
        and all(np.array_equal(getattr(a.world, name), getattr(b.world, name)) for name in a.world._fields)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_after_every_event_the_plan_keeps_every_rule_and_is_the_one_made_without_memory(kind: str) -> None:
    for seed in range(count(1, 6)):
        made = problem(kind, "80x30", seed)
        session = Session(made, solve(made, effort=3))
        before, plan, slate = made, session.plan, Slate(made)
        for step in steps(made, session, count(15, 100), seed):
            assert broken_promises(step.now, step.plan) == []
            slate = Slate(step.now, slate)
            assert same(slate, Slate(step.now)), step.event
            around = difference(before, step.now)
            assert around == session.around
            # Stored and read again, as another process would do it.
            again = replan(
                problem_from_json(problem_to_json(step.now)), Plan(teams=plan.teams), Around.from_json(around.to_json()),
                effort=1, seed=seed,
            )  # fmt: skip
            assert plan_to_json(again) == plan_to_json(step.plan), step.event
            before, plan = step.now, step.plan


def test_however_odd_the_morning_a_repair_keeps_every_rule() -> None:
    for seed in range(count(20, 400)):
        made = (tiny if seed % 2 else odd)(seed)
        session = Session(made, solve(made, effort=0))
        for step in steps(made, session, count(4, 12), seed):
            assert broken_promises(step.now, step.plan) == [], (seed, step.event)


def test_from_one_morning_to_quite_another_every_rule_is_kept() -> None:
    for seed in range(count(10, 300)):
        session = Session(tiny(seed), solve(tiny(seed), effort=0))
        other = tiny(seed + 1)
        assert broken_promises(other, session.replan(other, effort=1)) == []


def test_a_slate_says_what_the_arrays_of_the_search_say() -> None:
    for kind in KINDS:
        made = problem(kind, "80x30", 3)
        away = {m for pin in made.pins for m in pin.team.members}
        taken = {n for pin in made.pins for n in pin.team.visits}
        theirs = arrays.world_of(State(Ground(made, make_units(made, away), taken)))
        mine = Slate(made).world
        lists = {arrays.U_WISH, arrays.U_FOE, arrays.U_TOLD, arrays.U_BEEN}
        plain = [c for c in range(mine.u.shape[1]) if c not in lists and c - 1 not in lists]
        assert np.array_equal(mine.u[:, plain], theirs.u[:, plain])
        plain = [c for c in range(mine.n.shape[1]) if c not in {arrays.N_NEAR, arrays.N_NEAR_END}]
        assert np.array_equal(mine.n[:, plain], theirs.n[:, plain])
        assert np.array_equal(mine.may, theirs.may)
        assert np.array_equal(mine.hop, theirs.hop)
        assert np.array_equal(mine.val[:, : theirs.val.shape[1]], theirs.val)
        for table, columns in (("u", sorted(lists)), ("n", [arrays.N_NEAR])):
            for a, b in zip(getattr(mine, table), getattr(theirs, table), strict=True):
                for c in columns:
                    assert sorted(mine.flat[a[c] : a[c + 1]]) == sorted(theirs.flat[b[c] : b[c + 1]])


def test_a_morning_of_events_is_worth_nearly_what_a_new_plan_is() -> None:
    made = problem("base", "150x50", 5)
    session = Session(made, solve(made, effort=60))
    *_, last = steps(made, session, 60, 5)
    kept = score(last.now, last.plan).total
    fresh = score(last.now, solve(last.now, effort=60)).total
    assert kept > 0.97 * fresh


def test_when_nothing_happens_nothing_changes() -> None:
    for seed in range(count(3, 50)):
        made = problem("base", "60x25", seed)
        plan = solve(made, effort=20)
        told = replace(made, baseline={m: team.visits[0] for team in plan.teams for m in team.members})
        again = Session(told, plan).replan(told, effort=2)
        at = {m: team.visits for team in again.teams for m in team.members}
        moved = sum(need not in at.get(m, ()) for m, need in told.baseline.items())
        assert moved <= len(told.baseline) * 0.1
        assert score(told, again).total >= score(told, plan).total - 1e-6


def test_teams_may_be_asked_for_first_and_their_reasons_later() -> None:
    made = problem("base", "80x30", 1)
    plan = solve(made, effort=5)
    gone = next(team for team in plan.teams if team.id not in {pin.team.id for pin in made.pins}).members[0]
    now = replace(made, volunteers=tuple(v for v in made.volunteers if v.id != gone), locks=())
    quick = Session(made, plan).replan(now, reasons=False)
    assert (quick.waiting, quick.idle, quick.why) == ({}, {}, {})
    assert plan_to_json(explained(now, quick)) == plan_to_json(Session(made, plan).replan(now))


def test_a_person_who_is_sent_somewhere_goes_there_and_stays() -> None:
    made = replace(problem("base", "80x30", 2), pins=(), locks=(), conflicts=())
    plan = solve(made, effort=5)
    session = Session(made, plan)
    tried = 0
    for team in plan.teams[:6]:
        who, need = team.members[0], plan.teams[-1].visits[0]
        sent = replace(made, locks=((who, need),))
        first = session.replan(sent)
        assert broken_promises(sent, first) == []
        if not first.notes:
            tried += 1
            later = replace(sent, now=sent.now + 1)
            assert session.replan(later).notes == ()
            assert broken_promises(later, session.plan) == []
    assert tried
