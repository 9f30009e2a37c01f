"""Decide what is offered: accept, send by hand, reject, undo.

A proposal never reserves anybody. Whoever decides first has the people; the constraints of teams and dispatch
settle it inside the one transaction of the decision.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from dvc.audit.services import By, record, together
from dvc.core.changing import change
from dvc.core.compiled import compiled
from dvc.core.refused import Refused
from dvc.core.statements import fetch
from dvc.core.whole import as_a_whole
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch import services as dispatching
from matching.dispatch.models import Dispatch
from matching.proposals.cars import drives, vehicles_of
from matching.proposals.check import Finding, TeamCheck, check_team
from matching.proposals.models import Overrule, Proposal, ProposalState, ProposalVisit
from matching.queue import services as queue
from matching.queue.models import Ban, Hold, Lock, Pin
from matching.teams import services as teams
from matching.teams.models import Team
from matching.teams.rides import Drive


def accept(
    proposal: Proposal,
    *,
    by: By,
    at: datetime,
    members: Sequence[Volunteer] | None = None,
    leader: Volunteer | None = None,
    rides: Sequence[Drive] = (),
    stay: Collection[Volunteer] = (),
    then: Sequence[Need] | None = None,
    overrule: str = "",
) -> Dispatch:
    """Make the proposed team and give it its needs in order; everything is checked again. Returns the first visit.
    `proposal`: the row as it was just read; whether somebody has decided it since is settled where it is taken.

    With `members` the team is the edited one, and `leader`, `rides` and `stay` are taken as they are given (see
    `check_team`); with `then` it does these after its first need, instead of those that were proposed.
    Raises `Refused`: proposal.already_accepted, proposal.already_rejected, proposal.superseded, proposal.expired,
    proposal.need_changed, and those of `send`.
    """
    _require_on_offer(proposal, at=at)
    edited = members is not None
    people = members if members is not None else _people(proposal.members)
    visits = _visits(proposal)
    proposed = [visit.need for visit in visits]
    wish = Wish(
        proposed if then is None else [proposed[0], *_fresh(then)],
        people,
        leader or _leader(proposal, people),
        rides if edited else _rides(proposal, people),
        stay,
    )
    versions = {visit.need_id: visit.need_version for visit in visits}
    looked = look(wish, at=at)
    with as_a_whole(), together():
        wish.wait_for_turn()
        _take(proposal, ProposalState.ACCEPTED, by=by, at=at)
        now = wish.catch_up()
        if any(need.version != versions.get(need.pk, need.version) for need in wish.visits):
            raise Refused("proposal.need_changed")
        dispatch = _send(wish, looked, now, overrule=overrule, by=by, at=at)
        record(
            "proposal.accepted", proposal, by=by, at=at, operation=proposal.operation, need=proposal.need_id,
            dispatch=dispatch.pk, edited=edited or then is not None, needs=sorted(need.pk for need in wish.visits),
        )  # fmt: skip
    return dispatch


@dataclass(frozen=True, slots=True)
class Decided:
    """One of several proposals that were decided together: its team, or the sentence that says why not."""

    proposal: Proposal
    dispatch: Dispatch | None
    refusal: str


def accept_each(proposals: Sequence[Proposal], *, by: By, at: datetime) -> list[Decided]:
    """Decide several proposals as they stand, in this order, each by itself with the same checks: what is refused
    keeps nothing back but itself, and whoever is already in another team is on record as when it is tapped alone."""
    decided = []
    for proposal in proposals:
        try:
            dispatch = accept(proposal, by=by, at=at)
        except Refused as refused:
            teams.keep_clash(proposal.operation, refused, by=by, at=at)
            decided.append(Decided(proposal, None, refused.text))
        else:
            decided.append(Decided(proposal, dispatch, ""))
    return decided


def _as_offered(proposal: Proposal, *, at: datetime) -> Proposal:
    """The row as it is, or why nobody can decide it any more."""
    found = Proposal.objects.select_related("operation").get(pk=proposal.pk)
    _require_on_offer(found, at=at)
    return found


def _require_on_offer(proposal: Proposal, *, at: datetime) -> None:
    if proposal.state != ProposalState.OFFERED:
        raise _gone(proposal)
    if proposal.expires_at <= at:
        raise Refused("proposal.expired")


def _visits(proposal: Proposal) -> list[ProposalVisit]:
    """In their order, with their needs as they are now."""
    visits = _visits_with_needs(proposal.pk)
    for visit in visits:
        visit.need.operation = proposal.operation
    return visits


@compiled
def _visits_with_needs(proposal: int) -> QuerySet[ProposalVisit]:
    return ProposalVisit.objects.select_related("need__household").filter(proposal=proposal)


def _take(found: Proposal, state: ProposalState, *, by: By, at: datetime) -> None:
    """Of two who decide the same offer, the first gets it: a conditional update."""
    values = {"state": state, "decided_at": at, "decided_by_id": by.user.pk if by.user else None}
    if not change(Proposal, values, where={"id": found.pk, "state": ProposalState.OFFERED}):
        raise _gone(Proposal.objects.select_related("decided_by").get(pk=found.pk))
    change(ProposalVisit, {"offered": False}, where={"proposal_id": found.pk})


def _gone(proposal: Proposal) -> Refused:
    if proposal.state == ProposalState.ACCEPTED:
        return Refused("proposal.already_accepted", name=_who(proposal))
    if proposal.state == ProposalState.REJECTED:
        return Refused("proposal.already_rejected", name=_who(proposal))
    return Refused("proposal.superseded")


def _who(proposal: Proposal) -> str:
    return f"{proposal.decided_by.display_name}さん" if proposal.decided_by else "ほかの担当者"


@compiled
def _people(members: Collection[int]) -> QuerySet[Volunteer]:
    return Volunteer.objects.filter(pk__in=members).order_by("pk")


def _leader(proposal: Proposal, people: Iterable[Volunteer]) -> Volunteer:
    return next((person for person in people if person.pk == proposal.leader_id), None) or proposal.leader


def _rides(proposal: Proposal, people: Iterable[Volunteer]) -> list[Drive]:
    return drives(proposal.rides, {person.pk: person for person in people}, vehicles_of(proposal.rides))


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom somebody wants to send where, in which cars."""

    visits: Sequence[Need]
    volunteers: Sequence[Volunteer]
    leader: Volunteer
    rides: Sequence[Drive]
    stay: Collection[Volunteer] = ()

    def wait_for_turn(self) -> None:
        """From here on nobody else of the operation decides, and it stays as open as its needs' `operation` says."""
        state = queue.one_at_a_time(self.visits[0].operation_id)
        for need in self.visits:
            need.operation.state = state

    def catch_up(self) -> Now:
        """State and version of its needs as they are now, and what else has become of them. One query."""
        needs, decided = _as_it_is(self.visits)
        for need in self.visits:
            need.state, need.version, _ = needs[need.pk]
        return Now(any(hold is not None for _, _, hold in needs.values()), decided)


@dataclass(frozen=True, slots=True)
class Looked:
    """What the rules said of a wish, the versions of its needs, and what others had decided (`decided_until_now`)."""

    check: TeamCheck
    versions: Sequence[int]
    decided: Decisions


class Decisions(NamedTuple):
    """What the rules ask of other people's decisions and no constraint holds: the newest team, how many destinations and
    fixed teams the operation has and how many people are kept from these needs, each with the newest of them."""

    team: int | None
    destinations: int
    newest_destination: Any
    fixed: int
    newest_fixed: Any
    kept_out: int
    newest_kept_out: int | None

    @property
    def by_hand(self) -> tuple[Any, ...]:
        return self[1:]


class Now(NamedTuple):
    """Of the needs of a wish at this moment: whether one of them is held, and what others have decided."""

    held: bool
    decided: Decisions


def look(wish: Wish, *, at: datetime) -> Looked:
    """The rules take longer than all the writing, so they are asked before anybody has to wait for it. `_send` asks them
    again where what they leaned on has changed since."""
    decided = decided_until_now(wish.visits)
    return Looked(_check(wish, decided, at=at), [need.version for need in wish.visits], decided)


def _check(wish: Wish, decided: Decisions, *, at: datetime) -> TeamCheck:
    need, *then = wish.visits
    return check_team(
        need, then=then, volunteers=wish.volunteers, leader=wish.leader, rides=wish.rides, stay=wish.stay,
        by_hand=bool(decided.destinations or decided.fixed), at=at,
    )  # fmt: skip


def decided_until_now(visits: Sequence[Need]) -> Decisions:
    """What the team of these needs leans on. One query."""
    return _as_it_is(visits)[1]


def _as_it_is(visits: Sequence[Need]) -> tuple[dict[int, tuple[str, int, int | None]], Decisions]:
    """State, version and hold (pk) of each of these needs, and what their team leans on."""
    these, pks = ", ".join(["%s"] * len(visits)), [need.pk for need in visits]
    rows = fetch(AS_IT_IS.replace("THESE", these), [*[visits[0].operation_id] * 3, *pks, *pks])
    return {pk: (state, version, hold) for pk, state, version, hold, *_ in rows}, Decisions(*rows[0][4:])


# Asked twice for each decision, and Django writes it longer than the database takes to answer.
AS_IT_IS: Final = f"""
    SELECT need.id, need.state, need.version, hold.id,
        (SELECT max(id) FROM {Team._meta.db_table} WHERE operation_id = %s),
        destinations.count, destinations.newest, fixed.count, fixed.newest, kept_out.count, kept_out.newest
    FROM (SELECT count(*) AS count, max(at) AS newest FROM {Lock._meta.db_table} WHERE operation_id = %s) AS destinations,
        (SELECT count(*) AS count, max(at) AS newest FROM {Pin._meta.db_table} WHERE operation_id = %s) AS fixed,
        (SELECT count(*) AS count, max(id) AS newest FROM {Ban._meta.db_table} WHERE need_id IN (THESE)) AS kept_out,
        {Need._meta.db_table} AS need LEFT JOIN {Hold._meta.db_table} AS hold ON hold.need_id = need.id
    WHERE need.id IN (THESE)
"""  # noqa: S608 - names of our own tables


def send(
    need: Need,
    *,
    volunteers: Sequence[Volunteer],
    leader: Volunteer,
    by: By,
    at: datetime,
    rides: Sequence[Drive] = (),
    stay: Collection[Volunteer] = (),
    then: Sequence[Need] = (),
    overrule: str = "",
) -> Dispatch:
    """A team made by hand, with or without a running engine, for this need and those it does `then`. A held need is let
    go: the hand is the decision (not of a hold that comes while this is being decided). Returns the first visit.

    `overrule` is the coordinator's reason for going in spite of warnings. Raises `Refused`: team.forbidden,
    team.needs_ok, proposal.need_held, those of `teams.form`, and dispatch.need_taken.
    """
    wish = Wish(_fresh([need, *then]), volunteers, leader, rides, stay)
    known = dict(Hold.objects.filter(need__in=wish.visits).values_list("need", "at"))
    looked = look(wish, at=at)
    with as_a_whole(), together():
        wish.wait_for_turn()
        for kept in Hold.objects.filter(need__in=wish.visits).select_related("need__operation"):
            if known.get(kept.need_id) == kept.at:  # not one that was renewed meanwhile
                queue.unhold(kept.need, by=by, at=at)
        now = wish.catch_up()
        return _send(wish, looked, now, overrule=overrule, by=by, at=at)


def _fresh(visits: Sequence[Need]) -> list[Need]:
    """The rows of these needs as they are now, in the same order."""
    rows = Need.objects.select_related("operation", "household").in_bulk([need.pk for need in visits])
    return [rows[need.pk] for need in visits]


def _send(wish: Wish, looked: Looked, now: Now, *, overrule: str, by: By, at: datetime) -> Dispatch:
    """While nobody else of the operation decides (`queue.one_at_a_time`). Who is in two teams, which car goes twice and
    whose need is another team's is settled by constraints and conditional updates all the same."""
    need, *then = wish.visits
    if any(one.state != NeedState.READY or one.operation_id != need.operation_id for one in wish.visits):
        raise Refused("proposal.need_not_ready")
    if now.held:
        raise Refused("proposal.need_held")
    found, unheard = looked.check, False
    if is_old(looked, wish, now.decided):
        found = _check(wish, now.decided, at=at)
        unheard = not set(found.warnings) <= set(looked.check.warnings)
    withdraw_offers(wish.visits, wish.volunteers, found.rides, at=at)
    team = teams.form(
        need.operation, volunteers=wish.volunteers, leader=wish.leader, rides=found.rides, mode=found.mode, by=by,
        at=at,
    )  # fmt: skip
    # A reason for what was known does not cover what came in between.
    obey(found, overrule="" if unheard else overrule)
    legs = found.legs if len(found.legs) == len(wish.visits) else None
    dispatch = dispatching.assign(team, need, then=then, legs=legs, by=by, at=at)
    if found.warnings:
        codes = sorted({one.code for one in found.warnings})
        Overrule.objects.create(team=team, codes=codes, reason=overrule.strip()[:120], by=by.user, at=at)
        record("team.overruled", team, by=by, at=at, operation=need.operation, codes=codes)
    return dispatch


def is_old(looked: Looked, wish: Wish, now: Decisions) -> bool:
    """Whether the rules might say something else by now: a need was changed, somebody fixed a destination or a team or
    kept a person from one of its needs, or a team was formed and this one takes tools that are counted. People, cars and
    needs of other teams are their constraints' concern."""
    if looked.versions != [need.version for need in wish.visits]:
        return True
    before = looked.decided
    return now.by_hand != before.by_hand or (looked.check.takes_tools and now.team != before.team)


class Checked(Protocol):
    """What the rules say about a team: `warnings` may be overruled with a reason."""

    @property
    def forbidden(self) -> Sequence[Finding]: ...
    @property
    def warnings(self) -> Sequence[Finding]: ...


def obey(found: Checked, *, overrule: str) -> None:
    """Raises `Refused`: team.forbidden, or team.needs_ok for warnings without a reason to go all the same."""
    if found.forbidden:
        raise Refused("team.forbidden", what="".join(one.text for one in found.forbidden))
    if found.warnings and not overrule.strip():
        raise Refused("team.needs_ok", what="".join(one.text for one in found.warnings))


def withdraw_offers(
    visits: Sequence[Need], people: Iterable[Volunteer], rides: Iterable[Drive], *, at: datetime
) -> None:
    """Offers that this decision made impossible: for one of its needs, with one of its people or vehicles."""
    taken = {person.pk for person in people}
    cars = {ride.vehicle.pk for ride in rides if ride.vehicle}
    needs = {need.pk for need in visits}
    offers = _on_offer(visits[0].operation_id)
    over = {
        pk
        for (pk, need, _, _), members, wanted in zip(
            offers, _lists(offers, 2), _lists(offers, 3), strict=True
        )
        if need in needs or taken.intersection(members) or any(car["vehicle"] in cars for car in wanted)
    }
    if over:
        Proposal.objects.filter(pk__in=over).end(ProposalState.SUPERSEDED, at=at)


def _lists(rows: Sequence[tuple[Any, ...]], place: int) -> list[list[Any]]:
    """What stands as JSON in that place of each row. All read at once: each by itself took a tenth of an acceptance."""
    found: list[list[Any]] = json.loads(f"[{','.join(row[place] for row in rows)}]")
    return found


@compiled
def _on_offer(operation: int) -> QuerySet[Proposal, tuple[int, int | None, str, str]]:
    rows = Proposal.objects.filter(operation=operation, state=ProposalState.OFFERED).order_by()
    people, cars = Cast("members", TextField()), Cast("rides", TextField())
    return rows.annotate(people=people, cars=cars).values_list("pk", "visits__need", "people", "cars")


@transaction.atomic
def reject(
    proposal: Proposal,
    *,
    reason: str,
    by: By,
    at: datetime,
    keep_out: Sequence[Volunteer] = (),
    about: Collection[int] | None = None,
) -> None:
    """Say no to a proposal, with the reason on record.

    A bare reason would bring the same proposal back ten seconds later. So a rejection always changes what the
    engine may do: whoever is in `keep_out` is never proposed for its needs again (Ban); without names the needs are
    held with the reason on the board until somebody lets them go. `about`: the needs (pks) among those of the proposal
    that it is about (None: all). Raises `Refused`: proposal.reason_needed, proposal.not_in_proposal, proposal.gone.
    """
    reason = reason.strip()[:120]
    if not reason:
        raise Refused("proposal.reason_needed")
    queue.one_at_a_time(proposal.operation_id)
    fresh = _as_offered(proposal, at=at)
    _take(fresh, ProposalState.REJECTED, by=by, at=at)
    visits = [visit.need for visit in fresh.visits.select_related("need__operation")]
    meant = [need for need in visits if about is None or need.pk in about]
    if any(person.pk not in fresh.members for person in keep_out) or not meant:
        raise Refused("proposal.not_in_proposal")
    Proposal.objects.filter(pk=fresh.pk).update(reject_reason=reason)
    for need in meant:
        for person in keep_out:
            queue.ban(need, person, reason=reason, by=by, at=at)
        if not keep_out:
            queue.hold(need, reason=reason, by=by, at=at)
    record(
        "proposal.rejected", fresh, by=by, at=at, operation=fresh.operation, need=fresh.need_id,
        needs=[need.pk for need in meant], kept_out=[person.pk for person in keep_out],
    )  # fmt: skip


@transaction.atomic
def undo(dispatch: Dispatch, *, by: By, at: datetime) -> None:
    """Take a decision back before the team has left: its needs wait again and everybody is free again. Also when the
    house of this dispatch was taken off meanwhile and the team starts with another.

    Raises `Refused("dispatch.is_out")` once it has left. Undoing twice changes nothing.
    """
    now = (
        Dispatch.objects.live()
        .select_related("team", "need", "operation")
        .filter(team=dispatch.team_id)
        .first()
    )
    dispatching.cancel(now or dispatch, reason="決定の取り消し", by=by, at=at)
