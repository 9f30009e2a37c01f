"""What pinned teams leave to all the others; what they hold themselves is a constant of the score."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from matching.solver.model import MAX_EXP, MAX_STAMINA, FleetVehicle, Mode, Need, Plan, Problem, Team
from matching.solver.rules import review, tools_needed


@dataclass(frozen=True)
class Left:
    """Who is away, what is left, and the score of the pinned teams alone (everybody else idle, nothing kept)."""

    away: frozenset[str]
    needs: list[Need]
    fleet: list[FleetVehicle]
    tools: Counter[tuple[str, str]]
    seats: Counter[str]
    score: float


def left_by_pins(problem: Problem) -> Left:
    """Pins are taken as they are, also those that break a rule: overdrawn is none left.

    A pin that can not be read (nobody in it, nowhere to go, somebody unknown) holds people and needs, but no things:
    that is how the checker reads it.
    """
    teams = [pin.team for pin in problem.pins]
    taken = {need for team in teams for need in team.visits} | problem.holds
    readable = [team for team in teams if _can_be_read(problem, team)]
    rides = {ride.id for team in readable for ride in team.vehicles}
    tools = Counter({(site, tool): q for site, kit in problem.stock.items() for tool, q in kit.items()})
    seats = Counter({stop.id: stop.seats for stop in problem.stops})
    for team in readable:
        visits = [problem.need_by[n] for n in team.visits]
        for tool, q in tools_needed(visits).items():
            tools[visits[0].site, tool] -= q
        if team.mode == Mode.SHUTTLE and visits[0].stop is not None:
            seats[visits[0].stop] -= len(team.members)
    return Left(
        away=frozenset(m for team in teams for m in team.members),
        needs=[
            n
            for n in problem.needs
            if n.id not in taken and n.min_stamina <= MAX_STAMINA and n.min_exp <= MAX_EXP  # nobody has more
        ],
        fleet=[one for one in problem.fleet if one.id not in rides],
        tools=Counter({key: max(0, q) for key, q in tools.items()}),
        seats=Counter({key: max(0, q) for key, q in seats.items()}),
        score=review(problem, Plan(teams=tuple(teams))).score.total,
    )


def _can_be_read(problem: Problem, team: Team) -> bool:
    known = problem.volunteer_by.keys() >= set(team.members) and problem.need_by.keys() >= set(team.visits)
    return known and bool(team.members) and bool(team.visits)
