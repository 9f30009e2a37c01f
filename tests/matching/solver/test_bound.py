"""The upper bound: no plan is above it, more means never lower it, and it says what binds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.solver.bound import Bound, gap, gap_sentence, program_of, upper_bound
from matching.solver.bound.left import left_by_pins
from matching.solver.bound.people import Crowd, parties
from matching.solver.bound.routes import TooMany
from matching.solver.bound.staffed import Staffed
from matching.solver.bound.whole import whole_teams
from matching.solver.engine import solve
from matching.solver.model import (
    MODES,
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
from matching.solver.rules import may_drive_fleet, review
from tests.infra.scale import count
from tests.matching import instances
from tests.matching.solver.mornings import morning, need, pinned_mornings, random_morning, volunteer

TOLERANCE = 1e-5
"""Share of a bound by which two finished bounds of alike problems may differ: the linear program stops there."""


def by_teams(problem: Problem, dice: random.Random | None = None) -> tuple[float, float]:
    """What is proven where a morning is too large to place everybody at once: by whole teams without people, and by teams with
    everybody in them (with `dice`: by any prices)."""
    left = left_by_pins(problem)
    try:
        program = program_of(left, Crowd(problem, parties(problem, left.away)))
    except TooMany:  # nothing is proven by teams then (see the test of an endless list)
        return math.inf, math.inf
    if program is None:
        return left.score, left.score
    for _ in range(20):
        solution = program.solve()
        priced = program.price(solution.duals)
        program.add_teams(priced.options, priced.heads)
    solution = program.solve()
    whole = whole_teams(program, solution.duals, program.price(solution.duals).value)
    duals = solution.duals if dice is None else solution.duals * dice.choice((0, 0.5, 2))
    staffed = Staffed(program, duals).bound(rounds=60 if dice is None else 1)
    return left.score + whole, left.score + staffed


@settings(max_examples=count(40, 400), deadline=None)
@given(pinned_mornings, st.sampled_from((0, 1, 4, None)))
def test_no_plan_of_the_engine_is_above_the_bound_however_early_it_is_stopped(
    problem: Problem, effort: int | None
) -> None:
    plan = solve(problem, effort=20)
    assert review(problem, plan).score.total <= upper_bound(problem, effort=effort).value


@settings(max_examples=count(5, 400), deadline=None)
@given(st.integers(0, 2**32).map(instances.tiny))
def test_no_plan_is_above_the_bound_where_everything_may_be_broken(problem: Problem) -> None:
    plan = solve(problem, effort=20)
    assert review(problem, plan).score.total <= upper_bound(problem).value
    if left_by_pins(problem).needs and parties(problem, left_by_pins(problem).away):
        assert review(problem, plan).score.total <= min(by_teams(problem)) + 0.01


def _all_teams(problem: Problem) -> Iterator[Team]:
    """Every team of every size on its own: members, order of visits, way of travelling, vehicles."""
    people = [v.id for v in problem.volunteers if v.insured]
    for k in range(1, len(people) + 1):
        for members in combinations(people, k):
            who = [problem.volunteer_by[m] for m in members]
            lead = max((m for m in who if not m.minor), key=lambda m: m.exp, default=who[0]).id
            for visits in _orders([n.id for n in problem.needs], problem.params.max_visits):
                for mode in MODES:
                    for rides in _rides(problem, members) if mode == Mode.CAR else ((),):
                        yield Team("T", members, lead, visits, mode, rides)


def _orders(needs: list[str], most: int) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(permutations(needs, k) for k in range(1, min(most, len(needs)) + 1))


def _rides(problem: Problem, members: tuple[str, ...]) -> Iterator[tuple[Ride, ...]]:
    may: list[list[str | None]] = []
    for m in members:
        person = problem.volunteer_by[m]
        fleet = [f.id for f in problem.fleet] if may_drive_fleet(person) else []
        may.append([None, *([m] if person.vehicle else []), *fleet])
    for choice in product(*may):
        rides = [Ride(car, m) for car, m in zip(choice, members, strict=True) if car is not None]
        if rides and len({r.id for r in rides}) == len(rides):
            yield tuple(rides)


def best_of_all(problem: Problem) -> float:
    """The score of the best plan, by trying all: only for a handful of people and needs."""
    teams = [team for team in _all_teams(problem) if not review(problem, Plan(teams=(team,))).violations]
    best = review(problem, Plan()).score.total

    def more(chosen: tuple[Team, ...], start: int) -> None:
        nonlocal best
        people = {m for team in chosen for m in team.members}
        for i in range(start, len(teams)):
            if people.isdisjoint(teams[i].members):
                now = (*chosen, replace(teams[i], id=f"T{len(chosen)}"))
                found = review(problem, Plan(teams=now))
                if not found.violations:
                    best = max(best, found.score.total)
                    more(now, i + 1)

    more((), 0)
    return best


def handful(seed: int) -> Problem:
    """At most five people and three needs of a random morning, without locks (a plan must meet those)."""
    problem = random_morning(seed)
    people = problem.volunteers[:5]
    return replace(
        problem, volunteers=people, needs=problem.needs[:3], fleet=problem.fleet[:1], locks=(),
        params=replace(problem.params, max_visits=min(2, problem.params.max_visits)),
    )  # fmt: skip


def test_the_best_plan_of_all_is_not_above_any_bound_and_nearly_always_is_the_bound() -> None:
    exact, nearly, many = 0, 0, count(40, 200)
    for seed in range(many):
        problem = handful(seed)
        best, bound = best_of_all(problem), upper_bound(problem)
        assert best <= bound.value
        exact += bound.value - best < 0.1
        whole, staffed = by_teams(problem)
        assert best <= min(whole, staffed) + 0.01
        assert best <= by_teams(problem, random.Random(seed))[1] + 0.01
        nearly += staffed - best < 0.1
    assert exact >= 0.95 * many
    assert nearly >= 0.8 * many


def _tool(problem: Problem, dice: random.Random) -> Problem:
    stock = {
        site: {tool: q + dice.randint(0, 2) for tool, q in kit.items()} for site, kit in problem.stock.items()
    }
    return replace(problem, stock=stock)


def _vehicle(problem: Problem, dice: random.Random) -> Problem:
    new = FleetVehicle("NEW", problem.sites[-1].id, dice.choice(("van", "truck")), dice.choice((2, 8)))
    return replace(problem, fleet=(*problem.fleet, new))


def _own_car(problem: Problem, dice: random.Random) -> Problem:
    if not problem.volunteers:
        return problem
    lucky = dice.choice(problem.volunteers).id
    return replace(
        problem,
        volunteers=tuple(
            replace(v, vehicle=OwnVehicle("car", 8 if v.vehicle is None else v.vehicle.seats + 2))
            if v.id == lucky and (v.vehicle is None or v.vehicle.kind == "car") else v
            for v in problem.volunteers
        ),
    )  # fmt: skip


def _seat(problem: Problem, dice: random.Random) -> Problem:
    stops = tuple(Stop(s.id, s.site, s.lat, s.lng, s.seats + dice.randint(0, 3)) for s in problem.stops)
    return replace(problem, stops=stops)


def _person(problem: Problem, dice: random.Random) -> Problem:
    """One more who costs nothing when idle."""
    new = volunteer(
        "NEW", exp=dice.randint(0, 3), gender=dice.choice("FM"), sites=(problem.sites[0].id,), idle_w=0
    )
    return replace(problem, volunteers=(*problem.volunteers, new))


@pytest.mark.parametrize("more", [_tool, _vehicle, _own_car, _seat, _person])
def test_more_of_anything_never_lowers_the_bound(more: object) -> None:
    assert callable(more)
    for seed in range(count(12, 200)):
        problem = random_morning(seed)
        before = upper_bound(problem)
        after = upper_bound(more(problem, random.Random(seed)))
        assert after.value >= before.value - TOLERANCE * max(1, abs(before.value)), seed


def test_a_bound_takes_what_pinned_teams_hold_as_gone() -> None:
    people = [volunteer(f"V{i}") for i in range(4)]
    problem = morning(volunteers=tuple(people), needs=(need("N0"), need("N1", weight=30)))
    team = Team("P", ("V0", "V1"), "V0", ("N0",), Mode.WALK)
    pinned = replace(problem, pins=(Pin(team),), holds=frozenset({"N1"}))
    assert upper_bound(pinned).value == pytest.approx(
        review(pinned, Plan(teams=(team,))).score.total, abs=0.1
    )
    free = replace(pinned, holds=frozenset())
    assert upper_bound(free).value == pytest.approx(100 * (10 + 30), abs=0.1)


@pytest.mark.parametrize(
    "team",
    [
        Team("P", ("GONE",), "GONE", ("N0",), Mode.WALK),
        Team("P", ("V0", "V0"), "V1", ("GONE",), "rocket", (Ride("K?", "V1"),)),
        Team("P", (), "V0", (), Mode.SHUTTLE),
    ],
)
def test_pins_that_can_not_be_do_not_stop_the_bound(team: Team) -> None:
    problem = morning(volunteers=(volunteer("V0"),), needs=(need("N0", min=1, ideal=1),), pins=(Pin(team),))
    assert review(problem, solve(problem)).score.total <= upper_bound(problem).value


def test_a_pin_that_goes_nowhere_holds_no_vehicle() -> None:
    people = (volunteer("V0", skills=frozenset({"driver"})), volunteer("V1"))
    far = need("N0", lat=38.35)
    pin = Pin(Team("P", (), "V0", (), Mode.CAR, (Ride("K", "V0"),)))
    problem = morning(
        volunteers=people, needs=(far,), fleet=(FleetVehicle("K", "C1", "van", 8),), pins=(pin,)
    )
    plan = solve(problem, effort=20)
    assert review(problem, plan).score.served == 1
    assert review(problem, plan).score.total <= upper_bound(problem).value


def test_a_center_where_nobody_can_be_has_vehicles_nobody_drives() -> None:
    sites = (Site("C1", 38.3, 141.0), Site("C2", 38.4, 141.0))
    problem = morning(
        sites=sites, volunteers=(volunteer("V0"),), fleet=(FleetVehicle("K", "C2", "van", 8),),
        needs=(need("N0", min=1, ideal=1), need("N1", site="C2", lat=38.4, min=1, ideal=1)),
    )  # fmt: skip
    assert upper_bound(problem).value == pytest.approx(1000, abs=0.1)


def test_a_group_with_two_leaders_leads_one_team() -> None:
    """Four needs for two; four people, of whom the couple could lead twice if it could be in two places."""
    couple = [volunteer(f"V{i}", group="G", exp=2) for i in range(2)]
    others = [volunteer(f"V{i}", exp=0) for i in range(2, 4)]
    needs = tuple(need(f"N{i}", leader_exp=2, dur=300) for i in range(2))
    problem = morning(volunteers=(*couple, *others), groups=(Group("G", atomic=True),), needs=needs)
    assert upper_bound(problem).value < 100 * 10 * 2
    assert upper_bound(problem).value == pytest.approx(best_of_all(problem), abs=0.1)


def test_somebody_who_leads_and_handles_a_chainsaw_does_both_in_one_team_only() -> None:
    both = volunteer("V0", exp=2, skills=frozenset({"chainsaw"}))
    needs = (need("N0", leader_exp=2, dur=300), need("N1", leader_exp=0, dur=300, skills={"chainsaw": 1}))
    problem = morning(volunteers=(both, *(volunteer(f"V{i}", exp=0) for i in range(1, 4))), needs=needs)
    bound = upper_bound(problem)
    assert bound.value == pytest.approx(best_of_all(problem), abs=0.1)
    # Two do the work and two wait; one more of either role would serve the second need.
    assert {(p.kind, p.what): p.there for p in bound.prices} == {("leader", "2"): 1, ("skill", "chainsaw"): 1}


def test_the_shortage_has_the_highest_price_and_what_is_plenty_has_none() -> None:
    """One leader for two long pieces of work, five others who follow: the second leader is worth the second need."""
    people = [volunteer("V0", exp=2), *(volunteer(f"V{i}", exp=0) for i in range(1, 6))]
    needs = tuple(need(f"N{i}", leader_exp=2, dur=300, equip={"shovel": 1}) for i in range(2))
    problem = morning(volunteers=tuple(people), needs=needs, stock={"C1": {"shovel": 9}})
    bound = upper_bound(problem)
    first = bound.prices[0]
    assert (first.kind, first.what, first.there) == ("leader", "2", 1)
    assert 1000 <= first.points <= 1300  # the need, and up to four who wait and cost 60 each
    assert not [price for price in bound.prices if price.kind == "tool"]
    assert sum(s.share for s in bound.stretches) == pytest.approx(1, abs=0.01)
    assert {s.visits for s in bound.stretches} <= {("N0",), ("N1",)}


def test_the_same_problem_and_effort_give_the_same_bound() -> None:
    problem = instances.problem("base", "60x25", 3)
    assert upper_bound(problem, effort=5) == upper_bound(problem, effort=5)


def test_more_effort_never_raises_the_bound_and_a_moment_gives_a_valid_one() -> None:
    problem = instances.problem("base", "60x25", 1)
    values = [upper_bound(problem, effort=effort).value for effort in (0, 2, 5, 40)]
    assert values == sorted(values, reverse=True)
    assert upper_bound(problem, seconds=0.0).value == values[0]


def test_half_a_large_car_is_no_small_one() -> None:
    """Two far needs for four, and one car for eight: the linear program would send half of it to each."""
    people = [volunteer("V0", exp=2, vehicle=OwnVehicle("car", 8)), volunteer("V1", exp=2)]
    people += [volunteer(f"V{i}", exp=0) for i in range(2, 8)]
    needs = tuple(need(f"N{i}", lat=38.3 + 0.08 * (-1) ** i, min=4, ideal=4, dur=200) for i in range(2))
    problem = morning(volunteers=tuple(people), needs=needs)
    one_served = solve(problem, effort=20)
    assert review(problem, one_served).score.served == 1
    assert upper_bound(problem).value == pytest.approx(review(problem, one_served).score.total, abs=0.1)


def test_who_came_together_in_several_cars_brings_them_to_one_team() -> None:
    """Two far needs for six; three friends have a car for five each, one more person has another: whoever goes with that one lacks
    a seat, and no kind of people is short."""
    friends = [volunteer(f"V{i}", group="G", vehicle=OwnVehicle("car", 5)) for i in range(3)]
    other = volunteer("V3", vehicle=OwnVehicle("car", 5))
    people = [*friends, other, *(volunteer(f"V{i}") for i in range(4, 12))]
    needs = tuple(
        need(f"N{i}", lat=38.3 + 0.08 * (-1) ** i, min=6, ideal=6, max=6, dur=200) for i in range(2)
    )
    problem = morning(volunteers=tuple(people), needs=needs, groups=(Group("G", atomic=True),))
    one_served = review(problem, solve(problem, effort=20)).score
    assert one_served.served == 1
    assert min(by_teams(problem)) == pytest.approx(one_served.total, abs=0.1)
    assert by_teams(problem)[0] == pytest.approx(one_served.total, abs=0.1)


def test_who_drives_for_the_center_leaves_the_own_car_behind() -> None:
    """A truck is asked for and six go: the one driver's own car for eight can not come too."""
    people = [volunteer("V0", exp=2, skills=frozenset({"driver"}), vehicle=OwnVehicle("car", 8))]
    people += [volunteer(f"V{i}", exp=0) for i in range(1, 6)]
    problem = morning(
        volunteers=tuple(people), needs=(need("N0", min=6, ideal=6, max=6, truck=True),),
        fleet=(FleetVehicle("K", "C1", "truck", 2),),
    )  # fmt: skip
    plan = solve(problem, effort=20)
    assert review(problem, plan).score.served == 0
    assert upper_bound(problem).value == pytest.approx(review(problem, plan).score.total, abs=0.1)


@pytest.mark.parametrize(("people", "vans", "seats"), [(6, 3, 2), (8, 4, 2), (50, 2, 29)])
def test_a_team_in_several_vehicles_of_the_center_is_not_above_any_bound(
    people: int, vans: int, seats: int
) -> None:
    """Also where there are more vehicles or more people than are told apart."""
    team = [volunteer(f"V{i}", skills=frozenset({"driver"} if i < vans else ())) for i in range(people)]
    fleet = tuple(FleetVehicle(f"K{i}", "C1", "van", seats) for i in range(vans))
    far = need("N0", lat=38.38, min=people, ideal=people, max=people)
    problem = morning(volunteers=tuple(team), needs=(far,), fleet=fleet)
    rides = tuple(Ride(f"K{i}", f"V{i}") for i in range(vans))
    plan = Plan((Team("T1", tuple(one.id for one in team), "V0", ("N0",), Mode.CAR, rides),))
    found = review(problem, plan)
    assert (found.violations, found.score.served) == ([], 1)
    assert min(by_teams(problem)) >= found.score.total - 0.1


def test_a_routes_list_that_would_be_endless_leaves_the_plain_bound() -> None:
    problem = morning(
        volunteers=tuple(volunteer(f"V{i}") for i in range(4)), needs=tuple(need(f"N{i}") for i in range(4))
    )
    long = replace(problem, params=replace(problem.params, max_visits=4))
    bound = upper_bound(long)
    assert (bound.rounds, bound.tight) == (0, False)
    assert bound.value >= upper_bound(problem).value


def test_a_gap_is_a_share_of_the_bound_and_never_negative() -> None:
    assert gap(990.0, 1000.0) == pytest.approx(0.01)
    assert gap(1001.0, 1000.0) == 0
    assert gap(-30.0, 0.0) == 30


def test_small_gaps_are_called_small_and_unknown_ones_unknown() -> None:
    assert gap_sentence(0.008) == "これ以上はほぼ良くなりません（いちばん良い案との差は、多くて0.8％）。"
    assert "まだ分かりません" in gap_sentence(None)
    assert len({gap_sentence(share) for share in (None, 0.0, 0.02, 0.08, 0.5)}) == 5


def test_nobody_and_nothing_give_an_exact_bound() -> None:
    assert upper_bound(morning()) == Bound(0.01, tight=True)
    alone = morning(volunteers=(volunteer("V0"),))
    assert upper_bound(alone).value == pytest.approx(-60, abs=0.1)


@pytest.mark.parametrize("asks", [{"min_stamina": 9}, {"min_exp": 9}, {"min_stamina": 0}])
def test_a_need_that_asks_for_more_than_anybody_has_is_worth_nothing(asks: dict[str, int]) -> None:
    people = (volunteer("V0"), volunteer("V1"))
    one, two = need("N1"), need("N2", weight=500, **asks)
    both = upper_bound(morning(volunteers=people, needs=(one, two))).value
    alone = upper_bound(morning(volunteers=people, needs=(one,))).value
    assert both > alone if asks == {"min_stamina": 0} else both == alone
