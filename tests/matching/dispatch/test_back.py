"""The return: hours from what happened, what was washed, who comes tomorrow, one report of two."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Mode
from intake.help_requests.models import Need, NeedState, WorkState
from matching.dispatch import merging, services, undoing
from matching.dispatch.hours import hours_of
from matching.dispatch.models import ActivityReport, Dispatch, LaterReport
from matching.teams.models import ComingAgain
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def test_hours_come_from_what_happened_at_each_house() -> None:
    dispatch = scene.out()
    assert hours_of([dispatch]) is None
    services.arrive_on_site(dispatch, by=SYSTEM, at=make.at(10, 30))
    services.leave_site(dispatch, by=SYSTEM, at=make.at(12))
    services.come_back(dispatch, by=SYSTEM, at=make.at(12, 30))
    hours = hours_of([Dispatch.objects.get(pk=dispatch.pk)])
    assert hours is not None
    assert (hours.away, hours.at_work, hours.people) == (timedelta(hours=2.5), timedelta(hours=1.5), 2)
    assert hours.worked == timedelta(hours=3)
    silent = scene.back()
    hours = hours_of([silent])
    assert hours is not None
    assert (hours.away, hours.worked) == (timedelta(hours=3), None)


def test_a_next_house_that_was_told_by_mistake_ends_no_work() -> None:
    operation = make.operation()
    dispatch = services.assign(
        scene.team(operation),
        make.need(operation),
        then=[make.need(operation)],
        by=SYSTEM,
        at=make.at(9, 30),
    )
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=scene.TEN, due_back_at=make.at(15))
    services.arrive_on_site(dispatch, by=SYSTEM, at=make.at(10, 30))
    further = services.move_on(dispatch, by=SYSTEM, at=make.at(10, 40))
    undoing.undo(further, seen="departed", by=SYSTEM, at=make.at(10, 45))
    services.leave_site(dispatch, by=SYSTEM, at=make.at(12))
    services.come_back(dispatch, by=SYSTEM, at=make.at(12, 30))
    hours = hours_of(list(Dispatch.objects.of_team(dispatch.team_id)))
    assert hours is not None
    assert hours.at_work == timedelta(hours=1.5)


def test_what_was_told_at_a_return_that_was_taken_back_is_shown_no_more() -> None:
    dispatch = scene.out()
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.CHIEF))

    def page() -> str:
        address = reverse("dispatch_detail", args=[dispatch.operation_id, dispatch.pk])
        return client.get(address).content.decode()

    services.come_back(dispatch, tools_missing="一輪車がない", by=SYSTEM, at=scene.ONE)
    assert "一輪車がない" in page()
    undoing.undo(dispatch, seen="back", by=SYSTEM, at=make.at(13, 5))
    assert "一輪車がない" not in page()
    services.come_back(dispatch, tools_missing="ほうきの柄", by=SYSTEM, at=make.at(14))
    assert "ほうきの柄" in page()
    assert "一輪車がない" not in page()


def test_a_return_that_is_written_down_the_next_morning_is_of_the_time_it_was() -> None:
    operation = make.operation()
    morning = make.at(24 + 8, 30)
    type(operation).objects.filter(pk=operation.pk).update(
        mode=Mode.DRILL, clock_reading=morning, clock_set_at=timezone.now(), clock_speed=0
    )
    operation.refresh_from_db()
    dispatch = scene.out(operation)
    client = Client()
    client.force_login(make.user(operation.center, Role.CHIEF))
    address = reverse("dispatch_return", args=[operation.pk, dispatch.pk])
    told = {"later": "1", "heads": "all", "sheets_back": "0", "tools_missing": ""}
    assert client.post(address, {**told, "back_at": "9:30"}).status_code == 409  # before it left
    assert client.post(address, {**told, "back_at": "15:40"}).status_code == 302
    dispatch.refresh_from_db()
    assert dispatch.returned_at == make.at(15, 40)
    hours = hours_of([dispatch])
    assert hours is not None
    assert hours.away == timedelta(hours=5, minutes=40)


def two_reports() -> Dispatch:
    dispatch = scene.out()
    services.report(
        dispatch, outcome="continuing", people=2, text="台所", remaining="居間", by=SYSTEM, at=make.at(12)
    )
    services.report(
        dispatch,
        outcome="completed",
        people=3,
        text="風呂場",
        injury="指を切った",
        watch=True,
        by=SYSTEM,
        at=make.at(12, 5),
    )
    return dispatch


def test_two_leaders_reports_become_one_and_what_was_told_stays() -> None:
    dispatch = two_reports()
    first = ActivityReport.objects.get()
    said = merging.proposed(first, LaterReport.objects.all())
    assert said == {
        "text": "台所\n風呂場", "remaining": "居間", "injury": "指を切った", "near_miss": "", "people": 3,
        "people_next": None, "watch": True,
    }  # fmt: skip
    with pytest.raises(Refused) as refusal:
        merging.merge(dispatch, **said, by=SYSTEM, at=make.at(13))
    assert refusal.value.code == "dispatch.choose_outcome"
    assert "「継続（まだ残っている）」「完了（終わった）」" in refusal.value.text
    for _ in range(2):
        merging.merge(dispatch, **said, outcome="continuing", by=SYSTEM, at=make.at(13))
    first.refresh_from_db()
    assert (first.text, first.outcome, first.injury) == ("台所\n風呂場", "continuing", "指を切った")
    assert LaterReport.objects.get().text == "風呂場"
    assert Entry.objects.filter(action="dispatch.reports_merged").count() == 1
    dispatch.need.refresh_from_db()
    assert dispatch.need.needs_watch
    with pytest.raises(Refused) as refusal:
        merging.merge(scene.out(), **said, by=SYSTEM, at=make.at(13))
    assert refusal.value.code == "dispatch.nothing_to_merge"


def test_the_return_page_asks_for_washing_tomorrow_and_what_was_found_out_late() -> None:
    now = timezone.now()
    operation = make.operation()
    dispatch = scene.out(operation, at=now - timedelta(hours=2))
    services.report(dispatch, outcome="completed", people=2, by=SYSTEM, at=now)
    client = Client()
    client.force_login(make.user(operation.center, Role.EQUIPMENT))
    address = reverse("dispatch_return", args=[operation.pk, dispatch.pk])
    page = client.get(address).content.decode()
    assert "明日も来られる人" in page
    assert "帰ってから分かった" in page
    leader = dispatch.team.leader
    assert leader is not None
    sent = {
        "coming": [str(leader.pk)],
        "heads": "all",
        "washed": ["hands", "boots"],
        "found_out": "めまい",
        "sheets_back": "0",
    }
    assert client.post(address, sent).status_code == 302
    coming = ComingAgain.objects.get()
    assert (coming.volunteer, coming.day) == (leader, timezone.localdate(now) + timedelta(days=1))
    assert ActivityReport.objects.get().injury == "めまい"
    page = client.get(reverse("dispatch_detail", args=[operation.pk, dispatch.pk])).content.decode()
    assert "手洗い・うがい" in page
    assert "外にいた" in page


def test_whoever_has_made_one_of_two_reports_is_not_asked_again_until_a_third_comes() -> None:
    dispatch = two_reports()
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.CHIEF))

    def asks() -> bool:
        address = reverse("dispatch_detail", args=[dispatch.operation_id, dispatch.pk])
        return "違う内容の報告が" in client.get(address).content.decode()

    assert asks()
    first = ActivityReport.objects.get()
    as_it_is = {
        name: getattr(first, name)
        for name in ("people", "text", "remaining", "injury", "near_miss", "people_next", "watch", "outcome")
    }
    merging.merge(dispatch, **as_it_is, by=SYSTEM, at=make.at(13))  # the first was right as it was
    assert not asks()
    merging.merge(dispatch, **as_it_is, by=SYSTEM, at=make.at(13, 5))
    assert Entry.objects.filter(action="dispatch.reports_merged").count() == 1
    services.report(
        dispatch, outcome="continuing", people=2, text="庭", remaining="門", by=SYSTEM, at=make.at(14)
    )
    assert asks()


def test_two_reports_are_merged_on_a_page_of_their_own() -> None:
    dispatch = two_reports()
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.MATCHING))
    address = reverse("dispatch_merge", args=[dispatch.operation_id, dispatch.pk])
    page = client.get(address).content.decode()
    assert "風呂場" in page
    assert "報告の結果がちがいます" in page
    assert not re.search(r'name="outcome"[^>]* checked', page)
    assert (
        client.post(address, {"people": "4", "text": "台所と風呂場"}).status_code == 200
    )  # nobody has chosen
    assert ActivityReport.objects.get().text == "台所"
    client.post(address, {"people": "4", "text": "台所と風呂場", "outcome": "completed"})
    assert (ActivityReport.objects.get().text, ActivityReport.objects.get().outcome) == (
        "台所と風呂場",
        "completed",
    )
    assert "報告の結果がちがいます" not in client.get(address).content.decode()


def test_a_report_that_came_while_two_were_merged_is_shown_before_it_counts_as_read() -> None:
    dispatch = two_reports()
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.MATCHING))
    address = reverse("dispatch_merge", args=[dispatch.operation_id, dispatch.pk])
    said: dict[str, Any] = {"people": "4", "text": "台所と風呂場", "outcome": "completed"}
    said["shown"] = re.findall(r'name="shown" value="(\d+)"', client.get(address).content.decode())
    services.report(
        dispatch, outcome="completed", people=2, text="庭", injury="手を切った", by=SYSTEM, at=make.at(14)
    )
    again = client.post(address, said)
    assert again.status_code == 409
    assert "手を切った" in again.content.decode()
    assert ActivityReport.objects.get().text == "台所"
    said["shown"] = re.findall(r'name="shown" value="(\d+)"', again.content.decode())
    client.post(address, said)
    assert ActivityReport.objects.get().text == "台所と風呂場"


def test_nothing_of_an_injury_is_cut_off_where_words_are_put_together() -> None:
    dispatch = scene.out()
    first, found, second = "頭を打った" * 90, "肋骨にひび" * 90, "熱中症で搬送" * 80
    services.report(dispatch, outcome="completed", people=2, injury=first, by=SYSTEM, at=make.at(12))
    for _ in range(2):
        merging.add_injury(dispatch, found, by=SYSTEM, at=make.at(12, 5))
    assert ActivityReport.objects.get().injury == f"{first}　{found}"
    services.report(dispatch, outcome="completed", people=2, injury=second, by=SYSTEM, at=make.at(12, 10))
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.MATCHING))
    address = reverse("dispatch_merge", args=[dispatch.operation_id, dispatch.pk])
    said = merging.proposed(ActivityReport.objects.get(), LaterReport.objects.all())
    assert client.post(address, {**said, "people_next": ""}).status_code == 302
    assert ActivityReport.objects.get().injury == f"{first} {found} {second}"


def test_an_injury_that_was_added_while_two_reports_were_merged_is_read_before_it_is_written_over() -> None:
    dispatch = two_reports()
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.MATCHING))
    address = reverse("dispatch_merge", args=[dispatch.operation_id, dispatch.pk])

    def mark(page: str) -> str:
        return re.search(r'name="first" value="(\w+)"', page)[1]  # type: ignore[index]

    said = {"people": "4", "text": "台所と風呂場", "outcome": "completed"}
    said["first"] = mark(client.get(address).content.decode())
    merging.add_injury(dispatch, "帰りに倒れた", by=SYSTEM, at=make.at(14))
    again = client.post(address, said)
    assert again.status_code == 409
    page = again.content.decode()
    assert "書き加えました" in page
    assert "帰りに倒れた" in page
    assert "台所と風呂場</textarea>" in page
    client.post(address, {**said, "first": mark(page), "injury": "帰りに倒れた"})
    assert ActivityReport.objects.get().injury == "帰りに倒れた"


@pytest.mark.parametrize(
    ("first", "second", "true", "need", "work"),
    [
        ("continuing", "completed", "completed", NeedState.COMPLETED, WorkState.DONE),
        ("completed", "continuing", "continuing", NeedState.READY, WorkState.OPEN),
        ("completed", "stopped", "stopped", NeedState.ON_HOLD, WorkState.OPEN),
        ("absent", "completed", "completed", NeedState.COMPLETED, WorkState.DONE),
        ("completed", "continuing", "completed", NeedState.COMPLETED, WorkState.DONE),
        ("continuing", "absent", "stopped", NeedState.ON_HOLD, WorkState.OPEN),  # neither was true
    ],
)
def test_the_need_follows_the_outcome_a_person_found_true(
    first: str, second: str, true: str, need: str, work: str
) -> None:
    dispatch = scene.out()
    told: dict[str, Any] = {
        "people": 2,
        "text": "",
        "remaining": "居間",
        "injury": "",
        "near_miss": "",
        "people_next": None,
    }
    for outcome, at in ((first, make.at(12)), (second, make.at(12, 5))):
        services.report(
            dispatch, outcome=outcome, people=2, remaining="居間", by=SYSTEM, at=at, text=f"{outcome}と聞いた"
        )
    for _ in range(2):
        merging.merge(dispatch, **told, watch=False, outcome=true, by=SYSTEM, at=make.at(13))
    row = Dispatch.objects.select_related("need", "report").get(pk=dispatch.pk)
    assert (row.report.outcome, row.need.state) == (true, need)
    assert set(row.need.items.values_list("state", flat=True)) == {work}
    assert Entry.objects.filter(action="dispatch.reports_merged").count() == 1


def test_a_need_that_went_on_meanwhile_is_not_pulled_back_by_another_outcome() -> None:
    dispatch = scene.out()
    for outcome in ("continuing", "completed"):
        services.report(dispatch, outcome=outcome, people=2, remaining="居間", by=SYSTEM, at=make.at(12))
    need = Need.objects.get(pk=dispatch.need_id)
    second = scene.assigned(dispatch.operation, need=need)
    told: dict[str, Any] = {
        "people": 2,
        "text": "",
        "remaining": "居間",
        "injury": "",
        "near_miss": "",
        "people_next": None,
    }
    merging.merge(dispatch, **told, watch=False, outcome="completed", by=SYSTEM, at=make.at(13))
    need.refresh_from_db()
    assert (need.state, ActivityReport.objects.get().outcome) == (NeedState.ASSIGNED, "completed")
    services.cancel(second, reason="もう終わっていた", by=SYSTEM, at=make.at(13, 5))
    with pytest.raises(Refused) as refusal:
        merging.merge(
            dispatch,
            **{**told, "remaining": " "},
            watch=False,
            outcome="continuing",
            by=SYSTEM,
            at=make.at(14),
        )
    assert refusal.value.code == "dispatch.remaining_needed"
