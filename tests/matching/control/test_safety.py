"""Late teams, heat and weather, from the tables to the gate and the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.board.queries import shown
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from matching.control import late
from matching.control.forms import RulesForm
from matching.dispatch import services as dispatching
from matching.dispatch.models import Dispatch
from matching.safety import services
from matching.safety.models import LateCall, Rung, SafetyRules, Weather
from matching.safety.policy import USUAL, Band
from matching.safety.queries import conditions, departure_stops, working_band
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def signed_in(operation: Operation, *roles: Role) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    return client


def standing(dispatch: Dispatch, minute: int) -> late.Late | None:
    """How late the team is so many minutes after 13:00, when it should be back."""
    dispatch.refresh_from_db()
    found = late.late_of([dispatch], dispatch.operation, at=make.at(13) + timedelta(minutes=minute))
    return found.get(dispatch.team_id)


def test_the_ladder_is_climbed_by_silence_and_left_by_a_sign_of_life() -> None:
    dispatch = scene.out()
    assert standing(dispatch, -1) is None

    def rung(minute: int) -> Rung:
        found = standing(dispatch, minute)
        assert found is not None
        return found.rung

    assert [rung(minute) for minute in (1, 15, 30, 45)] == [Rung.LATE, Rung.CALL, Rung.SECOND, Rung.CHIEF]
    # Nobody answers: that is no sign of life. Somebody answers: it begins anew. The leader's own tap does the same.
    late.note_call(dispatch.team, Rung.CALL, reached=False, said="", by=SYSTEM, at=make.at(13, 16))
    assert rung(31) == Rung.SECOND
    late.note_call(
        dispatch.team, Rung.SECOND, reached=True, said="あと20分、全員元気", by=SYSTEM, at=make.at(13, 32)
    )
    assert [rung(minute) for minute in (33, 48)] == [Rung.LATE, Rung.CALL]
    dispatching.arrive_on_site(dispatch, by=SYSTEM, at=make.at(13, 50))
    assert rung(51) == Rung.LATE
    dispatching.postpone(dispatch, due_back_at=make.at(14, 30), by=SYSTEM, at=make.at(14))
    assert standing(dispatch, 80) is None
    dispatching.come_back(dispatch, by=SYSTEM, at=make.at(15))
    assert standing(dispatch, 300) is None
    assert late.rungs(dispatch.operation, at=make.at(18)) == {}


def test_the_minutes_of_an_operation_count_and_the_wall_says_rungs_and_no_names() -> None:
    dispatch = scene.out()
    operation = dispatch.operation
    services.set_rules(
        operation, replace(USUAL, call_after=5, second_after=10, chief_after=20), by=SYSTEM, at=make.at(9)
    )
    at = make.at(13, 12)
    assert late.rungs(operation, at=at) == {Rung.SECOND: 1}
    board = shown(operation, at=at, names=False, wall=True)
    assert board.rung_words == "ほかの人に電話 1"
    with pytest.raises(Refused) as refused:
        services.set_rules(operation, replace(USUAL, second_after=5), by=SYSTEM, at=make.at(9))
    assert refused.value.code == "safety.ladder_order"


def test_who_called_a_late_team_and_what_was_said_is_kept() -> None:
    dispatch = scene.out(at=timezone.now() - timedelta(hours=2), hours=1)
    operation, team = dispatch.operation, dispatch.team
    Dispatch.objects.update(heard_at=None)
    assert team.leader is not None
    desk = signed_in(operation, Role.TRANSPORT)
    page = reverse("late_team", args=[operation.pk, team.pk])
    shown_page = desk.get(page).content.decode()
    assert "センター長に知らせる" in shown_page
    assert team.leader.phone in shown_page
    assert desk.post(page, {"rung": "1", "reached": "yes", "said": ""}).status_code == 409
    assert desk.post(page, {"rung": "1", "reached": "maybe"}).status_code == 422
    assert desk.post(page, {"rung": "1", "reached": "yes", "said": "全員元気"}).status_code == 302
    call = LateCall.objects.get()
    assert call.by is not None
    assert (call.rung, call.reached, call.said, call.by.display_name) == (1, True, "全員元気", "伊藤 職員")
    assert "全員元気" in desk.get(page).content.decode()
    dispatching.come_back(dispatch, by=SYSTEM, at=timezone.now())
    assert desk.get(page).status_code == 302
    assert signed_in(operation, Role.NEEDS_DESK).get(page).status_code == 403


@pytest.mark.parametrize(
    ("wbgt", "hour", "code"),
    [(24.0, 10, ""), (28.5, 10, ""), (28.5, 12, "heat"), (31.0, 10, "heat"), (31.0, 8, "")],
)
def test_the_heat_of_the_day_stops_departures(wbgt: float, hour: int, code: str) -> None:
    """Measured at nine; what is measured later says nothing about before."""
    operation = make.operation()
    services.read_wbgt(operation, wbgt, by=SYSTEM, at=make.at(9))
    assert [stop.code for stop in departure_stops(operation, at=make.at(hour))] == ([code] if code else [])


def test_a_reading_grows_old_and_is_of_its_day() -> None:
    operation = make.operation()
    services.read_wbgt(operation, 31, by=SYSTEM, at=make.at(9))
    assert not conditions(operation, at=make.at(10)).is_old
    assert conditions(operation, at=make.at(12)).is_old
    assert conditions(operation, at=make.at(9) + timedelta(days=1)).band is None
    services.read_wbgt(operation, 26.5, by=SYSTEM, at=make.at(12))
    now = conditions(operation, at=make.at(12, 1))
    assert now.reading is not None
    assert (now.reading.wbgt, now.stops) == (26.5, [])


def test_a_warning_stops_departures_until_it_is_lifted_and_waited_for() -> None:
    operation = make.operation()
    waiting = scene.assigned(operation)
    storm = services.raise_weather(operation, Weather.STORM, by=SYSTEM, at=make.at(9))
    assert services.raise_weather(operation, Weather.STORM, by=SYSTEM, at=make.at(9, 5)) == storm
    services.raise_weather(operation, Weather.RAIN, by=SYSTEM, at=make.at(9))
    with pytest.raises(Refused) as refused:
        dispatching.depart(waiting, checks=scene.ALL, by=SYSTEM, at=make.at(10))
    assert "暴風警報が出ています" in refused.value.text
    services.end_weather(storm, by=SYSTEM, at=make.at(10))
    assert "12:00までは出発できません" in departure_stops(operation, at=make.at(11, 59))[0].text
    assert departure_stops(operation, at=make.at(12)) == []
    assert [one.label for one in conditions(operation, at=make.at(12)).weather] == ["強い雨"]
    assert not conditions(operation, at=make.at(12)).calls_back
    services.raise_weather(operation, Weather.TSUNAMI_ADVISORY, by=SYSTEM, at=make.at(12))
    assert conditions(operation, at=make.at(12)).calls_back


def test_a_coordinator_enters_heat_and_a_warning_and_the_chief_the_rules() -> None:
    operation = make.operation()
    desk, chief = signed_in(operation, Role.MATCHING), signed_in(operation, Role.CHIEF)

    def url(name: str, *args: int) -> str:
        return reverse(name, args=[operation.pk, *args])

    assert desk.post(url("wbgt_read"), {"wbgt": "あつい"}).status_code == 422
    assert desk.post(url("wbgt_read"), {"wbgt": "31.2"}).status_code == 302
    desk.post(url("weather_began"), {"kind": "thunder"})
    assert desk.post(url("weather_began"), {"kind": "snow"}).status_code == 404
    page = desk.get(url("safety_page")).content.decode()
    assert "31.2" in page
    assert "雷が出ています" in page
    assert "出発を止めています" in page
    assert "31.2" in desk.get(url("board_wall")).content.decode()
    assert desk.get(url("safety_rules")).status_code == 403
    assert 'name="band-3-stop"' in chief.get(url("safety_rules")).content.decode()
    form = RulesForm(policy=USUAL)
    typed = {
        field.html_name: field.value()
        for field in form
        if field.value() is not None and field.value() is not False
    }
    assert chief.post(url("safety_rules"), {**typed, "second_after": "3"}).status_code == 409
    assert chief.post(url("safety_rules"), {**typed, "band-1-from": "30"}).status_code == 409
    assert chief.post(url("safety_rules"), {**typed, "band-1-work": "x"}).status_code == 422
    told = chief.post(url("safety_rules"), {**typed, "band-2-work": "40"})
    assert told.status_code == 409
    assert "「厳重警戒」は「警戒」より暑いときの決まりです" in told.content.decode()
    changed = {**typed, "band-3-from": "33", "band-2-last": "", "thunder-effect": "care", "call_after": "10"}
    assert chief.post(url("safety_rules"), changed).status_code == 302
    assert SafetyRules.objects.get().call_after == 10
    assert departure_stops(operation, at=timezone.now()) == []


def test_a_band_that_lets_teams_leave_gives_them_time_to_work() -> None:
    """The gate would have read out 「0分作業したら0分休む」."""
    operation = make.operation()
    bands = [*USUAL.bands[:-1], replace(USUAL.bands[-1], stop=False)]
    with pytest.raises(Refused) as refused:
        services.set_rules(operation, replace(USUAL, bands=bands), by=SYSTEM, at=make.at(9))
    assert "「危険」の作業の分を入れてください" in refused.value.text
    services.set_rules(
        operation,
        replace(USUAL, bands=[*bands[:-1], replace(bands[-1], work=10, rest=20, last=time(11))]),
        by=SYSTEM,
        at=make.at(9),
    )
    services.read_wbgt(operation, 33, by=SYSTEM, at=make.at(10))
    assert working_band(operation, at=make.at(10)).rhythm == "10分作業・20分休憩"


MILD, HOT = Band("弱", 0, 30, 10, last=time(14)), Band("強", 28, 20, 15, last=time(12))
PAIRS: dict[str, tuple[Band, Band, str]] = {
    "the same": (MILD, replace(MILD, name="強", from_wbgt=28), ""),
    "more careful in everything": (MILD, HOT, ""),
    "an hour only where it is hotter": (replace(MILD, last=None), HOT, ""),
    "none leaves where it is hotter": (MILD, replace(HOT, work=0, rest=0, last=None, stop=True), ""),
    "none leaves in any heat": (replace(MILD, stop=True), replace(HOT, stop=True), ""),
    "they leave where it is hotter": (replace(MILD, stop=True), HOT, "safety.band_stop"),
    "longer work": (MILD, replace(HOT, work=31), "safety.band_work"),
    "shorter rest": (MILD, replace(HOT, rest=9), "safety.band_rest"),
    "a later hour": (MILD, replace(HOT, last=time(14, 1)), "safety.band_last"),
    "no hour any more": (MILD, replace(HOT, last=None), "safety.band_last"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_more_heat_never_asks_less_of_a_team(name: str) -> None:
    operation, (cooler, hotter, code) = make.operation(), PAIRS[name]
    rules = replace(USUAL, bands=[cooler, hotter])
    if code:
        with pytest.raises(Refused) as refused:
            services.set_rules(operation, rules, by=SYSTEM, at=make.at(9))
        assert refused.value.code == code
        assert all(f"「{band.name}」" in refused.value.text for band in rules.bands)
    else:
        services.set_rules(operation, rules, by=SYSTEM, at=make.at(9))
    assert SafetyRules.objects.exists() == (not code)


def test_the_usual_rules_ask_more_the_hotter_it_is() -> None:
    services.set_rules(make.operation(), USUAL, by=SYSTEM, at=make.at(9))
    assert SafetyRules.objects.exists()
