"""From a plan to what is offered: which of its teams can be shown, and which old offers say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from django.utils import timezone

from matching.proposals.cars import Car, from_solver
from matching.proposals.gather import Gathered
from matching.proposals.models import MatchRun, Proposal, ProposalState, ProposalVisit
from matching.solver import model, rules


@dataclass(frozen=True, slots=True)
class OfferedVisit:
    """A need as it was read, by pk, and when the team would be at it, in minutes after midnight."""

    need: int
    need_version: int
    begin: int
    until: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One team for its needs in order, by pk. `rides`: its cars (see `matching.proposals.cars`)."""

    visits: tuple[OfferedVisit, ...]
    members: tuple[int, ...]
    leader: int
    mode: str
    rides: tuple[Car, ...]
    reasons: tuple[str, ...]

    @property
    def same(self) -> tuple[object, ...]:
        """Two offers with this in common are one for the coordinator; only the reasons and the times may read
        differently."""
        needs = tuple((visit.need, visit.need_version) for visit in self.visits)
        return (needs, self.members, self.leader, self.mode, _cars(self.rides))


def offers(
    gathered: Gathered,
    plan: model.Plan,
    *,
    ready: Mapping[int, int],
    free: Iterable[int],
    banned: frozenset[tuple[int, int]] = frozenset(),
) -> list[Offer]:
    """What of the plan may be shown now.

    `ready` (need pk → version), `free` (volunteer pks) and `banned` (person, need) are as of now: whatever changed while
    the engine was thinking is left for its next run.
    """
    at_hand, found = frozenset(free), []
    for team in plan.teams:
        needs, members = [pk(need) for need in team.visits], tuple(sorted(pk(who) for who in team.members))
        unchanged = all(ready.get(need) == gathered.versions[need] for need in needs)
        meant = banned.isdisjoint(product(members, needs))
        if not unchanged or not meant or not at_hand.issuperset(members):
            continue
        found.append(
            Offer(
                visits=tuple(
                    OfferedVisit(need, gathered.versions[need], *span)
                    for need, span in zip(needs, rules.timeline(gathered.problem, team).spans, strict=True)
                ),
                members=members,
                leader=pk(team.leader),
                mode=str(team.mode),
                # Those whose keys the desk hands out come first, as on every page.
                rides=tuple(sorted(map(from_solver, team.vehicles), key=lambda car: car["vehicle"] is None)),
                reasons=tuple(reason.text for reason in plan.why.get(team.id, ())),
            )
        )
    return found


def replace_offers(run: MatchRun, shown: Sequence[Offer], *, at: datetime, expires_at: datetime) -> int:
    """Put these in the place of what is on offer. Returns how many rows came or went.

    An offer that says the same stays the same row: nobody's finger hits a proposal that was just swapped.
    """
    on_offer = Proposal.objects.filter(operation=run.operation, state=ProposalState.OFFERED)
    current = {_same(row): row for row in on_offer.prefetch_related("visits")}
    staying = [current[offer.same].pk for offer in shown if offer.same in current]
    Proposal.objects.filter(pk__in=staying).update(expires_at=expires_at)
    superseded = on_offer.exclude(pk__in=staying).end(ProposalState.SUPERSEDED, at=at)
    fresh = [offer for offer in shown if offer.same not in current]
    made = Proposal.objects.bulk_create(
        Proposal(
            run=run, operation=run.operation, need_id=offer.visits[0].need, members=list(offer.members),
            leader_id=offer.leader, mode=offer.mode, rides=list(offer.rides),
            reasons=list(offer.reasons), need_version=offer.visits[0].need_version, offered_at=at,
            expires_at=expires_at,
        )
        for offer in fresh
    )  # fmt: skip
    ProposalVisit.objects.bulk_create(
        visit for row, offer in zip(made, fresh, strict=True) for visit in _visits(row, offer, at=at)
    )
    later = [
        visit
        for offer in shown
        if offer.same in current
        for visit in _later(current[offer.same], offer, at=at)
    ]
    ProposalVisit.objects.bulk_update(later, ["planned_from", "planned_until"], batch_size=500)
    return superseded + len(fresh)


def _visits(row: Proposal, offer: Offer, *, at: datetime) -> Iterator[ProposalVisit]:
    for position, visit in enumerate(offer.visits, start=1):
        yield ProposalVisit(
            proposal=row, need_id=visit.need, position=position, need_version=visit.need_version,
            planned_from=moment(visit.begin, at=at), planned_until=moment(visit.until, at=at),
        )  # fmt: skip


def _later(row: Proposal, offer: Offer, *, at: datetime) -> Iterator[ProposalVisit]:
    """The visits of an offer that stays, with the times of the new plan."""
    for visit, now in zip(row.visits.all(), offer.visits, strict=True):
        visit.planned_from, visit.planned_until = moment(now.begin, at=at), moment(now.until, at=at)
        yield visit


def moment(minute: int, *, at: datetime) -> datetime:
    """A minute of the solver's day, which is the local day of `at`."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(minutes=minute)


def _same(row: Proposal) -> tuple[object, ...]:
    """What `Offer.same` is of the offer this row was made from."""
    needs = tuple((visit.need_id, visit.need_version) for visit in row.visits.all())
    return (needs, tuple(row.members), row.leader_id, row.mode, _cars(row.rides))


def _cars(rides: Iterable[Car]) -> frozenset[tuple[int | None, int | None]]:
    return frozenset((car["vehicle"], car["driver"]) for car in rides)


def pk(solver_id: str) -> int:
    """The row behind an id of the problem: "V12" → 12."""
    return int(solver_id[1:])
