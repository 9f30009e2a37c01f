"""Makes the engine's machine code once, when a center is built, so that its first plan does not wait a minute for it.

Run as `python -m matching.solver.warm`. What is made is kept beside the sources (matching.solver.search.jit).
"""

from __future__ import annotations

from matching.solver.bound import upper_bound
from matching.solver.engine import solve
from matching.solver.model import FleetVehicle, Need, Params, Problem, Site, Volunteer
from matching.solver.session import Session


def morning(people: int = 12, needs: int = 4) -> Problem:
    """A small morning in which every part of the search has something to do."""
    return Problem(
        now=540,
        params=Params(work_end=930),
        sites=(Site("C", 38.29, 141.0),),
        volunteers=tuple(
            Volunteer(f"V{i}", 540, 930, ("C",), exp=i % 4, skills=frozenset({"driver"} if i % 3 else ()))
            for i in range(people)
        ),
        needs=tuple(
            Need(
                f"N{i}", "C", 38.29 + i / 1000, 141.0, "mud", 2, 3, 5, 60, 540, 930, 20.0, equip={"shovel": 1}
            )
            for i in range(needs)
        ),
        fleet=(FleetVehicle("K", "C", "truck", 2),),
        stock={"C": {"shovel": needs}},
    )


def main() -> None:
    problem = morning()
    Session(problem, solve(problem, effort=60)).replan(problem)
    upper_bound(problem, effort=3)


if __name__ == "__main__":
    main()
