"""People dealt out anew, exactly: never a worse plan, never a broken rule, the same for the same seed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from matching.solver.crews import Ground, State
from matching.solver.engine import solve
from matching.solver.model import Plan, Team
from matching.solver.rules import review
from matching.solver.search import plan as search_plan
from matching.solver.search.exchange import TEAMS, exchanged
from matching.solver.units import make_units
from tests.infra.scale import count
from tests.matching import instances
from tests.matching.solver.test_properties import own_breaches
from tests.matching.solver.test_remake import state_of

KINDS = ("base", "scarce", "cars", "split", "sites", "shuttle")


def dealt_anew(state: State, fixed: set[int], *, seed: int = 0, rounds: int = 3) -> State:
    """With all its teams known to the drawing, and as many more as there are needs that wait."""
    drawn = [frozenset(crew.visits) for crew in state.crews.values()]
    drawn += [frozenset({n}) for n in state.waiting()]
    with ThreadPoolExecutor(2) as threads:
        return exchanged(
            state, fixed, drawn, rounds=rounds, seed=seed, threads=threads, go_on=lambda *_: True
        )


def teams_of(state: State) -> tuple[Team, ...]:
    return tuple(
        Team(
            f"T{key}",
            tuple(m.id for u in crew.units for m in state.ground.units[u].members),
            crew.leader,
            tuple(need.id for need in crew.task.needs),
            crew.mode,
            crew.rides,
        )
        for key, crew in state.crews.items()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_gets_better_or_stays_and_keeps_every_rule(kind: str) -> None:
    for seed in range(count(1, 10)):
        made = instances.problem(kind, "80x40", seed)
        before = state_of(made, solve(made, effort=1))
        value, crews = before.value, dict(before.crews)
        after = dealt_anew(before, set())
        assert after.value >= value - 1e-6
        assert (before.value, before.crews) == (value, crews)
        assert not review(made, Plan(teams=teams_of(after))).violations


def test_what_greed_left_lying_is_found() -> None:
    gained = 0.0
    for seed in range(count(1, 10)):
        made = instances.problem("scarce", "80x40", seed)
        before = state_of(made, solve(made, effort=0))
        gained += dealt_anew(before, set()).value - before.value
    assert gained > 0


def test_who_is_fixed_stays_where_they_are_and_idle_if_they_are_idle() -> None:
    made = instances.problem("base", "80x40", 3)
    before = state_of(made, solve(made, effort=1))
    kept = next(key for key, crew in before.crews.items() if len(crew.units) > 1)
    idle = next(u for u in range(len(before.ground.units)) if before.free[u])
    after = dealt_anew(before, {before.crews[kept].units[0], idle})
    assert after.crews[kept] == before.crews[kept]
    assert after.free[idle]


def test_the_same_seed_deals_the_same_and_another_seed_otherwise() -> None:
    made = instances.problem("base", "120x60", 5)
    before = state_of(made, solve(made, effort=0))
    first, second, other = (dealt_anew(before, set(), seed=seed, rounds=1) for seed in (4, 4, 5))
    assert len(before.crews) > 2 * TEAMS  # or every team would be in a cutting
    assert teams_of(first) == teams_of(second) != teams_of(other)


def test_a_team_of_the_drawing_that_waits_is_sent() -> None:
    """One that was dropped comes back, whole: its needs go together as they were drawn."""
    made = instances.problem("base", "80x40", 2)
    before = state_of(made, solve(made, effort=1))
    drawn = [frozenset(crew.visits) for crew in before.crews.values()]
    value = before.value
    key = max(before.crews, key=lambda key: (len(before.crews[key].visits), key))
    dropped = before.drop(key)
    with ThreadPoolExecutor(2) as threads:
        after = exchanged(before, set(), drawn, rounds=4, seed=0, threads=threads, go_on=lambda *_: True)
    assert after.value >= value - 1e-6
    assert frozenset(dropped.visits) in {frozenset(crew.visits) for crew in after.crews.values()}


def test_a_large_morning_is_dealt_out_anew_and_ends_when_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole search, where a morning counts as large from few needs on."""
    monkeypatch.setattr(search_plan, "SMALL", 20)
    made = instances.problem("sites", "120x60", 1)
    effort = 2 * search_plan.EFFORT_PER_EXCHANGE
    told: list[float] = []

    def progress(done: int, points: float) -> bool:
        told.append(done)
        return True

    plan = solve(made, effort=effort, progress=progress)
    assert not own_breaches(made, plan)
    assert plan == solve(made, effort=effort)
    assert told == sorted(told)
    often = len(told)
    early = solve(made, effort=effort, progress=lambda done, points: done < 0.6 * effort)
    assert early.teams
    assert not own_breaches(made, early)
    told.clear()
    monkeypatch.setattr(search_plan, "EFFORT_PER_EXCHANGE", effort + 1)
    solve(made, effort=effort, progress=progress)
    assert often == len(told) + 2  # each of two rounds asked whether to go on


def test_who_was_sent_somewhere_stays_there_in_a_large_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_plan, "SMALL", 20)
    made = instances.problem("sites", "120x60", 2)
    free = solve(made, effort=10)
    team = next(team for team in free.teams if len(team.members) > 1)
    locked = replace(made, locks=tuple((m, team.visits[0]) for m in team.members[:2]))
    plan = solve(locked, effort=3 * search_plan.EFFORT_PER_EXCHANGE)
    assert not own_breaches(locked, plan)
    assert not [note for note in plan.notes if note.code.startswith("lock")]


def test_of_nothing_nothing_is_made() -> None:
    made = instances.problem("base", "40x15", 1)
    assert not dealt_anew(State(Ground(made, make_units(made))), set()).crews
