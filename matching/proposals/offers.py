"""From a plan to what is offered: which of its teams can be shown, and which old offers say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matching.proposals.gather import Gathered
from matching.solver import model

TWO_VEHICLES = model.Reason(
    "two_vehicles", "センターの車が2台以上要ります。「手で組む」から、乗り方を決めて組んでください。"
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One team for one need, by pk. `vehicle` is the center's, `driver` drives it or the first own car."""

    need: int
    need_version: int
    members: tuple[int, ...]
    leader: int
    mode: str
    vehicle: int | None
    driver: int | None
    reasons: tuple[str, ...]

    @property
    def same(self) -> tuple[object, ...]:
        """Two offers with this in common are one for the coordinator; only the reasons may read differently."""
        return (self.need, self.need_version, self.members, self.leader, self.mode, self.vehicle, self.driver)


def offers(
    gathered: Gathered, plan: model.Plan, *, ready: Mapping[int, int], free: Iterable[int]
) -> tuple[list[Offer], dict[int, model.Reason]]:
    """What of the plan may be shown now, and needs it serves that may not, with the reason.

    `ready` (need pk → version) and `free` (volunteer pks) are as of now: whatever changed while the engine was
    thinking is left for its next run.
    """
    at_hand, found, not_shown = frozenset(free), [], {}
    for team in plan.teams:
        (need_id,) = team.visits
        need, members = pk(need_id), tuple(sorted(pk(who) for who in team.members))
        if ready.get(need) != gathered.versions[need] or not at_hand.issuperset(members):
            continue
        fleet = [ride for ride in team.vehicles if ride.id in gathered.problem.fleet_by]
        if len(fleet) > 1:
            not_shown[need] = TWO_VEHICLES
            continue
        own = [ride for ride in team.vehicles if ride.id not in gathered.problem.fleet_by]
        found.append(
            Offer(
                need=need,
                need_version=gathered.versions[need],
                members=members,
                leader=pk(team.leader),
                mode=str(team.mode),
                vehicle=pk(fleet[0].id) if fleet else None,
                driver=pk((fleet or own)[0].driver) if team.vehicles else None,
                reasons=tuple(reason.text for reason in plan.why.get(team.id, ())),
            )
        )
    return found, not_shown


def pk(solver_id: str) -> int:
    """The row behind an id of the problem: "V12" → 12."""
    return int(solver_id[1:])
