"""A morning played through the real services, fast: people come and leave, needs come in, teams go out and come back,
while a real sweeper and a real worker answer. Needs Django to be set up (tests.bench.morning does it)."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count, pairwise
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dvc.audit.services import SYSTEM, newest_of, record
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.help_requests.models import NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch import chains
from matching.dispatch import services as dispatches
from matching.dispatch.gate import Check
from matching.dispatch.models import Dispatch
from matching.proposals import decisions, runs
from matching.proposals.models import MatchRun, Proposal, ProposalState, RunState
from matching.queue import services as queue
from matching.solver import model, rules
from matching.solver.engine import solve
from matching.solver.vcjson import plan_from_json, problem_from_json
from tests import make
from tests.faults.ledger import p95
from tests.infra.center import until
from tests.matching.proposals.crowd import asked, invited

SHARE_WAITING: Final = 0.6  # of the needs are known at nine
DECIDE_EVERY: Final = 5  # minutes; the coordinator sends what has stood on the screen longest
AWAY: Final = (35, 60)  # minutes
CHECKS: Final = [check.value for check in Check]


@dataclass
class Morning:
    """`minutes` of a drill from nine o'clock, `speed` times as fast as a real one."""

    people: int
    needs: int
    minutes: int
    speed: float
    seed: int = 0
    events: list[tuple[str, float, int]] = field(
        default_factory=list
    )  # kind, real time, newest entry after it
    gone: dict[str, int] = field(default_factory=dict)  # solver id → minute of the day they left for good
    served: dict[int, int] = field(default_factory=dict)  # need pk → people sent

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.operation = make.operation(make.center(), mode=Mode.DRILL, name="訓練")
        self._ahead: list[tuple[float, int, str, Callable[[datetime], object]]] = []
        self._numbers = count()

    # ── what happens ───────────────────────────────────────────────────────────────────────────
    def prepare(self) -> None:
        """Everybody is registered and nobody has come; the needs of the days before wait."""
        for person in invited(self.operation, self.people, self.dice):
            early = self.dice.triangular(0, self.minutes, self.minutes / 4)
            self._at(early, "arrived", self._arrival(person, early))
        first = int(self.needs * SHARE_WAITING)
        asked(self.operation, first, self.dice)
        for _ in range(self.needs - first):
            self._at(
                self.dice.uniform(0, self.minutes * 0.9),
                "need ready",
                partial(asked_and_told, self.operation, self.dice),
            )
        for minute in range(DECIDE_EVERY, self.minutes, DECIDE_EVERY):
            self._at(minute, "", self._decide)
        for minute in range(12, self.minutes, 24):
            self._at(minute, "need held", self._hold_one)

    def _arrival(self, person: Volunteer, minute: float) -> Callable[[datetime], object]:
        def arrive(at: datetime) -> None:
            checkin.arrive(self.operation, person, site=None, by=SYSTEM, at=at)
            if self.dice.random() < 0.04:
                self._at(minute + self.dice.uniform(10, 40), "left", partial(self._leave, person))

        return arrive

    def _leave(self, person: Volunteer, at: datetime) -> None:
        checkin.leave(self.operation, person, by=SYSTEM, at=at)
        local = timezone.localtime(at)
        self.gone[f"V{person.pk}"] = local.hour * 60 + local.minute

    def _hold_one(self, at: datetime) -> None:
        offered = self._on_offer(at)
        if offered:
            queue.hold(self.dice.choice(offered).need, reason="雨", by=SYSTEM, at=at)

    def _on_offer(self, at: datetime) -> list[Proposal]:
        rows = Proposal.objects.on_offer(at).filter(operation=self.operation)
        return list(rows.select_related("need__operation").order_by("offered_at", "pk"))

    def _decide(self, at: datetime) -> None:
        """A quarter of what is on the screen, the oldest first; each team leaves at once. The first time the coordinator
        waits for something to decide on."""
        if not self.served:
            until(lambda: self._on_offer(self.operation.moment(timezone.now())), 120, "a first offer")
            at = self.operation.moment(timezone.now())
        offered = self._on_offer(at)
        for proposal in offered[: max(1, len(offered) // 4)]:
            try:
                dispatch = decisions.accept(proposal, by=SYSTEM, at=at)
            except Refused:  # somebody has left, or the need was held, since it was proposed
                continue
            for person in Volunteer.objects.filter(pk__in=proposal.members):
                checkin.orient(self.operation, person, by=SYSTEM, at=at)
            dispatches.depart(dispatch, checks=CHECKS, by=SYSTEM, at=at)
            self.served |= dict.fromkeys(
                proposal.visits.values_list("need", flat=True), len(proposal.members)
            )
            self._told("team out")
            away = timedelta(minutes=self.dice.uniform(*AWAY))
            minute = (at + away - make.at(9)) / timedelta(minutes=1)
            self._at(minute, "team back", partial(self._back, dispatch))

    def _back(self, dispatch: Dispatch, at: datetime) -> None:
        """Every house of the tour is done, one after the other, and then they are back."""
        people = dispatch.team.members.filter(left_at__isnull=True).count()
        while True:
            self.served[dispatch.need_id] = people
            try:
                onward = chains.move_on(dispatch, by=SYSTEM, at=at)
            except Refused:  # there is no next one
                dispatches.report(dispatch, outcome="completed", people=people, by=SYSTEM, at=at)
                dispatches.come_back(dispatch, by=SYSTEM, at=at)
                return
            dispatches.report(dispatch, outcome="completed", people=people, by=SYSTEM, at=at)
            dispatch = onward

    # ── playing ────────────────────────────────────────────────────────────────────────────────
    def _at(self, minute: float, kind: str, happens: Callable[[datetime], object]) -> None:
        heapq.heappush(self._ahead, (minute, next(self._numbers), kind, happens))

    def _told(self, kind: str) -> None:
        self.events.append((kind, time.time(), newest_of(self.operation.pk)))

    def play(self) -> None:
        """From nine o'clock; returns when the last event has been answered."""
        self.operation = operations.set_clock(
            self.operation, reading=make.at(9), speed=self.speed, by=SYSTEM, at=timezone.now()
        )
        begun = time.monotonic()
        while self._ahead and self._ahead[0][0] <= self.minutes:
            minute, _, kind, happens = heapq.heappop(self._ahead)
            time.sleep(max(0.0, begun + minute * 60 / self.speed - time.monotonic()))
            happens(self.operation.moment(timezone.now()))
            if kind:
                self._told(kind)
        last = self.events[-1][2]
        until(lambda: self.answered().filter(based_on__gte=last).exists(), 120, "an answer to the last event")

    def answered(self) -> QuerySet[MatchRun]:
        return MatchRun.objects.filter(operation=self.operation, state=RunState.DONE).order_by("pk")

    # ── what it came to ────────────────────────────────────────────────────────────────────────
    def latencies(self) -> dict[str, list[float]]:
        """Real seconds from the commit of an event to the offers that know of it, by kind."""
        found: dict[str, list[float]] = {}
        answers = [
            (run.based_on, self.operation.real(run.finished_at).timestamp())
            for run in self.answered()
            if run.finished_at is not None
        ]
        for kind, when, version in self.events:
            reflected = min((at for based_on, at in answers if based_on >= version), default=None)
            if reflected is not None:
                found.setdefault(kind, []).append(max(0.0, reflected - when))
        return found

    def stored(self) -> list[tuple[model.Problem, model.Plan]]:
        """The last runs' problems and plans."""
        rows = self.answered().filter(problem__isnull=False)
        return [(problem_from_json(run.problem), plan_from_json(run.plan)) for run in rows]

    def in_two_offers(self) -> list[int]:
        offers = Proposal.objects.filter(operation=self.operation, state=ProposalState.OFFERED)
        named = [who for row in offers for who in row.members]
        return sorted({who for who in named if named.count(who) > 1})


def asked_and_told(operation: Operation, dice: random.Random, at: datetime) -> None:
    """One need, ready; written straight into the tables, and said to whoever listens, as its service would."""
    with transaction.atomic():
        (need,) = asked(operation, 1, dice)
        record(
            "need.moved",
            need,
            by=SYSTEM,
            at=at,
            operation=operation,
            before="surveyed",
            to=NeedState.READY.value,
        )


def sent_where(plan: model.Plan) -> dict[str, str]:
    """Person → their first need."""
    return {member: team.visits[0] for team in plan.teams for member in team.members}


def moved(before: tuple[model.Problem, model.Plan], after: tuple[model.Problem, model.Plan]) -> int:
    """People the second plan takes elsewhere although they and their need are still there."""
    old, new = sent_where(before[1]), sent_where(after[1])
    here, waiting = after[0].volunteer_by, after[0].need_by
    return sum(new.get(who) != need for who, need in old.items() if who in here and need in waiting)


def clairvoyant(stored: list[tuple[model.Problem, model.Plan]], gone: Mapping[str, int]) -> model.Problem:
    """Everything that was ever known, as one morning: who came when, who left, every need from the beginning."""
    people: dict[str, model.Volunteer] = {}
    needs: dict[str, model.Need] = {}
    groups: dict[str, model.Group] = {}
    for problem, _ in stored:
        for person in problem.volunteers:
            people.setdefault(person.id, person)
        for need in problem.needs:
            needs.setdefault(need.id, need)
        groups |= problem.group_by
    # The very first run may be from before the morning's clock was set.
    now = min(problem.now for problem, _ in stored)
    return replace(
        stored[0][0],
        now=now,
        volunteers=tuple(
            replace(one, end=min(one.end, gone.get(one.id, one.end))) for one in people.values()
        ),
        needs=tuple(needs.values()),
        groups=tuple(groups.values()),
        bans=frozenset(),
        baseline={},
        pins=(),
        locks=(),
        holds=frozenset(),
    )


def worth(problem: model.Problem, sizes: Mapping[str, int]) -> float:
    """Weight of the needs that this many people do, by how well they are filled."""
    fills = ((problem.need_by[need], size) for need, size in sizes.items() if need in problem.need_by)
    return sum(need.weight * need.fill(size, problem.params.w.min_fill) for need, size in fills)


def report(morning: Morning) -> list[str]:
    """What the morning came to, as lines."""
    latencies = morning.latencies()
    every = [one for some in latencies.values() for one in some]
    lines = [
        f"{len(morning.events)} events, {len(every)} answered; event committed → offers that know of it: "
        f"p50 {sorted(every)[len(every) // 2]:.1f} s, p95 {p95(every):.1f} s"
    ]
    lines += [
        f"  {kind}: {len(some)}, p50 {sorted(some)[len(some) // 2]:.1f} s, p95 {p95(some):.1f} s"
        for kind, some in sorted(latencies.items())
    ]
    answers = list(morning.answered().defer("problem", "plan", "previous"))
    others = MatchRun.objects.filter(operation=morning.operation).exclude(state=RunState.DONE).count()
    seconds = [run.seconds or 0.0 for run in answers]
    lines.append(
        f"{len(answers)} runs ({sum(run.why == 'change' for run in answers)} after a change; {others} not answered), "
        f"engine p50 {sorted(seconds)[len(seconds) // 2]:.1f} s, worst {max(seconds):.1f} s"
    )
    stored = morning.stored()
    taken = [moved(*pair) for pair in pairwise(stored)]
    lines.append(
        f"people taken elsewhere by a new plan though they and their need were still there: {sum(taken)} in "
        f"{len(taken)} runs, {sum(taken) / max(1, len(every)):.2f} per event"
    )
    lines += _quality(morning, stored)
    return lines


def _quality(morning: Morning, stored: list[tuple[model.Problem, model.Plan]]) -> list[str]:
    problem, plan = stored[-1]
    fresh = solve(replace(problem, baseline={}), effort=runs.WHOLE.effort, seconds=20)
    bare = replace(problem, baseline={})
    ours, best = rules.review(bare, plan).score.total, rules.review(bare, fresh).score.total
    everything = clairvoyant(stored, morning.gone)
    foreseen = solve(everything, effort=3 * runs.WHOLE.effort, seconds=30)
    sizes, offered = (
        {need: len(team.members) for team in one.teams for need in team.visits} for one in (foreseen, plan)
    )
    real = {**offered, **{f"N{need}": size for need, size in morning.served.items()}}
    return [
        f"the last plan beside one made anew from nothing on the same rows: {ours:,.0f} of {best:,.0f} "
        f"({100 * (ours - best) / max(1.0, abs(best)):+.1f} %)",
        f"weight of what was sent out or is offered in the end: {worth(everything, real):,.0f} ({len(real)} needs); a "
        f"clairvoyant who sends everybody once: {worth(everything, sizes):,.0f} ({len(sizes)} needs of "
        f"{len(everything.needs)})",
    ]


def violations(morning: Morning) -> list[str]:
    """Rules that a stored plan breaks."""
    return [str(one) for problem, plan in morning.stored() for one in rules.violations(problem, plan)]
