"""The drawing counts on people as the search moves them."""

from __future__ import annotations

import pytest

from matching.solver.bound.people import parties
from matching.solver.crews import Ground, State
from matching.solver.model import Group, Problem
from matching.solver.search import sketch
from matching.solver.search.sketch import Drawing, draw
from matching.solver.search.zones import Zone, zones_of
from matching.solver.units import make_units
from tests.matching import instances
from tests.matching.solver.mornings import morning, need, volunteer


def drawn(problem: Problem) -> Drawing:
    [zone] = zones_of(State(Ground(problem, make_units(problem), taken=set())))
    return draw(zone, None)


def test_nobody_is_counted_on_where_a_companion_may_not_go() -> None:
    """The one with the saw came with somebody who may do light work only, and they stay together."""
    saw = volunteer("V0", group="G", skills=frozenset({"chainsaw"}))
    companion = volunteer("V1", group="G", stamina=1)
    heavy = need("N0", min_stamina=3, skills={"chainsaw": 1})
    problem = morning(
        volunteers=(saw, companion, volunteer("V2"), volunteer("V3")), needs=(heavy,),
        groups=(Group("G", atomic=False, min_part=2),),
    )  # fmt: skip
    assert drawn(problem).teams == ()
    # What no plan can separate is wider: the bound can not know which of a larger group would stay together.
    apart = Zone(problem, tuple(parties(problem, ())))
    assert [team.visits for team in draw(apart, None).teams] == [("N0",)]


def test_where_no_time_is_left_to_choose_teams_the_likeliest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine at nine o'clock: a zone without any team of the drawing would be planned as if by hand."""
    made = instances.problem("base", "200x80", 1)
    [zone] = zones_of(State(Ground(made, make_units(made), taken=set())))
    choose = sketch._whole
    for large in (sketch.LARGE, 20):
        monkeypatch.setattr(sketch, "LARGE", large)
        monkeypatch.setattr(sketch, "_whole", choose)
        whole = draw(zone, None).teams
        monkeypatch.setattr(sketch, "_whole", lambda program, _, likely: choose(program, 0.0, likely))
        hasty = draw(zone, None).teams
        visits = [n for team in hasty for n in team.visits]
        assert len(visits) == len(set(visits))
        assert len(visits) > 0.7 * sum(len(team.visits) for team in whole)
