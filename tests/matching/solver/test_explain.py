"""What the plan says is true: add what a waiting need is said to lack, and it is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings

from matching.solver.engine import solve
from matching.solver.explain import VAN_SEATS
from matching.solver.model import DAY, FleetVehicle, Group, Mode, OwnVehicle, Pin, Plan, Problem, Volunteer
from tests.infra.scale import count
from tests.matching.solver.mornings import morning, mornings, need, volunteer

CREW = tuple(volunteer(f"V{i}") for i in range(2))
FAR = {"lat": 38.34}


def with_added(problem: Problem, plan: Plan, need_id: str, added: Mapping[str, str | int | float]) -> Problem:
    """The morning where all teams are out, only one need waits, and what it lacks has come."""
    waiting = problem.need_by[need_id]
    people, fleet, stops = list(problem.volunteers), list(problem.fleet), list(problem.stops)
    stock = {site: dict(tools) for site, tools in problem.stock.items()}
    for code, amount in added.items():
        kind, _, what = code.partition(":")
        if kind == "tool":
            tools = stock.setdefault(waiting.site, {})
            tools[what] = tools.get(what, 0) + int(amount)
        elif kind in {"car", "truck"}:
            size = VAN_SEATS if kind == "car" else 2
            fleet.append(FleetVehicle(f"new-{kind}", waiting.site, "van" if kind == "car" else "truck", size))
        elif kind == "shuttle":
            stops = [replace(s, seats=s.seats + int(amount)) if s.id == waiting.stop else s for s in stops]
        else:
            people += [_helper(problem, need_id, f"{code}-{i}", kind, what) for i in range(int(amount))]
    out = {n for team in plan.teams for n in team.visits}
    return replace(
        problem, volunteers=tuple(people), fleet=tuple(fleet), stops=tuple(stops), stock=stock, locks=(),
        needs=tuple(n for n in problem.needs if n.id in out or n.id == need_id),
        pins=tuple(Pin(team) for team in plan.teams),
    )  # fmt: skip


def _helper(problem: Problem, need_id: str, name: str, kind: str, what: str) -> Volunteer:
    wanted = problem.need_by[need_id]
    skills = {"skill": {what}, "no_driver": {"driver"}}.get(kind, set())
    return Volunteer(
        id=name, start=0, end=DAY, sites=(wanted.site,), stamina=3,
        exp=max(wanted.min_exp, wanted.leader_exp) if kind == "no_leader" else wanted.min_exp,
        gender="F" if wanted.women_only or kind == "no_woman" else "M",
        skills=frozenset(skills), langs=frozenset({what} if kind == "lang" else ()),
        vehicle=OwnVehicle("car", VAN_SEATS) if kind == "own_car" else None,
    )  # fmt: skip


@settings(max_examples=count(40, 120), deadline=None)
@given(mornings)
def test_a_need_is_served_once_what_it_lacks_has_come(problem: Problem) -> None:
    problem = replace(problem, locks=(), baseline={})
    plan = solve(problem, effort=2)
    for need_id, reason in plan.waiting.items():
        if reason.code in {"held", "time", "unreachable", "conditions", "not_worth"}:
            continue
        added = dict(reason.params)
        if "missing" in added:
            added = {reason.code: added["missing"]}
        assert need_id not in solve(with_added(problem, plan, need_id, added), effort=0).waiting, reason
        assert need_id in solve(with_added(problem, plan, need_id, {}), effort=0).waiting, reason


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (morning(volunteers=tuple(replace(v, exp=0) for v in CREW), needs=(need("N1"),)), "no_leader"),
        (morning(volunteers=CREW[:1], needs=(need("N1"),)), "people"),
        (morning(volunteers=CREW, needs=(need("N1", women_min=1),)), "no_woman"),
        (morning(volunteers=CREW, needs=(need("N1", skills={"chainsaw": 1}),)), "skill:chainsaw"),
        (morning(volunteers=CREW, needs=(need("N1", lang="en"),)), "lang:en"),
        (morning(volunteers=CREW, needs=(need("N1", equip={"shovel": 2}),)), "tool:shovel"),
        (morning(volunteers=CREW, needs=(need("N1", **FAR),)), "own_car"),
        (
            morning(volunteers=CREW, needs=(need("N1", **FAR, max=2),), fleet=(FleetVehicle("K1", "C1", "van", 8),)),
            "no_driver",
        ),
        (
            morning(
                volunteers=(*CREW[:1], volunteer("V9", skills=frozenset({"driver"}))),
                needs=(need("N1", truck=True),),
            ),
            "truck",
        ),
    ],
)  # fmt: skip
def test_the_shortage_that_binds_is_named(problem: Problem, code: str) -> None:
    reason = solve(problem).waiting["N1"]
    if (
        code == "no_driver"
    ):  # a driver, or a person with a car: either is enough, the first asked for is named
        assert reason.code in {"own_car", "no_driver"}
    else:
        assert reason.code == code
    assert "あと" in reason.text


def test_a_missing_leader_is_said_in_plain_words() -> None:
    problem = morning(volunteers=tuple(replace(v, exp=0) for v in CREW), needs=(need("N1"),))
    said = solve(problem).waiting["N1"].text
    assert said == "リーダーになれる人が足りません。経験のある人があと1人いれば出せます。"


def test_all_that_is_missing_is_named_when_one_thing_is_not_enough() -> None:
    problem = morning(volunteers=CREW, needs=(need("N1", equip={"washer": 1}, lang="zh"),))
    reason = solve(problem).waiting["N1"]
    assert reason.params == {"tool:washer": 1, "lang:zh": 1}
    assert "高圧洗浄機1つ、中国語を話せる人がそろえば出せます" in reason.text


def test_a_team_says_what_weighed_most() -> None:
    problem = morning(
        volunteers=CREW, needs=(need("N1", tier=1, weight=100, prev=("V0", "V1")), need("N2", weight=1))
    )
    plan = solve(problem)
    (why,) = plan.why.values()
    assert [reason.code for reason in why] == ["why_tier1", "why_chain", "why_prev"] or why[
        0
    ].code == "why_tier1"
    assert len(why) <= 3
    assert why[0].text == "いちばん急ぐ依頼です。"


def test_a_team_names_who_could_have_come_instead() -> None:
    problem = morning(volunteers=(*CREW, volunteer("V2")), needs=(need("N1", max=2),))
    plan = solve(problem)
    (team,) = plan.teams
    assert plan.near == {team.id: tuple(plan.idle)}


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (volunteer("V9", insured=False), "uninsured"),
        (volunteer("V9", age=15, guardian="gone"), "no_guardian"),
        (volunteer("V9", avoid=frozenset({"mud"})), "no_suitable"),
        (volunteer("V9", end=590), "too_short"),
        (volunteer("V9", group="G"), "group_incomplete"),
        (volunteer("V9"), "teams_full"),
    ],
)
def test_a_person_without_a_team_is_told_why(person: Volunteer, code: str) -> None:
    problem = morning(
        volunteers=(*CREW, person, volunteer("V10", group="G", insured=False)),
        groups=(Group("G", atomic=True),),
        needs=(need("N1", max=2, prev=("V0", "V1")),),
    )
    reason = solve(problem).idle["V9"]
    assert reason.code == code
    assert reason.text.endswith(("ください。", "入れます。", "ありません。"))


def test_somebody_for_whom_only_a_seat_is_missing_is_told_so() -> None:
    owner = volunteer("V0", vehicle=OwnVehicle("car", 2))
    plan = solve(morning(volunteers=(owner, *CREW[1:], volunteer("V2", exp=0)), needs=(need("N1", **FAR),)))
    assert [team.mode for team in plan.teams] == [Mode.CAR]
    assert {reason.code for reason in plan.idle.values()} == {"no_seat"}
