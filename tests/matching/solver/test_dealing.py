"""People dealt out anew, a zone at a time: never a worse plan, never a broken rule, the same for the same seed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from matching.solver.crews import Ground, State, fit
from matching.solver.engine import solve
from matching.solver.model import Plan, Team
from matching.solver.rules import review
from matching.solver.search import plan as search_plan
from matching.solver.search.arrays import Ints
from matching.solver.search.dealing import NEAR_ENOUGH, _as_they_are, _tables, dealt_anew
from matching.solver.search.placing import Hands, Placing, placed
from matching.solver.units import make_units
from tests.infra.scale import count
from tests.matching import instances
from tests.matching.solver.test_properties import KINDS as ALL_KINDS
from tests.matching.solver.test_properties import broken_promises, own_breaches
from tests.matching.solver.test_remake import state_of

KINDS = ("base", "scarce", "cars", "split", "sites", "shuttle")


def dealt_out(state: State, fixed: set[int], *, seed: int = 0, rounds: int = 2, zones: int = 1) -> State:
    """With all its teams known to the drawing."""
    drawn = [crew.visits for crew in state.crews.values()]
    with ThreadPoolExecutor(2) as threads:
        return dealt_anew(
            state, fixed, drawn, zones_of(state, zones), rounds=rounds, seed=seed, threads=threads,
            go_on=lambda *_: True,
        )  # fmt: skip


def zones_of(state: State, each: int) -> Ints:
    """As many zones for each site."""
    sites = [site.id for site in state.ground.problem.sites]
    return np.array([sites.index(n.site) * each + i % each for i, n in enumerate(state.ground.needs)])


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
        after = dealt_out(before, set())
        assert after.value >= value - 1e-6
        assert (before.value, before.crews) == (value, crews)
        assert not review(made, Plan(teams=teams_of(after))).violations


def test_what_greed_left_lying_is_found() -> None:
    gained = 0.0
    for seed in range(count(1, 10)):
        made = instances.problem("scarce", "80x40", seed)
        before = state_of(made, solve(made, effort=0))
        gained += dealt_out(before, set()).value - before.value
    assert gained > 0


def test_who_is_fixed_stays_where_they_are_and_idle_if_they_are_idle() -> None:
    made = instances.problem("base", "80x40", 3)
    before = state_of(made, solve(made, effort=1))
    kept = next(key for key, crew in before.crews.items() if len(crew.units) > 1)
    idle = next(u for u in range(len(before.ground.units)) if before.free[u])
    after = dealt_out(before, {before.crews[kept].units[0], idle})
    assert after.crews[kept] == before.crews[kept]
    assert after.free[idle]


def test_the_same_seed_deals_the_same_and_another_seed_otherwise() -> None:
    made = instances.problem("base", "120x60", 5)
    before = state_of(made, solve(made, effort=0))
    first, second, other = (dealt_out(before, set(), seed=seed, rounds=1, zones=2) for seed in (4, 4, 5))
    assert teams_of(first) == teams_of(second) != teams_of(other)


@pytest.mark.parametrize("kind", [*KINDS, "leaders", "late"])
def test_the_crews_as_they_are_keep_every_row_and_are_worth_what_they_are_worth(kind: str) -> None:
    """Otherwise HiGHS would begin with nothing, and a chain that ends where somebody drives a van would be out of reach."""
    for seed in range(count(2, 20)):
        made = instances.problem(kind, "80x40", seed)
        state = state_of(made, solve(made, effort=1))
        hands = Hands(state.ground)
        for table in _tables(state, set(), [], zones_of(state, 2), np.random.default_rng(0), hands):
            placing = Placing(state, table, hands)
            ends = len(placing.columns.cost) + np.cumsum([0, *map(len, placing.now)])
            program = placing.program(placing.now)
            x = _as_they_are(state, placing, placing.now, ends, program.num_col_)
            column = np.repeat(np.arange(program.num_col_), np.diff(program.a_matrix_.start_))
            rows = np.bincount(
                program.a_matrix_.index_,
                np.array(program.a_matrix_.value_) * x[column],
                minlength=program.num_row_,
            )
            assert (rows >= np.array(program.row_lower_) - 1e-9).all()
            assert (rows <= np.array(program.row_upper_) + 1e-9).all()
            assert (x <= np.array(program.col_upper_)).all()
            worth = sum(crew.value for crew in table.crews(state))
            # Somebody who was there before may be one more than counts.
            assert worth - 1e-6 <= np.array(program.col_cost_) @ x <= worth + 0.01 * abs(worth)


def test_who_could_as_well_change_places_stays() -> None:
    """Without the reward for staying most people change places, with it few do, and whole teams stay as they are."""
    made = instances.problem("base", "300x120", 5)
    state = state_of(made, solve(made, effort=20))
    hands = Hands(state.ground)
    [table] = _tables(state, set(), [], zones_of(state, 1), np.random.default_rng(0), hands)
    stayed, whole = [], []
    for stay in (0.0, 120.0):
        placing = Placing(state, table, hands, stay)
        answer = placed(placing, np.random.default_rng(0), None)
        assert answer is not None
        stayed.append(sum(share[now].sum() for share, now in zip(answer.share, placing.now, strict=True)))
        whole.append(sum(answer.stays(o, now) for o, now in enumerate(placing.now)))
    people = sum(map(len, placing.now))
    assert stayed[0] < 0.5 * people < 0.7 * people < stayed[1]
    assert whole[0] < 0.1 * len(state.crews) < 0.2 * len(state.crews) < whole[1]


def test_whom_many_teams_have_lost_are_back_at_once() -> None:
    """Somebody taken out of each: one round finds a plan as good as before, though people who are free fit in few of them."""
    made = instances.problem("base", "120x60", 5)
    best = dealt_out(state_of(made, solve(made, effort=20)), set(), rounds=3)
    robbed = best.copy()
    for key in list(best.crews):
        crew = robbed.drop(key)
        robbed.put(fit(robbed, crew.task, crew.units[1:]) or crew)
    assert robbed.value < best.value - 0.01 * abs(best.value)
    after = dealt_out(robbed, set(), rounds=1)
    assert after.value >= best.value - 1e-3 * abs(best.value)


def test_a_need_that_waits_gets_a_team_whoever_drew_it() -> None:
    made = instances.problem("surplus", "80x40", 2)
    before = state_of(made, solve(made, effort=1))
    dropped = [before.drop(key) for key in list(before.crews) if len(before.crews[key].visits) == 1][:3]
    with ThreadPoolExecutor(2) as threads:
        after = dealt_anew(
            before, set(), [], zones_of(before, 1), rounds=1, seed=0, threads=threads, go_on=lambda *_: True
        )
    assert len(dropped) == 3
    assert all(after.crew_of[crew.visits[0]] >= 0 for crew in dropped)


def test_a_team_of_the_drawing_that_waits_is_sent() -> None:
    """One that was dropped comes back, whole: its needs go together as they were drawn."""
    made = instances.problem("base", "80x40", 2)
    before = state_of(made, solve(made, effort=1))
    drawn = [crew.visits for crew in before.crews.values()]
    value = before.value
    key = max(before.crews, key=lambda key: (len(before.crews[key].visits), key))
    dropped = before.drop(key)
    with ThreadPoolExecutor(2) as threads:
        after = dealt_anew(
            before,
            set(),
            drawn,
            zones_of(before, 1),
            rounds=1,
            seed=0,
            threads=threads,
            go_on=lambda *_: True,
        )
    assert after.value >= value * (1 - NEAR_ENOUGH)
    assert frozenset(dropped.visits) in {frozenset(crew.visits) for crew in after.crews.values()}


def test_a_large_morning_is_dealt_out_anew_and_ends_when_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole search, where a morning counts as large from few needs on."""
    monkeypatch.setattr(search_plan, "SMALL", 20)
    made = instances.problem("sites", "120x60", 1)
    monkeypatch.setattr(search_plan, "EFFORT_PER_DEAL", 30)
    effort = 2 * search_plan.EFFORT_PER_DEAL
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
    monkeypatch.setattr(search_plan, "EFFORT_PER_DEAL", effort + 1)
    solve(made, effort=effort, progress=progress)
    assert often == len(told) + 2  # each of two rounds asked whether to go on


def test_a_large_morning_keeps_every_promise_whatever_it_is_like(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with teams that are out, what a coordinator decided, and what is broken; from nothing and from an earlier plan. Where a
    morning counts as large from its second need on."""
    monkeypatch.setattr(search_plan, "SMALL", 1)
    monkeypatch.setattr(search_plan, "EFFORT_PER_DEAL", 20)
    for seed in range(count(4, 300)):
        kind = ALL_KINDS[seed % len(ALL_KINDS)]
        for made in (instances.tiny(seed), instances.odd(seed), instances.problem(kind, "60x30", seed)):
            plan = solve(made, effort=40, seed=seed)
            assert broken_promises(made, plan) == []
            again = solve(made, effort=20, seed=seed, previous=plan)
            assert broken_promises(made, again) == []


def test_who_was_sent_somewhere_stays_there_in_a_large_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_plan, "SMALL", 20)
    made = instances.problem("sites", "120x60", 2)
    free = solve(made, effort=10)
    team = next(team for team in free.teams if len(team.members) > 1)
    locked = replace(made, locks=tuple((m, team.visits[0]) for m in team.members[:2]))
    monkeypatch.setattr(search_plan, "EFFORT_PER_DEAL", 30)
    plan = solve(locked, effort=90)
    assert not own_breaches(locked, plan)
    assert not [note for note in plan.notes if note.code.startswith("lock")]


def test_people_of_an_earlier_plan_are_dealt_out_anew_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_plan, "SMALL", 20)
    gained = 0.0
    for seed in range(count(2, 10)):
        made = instances.problem("scarce", "120x60", seed)
        before = solve(made, effort=0)
        totals = []
        for each in (20, 10**6):
            monkeypatch.setattr(search_plan, "EFFORT_PER_DEAL", each)
            plan = solve(made, effort=20, previous=before)
            assert not own_breaches(made, plan)
            totals.append(review(made, plan).score.total)
        gained += totals[0] / totals[1] - 1
    assert gained > 0.005


def test_of_nothing_nothing_is_made() -> None:
    made = instances.problem("base", "40x15", 1)
    assert not dealt_out(State(Ground(made, make_units(made))), set()).crews
