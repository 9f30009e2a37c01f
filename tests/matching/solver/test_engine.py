"""The engine keeps every rule, whatever comes in, and gives the same plan for the same question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings

from matching.solver.engine import solve
from matching.solver.model import FleetVehicle, Group, Mode, OwnVehicle, Params, Pin, Plan, Problem, Team
from matching.solver.rules import review, score, violations
from matching.solver.vcjson import plan_to_json
from tests.infra.scale import count
from tests.matching.solver.mornings import morning, mornings, need, pinned_mornings, random_morning, volunteer

CREW = tuple(volunteer(f"V{i}") for i in range(4))


def not_ours(problem: Problem, plan: Plan) -> list[str]:
    """Broken rules that are not the doing of a pin or of a lock the plan reports."""
    before = set(violations(problem, Plan(teams=tuple(pin.team for pin in problem.pins))))
    reported = {(note.volunteer, note.need) for note in plan.notes}
    return [
        str(broken)
        for broken in violations(problem, plan)
        if (broken.volunteer, broken.need) not in reported
        if broken not in before or broken.code == "lock_broken"
    ]


@settings(max_examples=count(40, 120), deadline=None)
@given(pinned_mornings)
def test_no_plan_breaks_a_rule(problem: Problem) -> None:
    plan = solve(problem, effort=8)
    assert not_ours(problem, plan) == []
    served = {n for team in plan.teams for n in team.visits}
    busy = {m for team in plan.teams for m in team.members}
    assert set(plan.waiting) == {n.id for n in problem.needs} - served
    assert set(plan.idle) == {v.id for v in problem.volunteers} - busy


@settings(max_examples=30, deadline=None)
@given(mornings)
def test_the_same_question_gets_the_same_plan(problem: Problem) -> None:
    assert plan_to_json(solve(problem, effort=10, seed=3)) == plan_to_json(solve(problem, effort=10, seed=3))


@settings(max_examples=30, deadline=None)
@given(pinned_mornings)
def test_improving_never_makes_a_plan_worse(problem: Problem) -> None:
    first, better = solve(problem, effort=0), solve(problem, effort=25)
    assert score(problem, better).total >= score(problem, first).total - 1e-6


@settings(max_examples=30, deadline=None)
@given(mornings)
@example(
    random_morning(510509)
)  # with locks: a crew built around the lock alone took whom another team needed
@example(random_morning(127))
def test_a_plan_can_be_taken_up_again(problem: Problem) -> None:
    before = solve(problem, effort=5)
    after = solve(problem, effort=0, previous=before)
    assert not_ours(problem, after) == []
    assert score(problem, after).total >= score(problem, before).total - 1e-6


@settings(max_examples=20, deadline=None)
@given(mornings)
def test_pinned_teams_stand_unchanged(problem: Problem) -> None:
    teams = solve(problem, effort=0).teams
    again = replace(problem, pins=tuple(Pin(team) for team in teams))
    assert solve(again, effort=3).teams[: len(teams)] == teams


def test_two_people_and_a_need_make_a_team() -> None:
    plan = solve(morning(volunteers=CREW[:2], needs=(need("N1"),)))
    (team,) = plan.teams
    assert (team.members, team.visits, team.mode) == (("V0", "V1"), ("N1",), Mode.WALK)
    assert not plan.waiting
    assert not plan.idle


def test_tier_1_comes_first_when_people_are_short() -> None:
    urgent = need("N2", tier=1, weight=150)
    plan = solve(
        morning(volunteers=CREW[:2], needs=(need("N1", dur=300, weight=40), replace(urgent, dur=300)))
    )
    assert [team.visits for team in plan.teams] == [("N2",)]


def test_near_needs_are_done_one_after_the_other() -> None:
    plan = solve(morning(volunteers=CREW[:2], needs=(need("N1"), need("N2"), need("N3"), need("N4"))))
    (team,) = plan.teams
    assert len(team.visits) == 3


def test_a_need_only_reached_by_truck_takes_the_driver_and_the_truck() -> None:
    driver = volunteer("V9", skills=frozenset({"driver"}), exp=0)
    problem = morning(
        volunteers=(*CREW[:1], driver),
        needs=(need("N1", truck=True),),
        fleet=(FleetVehicle("K1", "C1", "truck", 2),),
    )
    (team,) = solve(problem).teams
    assert [(ride.id, ride.driver) for ride in team.vehicles] == [("K1", "V9")]


def test_a_held_need_waits_and_says_so() -> None:
    plan = solve(morning(volunteers=CREW, needs=(need("N1"),), holds=frozenset({"N1"})))
    assert plan.teams == ()
    assert plan.waiting["N1"].code == "held"


def test_a_locked_person_goes_where_they_were_sent() -> None:
    problem = morning(
        volunteers=CREW, needs=(need("N1", max=2, weight=200), need("N2", max=2)), locks=(("V3", "N2"),)
    )
    plan = solve(problem, effort=50)
    assert plan.notes == ()
    assert next(team for team in plan.teams if "N2" in team.visits).members.count("V3") == 1


def test_two_locks_on_one_person_are_one_tour() -> None:
    problem = morning(volunteers=CREW[:2], needs=(need("N1"), need("N2")), locks=(("V0", "N1"), ("V0", "N2")))
    (team,) = solve(problem).teams
    assert sorted(team.visits) == ["N1", "N2"]


@pytest.mark.parametrize(
    ("lock", "code"),
    [
        (("V?", "N1"), "lock:person_gone"),
        (("V0", "N?"), "lock:need_gone"),
        (("V0", "N2"), "lock:need_held"),
        (("V9", "N1"), "lock:person_out"),
        (("V8", "N1"), "lock:impossible"),
    ],
)
def test_a_lock_that_can_not_be_kept_is_reported(lock: tuple[str, str], code: str) -> None:
    people = (*CREW, volunteer("V8", avoid=frozenset({"mud"})), volunteer("V9", insured=False))
    problem = morning(
        volunteers=people, needs=(need("N1"), need("N2")), holds=frozenset({"N2"}), locks=(lock,)
    )
    plan = solve(problem)
    assert [note.code for note in plan.notes] == [code]
    assert plan.notes[0].text
    assert [team.visits for team in plan.teams] == [("N1",)]


def test_a_pin_that_breaks_a_rule_stands_and_is_reported() -> None:
    out = Team("out", ("V0",), "V0", ("N1",), Mode.WALK)
    plan = solve(morning(volunteers=CREW, needs=(need("N1"), need("N2")), pins=(Pin(out),)))
    assert plan.teams[0] == out
    assert ("pin:wrong_size", "out", "N1") in {(note.code, note.team, note.need) for note in plan.notes}


def test_a_pin_of_people_and_needs_that_are_gone_stands_too() -> None:
    out = Team("out", ("V?",), "V?", ("N?",), "balloon")
    plan = solve(morning(volunteers=CREW, needs=(need("N2"),), pins=(Pin(out),)))
    assert plan.teams[0] == out
    assert {note.code for note in plan.notes} >= {"pin:unknown_volunteer", "pin:unknown_need"}
    assert len(plan.teams) == 2


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (morning(needs=(need("N1"),)), "no_leader"),
        (morning(volunteers=tuple(replace(v, exp=0) for v in CREW), needs=(need("N1"),)), "no_leader"),
        (morning(volunteers=tuple(replace(v, avoid=frozenset({"mud"})) for v in CREW), needs=(need("N1"),)), "no_leader"),
        (morning(now=931, volunteers=CREW, needs=(need("N1"),)), "time"),
        (morning(volunteers=CREW, needs=(need("N1", dur=400),)), "time"),
        (morning(volunteers=CREW, needs=(need("N1", lat=60.0),)), "unreachable"),
    ],
)  # fmt: skip
def test_what_can_not_be_served_waits_with_a_reason(problem: Problem, code: str) -> None:
    plan = solve(problem)
    assert plan.teams == ()
    assert plan.waiting["N1"].code == code


def test_nobody_and_nothing_make_an_empty_plan() -> None:
    assert solve(morning()) == Plan()


def test_people_without_any_need_are_told_there_is_none() -> None:
    assert {reason.code for reason in solve(morning(volunteers=CREW)).idle.values()} == {"no_needs"}


def test_a_group_larger_than_any_need_is_not_torn() -> None:
    group = tuple(volunteer(f"G{i}", group="G") for i in range(6))
    plan = solve(morning(volunteers=group, groups=(Group("G", atomic=True),), needs=(need("N1"),)))
    assert plan.teams == ()
    assert {reason.code for reason in plan.idle.values()} == {"group_too_large"}


def test_a_group_that_may_be_split_goes_in_parts() -> None:
    group = tuple(volunteer(f"G{i}", group="G") for i in range(6))
    problem = morning(
        volunteers=group,
        groups=(Group("G", atomic=False, min_part=3),),
        needs=(need("N1"), need("N2", lat=38.31)),
    )
    plan = solve(problem)
    assert sorted(len(team.members) for team in plan.teams) == [3, 3]
    assert violations(problem, plan) == []


def test_a_minor_goes_with_the_guardian_only() -> None:
    child = volunteer("V8", age=15, guardian="V0", exp=0)
    far = need("N1", max=2)
    plan = solve(morning(volunteers=(child, *CREW[:3]), needs=(far,)))
    assert plan.teams
    for team in plan.teams:
        assert ("V8" in team.members) <= ("V0" in team.members)


def test_all_at_one_place_is_no_trouble() -> None:
    people = tuple(volunteer(f"V{i}", vehicle=OwnVehicle("car", 4)) for i in range(30))
    problem = morning(volunteers=people, needs=tuple(need(f"N{i}") for i in range(12)))
    plan = solve(problem, effort=20)
    assert violations(problem, plan) == []
    assert not plan.waiting


def test_a_team_of_before_keeps_its_name_and_people() -> None:
    problem = morning(volunteers=CREW[:2], needs=(need("N1"),))
    (team,) = solve(problem, effort=0).teams
    named = Plan(teams=(replace(team, id="赤班"),))
    more = replace(problem, volunteers=CREW[:3])
    (again,) = solve(more, effort=0, previous=named).teams
    assert again.id == "赤班"
    assert set(team.members) <= set(again.members)


def test_a_solve_can_be_stopped_by_the_clock_and_reports_on_its_way() -> None:
    seen: list[tuple[int, float]] = []
    problem = morning(volunteers=CREW, needs=(need("N1"), need("N2")))
    plan = solve(problem, seconds=0.2, progress=lambda rounds, best: seen.append((rounds, best)))
    assert violations(problem, plan) == []
    assert seen[0][0] == 0
    assert seen[-1][1] == pytest.approx(review(problem, plan).score.total)


@pytest.mark.parametrize("pins", [0, 1])
def test_what_it_reports_is_what_the_plan_is_worth_with_fixed_teams_and_broken_promises(pins: int) -> None:
    crew = (*CREW, *(volunteer(f"W{i}", exp=2) for i in range(6)))
    problem = morning(volunteers=crew, needs=(need("N1"), need("N2"), need("N3")))
    first = solve(problem)
    promised = dict.fromkeys((m for team in first.teams for m in team.members), "N1")
    problem = replace(problem, baseline=promised, pins=tuple(Pin(team) for team in first.teams[:pins]))
    told = list[float]()

    def stop_at_once(_: int, points: float) -> bool:
        told.append(points)
        return False

    plan = solve(problem, effort=100, progress=stop_at_once)
    assert review(problem, plan).score.churn < 0
    assert told == [pytest.approx(review(problem, plan).score.total)]


def test_a_solve_whose_caller_says_stop_ends_at_once_with_a_plan_that_keeps_every_rule() -> None:
    problem, told = random_morning(7), list[int]()

    def stop_at_once(done: int, best: float) -> bool:
        told.append(done)
        return False

    plan = solve(problem, effort=100_000, progress=stop_at_once)
    assert len(told) == 1
    assert not_ours(problem, plan) == []


def test_a_day_that_ended_leaves_everybody_at_home() -> None:
    problem = morning(now=1000, params=Params(930), volunteers=CREW, needs=(need("N1"),))
    plan = solve(problem)
    assert plan.teams == ()
    assert {reason.code for reason in plan.idle.values()} == {"too_short"}
