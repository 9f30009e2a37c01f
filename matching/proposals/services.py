"""Ask the engine, offer what it says, and decide: accept, send by hand, reject, undo.

A proposal never reserves anybody. Whoever decides first has the people; the constraints of teams and dispatch
settle it inside the one transaction of the decision.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import OperationalError, connection, transaction
from django.db.models import Max

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By, record, version_of, versions_of
from dvc.core.refused import Refused
from dvc.operations.models import Operation, OperationState
from dvc.operations.services import require_open
from dvc.outbox import services as outbox
from dvc.outbox.models import Row, State
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch import services as dispatching
from matching.dispatch.models import Dispatch
from matching.equipment.models import Vehicle
from matching.proposals.check import TeamCheck, check_team
from matching.proposals.gather import Gathered, gather
from matching.proposals.models import MatchRun, Overrule, Proposal, ProposalState, RunState
from matching.proposals.offers import Offer, offers
from matching.queue import services as queue
from matching.queue.models import Hold
from matching.solver import model, rules
from matching.solver.engine import solve
from matching.solver.vcjson import plan_to_json, problem_from_json, problem_to_json
from matching.teams import services as teams
from matching.teams.queries import free_visits

log = logging.getLogger(__name__)

KIND: Final = "matching.run"
EFFORT: Final = 300
SECONDS: Final = 10.0  # a net far below the outbox lease (30 s); normally the effort ends the solve
SIGN_OF_LIFE: Final = outbox.LEASE / 4
OFFERED_FOR: Final = timedelta(minutes=10)  # domain.md §3.9
AT_MOST_EVERY: Final = timedelta(seconds=10)
AT_LEAST_EVERY: Final = timedelta(minutes=3)

# A change of one of these is a reason to think again. A run's own entries (proposals.*) are not among them.
RELEVANT: Final = (
    "checkin.visit", "help_requests.need", "help_requests.workitem", "people.household", "teams.team",
    "dispatch.dispatch", "equipment.toolstock", "equipment.vehicle", "operations.site", "operations.operation",
    "volunteers.volunteer", "volunteers.group",
)  # fmt: skip


# ── runs ───────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def request_run(operation: Operation, *, why: str, by: By, at: datetime) -> MatchRun:
    """Ask for proposals. While a question is waiting, asking again gives that question back (one per operation)."""
    require_open(operation)
    _bury_parked(operation, at=at)
    run, created = MatchRun.objects.get_or_create(
        operation=operation,
        state=RunState.REQUESTED,
        defaults={"why": why[:40], "requested_at": at, "requested_by": by.user},
    )
    if created:
        outbox.put(KIND, run.pk, dedupe_key=f"run:{run.pk}")
        record("match.requested", run, by=by, at=at, operation=operation)
    return run


def _bury_parked(operation: Operation, *, at: datetime) -> None:
    """A question whose work was given up after many tries must not keep new ones away."""
    waiting = MatchRun.objects.filter(operation=operation, state=RunState.REQUESTED)
    for run in waiting:
        parked = Row.objects.filter(kind=KIND, dedupe_key=f"run:{run.pk}", state=State.PARKED).first()
        if parked:
            waiting.filter(pk=run.pk).update(
                state=RunState.FAILED, finished_at=at, error=parked.last_error[:300]
            )


def request_due_runs(*, at: datetime) -> int:
    """Ask for every open operation whose tables changed since its last run, at most every 10 seconds, and every
    3 minutes while both needs and people wait. Returns how many were asked for. Called by the sweeper with the
    real moment."""
    operations = Operation.objects.filter(state=OperationState.OPEN, auto_match=True)
    versions = versions_of(operations)
    newest = (
        MatchRun.objects.filter(operation__in=versions)
        .order_by()
        .values("operation")
        .annotate(newest=Max("id"))
    )
    runs = MatchRun.objects.filter(pk__in=newest.values("newest")).defer("problem", "plan")
    last = {run.operation_id: run for run in runs}
    asked = 0
    for operation in operations:
        why = _why_now(operation, last.get(operation.pk), versions.get(operation.pk, 0), at=at)
        if why:
            request_run(operation, why=why, by=SYSTEM, at=operation.moment(at))
            asked += 1
    return asked


def _why_now(operation: Operation, last: MatchRun | None, version: int, *, at: datetime) -> str:
    if last is None:
        last = MatchRun(operation=operation, state=RunState.DONE, asked_at=at - AT_LEAST_EVERY)
    if at - last.asked_at < AT_MOST_EVERY:
        return ""
    if last.state == RunState.REQUESTED:
        parked = Row.objects.filter(kind=KIND, dedupe_key=f"run:{last.pk}", state=State.PARKED)
        return "retry" if at - last.asked_at > AT_LEAST_EVERY and parked.exists() else ""
    changes = Entry.objects.of_operation(operation.pk).filter(id__gt=last.based_on)
    if version > last.based_on and changes.filter(subject_type__in=RELEVANT).exists():
        return "change"
    # Numbers of entries are given before their transactions end, so that a late one can slip below `based_on`.
    if at - last.asked_at >= AT_LEAST_EVERY and _something_waits(operation):
        return "time"
    return ""


def _something_waits(operation: Operation) -> bool:
    return (
        Need.objects.ready().filter(operation=operation, hold__isnull=True).exists()
        and free_visits(operation).exists()
    )


def run(held: outbox.Claim, *, now: Callable[[], datetime]) -> None:
    """Answer one question: gather, solve, and in one transaction close the outbox row, keep problem and plan, and
    replace the offers. Raises `LeaseLost` with nothing committed when somebody else has taken the row meanwhile."""
    found = MatchRun.objects.select_related("operation").filter(pk=held.row.object_id).first()
    if found is None or found.state != RunState.REQUESTED:
        with transaction.atomic():
            outbox.finish(held, at=now())
        return
    found.based_on = version_of(found.operation_id)
    try:
        gathered = gather(found.operation, at=_asked_about(found, now), baseline=_announced(found.operation))
    except model.ProblemError as error:
        _give_up(found, held, f"記録の中に使えない値があります（{error}）", at=now())
        return
    with alive(held, now):
        plan = solve(gathered.problem, effort=EFFORT, seconds=SECONDS, seed=found.seed)
    read = rules.review(gathered.problem, plan)
    if read.violations:
        codes = ", ".join(sorted({one.code for one in read.violations}))
        log.error("run %s: the plan breaks %s; nothing is offered", found.pk, codes)
        _give_up(found, held, f"できた案が決まりに合いません（{codes}）", at=now())
        return
    _keep(found, held, gathered, plan, score=read.score.total, at=now(), asked=_asked_about(found, now))


def _asked_about(run: MatchRun, now: Callable[[], datetime]) -> datetime:
    """The moment the answer is for, on the operation's clock: now, or in a drill the moment of the question, so
    that a drill played at any speed, or interrupted, gets the same answers."""
    return run.requested_at if run.operation.is_drill else run.operation.moment(now())


@contextmanager
def alive(
    held: outbox.Claim, now: Callable[[], datetime], *, every: timedelta = SIGN_OF_LIFE
) -> Iterator[None]:
    """Renew the lease from a thread of its own while the engine thinks: it may be deep in one step for long.

    Whoever lost the lease thinks to the end for nothing; the commit is fenced by `outbox.finish`.
    """
    outbox.renew(held, at=now())
    stop = threading.Event()

    def renew() -> None:
        try:
            while not stop.wait(every.total_seconds()):
                outbox.renew(held, at=now())
        except (outbox.LeaseLost, OperationalError) as error:
            log.warning("outbox row %s: no more signs of life: %s", held.row.pk, error)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _announced(operation: Operation) -> dict[str, str | None]:
    """Who is offered for what now: changing it costs the engine points, so that the screen stays calm."""
    rows = Proposal.objects.filter(operation=operation, state=ProposalState.OFFERED)
    return {
        f"V{person}": f"N{need}"
        for need, members in rows.values_list("need_id", "members")
        for person in members
    }


@transaction.atomic
def _give_up(run: MatchRun, held: outbox.Claim, error: str, *, at: datetime) -> None:
    outbox.finish(held, at=at)
    moment = run.operation.moment(at)
    MatchRun.objects.filter(pk=run.pk).update(
        state=RunState.FAILED, finished_at=moment, based_on=run.based_on, error=error[:300]
    )
    record("match.failed", run, by=SYSTEM, at=moment, operation=run.operation)


@transaction.atomic
def _keep(
    run: MatchRun,
    held: outbox.Claim,
    gathered: Gathered,
    plan: model.Plan,
    *,
    score: float,
    at: datetime,
    asked: datetime,
) -> None:
    outbox.finish(held, at=at)
    ready = dict(
        Need.objects.ready().filter(operation=run.operation, hold__isnull=True).values_list("pk", "version")
    )
    free = free_visits(run.operation).values_list("volunteer_id", flat=True)
    shown, not_shown = offers(gathered, plan, ready=ready, free=free)
    answer = plan_to_json(plan)
    for need, why in {**gathered.set_aside, **not_shown}.items():
        answer["waiting"][f"N{need}"] = {"code": why.code, "text": why.text, "params": dict(why.params)}
    for person, why in gathered.left_out.items():
        answer["idle"][f"V{person}"] = {"code": why.code, "text": why.text, "params": dict(why.params)}
    MatchRun.objects.filter(pk=run.pk).update(
        state=RunState.DONE, finished_at=run.operation.moment(at), based_on=run.based_on, score=score,
        problem=problem_to_json(gathered.problem), plan=answer,
    )  # fmt: skip
    changed = _replace_offers(run, shown, at=asked)
    record(
        "match.done", run, by=SYSTEM, at=asked, operation=run.operation,
        offers=len(shown), changed=changed,
    )  # fmt: skip


def _replace_offers(run: MatchRun, shown: Sequence[Offer], *, at: datetime) -> int:
    """An offer that says the same stays the same row: nobody's finger hits a proposal that was just swapped."""
    current = {
        _as_offer(row).same: row
        for row in Proposal.objects.filter(operation=run.operation, state=ProposalState.OFFERED)
    }
    staying = [current[offer.same].pk for offer in shown if offer.same in current]
    # Ten real minutes to tap, which in a fast drill are more of its own.
    expires_at = at + OFFERED_FOR * max(1.0, run.operation.clock_speed)
    Proposal.objects.filter(pk__in=staying).update(expires_at=expires_at)
    gone = Proposal.objects.filter(operation=run.operation, state=ProposalState.OFFERED).exclude(
        pk__in=staying
    )
    superseded = gone.update(state=ProposalState.SUPERSEDED, decided_at=at)
    fresh = [offer for offer in shown if offer.same not in current]
    Proposal.objects.bulk_create(
        Proposal(
            run=run, operation=run.operation, need_id=offer.need, members=list(offer.members),
            leader_id=offer.leader, mode=offer.mode, vehicle_id=offer.vehicle, driver_id=offer.driver,
            reasons=list(offer.reasons), need_version=offer.need_version, offered_at=at,
            expires_at=expires_at,
        )
        for offer in fresh
    )  # fmt: skip
    return superseded + len(fresh)


def _as_offer(row: Proposal) -> Offer:
    return Offer(
        row.need_id, row.need_version, tuple(row.members), row.leader_id, row.mode, row.vehicle_id, row.driver_id,
        tuple(row.reasons),
    )  # fmt: skip


def replay(run: MatchRun) -> model.Plan:
    """The plan of a stored run, solved again from its stored problem with the same seed and effort.

    Raises `ValueError` when the run has no problem (it waits or failed).
    """
    if run.problem is None:
        raise ValueError(f"run {run.pk} has no stored problem ({run.get_state_display()})")
    return solve(problem_from_json(run.problem), effort=EFFORT, seed=run.seed)


# ── decisions ──────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def accept(
    proposal: Proposal,
    *,
    by: By,
    at: datetime,
    members: Sequence[Volunteer] | None = None,
    leader: Volunteer | None = None,
    vehicle: Vehicle | None = None,
    driver: Volunteer | None = None,
    overrule: str = "",
) -> Dispatch:
    """Make the proposed team and give it the need; everything is checked again.

    With `members` the team is the edited one, and `leader`, `vehicle` and `driver` are taken as they are given.
    Raises `Refused`: proposal.already_accepted, proposal.already_rejected, proposal.superseded, proposal.expired,
    proposal.need_changed, and those of `send`.
    """
    _one_decision_at_a_time(proposal.operation_id)
    fresh = _take(proposal, ProposalState.ACCEPTED, by=by, at=at)
    if fresh.need.version != fresh.need_version:
        raise Refused("proposal.need_changed")
    edited = members is not None
    dispatch = _send(
        fresh.need,
        volunteers=members if members is not None else _people(fresh),
        leader=leader or fresh.leader,
        vehicle=vehicle if edited else fresh.vehicle,
        driver=driver if edited else fresh.driver,
        overrule=overrule,
        by=by,
        at=at,
    )
    record(
        "proposal.accepted", fresh, by=by, at=at, operation=fresh.operation, need=fresh.need_id,
        dispatch=dispatch.pk, edited=edited,
    )  # fmt: skip
    return dispatch


def _one_decision_at_a_time(operation_id: int) -> None:
    """Decisions of one operation queue up, so that two that touch the same offers and people cannot dead-lock.
    Check-ins and the rest go on: they only need the row's key. SQLite has one writer anyway."""
    list(Operation.objects.select_for_update(no_key=True).filter(pk=operation_id).values_list("pk"))


def _take(proposal: Proposal, state: ProposalState, *, by: By, at: datetime) -> Proposal:
    """Of two who decide the same offer, the first gets it: a conditional update, then the row as it is."""
    taken = Proposal.objects.filter(pk=proposal.pk, state=ProposalState.OFFERED).update(
        state=state, decided_at=at, decided_by=by.user
    )
    related = ("operation", "need__operation", "need__household", "leader", "vehicle", "driver", "decided_by")
    fresh = Proposal.objects.select_related(*related).get(pk=proposal.pk)
    if not taken:
        raise _gone(fresh)
    if fresh.expires_at <= at:
        raise Refused("proposal.expired")
    return fresh


def _gone(proposal: Proposal) -> Refused:
    if proposal.state == ProposalState.ACCEPTED:
        return Refused("proposal.already_accepted", name=_who(proposal))
    if proposal.state == ProposalState.REJECTED:
        return Refused("proposal.already_rejected", name=_who(proposal))
    return Refused("proposal.superseded")


def _who(proposal: Proposal) -> str:
    return f"{proposal.decided_by.display_name}さん" if proposal.decided_by else "ほかの担当者"


def _people(proposal: Proposal) -> list[Volunteer]:
    return list(Volunteer.objects.filter(pk__in=proposal.members).order_by("pk"))


@transaction.atomic
def send(
    need: Need,
    *,
    volunteers: Sequence[Volunteer],
    leader: Volunteer,
    by: By,
    at: datetime,
    vehicle: Vehicle | None = None,
    driver: Volunteer | None = None,
    overrule: str = "",
) -> Dispatch:
    """A team made by hand, with or without a running engine. A held need is let go: the hand is the decision.

    `overrule` is the coordinator's reason for going in spite of warnings. Raises `Refused`: team.forbidden,
    team.needs_ok, those of `teams.form`, and dispatch.need_taken.
    """
    _one_decision_at_a_time(need.operation_id)
    fresh = Need.objects.select_related("operation", "household").get(pk=need.pk)
    queue.unhold(fresh, by=by, at=at)
    return _send(
        fresh,
        volunteers=volunteers,
        leader=leader,
        vehicle=vehicle,
        driver=driver,
        overrule=overrule,
        by=by,
        at=at,
    )


def _send(
    need: Need,
    *,
    volunteers: Sequence[Volunteer],
    leader: Volunteer,
    vehicle: Vehicle | None,
    driver: Volunteer | None,
    overrule: str,
    by: By,
    at: datetime,
) -> Dispatch:
    if need.state != NeedState.READY:
        raise Refused("proposal.need_not_ready")
    if Hold.objects.filter(need=need).exists():
        raise Refused("proposal.need_held")
    _withdraw_offers(need, [person.pk for person in volunteers], at=at)
    found = check_team(need, volunteers=volunteers, leader=leader, vehicle=vehicle, driver=driver, at=at)
    team = teams.form(
        need.operation, volunteers=volunteers, leader=leader, vehicle=vehicle, driver=found.driver or driver,
        mode=found.mode, by=by, at=at,
    )  # fmt: skip
    _obey(found, overrule=overrule)
    dispatch = dispatching.assign(team, need, by=by, at=at)
    if found.warnings:
        codes = sorted({one.code for one in found.warnings})
        Overrule.objects.create(team=team, codes=codes, reason=overrule.strip()[:120], by=by.user, at=at)
        record("team.overruled", team, by=by, at=at, operation=need.operation, codes=codes)
    return dispatch


def _obey(found: TeamCheck, *, overrule: str) -> None:
    if found.forbidden:
        raise Refused("team.forbidden", what="".join(one.text for one in found.forbidden))
    if found.warnings and not overrule.strip():
        raise Refused("team.needs_ok", what="".join(one.text for one in found.warnings))


def _withdraw_offers(need: Need, people: Collection[int], *, at: datetime) -> None:
    """Offers that this decision made impossible: for the same need, or with the same people."""
    taken = frozenset(people)
    on_offer = Proposal.objects.filter(operation=need.operation, state=ProposalState.OFFERED)
    over = [
        pk
        for pk, other, members in on_offer.values_list("pk", "need_id", "members")
        if other == need.pk or taken.intersection(members)
    ]
    on_offer.filter(pk__in=over).update(state=ProposalState.SUPERSEDED, decided_at=at)


@transaction.atomic
def reject(
    proposal: Proposal, *, reason: str, by: By, at: datetime, keep_out: Sequence[Volunteer] = ()
) -> None:
    """Say no to a proposal, with the reason on record.

    A bare reason would bring the same proposal back ten seconds later. So a rejection always changes what the
    engine may do: whoever is in `keep_out` is never proposed for this need again (Ban); without names the need is
    held with the reason on the board until somebody lets it go. Raises `Refused`: proposal.reason_needed,
    proposal.not_in_proposal, proposal.gone.
    """
    reason = reason.strip()[:120]
    if not reason:
        raise Refused("proposal.reason_needed")
    fresh = _take(proposal, ProposalState.REJECTED, by=by, at=at)
    if any(person.pk not in fresh.members for person in keep_out):
        raise Refused("proposal.not_in_proposal")
    Proposal.objects.filter(pk=fresh.pk).update(reject_reason=reason)
    for person in keep_out:
        queue.ban(fresh.need, person, by=by, at=at)
    if not keep_out:
        queue.hold(fresh.need, reason=reason, by=by, at=at)
    record(
        "proposal.rejected", fresh, by=by, at=at, operation=fresh.operation, need=fresh.need_id,
        kept_out=[person.pk for person in keep_out],
    )  # fmt: skip


@transaction.atomic
def undo(dispatch: Dispatch, *, by: By, at: datetime) -> None:
    """Take a decision back before the team has left: the need waits again and everybody is free again.

    Raises `Refused("dispatch.is_out")` once it has left. Undoing twice changes nothing.
    """
    dispatching.cancel(dispatch, reason="決定の取り消し", by=by, at=at)
