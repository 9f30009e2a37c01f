"""Ask the engine and offer what it says. A proposal never reserves anybody (matching.proposals.decisions)."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, Q
from django.utils import timezone

from dvc import __version__
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By, newest_of, newest_of_each, record
from dvc.operations.models import Operation, OperationState, Site
from dvc.operations.services import require_open
from dvc.outbox import services as outbox
from dvc.outbox.models import Row, State
from intake.help_requests.models import Need
from matching.proposals import memory
from matching.proposals.compare import compare
from matching.proposals.decided import unowned, with_decisions
from matching.proposals.gather import Gathered, gather
from matching.proposals.models import MatchRun, Proposal, ProposalState, RunState
from matching.proposals.offers import offers, replace_offers
from matching.proposals.thinking import thinking
from matching.queue.models import Ban
from matching.queue.services import one_at_a_time
from matching.solver import model, rules
from matching.solver.gap import gap
from matching.solver.vcjson import plan_from_json, plan_to_json, problem_from_json, problem_to_json
from matching.teams.queries import free_visits

if TYPE_CHECKING:
    from matching.solver.bound import Price

log = logging.getLogger(__name__)

KIND: Final = "matching.run"
OFFERED_FOR: Final = timedelta(minutes=10)  # domain.md §3.9
AT_MOST_EVERY: Final = timedelta(seconds=settings.MATCHING_SECONDS_BETWEEN)
AT_LEAST_EVERY: Final = timedelta(minutes=3)
# So many answered questions of an operation keep problem and plan, and all of which something was decided.
KEPT: Final = 30


@dataclass(frozen=True, slots=True)
class Budget:
    """How long the engine may think: normally the effort ends it, the same on any machine; seconds are a net far
    below the outbox lease."""

    effort: int
    seconds: float


WHOLE: Final = Budget(effort=300, seconds=float(settings.MATCHING_SECONDS))
# What the worker spends of its time on a bound, once the answer is out and while nobody else asks.
PROOF_SECONDS: Final = 3.0
# And on trying what would help most, likewise: one solve after the other, for as long as nobody asks.
HELP_SECONDS: Final = min(10.0, WHOLE.seconds)
# Somebody came, left or returned: the plan of a moment ago is nearly right, and the next event is not far.
CHANGE: Final = Budget(effort=20, seconds=0.4 * settings.MATCHING_SECONDS)

# A change of one of these is a reason to think again. A run's own entries (proposals.*) are not among them.
RELEVANT: Final = (
    "checkin.visit", "help_requests.need", "help_requests.workitem", "people.household", "teams.team",
    "dispatch.dispatch", "equipment.toolstock", "equipment.vehicle", "operations.site", "operations.operation",
    "volunteers.volunteer", "volunteers.group",
)  # fmt: skip


# ── asking ─────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def request_run(operation: Operation, *, why: str, by: By, at: datetime) -> MatchRun:
    """Ask for proposals. While a question is open, asking again gives that question back (one per operation); one
    that is being answered from rows that are no longer true makes way for a new one."""
    require_open(operation)
    _bury_parked(operation, at=at)
    _make_way(operation, by=by, at=at)
    run, created = MatchRun.objects.get_or_create(
        operation=operation,
        state=RunState.REQUESTED,
        defaults={"why": why[:40], "requested_at": at, "requested_by": by.user},
    )
    if created:
        outbox.put(KIND, run.pk, dedupe_key=f"run:{run.pk}")
        record("match.requested", run, by=by, at=at, operation=operation)
    return run


def _make_way(operation: Operation, *, by: By, at: datetime) -> None:
    run = _open_question(operation)
    if run is not None and run.started_at is not None and _changed_since({operation.pk: run.based_on}):
        _withdraw(run, RunState.SUPERSEDED, by=by, at=at)


@transaction.atomic
def cancel(operation: Operation, *, by: By, at: datetime) -> bool:
    """Stop thinking: what is offered stays as it is, and the engine is asked again when something changes or, while
    needs and people wait, after three minutes. True when there was an open question."""
    run = _open_question(operation)
    return run is not None and _withdraw(run, RunState.CANCELLED, by=by, at=at)


def _open_question(operation: Operation) -> MatchRun | None:
    live = MatchRun.objects.filter(operation=operation, state=RunState.REQUESTED)
    return live.select_related("operation").defer("problem", "plan", "previous").first()


def _withdraw(run: MatchRun, to: RunState, *, by: By, at: datetime) -> bool:
    """End a question without an answer. The outbox row first, as the answer does it: of the two, one is in time."""
    outbox.withdraw(KIND, f"run:{run.pk}", at=run.operation.real(at))
    ended = MatchRun.objects.filter(pk=run.pk, state=RunState.REQUESTED).update(
        state=to, finished_at=at, based_on=newest_of(run.operation_id)
    )
    if ended:
        record(f"match.{to.value}", run, by=by, at=at, operation=run.operation)
    return bool(ended)


def _bury_parked(operation: Operation, *, at: datetime) -> None:
    """A question whose work was given up after many tries must not keep new ones away."""
    run = _open_question(operation)
    if run is not None:
        parked = Row.objects.filter(kind=KIND, dedupe_key=f"run:{run.pk}", state=State.PARKED).first()
        if parked is not None:
            _fail(run, parked.last_error, at=at)


def request_due_runs(*, at: datetime) -> int:
    """Ask for every open operation whose tables changed since its last run, at most every AT_MOST_EVERY, and every
    3 minutes while both needs and people wait. Returns how many were asked for. Called by the sweeper with the
    real moment."""
    operations = Operation.objects.filter(state=OperationState.OPEN, auto_match=True)
    entries = newest_of_each(operations)
    newest = (
        MatchRun.objects.filter(operation__in=entries)
        .order_by()
        .values("operation")
        .annotate(newest=Max("id"))
    )
    runs = MatchRun.objects.filter(pk__in=newest.values("newest")).defer("problem", "plan")
    last = {run.operation_id: run for run in runs}
    based_on = {pk: last[pk].based_on if pk in last else 0 for pk in entries}
    changed = _changed_since({pk: entry for pk, entry in based_on.items() if entries[pk] > entry})
    asked = 0
    for operation in operations:
        why = _why_now(operation, last.get(operation.pk), changed=operation.pk in changed, at=at)
        if why:
            request_run(operation, why=why, by=SYSTEM, at=operation.moment(at))
            asked += 1
    return asked


def _changed_since(entries: dict[int, int]) -> set[int]:
    """Of these operations, by primary key, those whose tables changed after the entry given for each. At most one query
    however many there are: the sweeper asks every second."""
    if not entries:
        return set()
    later = reduce(or_, (Q(operation=pk, id__gt=entry) for pk, entry in entries.items()))
    changes = Entry.objects.filter(later, subject_type__in=RELEVANT)
    return set(changes.order_by().values_list("operation", flat=True).distinct())


def _why_now(operation: Operation, last: MatchRun | None, *, changed: bool, at: datetime) -> str:
    if last is None:
        last = MatchRun(operation=operation, state=RunState.DONE, asked_at=at - AT_LEAST_EVERY)
    if at - last.asked_at < AT_MOST_EVERY:
        return ""
    if last.state == RunState.REQUESTED:
        parked = Row.objects.filter(kind=KIND, dedupe_key=f"run:{last.pk}", state=State.PARKED)
        return "retry" if at - last.asked_at > AT_LEAST_EVERY and parked.exists() else ""
    if changed:
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
    # The engine is large, and every part of the center loads this module.
    from matching.solver.engine import solve
    from matching.solver.session import Session

    session = memory.take(found.operation)
    previous = session.plan if session is not None else None
    before = (session.problem, session.plan) if session is not None else None
    if not begin(found, held, previous=previous, at=now()):
        raise outbox.LeaseLost(f"run {found.pk} was withdrawn or taken over")
    budget = _budget(found)
    try:
        asked = _asked_about(found, now)
        gathered = with_decisions(gather(found.operation, at=asked), day=timezone.localdate(asked))
    except model.ProblemError as error:
        _give_up(found, held, f"記録の中に使えない値があります（{error}）", at=now())
        return
    with thinking(found, held, now, effort=budget.effort, seconds=budget.seconds) as thought:
        if session is not None and budget is CHANGE:
            plan = session.replan(
                gathered.problem, effort=budget.effort, seconds=budget.seconds, seed=found.seed, progress=thought.told
            )  # fmt: skip
            # As much a part of the question as the teams it set out from.
            found.previous = {**(found.previous or {}), "around": session.around.to_json()}
        else:
            plan = solve(
                gathered.problem, effort=budget.effort, seconds=budget.seconds, seed=found.seed, previous=previous,
                progress=thought.told,
            )  # fmt: skip
            session = Session(gathered.problem, plan)
    if thought.lost:
        raise outbox.LeaseLost(f"run {found.pk} was withdrawn or taken over")
    read = rules.review(gathered.problem, plan)
    broken = unowned(gathered.problem, plan, read.violations)
    if broken:
        codes = ", ".join(sorted({one.code for one in broken}))
        log.error("run %s: the plan breaks %s; nothing is offered", found.pk, codes)
        _give_up(found, held, f"できた案が決まりに合いません（{codes}）", at=now())
        return
    found.score, found.seconds = read.score.total, thought.taken
    _keep(found, held, gathered, plan, at=now(), asked=_asked_about(found, now))
    memory.keep(found, session)
    if before is not None:
        changed = compare(*before, gathered.problem, plan).to_json()
        MatchRun.objects.filter(pk=found.pk).update(changed=changed)
    left = min(PROOF_SECONDS, budget.seconds - thought.taken)
    prices: tuple[Price, ...] = ()
    # Where nobody came or nothing waits, no plan is better than none.
    is_worth_it = bool(gathered.problem.needs and gathered.problem.volunteers)
    if budget is WHOLE and left > 0 and is_worth_it and not _others_wait(at=now()):
        prices = _prove(found, gathered.problem, seconds=left)
    if budget is WHOLE or not _tried_lately(found):
        _try_what_helps(found, gathered.problem, plan, prices, now=now)


def _others_wait(*, at: datetime) -> bool:
    """Whether somebody waits for this worker: for a plan or for the answer to 「もし…だったら」."""
    return Row.objects.due(at).filter(kind__startswith="matching.").exists()


def _prove(run: MatchRun, problem: model.Problem, *, seconds: float) -> tuple[Price, ...]:
    """Write beside an answer that is on the screens already what no plan can exceed; a proof that is lost with its
    worker is not missed. What binds is given back."""
    from matching.solver.bound import upper_bound  # as large as the engine

    assert run.score is not None
    bound = upper_bound(problem, seconds=seconds)
    MatchRun.objects.filter(pk=run.pk).update(bound=bound.value, gap=gap(run.score, bound.value))
    return bound.prices


def _tried_lately(run: MatchRun) -> bool:
    lately = run.requested_at - AT_LEAST_EVERY
    others = MatchRun.objects.filter(operation=run.operation_id, helps__isnull=False)
    return others.filter(requested_at__gt=lately).exists()


def _try_what_helps(
    run: MatchRun, problem: model.Problem, plan: model.Plan, prices: tuple[Price, ...], *, now: Callable[[], datetime]
) -> None:  # fmt: skip
    """Write beside the answer what one more of something would bring, while nobody else asks."""
    from matching.solver.helps import to_json, what_helps  # it asks the engine

    if _others_wait(at=now()):
        return
    _, found = what_helps(
        problem, plan, prices, seconds=HELP_SECONDS, go_on=lambda: not _others_wait(at=now())
    )
    sites = Site.objects.filter(center_id=run.operation.center_id).values_list("pk", "name")
    places = {f"S{pk}": name for pk, name in sites} if len(sites) > 1 else {}
    MatchRun.objects.filter(pk=run.pk).update(helps=to_json(found, places))


def begin(run: MatchRun, held: outbox.Claim, *, previous: model.Plan | None, at: datetime) -> bool:
    """Write down who answers, from what and how thoroughly. False when the lease is lost already."""
    run.based_on, run.started_at = newest_of(run.operation_id), at
    run.previous = plan_to_json(model.Plan(teams=previous.teams)) if previous is not None else None
    run.effort = _budget(run).effort
    mine = Row.objects.filter(pk=held.row.pk, lease_epoch=held.epoch, state=State.RUNNING)
    return bool(
        MatchRun.objects.filter(Exists(mine), pk=run.pk, state=RunState.REQUESTED).update(
            started_at=at, attempts=held.row.attempts, worker=f"{socket.gethostname()[:60]}:{os.getpid()}",
            version=__version__, effort=run.effort, based_on=run.based_on, previous=run.previous, done=0, score=None,
        )
    )  # fmt: skip


def _budget(run: MatchRun) -> Budget:
    return CHANGE if run.why == "change" and run.previous is not None else WHOLE


def _asked_about(run: MatchRun, now: Callable[[], datetime]) -> datetime:
    """The moment the answer is for, on the operation's clock: now, or in a drill the moment of the question, so
    that a drill played at any speed, or interrupted, gets the same answers."""
    return run.requested_at if run.operation.is_drill else run.operation.moment(now())


@transaction.atomic
def _give_up(run: MatchRun, held: outbox.Claim, error: str, *, at: datetime) -> None:
    outbox.finish(held, at=at)
    _fail(run, error, at=run.operation.moment(at))


def _fail(run: MatchRun, error: str, *, at: datetime) -> None:
    MatchRun.objects.filter(pk=run.pk).update(state=RunState.FAILED, finished_at=at, error=error[:300])
    record("match.failed", run, by=SYSTEM, at=at, operation=run.operation)


@transaction.atomic
def _keep(
    run: MatchRun,
    held: outbox.Claim,
    gathered: Gathered,
    plan: model.Plan,
    *,
    at: datetime,
    asked: datetime,
) -> None:
    outbox.finish(held, at=at)
    one_at_a_time(run.operation_id)
    banned = _banned_since(run.operation_id, gathered)
    ready = dict(
        Need.objects.ready().filter(operation=run.operation, hold__isnull=True).values_list("pk", "version")
    )
    free = free_visits(run.operation).values_list("volunteer_id", flat=True)
    shown = offers(gathered, plan, ready=ready, free=free, banned=banned)
    answer = plan_to_json(plan)
    for need, why in gathered.set_aside.items():
        answer["waiting"][f"N{need}"] = {"code": why.code, "text": why.text, "params": dict(why.params)}
    for person, why in gathered.left_out.items():
        answer["idle"][f"V{person}"] = {"code": why.code, "text": why.text, "params": dict(why.params)}
    MatchRun.objects.filter(pk=run.pk).update(
        state=RunState.DONE, finished_at=run.operation.moment(at), score=run.score, seconds=run.seconds, done=1,
        problem=problem_to_json(gathered.problem), plan=answer, previous=run.previous,
    )  # fmt: skip
    _forget(run.operation_id)
    # Ten real minutes to tap, which in a fast drill are more of its own.
    expires_at = asked + OFFERED_FOR * max(1.0, run.operation.clock_speed)
    changed = replace_offers(run, shown, at=asked, expires_at=expires_at)
    record(
        "match.done", run, by=SYSTEM, at=asked, operation=run.operation,
        offers=len(shown), changed=changed,
    )  # fmt: skip


def _banned_since(operation_id: int, gathered: Gathered) -> frozenset[tuple[int, int]]:
    """(person, need) pairs that somebody forbade while the engine was thinking. Older ones it knew of; a fixed team may
    stand in spite of them."""
    now = Ban.objects.filter(operation=operation_id).values_list("volunteer_id", "need_id")
    return frozenset(now) - gathered.ties.bans


def _forget(operation_id: int) -> None:
    """An answer every ten seconds would fill a laptop's disk within a week, and every backup with it."""
    answered = MatchRun.objects.filter(operation=operation_id, problem__isnull=False)
    last_kept = answered.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 1]
    decided = Proposal.objects.filter(state__in=[ProposalState.ACCEPTED, ProposalState.REJECTED])
    answered.filter(pk__lte=last_kept.first() or 0).exclude(
        pk__in=decided.filter(operation=operation_id).values("run")
    ).update(problem=None, previous=None, plan=None)


def replay(run: MatchRun) -> model.Plan:
    """The plan of a stored run, solved again from its stored problem with the same seed, effort and plan before.

    It is the same plan, unless the net of seconds ended the run, as on a slow machine.
    Raises `ValueError` when the run has no problem (it waits, failed, or is too old).
    """
    from matching.solver.engine import solve
    from matching.solver.replan.around import Around
    from matching.solver.session import replan

    if run.problem is None:
        raise ValueError(f"run {run.pk} has no stored problem ({run.get_state_display()})")
    previous = plan_from_json(run.previous) if run.previous is not None else None
    if previous is not None and run.previous is not None and "around" in run.previous:
        around = Around.from_json(run.previous["around"])
        return replan(problem_from_json(run.problem), previous, around, effort=run.effort, seed=run.seed)
    return solve(problem_from_json(run.problem), effort=run.effort, seed=run.seed, previous=previous)
