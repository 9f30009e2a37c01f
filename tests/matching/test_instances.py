"""The generator: the same bytes for the same seed, decisions that one real plan keeps, examples' shares."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from matching.solver.model import Plan
from matching.solver.rules import score, violations
from matching.solver.vcjson import problem_from_json
from tests.bench.greedy import by_cards
from tests.matching.instances import KINDS, instance, problem, tiny

REPO = Path(__file__).resolve().parents[2]


def test_another_process_makes_the_same_morning(tmp_path: Path) -> None:
    out = tmp_path / "made.json"
    subprocess.run(
        [sys.executable, "-m", "tests.matching.instances", "storm", "60x20", "7", "-o", str(out)],
        cwd=REPO, env={"PYTHONHASHSEED": "5", "PATH": ""}, check=True,
    )  # fmt: skip
    assert out.read_text() == json.dumps(instance("storm", "60x20", 7), ensure_ascii=False)
    assert instance("storm", "60x20", 8) != instance("storm", "60x20", 7)


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_can_be_read_and_planned_by_hand(kind: str) -> None:
    made = problem(kind, "200x60", 2)
    assert made == problem_from_json(json.loads(json.dumps(instance(kind, "200x60", 2))))
    plan = by_cards(made)
    assert violations(made, plan) == []
    assert score(made, plan).served > 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["pins", "storm"])
def test_pins_locks_and_holds_can_stand_together(kind: str, seed: int) -> None:
    made = problem(kind, "M", seed)
    assert made.pins
    assert made.locks
    assert made.holds
    assert made.baseline
    free = replace(made, pins=(), locks=(), holds=frozenset(), baseline={})
    teams = [
        replace(team, visits=tuple(n for n in team.visits if n not in made.holds))
        for team in by_cards(free).teams
    ]
    assert violations(made, Plan(teams=tuple(team for team in teams if team.visits))) == []


def test_small_mornings_are_broken_in_many_ways() -> None:
    many = [tiny(seed) for seed in range(300)]
    assert any(p.volunteers and not any(v.exp for v in p.volunteers) for p in many)
    assert any("V?" in v.guardian for p in many for v in p.volunteers if v.guardian)
    assert any(n == "N?" for p in many for _, n in p.locks)
    assert any(pin.team.mode == "balloon" for p in many for pin in p.pins)
    assert any(n.equip and n.site not in p.stock for p in many for n in p.needs)
    assert any(p.fleet and not any("driver" in v.skills for v in p.volunteers) for p in many)
    assert sum(bool(p.volunteers and p.needs) for p in many) > 200
