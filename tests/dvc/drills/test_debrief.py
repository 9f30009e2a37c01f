"""The figures of a debrief, against days whose every minute is known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.drills.debrief import Debrief, Took, debrief
from dvc.drills.models import Drill
from dvc.drills.purge import purge
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.help_requests.models import Need
from matching.dispatch import services as dispatches
from matching.dispatch.models import Dispatch, Outcome
from matching.safety import services as safety
from matching.safety.models import How, Recall, RecallReason
from matching.teams import services as teams
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def drill() -> Operation:
    return make.operation(mode=Mode.DRILL, name="秋の訓練")


def page(operation: Operation, *roles: Role) -> str:
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    answer = client.get(reverse("drill_debrief", args=[operation.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def took(found: Debrief, what: str) -> tuple[int, ...]:
    return next(one.minutes for one in found.took if what in one.what)


def left_at(operation: Operation, hour: int, minute: int, *, arrived: int = 0) -> Dispatch:
    """A team of two that came `arrived` minutes after nine, was decided at 9:30 and left at that time for three hours."""
    crew = [
        scene.present(operation, make.volunteer(operation.center), at=make.at(9, arrived)) for _ in range(2)
    ]
    team = scene.team(operation, *crew, at=make.at(9, 30))
    dispatch = dispatches.assign(team, make.need(operation), by=SYSTEM, at=make.at(9, 30))
    gone = make.at(hour, minute)
    return dispatches.depart(
        dispatch, checks=scene.ALL, by=SYSTEM, at=gone, due_back_at=gone + timedelta(hours=3)
    )


def told(dispatch: Dispatch, hour: int, minute: int, **values: object) -> None:
    dispatches.report(
        dispatch, people=2, by=SYSTEM, at=make.at(hour, minute),
        **{"outcome": Outcome.COMPLETED, **values},  # type: ignore[arg-type]
    )  # fmt: skip


def test_how_long_each_procedure_took_is_counted_from_its_moments() -> None:
    operation = drill()
    early, late = left_at(operation, 10, 0), left_at(operation, 10, 5, arrived=20)
    told(early, 12, 50)
    dispatches.come_back(early, by=SYSTEM, at=make.at(13))
    dispatches.come_back(late, by=SYSTEM, at=make.at(13))
    told(late, 13, 25)
    scene.present(operation, make.volunteer(operation.center))
    found = debrief(operation)
    assert took(found, "班で出発するまで") == (45, 45, 60, 60)
    # The needs were told two days before; the drill was opened at nine.
    assert took(found, "行く班が決まるまで") == (30, 30)
    assert found.carried == 2
    assert took(found, "決まってから") == (30, 35)
    assert took(found, "活動の報告まで") == (0, 25)
    assert (found.people, found.never_out) == (5, 1)
    assert found.needs == (("完了", 2),)


def test_the_middle_and_nine_in_ten_are_times_that_were_taken() -> None:
    ten = Took("", tuple(range(1, 11)))
    assert (ten.times, ten.median, ten.nine_in_ten, ten.longest) == (10, 5, 9, 10)
    one = Took("", (7,))
    assert (one.median, one.nine_in_ten, one.longest) == (7, 7, 7)
    none = Took("", ())
    assert (none.times, none.median, none.nine_in_ten, none.longest) == (0, None, None, None)


def test_who_left_the_team_before_it_went_out_did_not_go_and_whoever_went_twice_went_once() -> None:
    operation = drill()
    people = [scene.present(operation, make.volunteer(operation.center)) for _ in range(3)]
    team = scene.team(operation, *people, at=make.at(9, 10))
    dispatch = dispatches.assign(team, make.need(operation), by=SYSTEM, at=make.at(9, 30))
    teams.remove_member(team, people[2], by=SYSTEM, at=make.at(9, 40))
    dispatch = dispatches.depart(
        dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(10), due_back_at=make.at(12)
    )
    dispatches.come_back(dispatch, by=SYSTEM, at=make.at(11))
    again = scene.team(operation, *people[:2], at=make.at(12))
    second = dispatches.assign(again, make.need(operation), by=SYSTEM, at=make.at(12))
    dispatches.depart(second, checks=scene.ALL, by=SYSTEM, at=make.at(12, 30), due_back_at=make.at(15))
    found = debrief(operation)
    assert took(found, "班で出発するまで") == (60, 60)
    assert found.never_out == 1


def test_what_went_otherwise_than_planned_is_counted_and_what_did_not_is_left_out() -> None:
    operation = drill()
    assert debrief(operation).talk == ()
    slow, silent = left_at(operation, 10, 0), left_at(operation, 10, 0)
    dispatches.come_back(silent, by=SYSTEM, at=make.at(12))
    dispatches.come_back(slow, by=SYSTEM, at=make.at(13, 1))
    told(slow, 13, 5, outcome=Outcome.STOPPED, injury="指を切った", near_miss="板が落ちた")
    for visit in operation.visits.order_by("id")[:3]:
        checkin.leave(operation, visit.volunteer, by=SYSTEM, at=make.at(14))
    assert dict(debrief(operation).talk) == {
        "予定の時刻より遅れて戻った班": "1班",
        "帰着したのに、活動の報告がないお宅": "1軒",
        "途中で中止した活動": "1件",
        "けが・体調不良の報告": "1件",
        "ヒヤリハットの報告": "1件",
        "まだ帰りの記録がない人": "1人",
    }


def recalled(operation: Operation, hour: int = 11) -> Recall:
    return safety.start_recall(
        operation, reason=RecallReason.TSUNAMI, place="高台", words="", by=SYSTEM, at=make.at(hour)
    )


def test_a_recall_took_as_long_as_the_last_team_that_was_known_to_know() -> None:
    operation = drill()
    by_phone, home = left_at(operation, 10, 0), left_at(operation, 10, 0)
    dispatches.come_back(left_at(operation, 10, 0), by=SYSTEM, at=make.at(10, 50))  # was in already
    recall = recalled(operation)
    safety.answer(recall, home.team, How.TRIED, by=SYSTEM, at=make.at(11, 1))
    safety.answer(recall, by_phone.team, How.PHONE, by=SYSTEM, at=make.at(11, 5))
    (open_one,) = debrief(operation).recalls
    assert (open_one.teams, open_one.known, open_one.minutes, open_one.in_time) == (2, 1, None, False)
    dispatches.come_back(home, by=SYSTEM, at=make.at(11, 15))
    (over,) = debrief(operation).recalls
    assert (over.teams, over.known, over.minutes, over.in_time) == (2, 2, 15, True)
    assert "2班すべてに伝わるまで15分" in page(operation)


def test_who_came_back_after_the_recall_was_over_did_not_hear_of_it() -> None:
    operation = drill()
    out = left_at(operation, 10, 0)
    recall = recalled(operation)
    safety.end_recall(
        recall, reason="解除", silent=[out.team], despite="誤報だった", by=SYSTEM, at=make.at(11, 10)
    )
    dispatches.come_back(out, by=SYSTEM, at=make.at(12))
    left_at(operation, 13, 0)  # and this one had not to be called
    (found,) = debrief(operation).recalls
    assert (found.teams, found.known, found.minutes) == (1, 0, None)
    assert "1班のうち0班に伝わりました" in page(operation)


def test_every_hour_in_which_something_happened_has_a_line() -> None:
    operation = drill()
    dispatch = left_at(operation, 10, 59)
    Need.objects.create(
        operation=operation, number=9999, received_at=make.at(24 + 9, 5), touched_at=make.at(24 + 9, 5)
    )
    dispatches.come_back(dispatch, by=SYSTEM, at=make.at(13))
    told(dispatch, 13, 0)
    lines = {
        hour.begins: (hour.arrived, hour.received, hour.decided, hour.departed, hour.returned, hour.reported)
        for hour in debrief(operation).hours
    }
    assert lines == {
        make.at(9): (2, 0, 1, 0, 0, 0),
        make.at(10): (0, 0, 0, 1, 0, 0),
        make.at(13): (0, 0, 0, 0, 1, 1),
        make.at(24 + 9): (0, 1, 0, 0, 0, 0),
    }
    assert "7月19日 9時台" in page(operation)


def test_a_larger_drill_asks_the_database_no_more_often() -> None:
    def asked(operation: Operation) -> int:
        with CaptureQueriesContext(connection) as queries:
            debrief(operation)
        return len(queries)

    small, large = drill(), make.operation(mode=Mode.DRILL, name="大きな訓練")
    left_at(small, 10, 0)
    for _ in range(5):
        left_at(large, 10, 0)
    assert asked(large) == asked(small) <= 25


def test_the_page_names_nobody_and_prints_a_line_for_each_station() -> None:
    operation = drill()
    left_at(operation, 10, 0)
    shown = page(operation, Role.RECEPTION)
    assert "秋の訓練" in shown
    assert "佐藤" not in shown
    assert "高橋" not in shown
    for station in ("受付", "マッチング", "資機材"):
        assert f"<th>{station}</th>" in shown


def test_a_real_day_is_no_drill_and_a_wiped_drill_has_no_figures() -> None:
    real, wiped = make.operation(), drill()
    Drill.objects.create(operation=wiped, scenario="by_hand", clock_start=make.at(9), started_at=make.at(9))
    client = Client()
    client.force_login(make.user(real.center))
    assert client.get(reverse("drill_debrief", args=[real.pk])).status_code == 404
    purge(wiped, by=SYSTEM, at=make.at(18))
    client.force_login(make.user(wiped.center))
    answer = client.get(reverse("drill_debrief", args=[wiped.pk]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("drill_home", args=[wiped.pk]))
