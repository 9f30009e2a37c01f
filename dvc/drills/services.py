"""Start, play, pause and wipe a drill. The script's times are the drill's own, so that a drill played at any speed,
or interrupted and taken up again, ends the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.drills.models import Drill, DrillState, StepDone
from dvc.drills.players import BY, NotYet, play
from dvc.drills.scenario import START_MINUTE, Scenario, Step, sample
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode, Operation
from dvc.outbox import services as outbox

KIND: Final = "drill.step"
SPEEDS: Final = (1, 5, 20, 60, 600)
ASK_AGAIN: Final = timedelta(seconds=1)
# One message plays for at most this long, so that a restart or a pause is never far away.
STRETCH: Final = timedelta(seconds=5)
# The clock is at most this much of real time ahead of a step that was not played: with a slow engine, a dead worker or a
# closed laptop the drill's day waits. Without that its evening would come in the middle of the script, and whoever is still
# here would be somebody who did not come back.
AHEAD: Final = timedelta(seconds=5)


def scenario_of(drill: Drill) -> Scenario:
    """The script the drill plays; the same for the same seed."""
    return sample(drill.seed)


@transaction.atomic
def start_sample(center: Center, *, speed: float, by: By, at: datetime, seed: int = 1) -> Drill:
    """Open a drill operation and put its first step into the outbox. `at` is real; the drill's clock starts at 8:20.

    Raises Refused("drill.speed") for a speed that is not in SPEEDS.
    """
    _check_speed(speed)
    scenario = sample(seed)
    operation = operations.create_operation(center, mode=Mode.DRILL, name=scenario.name, by=by, at=at)
    # The script asks for each run itself; a coordinator can turn automatic proposals on at any time.
    operation = operations.edit_operation(operation, auto_match=False, by=by, at=at)
    start = _clock_start(at)
    operation = operations.open_operation(operation, by=by, at=start)
    operations.set_clock(operation, reading=start, speed=speed, by=by, at=at)
    drill = Drill.objects.create(
        operation=operation, scenario=scenario.code, seed=seed, clock_start=start, steps_total=len(scenario.steps),
        started_at=at,
    )  # fmt: skip
    _let_the_clock_run(drill, scenario, at=at)
    record("drill.started", drill, by=by, at=at, operation=operation, scenario=scenario.code, speed=speed)
    _wake(drill)
    return drill


@transaction.atomic
def sample_center(user: User, *, at: datetime) -> Center:
    """The center the sample drill runs in when nobody has set one up: its starter gets every role in it."""
    by = By(user=user)
    center = operations.create_center(
        name="多賀城市災害ボランティアセンター（見本）", city="多賀城市", phone="022-000-0000", site_name="本部（見本）",
        lat=38.2939, lng=141.0044, by=by, at=at,
    )  # fmt: skip
    accounts.set_roles(user, center, roles=list(Role), by=by, at=at)
    return center


def _clock_start(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        minutes=START_MINUTE
    )


def _check_speed(speed: float) -> None:
    if speed not in SPEEDS:
        raise Refused("drill.speed")


def _wake(drill: Drill, *, run_after: datetime | None = None) -> None:
    """The next stretch of playing. The key counts, so that each stretch is one row."""
    drill.stretch += 1
    Drill.objects.filter(pk=drill.pk).update(stretch=drill.stretch)
    outbox.put(KIND, drill.pk, dedupe_key=f"drill:{drill.pk}:{drill.stretch}", run_after=run_after)


def play_stretch(held: outbox.Claim, *, now: Callable[[], datetime]) -> None:
    """Play every step that is due, each in one transaction with its mark, then put the next stretch into the outbox.

    Cut off anywhere, the next worker goes on with the first step that has no mark.
    """
    drill = Drill.objects.select_related("operation__center").get(pk=int(held.row.object_id))
    scenario = scenario_of(drill)
    until = now() + STRETCH
    wait: datetime | None = None
    while drill.state == DrillState.PLAYING and drill.next_step < len(scenario.steps):
        step = scenario.steps[drill.next_step]
        due = _due(drill, step)
        real = now()
        if drill.operation.moment(real) < due:
            wait = real + _real_time_to(due, drill.operation, real)
            break
        if real >= until:
            break
        try:
            _play_one(drill, scenario, step, now=now)
        except NotYet:
            wait = real + ASK_AGAIN
            break
        outbox.renew(held, at=now())
        drill.refresh_from_db()
    with transaction.atomic():
        outbox.finish(held, at=now())
        drill.refresh_from_db()
        if drill.state == DrillState.PLAYING:
            if drill.next_step >= len(scenario.steps):
                _end(drill, at=now())
            else:
                _wake(drill, run_after=wait)


def _due(drill: Drill, step: Step) -> datetime:
    """On the drill's clock."""
    return drill.clock_start + timedelta(minutes=step.minute)


def _let_the_clock_run(drill: Drill, scenario: Scenario, *, at: datetime) -> None:
    """As far as the first step that was not played lets it, which is `AHEAD` beyond it; after the last one for ever."""
    limit: datetime | None = None
    if drill.next_step < len(scenario.steps):
        limit = _due(drill, scenario.steps[drill.next_step]) + AHEAD * drill.operation.clock_speed
    operations.limit_clock(drill.operation, limit, at=at)


def _real_time_to(due: datetime, operation: Operation, real: datetime) -> timedelta:
    if operation.clock_speed <= 0:
        return ASK_AGAIN
    return min((due - operation.moment(real)) / operation.clock_speed, timedelta(seconds=30))


@transaction.atomic
def _play_one(drill: Drill, scenario: Scenario, step: Step, *, now: Callable[[], datetime]) -> None:
    """The step and its mark stand or fall together; the mark is won once."""
    at = _due(drill, step)
    won = Drill.objects.filter(pk=drill.pk, next_step=drill.next_step, state=DrillState.PLAYING).update(
        next_step=drill.next_step + 1
    )
    if not won:
        return
    outcome = play(step, drill, scenario, at=at)
    StepDone.objects.create(drill=drill, index=drill.next_step, kind=step.kind, at=at, outcome=outcome[:200])
    drill.next_step += 1
    _let_the_clock_run(drill, scenario, at=now())


@transaction.atomic
def _end(drill: Drill, *, at: datetime) -> None:
    """The script is over: the clock goes on at the pace of real time, for whoever is still practising."""
    Drill.objects.filter(pk=drill.pk).update(state=DrillState.FINISHED, finished_at=at)
    operation = drill.operation
    operations.set_clock_speed(operation, 1, by=BY, at=at)
    record("drill.finished", drill, by=BY, at=at, operation=operation)


@transaction.atomic
def pause(drill: Drill, *, by: By, at: datetime) -> None:
    """Stop the clock and the players. Safe to repeat."""
    if Drill.objects.filter(pk=drill.pk, state=DrillState.PLAYING).update(state=DrillState.PAUSED):
        operation = drill.operation
        operations.set_clock_speed(operation, 0, by=by, at=at)
        record("drill.paused", drill, by=by, at=at, operation=operation)


@transaction.atomic
def go_on(drill: Drill, *, speed: float, by: By, at: datetime) -> None:
    """Let a paused drill go on, or change the speed of a playing one. Refused: drill.speed, drill.over."""
    _check_speed(speed)
    operation = drill.operation
    woken = Drill.objects.filter(pk=drill.pk, state=DrillState.PAUSED).update(state=DrillState.PLAYING)
    drill.refresh_from_db()
    if drill.state != DrillState.PLAYING:
        raise Refused("drill.over")
    operations.set_clock_speed(operation, speed, by=by, at=at)
    record("drill.speed_set", drill, by=by, at=at, operation=operation, speed=speed)
    if woken:
        _wake(drill)
