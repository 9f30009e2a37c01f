"""What the plan says, case by case; that it is true is tested in test_explain_truth.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching.solver.engine import solve
from matching.solver.model import FleetVehicle, Group, Mode, OwnVehicle, Problem, Volunteer
from tests.matching.solver.mornings import morning, need, volunteer

CREW = tuple(volunteer(f"V{i}") for i in range(2))
FAR = {"lat": 38.34}


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


def test_a_need_for_women_only_says_so() -> None:
    men = tuple(replace(v, gender="M") for v in CREW)
    reason = solve(
        morning(volunteers=men, needs=(need("N1", women_only=True, women_min=1, leader_exp=0),))
    ).waiting["N1"]
    assert reason.text == "女性が足りません。条件に合う女性があと2人いれば出せます。"
    led = solve(morning(volunteers=men, needs=(need("N1", women_only=True, women_min=1),))).waiting["N1"]
    assert led.params == {"no_leader": 1, "no_woman": 1, "who": "女性"}
    assert "リーダーになれる女性1人、条件に合う女性1人がそろえば出せます" in led.text


def test_a_missing_leader_is_said_in_plain_words() -> None:
    problem = morning(volunteers=tuple(replace(v, exp=0) for v in CREW), needs=(need("N1"),))
    said = solve(problem).waiting["N1"].text
    assert said == "リーダーになれる人が足りません。経験のある人があと1人いれば出せます。"


def test_all_that_is_missing_is_named_when_one_thing_is_not_enough() -> None:
    problem = morning(volunteers=CREW, needs=(need("N1", equip={"washer": 1}, lang="zh"),))
    reason = solve(problem).waiting["N1"]
    assert reason.params == {"tool:washer": 1, "lang:zh": 1, "who": "人"}
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
    assert why[0].text == "いちばん急ぐ困りごとです。"


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
    assert reason.text.endswith(("ください。", "入れます。", "なります。", "ありません。"))


def test_somebody_for_whom_only_a_seat_is_missing_is_told_so() -> None:
    owner = volunteer("V0", vehicle=OwnVehicle("car", 2))
    plan = solve(morning(volunteers=(owner, *CREW[1:], volunteer("V2", exp=0)), needs=(need("N1", **FAR),)))
    assert [team.mode for team in plan.teams] == [Mode.CAR]
    assert {reason.code for reason in plan.idle.values()} == {"no_seat"}
