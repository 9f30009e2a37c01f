"""The JSON in and out says the same as the dataclasses, and a wrong one says where it is wrong."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.solver.engine import solve
from matching.solver.model import FleetVehicle, OwnVehicle, Params, Problem, ProblemError, Site, Weights
from matching.solver.rules import review
from matching.solver.vcjson import plan_from_json, plan_to_json, problem_from_json, problem_to_json
from tests.infra.scale import count
from tests.matching.instances import KINDS, instance
from tests.matching.solver.mornings import morning, need, pinned_mornings, volunteer


@settings(max_examples=60, deadline=None)
@given(pinned_mornings)
def test_a_problem_and_its_plan_survive_the_way_through_json(problem: Problem) -> None:
    assert problem_from_json(json.loads(json.dumps(problem_to_json(problem)))) == problem
    plan = solve(problem, effort=0)
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan


def test_a_plan_of_another_program_needs_no_reasons() -> None:
    bare = {"id": "T1", "members": ["V1"], "leader": "V1", "visits": ["N1"], "mode": "walk"}
    plan = plan_from_json({"format": "vcplan/1", "teams": [bare], "waiting": {}, "idle": {}})
    assert plan.teams[0].vehicles == ()


@pytest.mark.parametrize(
    ("path", "value", "record", "field"),
    [
        (("format",), "vcmatch/9", "problem", "format"),
        (("now",), "nine", "problem", "now"),
        (("now",), 540.5, "problem", "now"),
        (("params", "w", "need"), None, "params.w", "need"),
        (("params", "walk_kmh"), 0, "params", "walk_kmh"),
        (("needs", 0, "min"), "2", "needs[N1]", "min"),
        (("needs", 0, "min"), True, "needs[N1]", "min"),
        (("needs", 0, "max"), 1, "needs[N1]", "max"),
        (("needs", 0, "lat"), 138.0, "needs[N1]", "lat"),
        (("needs", 0, "lat"), None, "needs[N1]", "lat"),
        (("needs", 0, "site"), "C9", "needs[N1]", "site"),
        (("needs", 0, "stop"), "R9", "needs[N1]", "stop"),
        (("needs", 0, "skills"), ["nurse"], "needs[N1]", "skills"),
        (("volunteers", 0, "age"), -1, "volunteers[V1]", "age"),
        (("volunteers", 0, "group"), "G9", "volunteers[V1]", "group"),
        (("volunteers", 0, "skills"), [1], "volunteers[V1]", "skills"),
        (("volunteers", 0, "vehicle"), {"kind": "car", "seats": 0}, "volunteers[V1].vehicle", "seats"),
        (("volunteers", 0, "vehicle"), {"seats": 4}, "volunteers[V1].vehicle", "kind"),
        (("volunteers", 0, "vehicle"), "car", "volunteers[V1]", "vehicle"),
        (("volunteers", 0, "skills"), "driver", "volunteers[V1]", "skills"),
        (("volunteers", 0, "idle_w"), float("nan"), "volunteers[V1]", "idle_w"),
        (("needs", 0, "equip"), {"shovel": "two"}, "needs[N1].equip", "shovel"),
        (("needs", 0, "weight"), float("inf"), "needs[N1]", "weight"),
        (("stock",), {"C1": 3}, "stock", "C1"),
        (("baseline",), {"V1": 3}, "baseline", "V1"),
        (("pins",), [{"id": "T1"}], "pins[T1]", "members"),
        (("holds",), "N1", "problem", "holds"),
        (("locks",), [["V1", None]], "problem", "locks"),
        (("bans",), [["V1"]], "problem", "bans"),
        (("volunteers",), {}, "problem", "volunteers"),
        (("volunteers", 0), "V1", "volunteers[0]", ""),
    ],
)
def test_a_wrong_record_is_refused_by_name(
    path: tuple[str | int, ...], value: object, record: str, field: str
) -> None:
    data: Any = problem_to_json(
        morning(volunteers=(volunteer("V1", vehicle=OwnVehicle("car", 4)),), needs=(need("N1"),))
    )
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(ProblemError) as refused:
        problem_from_json(data)
    assert (refused.value.record, refused.value.field) == (record, field)


def test_a_missing_key_is_named() -> None:
    data = problem_to_json(morning(needs=(need("N1"),)))
    del data["needs"][0]["dur"]
    with pytest.raises(ProblemError, match=r"needs\[N1\]\.dur: is missing"):
        problem_from_json(data)


def test_a_list_is_no_problem() -> None:
    with pytest.raises(ProblemError, match="an object is expected"):
        problem_from_json([])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: need("N1", min=0), r"needs\[N1\]\.min"),
        (lambda: need("N1", ideal=1), r"needs\[N1\]\.ideal"),
        (lambda: need("N1", open=600, close=590), r"needs\[N1\]\.close"),
        (lambda: need("N1", weight=float("nan")), r"needs\[N1\]\.weight"),
        (lambda: need("N1", tier=4), r"needs\[N1\]\.tier"),
        (lambda: need("N1", equip={"shovel": -1}), r"needs\[N1\]\.equip\.shovel"),
        (lambda: volunteer("V1", exp=4), r"volunteers\[V1\]\.exp"),
        (lambda: volunteer("V1", guardian="V1"), r"volunteers\[V1\]\.guardian"),
        (lambda: volunteer("V1", start=-1), r"volunteers\[V1\]\.from"),
        (lambda: Site("C1", 91, 0), r"sites\[C1\]\.lat"),
        (lambda: Weights(min_fill=1.5), r"params\.w\.min_fill"),
        (lambda: Params(930, max_visits=0), r"params\.max_visits"),
        (lambda: morning(needs=(need("N1"), need("N1"))), r"needs\[N1\]\.id: appears twice"),
        (lambda: morning(volunteers=(volunteer("K"),), fleet=(FleetVehicle("K", "C1", "van", 8),)), "fleet vehicle"),
        (lambda: replace(morning(), now=-1), r"problem\.now"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_where_it_is_made(make: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        make()


@pytest.mark.parametrize(
    "key",
    ["locks", "holds", "baseline", "pins", "bans", "conflicts", "groups", "stops", "fleet", "stock", "id"],
)
@pytest.mark.parametrize("absent", [True, False])
def test_what_nobody_decided_or_owns_may_be_missing_or_null(key: str, absent: bool) -> None:
    data = problem_to_json(morning(volunteers=(volunteer("V1"),), needs=(need("N1"),)))
    if absent:
        del data[key]
    else:
        data[key] = None
    assert problem_from_json(data) == morning(volunteers=(volunteer("V1"),), needs=(need("N1"),))


def test_an_empty_text_is_nobody_and_nothing() -> None:
    """As the independent checker reads it: no group, no guardian, no stop, no language."""
    data: Any = problem_to_json(morning(volunteers=(volunteer("V1"),), needs=(need("N1"),)))
    data["volunteers"][0] |= {"group": "", "guardian": "", "gender": None}
    data["needs"][0] |= {"stop": "", "lang": ""}
    assert problem_from_json(data) == morning(volunteers=(volunteer("V1"),), needs=(need("N1"),))


def test_a_team_that_is_out_is_given_back_to_the_letter() -> None:
    """Another reader may compare the text of a vehicle, with its keys in the order they came and others beside."""
    data: Any = problem_to_json(morning(volunteers=(volunteer("V1"), volunteer("V2")), needs=(need("N1"),)))
    vehicle = {"driver": "V1", "seats": 5, "id": "V1"}
    data["pins"] = [
        {"visits": ["N1"], "id": "P1", "leader": "V1", "mode": "car", "members": ["V2", "V1"], "vehicles": [vehicle]}
    ]  # fmt: skip
    plan = solve(problem_from_json(data), effort=0)
    (team,) = plan_to_json(plan, instance=data)["teams"]
    assert json.dumps(team["vehicles"]) == json.dumps([vehicle])
    assert team | {"vehicles": []} == plan_to_json(plan)["teams"][0] | {"vehicles": []}


def spoil(data: Any, dice: random.Random) -> None:
    """Deletes or replaces up to three values anywhere in it."""
    for _ in range(dice.randint(1, 3)):
        inner = data
        while True:
            key = dice.choice(list(inner) if isinstance(inner, dict) else list(range(len(inner))))
            if not isinstance(inner[key], dict | list) or not inner[key] or dice.random() < 0.15:
                break
            inner = inner[key]
        if dice.random() < 0.3:
            del inner[key]
        else:
            inner[key] = dice.choice(
                (None, "", "V1", "?", -1, 0, 1.5, 10**9, True, [], {}, [None], {"id": []}, float("nan"), [[]])
            )  # fmt: skip


@settings(max_examples=count(200, 5000), deadline=None)
@given(st.integers(0, 2**32))
def test_however_wrong_the_json_it_is_read_or_refused_by_name(seed: int) -> None:
    dice = random.Random(seed)
    data = instance(dice.choice(list(KINDS)), "20x8", 4)
    spoil(data, dice)
    try:
        read = problem_from_json(data)
    except ProblemError:
        return  # any other exception is a failure
    assert problem_from_json(problem_to_json(read)) == read


@cache
def planned() -> tuple[Problem, str]:
    made = problem_from_json(instance("storm", "40x15", 4))
    return made, json.dumps(plan_to_json(solve(made, effort=0)))


@settings(max_examples=count(200, 5000), deadline=None)
@given(st.integers(0, 2**32))
def test_however_wrong_a_plan_is_it_is_read_or_refused_by_name(seed: int) -> None:
    dice = random.Random(seed)
    made, written = planned()
    data = json.loads(written)
    spoil(data, dice)
    try:
        read = plan_from_json(data)
    except ProblemError:
        return
    assert plan_from_json(plan_to_json(read)) == read
    review(made, read)
