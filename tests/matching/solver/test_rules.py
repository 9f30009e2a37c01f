"""Our checker: each rule refuses what it is for. That an independent one agrees: test_agreement.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching.solver.model import (
    FleetVehicle,
    Group,
    Mode,
    OwnVehicle,
    Pin,
    Plan,
    Problem,
    Ride,
    Site,
    Stop,
    Team,
)
from matching.solver.rules import TEXTS, score, timeline, violations
from tests.matching.solver.mornings import morning, need, volunteer

PEOPLE = tuple(volunteer(f"V{i}") for i in range(6))
CHILD = volunteer("V7", age=15, guardian="V0", exp=0)
CAR = volunteer("V8", vehicle=OwnVehicle("car", 2))
FAR = {"lat": 38.33}
TEAM = Team("T1", ("V0", "V1"), "V0", ("N1",), Mode.WALK)


def codes(problem: Problem, *teams: Team) -> set[str]:
    return {broken.code for broken in violations(problem, Plan(teams=teams))}


def test_a_good_team_breaks_nothing() -> None:
    assert codes(morning(volunteers=PEOPLE, needs=(need("N1"),)), TEAM) == set()


@pytest.mark.parametrize(
    ("code", "team"),
    [
        ("empty_team", replace(TEAM, members=())),
        ("unknown_volunteer", replace(TEAM, members=("V0", "V99"))),
        ("unknown_need", replace(TEAM, visits=("N1", "N99"))),
        ("duplicate_member", replace(TEAM, members=("V0", "V0", "V1"))),
        ("wrong_size", replace(TEAM, members=("V0", "V1", "V2", "V3", "V4"))),
        ("leader_not_member", replace(TEAM, leader="V2")),
        ("leader_unfit", replace(TEAM, members=("V0", "V7"), leader="V7")),
        ("guardian_absent", replace(TEAM, members=("V1", "V7"), leader="V1")),
        ("unknown_mode", replace(TEAM, mode="balloon")),
        ("no_stop", replace(TEAM, mode=Mode.SHUTTLE)),
        ("vehicles_without_car", replace(TEAM, members=("V0", "V8"), vehicles=(Ride("V8", "V8"),))),
        ("seats_short", replace(TEAM, mode=Mode.CAR)),
        ("driver_unknown", replace(TEAM, mode=Mode.CAR, vehicles=(Ride("V8", "V8"),))),
        ("unknown_vehicle", replace(TEAM, mode=Mode.CAR, vehicles=(Ride("V1", "V1"),))),
        ("driver_unfit", replace(TEAM, mode=Mode.CAR, vehicles=(Ride("K1", "V1"),))),
        ("vehicle_wrong_site", replace(TEAM, mode=Mode.CAR, vehicles=(Ride("K2", "V1"),))),
        ("too_many_visits", replace(TEAM, visits=("N1", "N2", "N3", "N4"))),
        ("too_far_to_walk", replace(TEAM, visits=("N5",))),
        ("hop_too_far", replace(TEAM, visits=("N1", "N5"))),
        ("two_sites", replace(TEAM, visits=("N1", "N6"))),
        ("two_stops", replace(TEAM, mode=Mode.SHUTTLE, visits=("N1", "N7"))),
        ("shuttle_full", replace(TEAM, mode=Mode.SHUTTLE, visits=("N7",))),
        ("too_few_women", replace(TEAM, visits=("N8",))),
        ("too_few_skilled", replace(TEAM, visits=("N9",))),
        ("no_speaker", replace(TEAM, visits=("N10",))),
        ("truck_missing", replace(TEAM, visits=("N11",))),
        ("minor_not_allowed", replace(TEAM, members=("V0", "V7"), visits=("N12",))),
        ("too_little_experience", replace(TEAM, visits=("N13",))),
        ("too_little_stamina", replace(TEAM, members=("V0", "V9"), visits=("N14",))),
        ("women_only", replace(TEAM, visits=("N15",))),
        ("avoided_work", replace(TEAM, members=("V0", "V9"))),
        ("uninsured", replace(TEAM, members=("V0", "V10"))),
        ("wrong_site", replace(TEAM, members=("V0", "V11"))),
        ("tools_short", replace(TEAM, visits=("N16",))),
        ("ends_after_close", replace(TEAM, visits=("N17",))),
        ("back_too_late", replace(TEAM, members=("V0", "V12"))),
        ("banned", replace(TEAM, members=("V0", "V2"))),
        ("conflict", replace(TEAM, members=("V0", "V3"))),
        ("atomic_group_torn", replace(TEAM, members=("V0", "V13"))),
        ("group_part_too_small", replace(TEAM, members=("V0", "V15"))),
        ("held", replace(TEAM, visits=("N18",))),
    ],
)
def test_each_rule_refuses_what_it_is_for(code: str, team: Team) -> None:
    problem = morning(
        sites=(Site("C1", 38.3, 141.0), Site("C2", 38.31, 141.0)),
        stops=(Stop("R1", "C1", 38.3, 141.0, 1),),
        fleet=(FleetVehicle("K1", "C1", "van", 8), FleetVehicle("K2", "C2", "van", 8)),
        groups=(Group("G1", atomic=True), Group("G2", atomic=False, min_part=2)),
        conflicts=(("V0", "V3"),), bans=frozenset({("V2", "N1")}), holds=frozenset({"N18"}),
        volunteers=(
            *PEOPLE, CHILD, CAR,
            volunteer("V9", stamina=1, avoid=frozenset({"mud"})), volunteer("V10", insured=False),
            volunteer("V11", sites=("C2",)), volunteer("V12", end=560),
            volunteer("V13", group="G1"), volunteer("V14", group="G1"),
            volunteer("V15", group="G2"), volunteer("V16", group="G2"),
        ),
        needs=(
            need("N1"), need("N2"), need("N3"), need("N4"), need("N5", **FAR), need("N6", site="C2"),
            need("N7", stop="R1"), need("N8", women_min=1), need("N9", skills={"nurse": 1}),
            need("N10", lang="en"), need("N11", truck=True), need("N12", minors_ok=False),
            need("N13", min_exp=3), need("N14", type="clean", min_stamina=2), need("N15", women_only=True),
            need("N16", equip={"washer": 1}), need("N17", dur=400), need("N18"),
        ),
    )  # fmt: skip
    assert code in codes(problem, team)


def test_rules_between_teams_are_kept_too() -> None:
    drivers = tuple(volunteer(name, skills=frozenset({"driver"})) for name in ("V8", "V9"))
    problem = morning(
        volunteers=(*PEOPLE, *drivers),
        fleet=(FleetVehicle("K1", "C1", "van", 8),),
        needs=(need("N1"), need("N2")),
    )
    first = replace(TEAM, members=("V0", "V8"), mode=Mode.CAR, vehicles=(Ride("K1", "V8"),))
    again = replace(first, members=("V0", "V1", "V9"), leader="V1", vehicles=(Ride("K1", "V9"),))
    assert codes(problem, first, again) == {
        "duplicate_team", "double_booked", "need_taken_twice", "empty_team",
    }  # fmt: skip
    assert codes(problem, first, replace(again, id="T2", members=("V1", "V9"), visits=("N2",))) == {
        "vehicle_taken_twice"
    }


def test_what_was_decided_by_hand_must_be_in_the_plan() -> None:
    problem = morning(
        volunteers=PEOPLE, needs=(need("N1"), need("N2")), locks=(("V5", "N2"),), pins=(Pin(TEAM),)
    )
    assert codes(problem) == {"pin_missing", "lock_broken"}
    assert codes(problem, replace(TEAM, leader="V1")) == {"pin_changed", "lock_broken"}


def test_a_pinned_team_is_judged_by_its_real_departure() -> None:
    late = morning(now=900, volunteers=PEOPLE, needs=(need("N1"),), pins=(Pin(TEAM, depart=600),))
    assert codes(late, TEAM) == set()


def test_every_rule_has_a_sentence_that_says_what_to_do() -> None:
    assert all(text.endswith("ください。") for text in TEXTS.values())


def test_the_score_adds_up_its_parts() -> None:
    problem = morning(
        volunteers=(*PEOPLE[:2], volunteer("V2", idle_w=2, prefs=frozenset({"mud"}))),
        needs=(need("N1", ideal=3, weight=10, prev=("V0", "V9")),),
        baseline={"V0": "N1", "V2": "N1", "V9": "N1"},
    )
    worth = score(problem, Plan(teams=(TEAM,)))
    assert (worth.idle, worth.cont, worth.churn) == (-120, 40, -80)
    assert worth.total == pytest.approx(700 - 120 + 40 - 80)


def test_the_time_line_of_a_team_can_be_read() -> None:
    line = timeline(morning(volunteers=PEOPLE, needs=(need("N1", open=600),)), TEAM)
    assert (line.depart, line.spans, line.back, line.legs) == (540, ((600, 660),), 660, 0)
