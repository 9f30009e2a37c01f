"""Playing the sample: through the real services, at any speed, taken up where it stopped, wiped without a trace."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.drills import players, services
from dvc.drills.debrief import debrief
from dvc.drills.models import Drill, DrillState
from dvc.drills.purge import ROWS, purge
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode
from dvc.outbox import services as outbox
from dvc.outbox.models import Row, State
from dvc.sync.gather import look_through
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from matching.dispatch.models import Dispatch
from matching.proposals import runs
from matching.solver import warm
from tests import make

pytestmark = pytest.mark.django_db


class Clock:
    """Real time, moved by the test."""

    def __init__(self) -> None:
        self.reads = make.at(9)

    def __call__(self) -> datetime:
        return self.reads


def start(clock: Clock, speed: float = 600) -> Drill:
    warm.make()  # made already by `make test`
    return services.start_sample(make.center(), speed=speed, by=SYSTEM, at=clock())


def run_until(clock: Clock, drill: Drill, step: int) -> None:
    """Work off the outbox as worker and sweeper would, one second of real time after another."""
    for _ in range(3000):
        drill.refresh_from_db()
        if drill.next_step >= step or drill.state != DrillState.PLAYING:
            return
        with time_machine.travel(clock(), tick=False):
            for row in Row.objects.due(clock()):
                outbox.work(row.pk, now=clock)
        clock.reads += timedelta(seconds=1)
    stuck = [(row.kind, row.state, row.last_error) for row in Row.objects.exclude(state=State.DONE)]
    raise AssertionError(f"the drill is stuck at step {drill.next_step}: {stuck}")


@pytest.mark.long
@pytest.mark.once
def test_the_whole_day_is_played_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    # The day is what is looked at, not how good its plans are.
    monkeypatch.setattr(runs, "WHOLE", runs.Budget(effort=50, seconds=600))
    monkeypatch.setattr(runs, "HELP_SECONDS", 0.5)
    clock = Clock()
    drill = start(clock)
    run_until(clock, drill, 10_000)
    assert drill.state == DrillState.FINISHED
    operation = drill.operation
    assert Visit.objects.filter(operation=operation).count() == 60
    assert not Visit.objects.filter(operation=operation).present().exists()
    needs = Need.objects.filter(operation=operation)
    assert needs.count() == 24  # the son's call belongs to his mother's need
    assert needs.filter(state=NeedState.DECLINED).count() == 1
    assert needs.filter(state=NeedState.COMPLETED).count() >= 8
    assert not Dispatch.objects.filter(operation=operation).live().exists()
    assert not Row.objects.filter(state=State.PARKED).exists()
    assert drill.steps.count() == drill.steps_total
    found = debrief(operation)
    assert (found.people, sum(times for _, times in found.needs)) == (60, 24)
    assert all(one.times for one in found.took)
    assert found.took[0].times + found.never_out == 60
    _nothing_but_the_audit_is_left(drill)


def test_a_player_gets_a_card_that_is_good_on_the_day_outside() -> None:
    clock = Clock()
    drill = start(clock)
    ahead = clock() + timedelta(days=365)
    operations.set_clock(drill.operation, reading=ahead, speed=600, by=SYSTEM, at=clock())
    cards.issue_stock(
        drill.operation.center, count=1, drill=drill.operation, expires=make.day(clock()), by=SYSTEM, at=ahead
    )
    scenario = services.scenario_of(drill)
    arrival = next(step for step in scenario.steps if step.kind == "arrive")
    players.play(arrival, drill, scenario, at=ahead)
    assert Visit.objects.get(operation=drill.operation).volunteer.cards.get().expires_on == make.day(clock())


def _nothing_but_the_audit_is_left(drill: Drill) -> None:
    from django.apps import apps

    real = make.volunteer(drill.operation.center, "本物")
    entries = Entry.objects.count()
    purge(drill.operation, by=SYSTEM, at=make.at(18))
    for label, path in ROWS:
        assert not apps.get_model(label)._default_manager.filter(**{path: drill.operation}).exists(), label
    assert Entry.objects.count() == entries + 1
    assert list(Volunteer.objects.all()) == [real]
    call_command("purge_drill")  # once more changes nothing


def test_a_step_cut_off_in_the_middle_is_played_again_and_once() -> None:
    clock = Clock()
    drill = start(clock)
    run_until(clock, drill, 6)
    [row] = Row.objects.filter(kind=services.KIND).exclude(state=State.DONE)
    killed = outbox.claim(row.pk, at=clock() + timedelta(seconds=30))
    assert killed is not None  # and never heard of again, as after kill -9
    clock.reads += timedelta(seconds=31) + outbox.LEASE
    run_until(clock, drill, 20)
    assert list(drill.steps.values_list("index", flat=True)) == list(range(drill.next_step))


def test_two_workers_with_the_same_stretch_play_each_step_once() -> None:
    clock = Clock()
    drill = start(clock)
    [row] = Row.objects.filter(kind=services.KIND)
    slow = outbox.claim(row.pk, at=clock())
    assert slow is not None
    clock.reads += outbox.LEASE + timedelta(seconds=1)
    outbox.work(row.pk, now=clock)
    with pytest.raises(outbox.LeaseLost):
        services.play_stretch(slow, now=clock)
    assert drill.steps.count() == Drill.objects.get().next_step


def test_a_paused_drill_stands_still_and_goes_on() -> None:
    clock = Clock()
    drill = start(clock)
    run_until(clock, drill, 5)
    services.pause(drill, by=SYSTEM, at=clock())
    drill.refresh_from_db()
    client = Client()
    client.force_login(make.user(drill.operation.center, Role.CHIEF))
    assert "訓練を止めています" in client.get(f"/o/{drill.operation_id}/drill/").content.decode()
    reading = drill.operation.moment(clock())
    clock.reads += timedelta(hours=1)
    run_until(clock, drill, 10_000)
    drill.operation.refresh_from_db()
    assert drill.operation.moment(clock()) == reading
    services.go_on(drill, speed=60, by=SYSTEM, at=clock())
    run_until(clock, drill, 12)
    assert drill.next_step >= 12


def gone_by(drill: Drill, at: datetime) -> bool:
    """Whether the evening's check says of somebody of this drill that they did not come back."""
    look_through(drill.operation, at=at)
    return Visit.objects.filter(operation=drill.operation, unreturned_at__isnull=False).exists()


def test_a_drill_whose_worker_was_away_for_an_hour_goes_on_at_the_same_time_of_its_day() -> None:
    clock = Clock()
    drill = start(clock)
    run_until(clock, drill, 16)
    clock.reads += timedelta(hours=1)  # at this speed: 25 days
    operation = drill.operation
    operation.refresh_from_db()
    stood = operation.moment(clock())
    assert stood <= drill.clock_start + timedelta(hours=2)
    assert operation.moment(clock() + timedelta(hours=1)) == stood
    assert not gone_by(drill, clock())
    run_until(clock, drill, 17)
    operation.refresh_from_db()
    assert stood <= operation.moment(clock()) <= stood + services.AHEAD * 600
    assert not gone_by(drill, clock())


def test_control_without_the_limit_its_evening_comes_in_the_middle_of_the_script() -> None:
    clock = Clock()
    drill = start(clock)
    run_until(clock, drill, 16)
    operations.limit_clock(drill.operation, None, at=clock())
    clock.reads += timedelta(hours=1)
    assert gone_by(drill, clock())


def test_a_limit_turns_no_clock_back_and_a_clock_that_stood_does_not_jump() -> None:
    clock = Clock()
    operation = start(clock, speed=60).operation
    reads = operation.moment(clock())
    operations.limit_clock(operation, reads - timedelta(hours=1), at=clock())
    assert operation.moment(clock() + timedelta(hours=2)) == reads
    clock.reads += timedelta(hours=2)
    operations.limit_clock(operation, reads + timedelta(hours=3), at=clock())
    assert operation.moment(clock()) == reads
    assert operation.moment(clock() + timedelta(minutes=1)) == reads + timedelta(hours=1)
    assert operation.moment(clock() + timedelta(minutes=9)) == reads + timedelta(hours=3)
    operations.set_clock_speed(operation, 0, by=SYSTEM, at=clock() + timedelta(minutes=1))
    assert operation.moment(clock() + timedelta(minutes=9)) == reads + timedelta(hours=1)


def test_a_speed_that_is_not_offered_is_refused() -> None:
    with pytest.raises(Refused, match=r"drill\.speed"):
        start(Clock(), speed=7)


def test_a_real_operation_cannot_be_wiped() -> None:
    operation = make.operation(mode=Mode.DISASTER)
    with pytest.raises(Refused, match=r"operation\.not_drill"):
        purge(operation, by=SYSTEM, at=make.at(9))


def test_the_first_page_starts_the_sample_without_any_center(client: Client) -> None:
    user = User.objects.create_user("first", "はじめての人", "a-long-password")
    client.force_login(user)
    response = client.post("/drill/sample/", {"speed": "20"})
    drill = Drill.objects.get()
    assert response.headers["Location"] == f"/o/{drill.operation_id}/drill/"
    page = client.get(response.headers["Location"]).content.decode()
    assert "訓練" in page
    assert client.post("/drill/sample/").status_code == 302
    assert Drill.objects.count() == 1  # a second press finds the running one


def test_a_stranger_cannot_start_a_drill_in_somebody_elses_center(client: Client) -> None:
    center: Center = make.center()
    client.force_login(User.objects.create_user("stranger", "よその人", "a-long-password"))
    assert client.post("/drill/sample/").status_code == 409
    client.force_login(make.user(center, Role.EQUIPMENT))
    assert client.post("/drill/sample/").status_code == 409
    assert not Drill.objects.exists()


def test_every_page_of_a_drill_says_so(client: Client) -> None:
    operation = make.operation(mode=Mode.DRILL)
    client.force_login(make.user(operation.center))
    page = client.get(f"/o/{operation.pk}/").content.decode()
    assert "【訓練】" in page


def test_drill_cards_open_nothing_once_the_drill_is_wiped() -> None:
    clock = Clock()
    drill = start(clock)
    run_until(clock, drill, 12)
    assert Card.objects.exists()
    purge(drill.operation, by=SYSTEM, at=clock())
    assert not Card.objects.exists()


def test_the_drill_s_page_is_told_what_moved_and_nothing_while_nothing_does(client: Client) -> None:
    clock = Clock()
    drill = start(clock)
    client.force_login(make.user(drill.operation.center))
    address = f"/o/{drill.operation_id}/drill/part/"
    seen = re.findall(
        r'data-version="([^"]+)"', client.get(f"/o/{drill.operation_id}/drill/").content.decode()
    )
    assert len(set(seen)) == 1
    services.pause(drill, by=SYSTEM, at=clock())
    told = client.get(address, {"version": seen[0]})
    assert "再開する" in told.content.decode()
    again = re.search(r'data-version="([^"]+)"', told.content.decode())
    assert again is not None
    assert client.get(address, {"version": again[1]}).status_code == 204


def test_the_band_of_every_page_asks_for_the_drill_s_clock(client: Client) -> None:
    clock = Clock()
    drill = start(clock)
    user = make.user(drill.operation.center)
    client.force_login(user)
    assert (
        f'hx-get="/o/{drill.operation_id}/drill/clock/"'
        in client.get(f"/o/{drill.operation_id}/").content.decode()
    )
    reading = drill.clock_start + timedelta(hours=3)
    operations.set_clock(drill.operation, reading=reading, speed=0, by=SYSTEM, at=clock())
    answer = client.get(f"/o/{drill.operation_id}/drill/clock/")
    assert answer.content.decode() == "11:20"
    client.logout()
    assert (
        client.get(f"/o/{drill.operation_id}/drill/clock/", headers={"HX-Request": "true"}).status_code == 403
    )
