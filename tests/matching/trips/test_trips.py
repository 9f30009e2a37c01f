"""Runs seat no more than they have seats, are out until they are back, and dump sites say how long one waits."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.volunteers.models import VehicleKind, Volunteer
from matching.dispatch import runs, sheets, tokens, undoing
from matching.dispatch import services as dispatches
from matching.equipment import services as equipment
from matching.equipment.models import Licence, LicenceSeen, Vehicle
from matching.evening.ledger import ledger
from matching.teams import services as teams
from matching.teams.models import Ride, Team
from matching.teams.queries import free_vehicles, free_visits, vehicles_here
from matching.teams.rides import Drive
from matching.trips import queries, services
from matching.trips.models import DumpQueue, DumpSite, Run, RunState
from tests import make
from tests.infra.late import meanwhile
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db
DAY = make.day(make.MORNING)


def bus(operation: Operation, seats: int = 8) -> Vehicle:
    return equipment.add_vehicle(
        operation, site=operation.center.sites.get(), name="ワゴン", kind=VehicleKind.CAR, seats=seats, by=SYSTEM,
        at=make.at(8),
    )  # fmt: skip


def run(vehicle: Vehicle, *stops: str) -> Run:
    return services.plan_run(
        vehicle,
        stops=stops or ("町前", "八幡"),
        planned_at=make.at(10),
        driver_name="伊藤",
        by=SYSTEM,
        at=make.at(9),
    )


def no(code: str, act: object, *args: object, **how: object) -> Refused:
    with pytest.raises(Refused) as refusal:
        act(*args, by=SYSTEM, at=make.at(9), **how)  # type: ignore[operator]
    assert refusal.value.code == code
    return refusal.value


def test_seats_are_counted_leg_by_leg_and_the_driver_has_one() -> None:
    operation = make.operation()
    made = run(bus(operation, seats=5))
    first, second = scene.team(operation), scene.assigned(operation).team
    services.board(made, first, on=0, off=1, heads=4, by=SYSTEM, at=make.at(9))
    assert "空いている席は0つ" in no("trip.no_seats", services.board, made, second, on=0, off=2, heads=1).text
    services.board(made, second, on=1, off=3, heads=4, by=SYSTEM, at=make.at(9))
    services.board(made, first, on=0, off=1, heads=3, by=SYSTEM, at=make.at(9))
    (round_,) = queries.rounds(operation, day=DAY)
    assert [leg.free for leg in round_.legs] == [1, 0, 0, None]
    for on, off, heads in ((1, 1, 1), (2, 9, 1), (0, 1, 0)):
        no("trip.stops_order", services.board, made, first, on=on, off=off, heads=heads)
    stranger = scene.team(make.operation(operation.center))
    no("dispatch.other_operation", services.board, made, stranger, on=0, off=1, heads=1)
    services.get_off(made.boardings.first(), by=SYSTEM, at=make.at(9))  # type: ignore[arg-type]
    assert queries.rounds(operation, day=DAY)[0].legs[0].free == 4


def test_a_run_is_out_until_it_is_back_and_the_day_knows() -> None:
    operation = make.operation()
    vehicle = bus(operation)
    made, later = run(vehicle), run(vehicle)
    text = no("trip.not_left", services.passed, made.stops.get(position=2)).text
    assert "先に「出発した」を押して" in text
    services.leave(made, by=SYSTEM, at=make.at(10))
    services.leave(made, by=SYSTEM, at=make.at(10, 5))
    assert not vehicles_here(operation).exists()
    no("trip.still_out", services.leave, later)
    no("trip.is_out", services.cancel, made, reason="雨")
    services.passed(made.stops.get(position=2), by=SYSTEM, at=make.at(10, 40))
    assert made.stops.filter(passed_at=make.at(10, 40)).count() == 2
    missing = ledger(operation, day=DAY, at=make.at(17)).missing
    assert [one.what for one in missing] == ["「ワゴン」（送迎）"]
    services.come_back(made, by=SYSTEM, at=make.at(17))
    services.come_back(made, by=SYSTEM, at=make.at(18))
    assert ledger(operation, day=DAY, at=make.at(17)).figures()["vehicle"] == [1, 1, 0]
    no("trip.over", services.leave, made)
    no("trip.reason", services.cancel, later, reason=" ")
    services.cancel(later, reason="雨", by=SYSTEM, at=make.at(10))
    later.refresh_from_db()
    assert later.state == RunState.CANCELLED
    no("trip.over", services.passed, later.stops.get(position=1))
    assert not later.stops.filter(passed_at__isnull=False).exists()
    assert vehicles_here(operation).exists()


def test_a_stop_told_after_the_return_is_kept_and_is_no_news_of_a_run_on_its_way() -> None:
    made = run(bus(make.operation()))
    first, second = made.stops.get(position=1), made.stops.get(position=2)
    services.leave(made, by=SYSTEM, at=make.at(10))
    assert services.passed(first, by=SYSTEM, at=make.at(10, 20))
    services.come_back(made, by=SYSTEM, at=make.at(11))
    for minute in (30, 40):
        assert not services.passed(second, by=SYSTEM, at=make.at(11, minute))
    told = list(made.stops.order_by("position").values_list("passed_at", flat=True))
    assert told == [make.at(10), make.at(10, 20), make.at(11), None]
    made.refresh_from_db()
    assert (made.state, made.back_at) == (RunState.BACK, make.at(11))
    assert Entry.objects.filter(action="trip.passed").count() == 1
    assert Entry.objects.get(action="trip.passed_told_late").at == make.at(11, 30)


def in_the_bus(operation: Operation, vehicle: Vehicle, *, at: datetime) -> Team:
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    ride = Drive(vehicle, driver)
    return teams.form(
        operation, volunteers=[driver], leader=driver, mode="car", rides=[ride], by=SYSTEM, at=at
    )


@pytest.mark.parametrize(
    ("at", "free"),
    [
        (make.at(7, 59), True),  # whoever leaves now is back before it
        (make.at(8), False),
        (make.at(11, 59), False),
        (make.at(13), False),  # it is late, and still to come
        (make.at(24 + 9), True),  # of yesterday, and nobody wrote what became of it
    ],
)
def test_a_planned_run_keeps_its_vehicle_from_teams(at: datetime, free: bool) -> None:
    operation = make.operation()
    vehicle = bus(operation)
    planned = services.plan_run(
        vehicle, stops=["町前"], planned_at=make.at(12), driver_name="伊藤", by=SYSTEM, at=make.at(7)
    )
    assert free_vehicles(operation, at=at).exists() == free
    assert vehicles_here(operation).exists()
    if free:
        in_the_bus(operation, vehicle, at=at)
        return
    with pytest.raises(Refused) as refusal:
        in_the_bus(operation, vehicle, at=at)
    assert refusal.value.code == "team.vehicle_planned"
    assert "「ワゴン」は、12:00に出る" in refusal.value.text
    services.leave(planned, by=SYSTEM, at=at)
    with pytest.raises(Refused) as refusal:
        in_the_bus(operation, vehicle, at=at)
    assert refusal.value.code == "team.vehicle_on_run"
    services.come_back(planned, by=SYSTEM, at=at)
    in_the_bus(operation, vehicle, at=at)


def test_a_team_keeps_the_vehicle_it_has_and_a_run_waits_for_it() -> None:
    operation = make.operation()
    vehicle = bus(operation)
    made = run(vehicle)
    services.cancel(made, reason="雨", by=SYSTEM, at=make.at(9))
    team = in_the_bus(operation, vehicle, at=make.at(9))
    later = run(vehicle)  # by a desk that did not look
    (mine,) = team.drives
    own = scene.present(operation, make.volunteer(operation.center, skills=["driver"], vehicle="car"))
    teams.add_member(team, own, by=SYSTEM, at=make.at(9, 10))
    teams.set_rides(team, [mine, Drive(None, own)], by=SYSTEM, at=make.at(9, 10))
    assert team.rides.count() == 2
    refusal = no("trip.with_team", runs.leave, later)
    assert "「ワゴン」は、" in refusal.text
    assert str(team) in refusal.text
    plan = {"stops": ["町前"], "planned_at": make.at(15), "driver_name": "伊藤"}
    no("trip.with_team", runs.plan, vehicle, **plan)
    teams.dissolve(team, by=SYSTEM, at=make.at(9, 20))
    runs.leave(later, by=SYSTEM, at=make.at(10))


def test_a_vehicle_that_was_found_broken_after_its_run_was_planned_does_not_leave() -> None:
    vehicle = bus(make.operation())
    planned = run(vehicle, "駅")
    equipment.set_available(vehicle, available=False, by=SYSTEM, at=make.at(9))
    no("trip.vehicle", runs.leave, planned)
    planned.refresh_from_db()
    assert planned.left_at is None
    equipment.set_available(vehicle, available=True, by=SYSTEM, at=make.at(9, 5))
    runs.leave(planned, by=SYSTEM, at=make.at(9, 10))
    planned.refresh_from_db()
    assert planned.left_at == make.at(9, 10)


def by_volunteer(vehicle: Vehicle, driver: Volunteer) -> Run:
    return services.plan_run(
        vehicle, stops=["町前"], planned_at=make.at(10), driver=driver, by=SYSTEM, at=make.at(8)
    )


def test_a_run_leaves_with_a_driver_who_is_here_and_drives_nothing_else() -> None:
    operation = make.operation()
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    made, other = by_volunteer(bus(operation), driver), by_volunteer(bus(operation), driver)
    runs.leave(other, by=SYSTEM, at=make.at(9))
    assert "「ワゴン」の便で外に出ています" in no("trip.driver_out", runs.leave, made).text
    services.come_back(other, by=SYSTEM, at=make.at(9, 30))
    out = teams.form(operation, volunteers=[driver], leader=driver, mode="walk", by=SYSTEM, at=make.at(9, 30))
    there = dispatches.assign(out, make.need(operation), by=SYSTEM, at=make.at(9, 30))
    dispatches.depart(there, checks=scene.ALL, by=SYSTEM, at=make.at(9, 30))
    assert f"{out}で外に出ています" in no("trip.driver_out", runs.leave, made).text
    dispatches.come_back(there, by=SYSTEM, at=make.at(9, 40))
    checkin.leave(operation, driver, by=SYSTEM, at=make.at(9, 45))
    assert "いまここにいません" in no("trip.driver_gone", runs.leave, made).text
    made.refresh_from_db()
    assert (made.state, made.left_at) == (RunState.PLANNED, None)
    services.set_driver(made, driver=None, driver_name="伊藤", by=SYSTEM, at=make.at(9, 50))
    made = Run.objects.get(pk=made.pk)
    for _ in range(2):
        runs.leave(made, by=SYSTEM, at=make.at(10))
    made.refresh_from_db()
    assert (made.who, made.left_at) == ("伊藤", make.at(10))
    no("trip.is_out", services.set_driver, made, driver=None, driver_name="佐藤")


def test_who_is_out_driving_a_run_is_offered_to_no_team_and_leaves_with_none() -> None:
    operation = make.operation()
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    made = by_volunteer(bus(operation), driver)
    # Decided before the run left.
    theirs = teams.form(operation, volunteers=[driver], leader=driver, mode="walk", by=SYSTEM, at=make.at(9))
    dispatch = dispatches.assign(theirs, make.need(operation), by=SYSTEM, at=make.at(9))
    runs.leave(made, by=SYSTEM, at=make.at(9, 5))
    with pytest.raises(Refused) as refusal:
        dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(9, 10))
    assert "「ワゴン」の便を運転して、外に出ています" in refusal.value.text
    dispatches.cancel(dispatch, reason="便に出た", by=SYSTEM, at=make.at(9, 15))
    assert not free_visits(operation).exists()
    services.come_back(made, by=SYSTEM, at=make.at(9, 30))
    assert free_visits(operation).count() == 1


def test_the_driver_of_a_run_has_shown_a_licence_that_is_good_for_its_vehicle() -> None:
    operation = make.operation()
    vehicle = bus(operation)
    Vehicle.objects.filter(pk=vehicle.pk).update(licence=Licence.SEMI_MEDIUM)
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]), at=timezone.now())
    made = by_volunteer(Vehicle.objects.get(pk=vehicle.pk), driver)
    Run.objects.update(day=timezone.localdate(timezone.now()))
    client = Client()
    client.force_login(make.user(operation.center, Role.TRANSPORT))
    leave = reverse("trip_do", args=[operation.pk, made.pk])
    show = reverse("trip_licence", args=[operation.pk, made.pk])
    later = timezone.localdate(timezone.now()) + timedelta(days=400)

    def said() -> str:
        return client.post(leave, {"what": "leave"}, follow=True).content.decode()

    assert "まだ見ていません" in said()
    client.post(show, {"licence": Licence.ORDINARY, "until": f"{later}"})
    assert "準中型免許が要ります" in said()
    client.post(show, {"licence": Licence.MEDIUM, "until": f"{later}"})
    LicenceSeen.objects.update(until=later - timedelta(days=500))
    assert "期限が切れています" in said()
    client.post(reverse("trip_driver", args=[operation.pk, made.pk]), {"driver_name": "伊藤"})
    assert "「ワゴン」が出ました" in said()


@pytest.mark.django_db(transaction=True)
def test_of_a_run_that_leaves_and_a_team_that_takes_its_vehicle_at_once_one_gets_it() -> None:
    operation = make.operation()
    vehicle = bus(operation)
    later = services.plan_run(
        vehicle, stops=["町前"], planned_at=make.at(15), driver_name="伊藤", by=SYSTEM, at=make.at(8)
    )
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    start, codes = threading.Barrier(2), list[str]()

    def act(number: int) -> None:
        try:
            start.wait(timeout=30)
            if number:
                runs.leave(later, by=SYSTEM, at=make.at(9))
            else:
                teams.form(
                    operation, volunteers=[driver], leader=driver, mode="car", rides=[Drive(vehicle, driver)],
                    by=SYSTEM, at=make.at(9),
                )  # fmt: skip
            codes.append("won")
        except Refused as refused:
            codes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(codes) in (["team.vehicle_on_run", "won"], ["trip.with_team", "won"])
    assert Ride.objects.count() + Run.objects.on_the_way().count() == 1


def test_the_return_of_a_team_is_not_taken_back_from_somebody_who_drives_a_run_since() -> None:
    operation = make.operation()
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    dispatch = dispatches.depart(
        scene.assigned(operation, driver),
        checks=scene.ALL,
        by=SYSTEM,
        at=make.at(10),
        due_back_at=make.at(13),
    )
    dispatches.come_back(dispatch, by=SYSTEM, at=make.at(12))
    planned = services.plan_run(
        bus(operation), stops=["町前"], planned_at=make.at(12), driver=driver, by=SYSTEM, at=make.at(12)
    )
    runs.leave(planned, by=SYSTEM, at=make.at(12))
    with pytest.raises(Refused) as refused:
        undoing.undo(dispatch, seen="back", by=SYSTEM, at=make.at(12, 5))
    assert refused.value.code == "dispatch.undo_people_gone"
    assert not Team.objects.out().exists()
    services.come_back(planned, by=SYSTEM, at=make.at(12, 6))
    undoing.undo(dispatch, seen="back", by=SYSTEM, at=make.at(12, 7))
    assert Team.objects.out().exists()


@pytest.mark.parametrize("team_first", [True, False])
@pytest.mark.django_db(transaction=True)
def test_of_a_run_and_a_team_that_leave_at_once_with_the_same_driver_one_leaves(team_first: bool) -> None:
    operation = make.operation()
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    planned = services.plan_run(
        bus(operation), stops=["町前"], planned_at=make.at(15), driver=driver, by=SYSTEM, at=make.at(8)
    )
    dispatch = scene.assigned(operation, driver)

    def run_leaves() -> None:
        runs.leave(planned, by=SYSTEM, at=make.at(10))

    def team_leaves() -> None:
        dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(10), due_back_at=make.at(13))

    if team_first:
        with pytest.raises(Refused) as refused, meanwhile(run_leaves):
            team_leaves()
        assert refused.value.code == "trip.driver_out"
    else:
        with pytest.raises(Refused) as refused, meanwhile(team_leaves):
            run_leaves()
        assert refused.value.code == "dispatch.not_ready"
    assert Run.objects.on_the_way().count() + Team.objects.out().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_that_leaves_and_a_team_that_is_formed_never_wait_for_one_another() -> None:
    operation = make.operation()
    vehicle = bus(operation)
    driver = scene.present(operation, make.volunteer(operation.center, skills=["driver"]))
    planned = services.plan_run(
        vehicle, stops=["町前"], planned_at=make.at(15), driver=driver, by=SYSTEM, at=make.at(8)
    )

    def leave() -> None:
        runs.leave(planned, by=SYSTEM, at=make.at(10))
        connection.close()

    leaving = threading.Thread(target=leave)
    with transaction.atomic():  # as `teams.form` does: first who goes, then what they go in
        list(Visit.objects.filter(volunteer=driver).select_for_update())
        leaving.start()
        leaving.join(timeout=0.7)
        equipment.hold_vehicles([vehicle.pk])
    leaving.join(timeout=60)
    assert Run.objects.on_the_way().count() == 1


def test_what_a_run_needs_is_said() -> None:
    operation = make.operation()
    vehicle = bus(operation)
    child = make.volunteer(operation.center, skills=["driver"], said_minor=True)
    plan = {"planned_at": make.at(10)}
    no("trip.driver", services.plan_run, vehicle, stops=["a"], **plan)
    no("trip.driver", services.plan_run, vehicle, stops=["a"], driver=child, **plan)
    no("trip.stops", services.plan_run, vehicle, stops=[" "], driver_name="伊藤", **plan)
    vehicle.insured_until = DAY - timedelta(days=1)
    no("trip.vehicle", services.plan_run, vehicle, stops=["a"], driver_name="伊藤", **plan)
    assert not Run.objects.exists()


def test_the_queue_of_a_dump_site_is_the_latest_told_and_old_ones_say_nothing() -> None:
    operation = make.operation()
    site = services.keep_dump_site(
        operation,
        name="総合公園",
        address="",
        hours="9～16時",
        takes="木くず",
        closed=False,
        by=SYSTEM,
        at=make.at(9),
    )
    services.waited(site, minutes=40, by=SYSTEM, at=make.at(10))
    services.waited(site, minutes=15, by=SYSTEM, at=make.at(11))
    no("trip.minutes", services.waited, site, minutes=-1)
    (dump,) = queries.dumps(operation, at=make.at(12))
    assert dump.last is not None
    assert dump.last.minutes == 15
    assert queries.dumps(operation, at=make.at(15))[0].last is None
    order = sheets.order(scene.assigned(operation), base_url="http://x", at=make.at(9))
    assert [one.name for one in order.dump_sites] == ["総合公園"]


@pytest.mark.parametrize(("hour", "planned"), [(23, "10:00"), (18, "8:30")])
def test_a_run_decided_in_the_evening_for_the_morning_is_on_the_list_with_its_day(
    hour: int, planned: str
) -> None:
    operation = make.operation()
    vehicle = bus(operation)
    client = Client()
    plan = {"vehicle": vehicle.pk, "planned": planned, "stops": "町前公民館", "driver_name": "伊藤"}
    with time_machine.travel(make.at(hour), tick=False):
        client.force_login(make.user(operation.center, Role.TRANSPORT))
        said = client.post(reverse("trip_plan", args=[operation.pk]), plan, follow=True).content.decode()
    leaves = timezone.localtime(make.at(34))
    day = f"{leaves.month}月{leaves.day}日"
    assert f"便を決めました（{day} {planned}発）" in said
    assert f"{day} {planned}発　ワゴン" in said
    assert 'value="leave"' not in said
    assert not Run.objects.keeping(make.at(hour)).exists()
    assert Run.objects.keeping(make.at(31)).exists()


def test_a_run_and_a_dump_site_from_the_pages() -> None:
    operation = make.operation()
    vehicle = bus(operation)
    dispatch = scene.assigned(operation)
    client = Client()
    client.force_login(make.user(operation.center, Role.TRANSPORT))

    def post(page: str, *args: object, **said: str) -> int:
        return client.post(reverse(page, args=[operation.pk, *args]), said).status_code

    plan = {
        "vehicle": str(vehicle.pk),
        "planned": "10:00",
        "stops": "町前公民館\n八幡小学校",
        "driver_name": "伊藤",
    }
    assert post("trip_plan", **{**plan, "stops": " "}) == 409
    assert post("trip_plan", **plan) == 302
    made = Run.objects.get()
    assert [stop.name for stop in made.stops.all()] == ["センター", "町前公民館", "八幡小学校", "センター"]
    seat = {"team": str(dispatch.team_id), "on": "0", "off": "1"}
    assert post("trip_board", made.pk, **seat, heads="20") == 409
    assert post("trip_board", made.pk, **seat, heads="2") == 302
    assert post("trip_do", made.pk, what="passed", stop="1") == 409
    assert post("trip_do", made.pk, what="leave") == 302
    assert post("trip_do", made.pk, what="passed", stop="1") == 302
    assert post("trip_do", made.pk, what="passed", stop="9") == 404
    page = client.get(reverse("trip_list", args=[operation.pk])).content.decode()
    assert "2人が乗る" in page
    assert "運行中" in page
    assert post("trip_do", made.pk, what="back") == 302
    late = {"what": "passed", "stop": "2"}  # from a page that was opened before
    said = client.post(reverse("trip_do", args=[operation.pk, made.pk]), late, follow=True).content.decode()
    assert "もう戻っています。着いていたことを書き加えました。" in said
    assert post("dump_keep", name="総合公園", hours="9～16時") == 302
    site = DumpSite.objects.get()
    assert post("dump_waited", site.pk, minutes="") == 409
    assert post("dump_waited", site.pk, minutes="25") == 302
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=timezone.now())
    told = {"kind": "dump", "op": str(uuid4()), "site": str(site.pk), "minutes": "40"}
    phone = reverse("leader_tell", args=[tokens.leader_token(dispatch.token_nonce)])
    assert Client().post(phone, told).status_code == 302  # without a script
    assert DumpQueue.objects.filter(by_driver=True).get().minutes == 40
