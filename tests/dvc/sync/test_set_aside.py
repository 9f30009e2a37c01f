"""What two people said differently at the desk and in the field: rows 7, 8, 9 and 11 of sync.md §6."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import gather
from dvc.sync.models import InboxItem, ItemKind
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, UnsavedEdit
from matching.dispatch import services as dispatch
from matching.dispatch.models import LaterReport
from matching.teams import services as teams
from matching.teams.models import Clash
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(operation: Operation, kind: ItemKind, *roles: Role) -> str:
    for _ in range(2):
        gather.look_through(operation, at=make.at(12))
    item = InboxItem.objects.get(kind=kind)
    answer = signed_in(make.user(operation.center, *roles)).get(
        reverse("inbox_item", args=[operation.pk, item.pk])
    )
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("label", ["状況", "住所", "危険なもの", "共有の同意"])
def test_conflict_07_what_the_second_of_two_editors_typed_is_kept(operation: Operation, label: str) -> None:
    """Address, safety and consent (row 8) are fields of the same sheet: none of them has an automatic winner."""
    need, first, second = make.need(operation), make.user(operation.center), make.user(operation.center)
    needs.clear_hazards(need, note="見た", by=make.by(first), at=make.at(9))
    for _ in range(2):
        needs.keep_unsaved(need, [(label, "𠮷田さん宅は奥"), ("空", "")], by=make.by(second), at=make.at(10))
    edit = UnsavedEdit.objects.get()
    assert (edit.said, edit.by, edit.saved_by) == ([[label, "𠮷田さん宅は奥"]], second, first)
    page = page_of(operation, ItemKind.NEED_EDIT)
    for word in (label, "𠮷田さん宅は奥", "先に保存した内容", "保存されなかった内容"):
        assert word in page
    assert Look.objects.get(subject_type="help_requests.need").classes == "P1 P2 P3 P4"
    item = InboxItem.objects.get(kind=ItemKind.NEED_EDIT)
    assert "𠮷田" not in str(item.views)
    reception = signed_in(make.user(operation.center, Role.RECEPTION))
    assert reception.get(reverse("inbox_item", args=[operation.pk, item.pk])).status_code == 404


def test_conflict_08_closing_a_need_that_somebody_moved_keeps_the_reason_that_was_typed(
    operation: Operation,
) -> None:
    need = make.need(operation, state=NeedState.ASSIGNED)
    needs.move(need, NeedState.IN_PROGRESS, by=SYSTEM, at=make.at(9))
    needs.move(need, NeedState.COMPLETED, by=SYSTEM, at=make.at(10))
    client = signed_in(make.user(operation.center))
    answer = client.post(
        reverse("need_step", args=[operation.pk, need.pk]),
        {"to": "declined", "reason_kind": "", "reason": "屋根に上がる必要がある", "told": "ご本人"},
    )
    assert answer.status_code == 409
    assert Need.objects.get().state == NeedState.COMPLETED
    assert ["理由", "屋根に上がる必要がある"] in UnsavedEdit.objects.get().said


def test_conflict_09_two_leaders_report_one_job_differently_and_both_are_kept(operation: Operation) -> None:
    sent = scene.out(operation)
    dispatch.report(sent, outcome="completed", people=2, by=SYSTEM, at=make.at(11))
    for _ in range(2):
        told = dispatch.report(
            sent, outcome="continuing", people=2, remaining="床下が残る", by=SYSTEM, at=make.at(11, 30)
        )
        assert (told.changed, told.report.outcome) == (False, "completed")
    assert LaterReport.objects.get().remaining == "床下が残る"
    assert Need.objects.get().state == NeedState.COMPLETED
    page = page_of(operation, ItemKind.TWO_REPORTS)
    for word in ("先の報告", "あとの報告", "床下が残る"):
        assert word in page


def test_conflict_09_the_same_report_again_and_a_better_wording_ask_nobody(operation: Operation) -> None:
    sent = scene.out(operation)
    for text in ("", "", "きれいになった"):
        dispatch.report(sent, outcome="completed", people=2, text=text, by=SYSTEM, at=make.at(11))
    assert LaterReport.objects.get().text == "きれいになった"
    gather.look_through(operation, at=make.at(12))
    assert not InboxItem.objects.filter(kind=ItemKind.TWO_REPORTS).exists()


def test_conflict_11_a_person_wanted_in_a_second_team_stays_in_the_first_and_is_a_visible_alarm(
    operation: Operation,
) -> None:
    person = scene.present(operation, make.volunteer(operation.center, "髙﨑", "一郎"))
    first, coordinator = scene.team(operation, person), make.user(operation.center)
    with pytest.raises(Refused) as caught:
        scene.team(operation, person)
    for _ in range(2):
        teams.keep_clash(operation, caught.value, by=make.by(coordinator), at=make.at(10))
    assert {(clash.volunteer, clash.team, clash.wanted_by) for clash in Clash.objects.all()} == {
        (person, first, coordinator)
    }
    assert teams.people_of(first) == [person]
    page = page_of(operation, ItemKind.TWO_TEAMS)
    for word in ("髙﨑 一郎", "決まっている班", "あとから入れようとした班"):
        assert word in page
    assert InboxItem.objects.filter(kind=ItemKind.TWO_TEAMS).count() == 1


def test_conflict_11_another_refusal_is_no_alarm(operation: Operation) -> None:
    teams.keep_clash(operation, Refused("team.empty"), by=SYSTEM, at=make.at(10))
    assert not Clash.objects.exists()
