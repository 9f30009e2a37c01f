"""The return: hours from what happened, what was washed, who comes tomorrow, one report of two."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from matching.dispatch import merging, services
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
    for _ in range(2):
        merging.merge(dispatch, **said, by=SYSTEM, at=make.at(13))
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
    assert "あすも来られる人" in page
    assert "帰ってから分かった" in page
    leader = dispatch.team.leader
    assert leader is not None
    sent = {
        "coming": [str(leader.pk)],
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


def test_two_reports_are_merged_on_a_page_of_their_own() -> None:
    dispatch = two_reports()
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.MATCHING))
    address = reverse("dispatch_merge", args=[dispatch.operation_id, dispatch.pk])
    assert "風呂場" in client.get(address).content.decode()
    client.post(address, {"people": "4", "text": "台所と風呂場"})
    assert ActivityReport.objects.get().text == "台所と風呂場"
