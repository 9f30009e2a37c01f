"""An independent checker (matching/check.py of the reference, where present) and ours say the same of every plan."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from matching.solver.engine import solve
from matching.solver.model import Plan, Problem
from matching.solver.rules import TEXTS, Review, review
from matching.solver.vcjson import plan_to_json, problem_from_json, problem_to_json
from tests.bench.greedy import by_cards
from tests.infra.scale import count
from tests.matching.instances import KINDS, odd, problem, tiny
from tests.matching.solver.breaking import WAYS, shaken, thinned

REPO = Path(__file__).resolve().parents[3]
CHECKER = Path(os.environ.get("MATCHING_REFERENCE", REPO.parent / "shared" / "matching")) / "check.py"

SAME = {
    "duplicate team id": "duplicate_team", "duplicate member": "duplicate_member",
    "unknown volunteer": "unknown_volunteer", "volunteer .* is also in": "double_booked",
    "unknown need": "unknown_need", "need .* is also visited": "need_taken_twice",
    "no members or no visits": "empty_team", "> max_visits": "too_many_visits",
    "visits on different sites": "two_sites", "no valid insurance": "uninsured",
    "cannot work from": "wrong_site", "without guardian": "guardian_absent", "minor .* at": "minor_not_allowed",
    ": V.* exp .* <": "too_little_experience", "stamina": "too_little_stamina",
    "is not a woman": "women_only", "avoids": "avoided_work", "is banned": "banned",
    "conflict pair": "conflict", "torn apart": "atomic_group_torn", "min_part": "group_part_too_small",
    "is not a member": "leader_not_member", "exp .* or age too low": "leader_unfit", ": size": "wrong_size",
    "women at": "too_few_women", "fewer than .* x": "too_few_skilled", "nobody speaks": "no_speaker",
    "unknown mode": "unknown_mode", "mode is not car": "vehicles_without_car",
    "or drives twice": "driver_unknown", "also used by": "vehicle_taken_twice",
    "belongs to site": "vehicle_wrong_site", "may not drive": "driver_unfit",
    "not driven by its owner": "unknown_vehicle", "seats for": "seats_short",
    "truck is required": "truck_missing", "walk_max_km": "too_far_to_walk", "no shuttle stop": "no_stop",
    "chain_max_km": "hop_too_far", "after close": "ends_after_close", "different stops": "two_stops",
    "returns": "back_too_late", "^tool": "tools_short", "^shuttle": "shuttle_full",
    "is missing": "pin_missing", "was changed": "pin_changed", "^lock": "lock_broken", "on hold": "held",
}  # fmt: skip
"""A sentence of the other checker (a pattern in it) -> our code."""


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    if not CHECKER.exists():
        pytest.skip(f"the independent checker is not beside this repository ({CHECKER})")
    spec = importlib.util.spec_from_file_location("independent_checker", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def theirs(errors: Iterable[str]) -> Counter[str]:
    """The other checker's sentences as our codes."""
    found: Counter[str] = Counter()
    for error in errors:
        matches = [code for pattern, code in SAME.items() if re.search(pattern, error)]
        assert matches, error
        found[matches[0]] += 1
    return found


def agree(checker: ModuleType, made: Problem, plan: Plan) -> Review:
    """Both checkers say the same of a plan: the verdict, each broken rule, every part of the score."""
    ours = review(made, plan)
    try:
        said: dict[str, Any] = checker.check(problem_to_json(made), plan_to_json(plan))
    except ZeroDivisionError:  # its fill of a team below a min that is also the ideal; it gives no verdict
        assert any(broken.code == "wrong_size" for broken in ours.violations)
        return ours
    assert said["feasible"] == (not ours.violations)
    mine, other = Counter(broken.code for broken in ours.violations), theirs(said["errors"])
    if {"unknown_volunteer", "unknown_need"} & other.keys():
        mine.pop("empty_team", None)  # it calls a team it can not read empty as well; we say it once
        other.pop("empty_team", None)
    if said["n_errors"] <= 50:
        assert mine == other
    else:
        assert other.keys() <= mine.keys()
    if not ours.violations:
        worth = ours.score
        for part, points in said["parts"].items():
            assert getattr(worth, part) == pytest.approx(points, abs=0.002), part
        assert list(worth.lex) == pytest.approx(said["lex"], abs=0.002)
    assert ours.score.total == pytest.approx(said["score"], abs=0.01)
    assert (ours.score.served, ours.score.churned) == (said["stats"]["served"], said["stats"]["churned"])
    return ours


@cache
def planned(kind: str, seed: int) -> tuple[Problem, Plan]:
    """A morning and the plan made by hand, which keeps every rule."""
    made = problem(kind, "90x40", seed)
    plan = by_cards(made)
    return made, plan


def test_every_rule_is_broken_in_some_way() -> None:
    assert {code for code, _ in WAYS.values()} == TEXTS.keys() == set(SAME.values())


def test_every_sentence_of_the_other_checker_is_one_of_our_rules(checker: ModuleType) -> None:
    """Read from its source, so that a rule added there is not overlooked here."""
    said = []
    for call in ast.walk(ast.parse(inspect.getsource(checker))):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"e", "E.append", "err.append"}:
            team = "team V1: " if ast.unparse(call.func) == "e" else ""
            match call.args[0]:
                case ast.Constant(str(sentence)):
                    said.append(team + sentence)
                case ast.JoinedStr(values):
                    words = [str(v.value) if isinstance(v, ast.Constant) else "V1" for v in values]
                    said.append(team + "".join(words))
    said.remove("team V1: V1")
    assert set(theirs(said)) == TEXTS.keys()


@pytest.mark.parametrize("name", list(WAYS))
def test_both_checkers_see_each_broken_rule(checker: ModuleType, name: str) -> None:
    code, way = WAYS[name]
    seen = 0
    kinds = ("shuttle", "base", "storm", "split", "sites", "pins")
    for seed in range(count(4, 60)):
        for kind in kinds:
            made, plan = planned(kind, seed % 6)
            broken = way(made, plan, random.Random(seed))
            if broken is not None:
                found = agree(checker, *broken)
                assert code in {v.code for v in found.violations}
                seen += 1
                if seen >= count(4, 100):
                    return
    assert seen > 0, "no morning gave an occasion"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "prefecture"])
def test_both_checkers_give_the_same_points(checker: ModuleType, kind: str) -> None:
    kept = 0
    for seed in range(count(20, 300)):
        made, plan = planned(kind, seed % 6)
        kept += not agree(checker, made, thinned(made, plan, random.Random(seed))).violations
    assert kept > 0


def test_both_checkers_agree_on_plans_shaken_at_random(checker: ModuleType) -> None:
    for seed in range(count(300, 6000)):
        made = odd(seed) if seed % 3 == 0 else tiny(seed)
        agree(checker, made, shaken(made, by_cards(made), random.Random(seed)))


def test_both_checkers_agree_on_the_examples(checker: ModuleType) -> None:
    files = sorted((CHECKER.parent / "examples").glob("*.json"), key=lambda path: path.stat().st_size)
    assert files
    for path in files[: count(4, len(files))]:
        made = problem_from_json(json.loads(path.read_text()))
        for plan in (by_cards(made), solve(made, effort=0)):
            assert agree(checker, made, plan).violations == []
