"""The notes people agree to changed: who agreed before is asked again, and goes out afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM, record
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from dvc.sync import download, snapshot
from dvc.sync.holders import OLD_CONSENT
from intake.volunteers import services as volunteers
from intake.volunteers.models import Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def _renew(tablet: Tablet) -> None:
    now = timezone.now() - timedelta(minutes=5)
    operations.renew_consent(tablet.operation, note="", by=SYSTEM, at=now)


def test_who_agreed_before_the_notes_changed_is_asked_and_may_go_after_agreeing(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center, consented_at=make.at(8))
    card = card_of(person)
    [before] = tablet.send(tablet.op(card=card.token))
    assert before["code"] == "ok"
    tablet.send(tablet.op("visit.leave", card=card.token))
    _renew(tablet)
    [came] = tablet.send(tablet.op(card=card.token))
    assert (came["code"], [todo["code"] for todo in came["data"]["todo"]]) == (
        "consent_outdated", ["orientation", "consent"],
    )  # fmt: skip
    op = tablet.op("visit.consent", card=card.token)
    [agreed] = tablet.send(op)
    assert (agreed["code"], [todo["code"] for todo in agreed["data"]["todo"]]) == (
        "ok_agreed",
        ["orientation"],
    )
    [again] = tablet.send(op)
    assert again["status"] == "replayed"
    assert (
        snapshot.build(tablet.operation, at=timezone.now())["cards"][card.card_id[:16]][3] & OLD_CONSENT == 0
    )


def test_an_earlier_consent_that_comes_late_changes_nothing(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    assert volunteers.agree(person, by=SYSTEM, at=make.at(10))
    assert not volunteers.agree(person, by=SYSTEM, at=make.at(9))
    person.refresh_from_db()
    assert person.consented_at == make.at(10)


def test_a_real_person_in_a_drill_agrees_by_the_real_clock_an_invented_one_by_the_drills() -> None:
    drill = make.operation(mode=Mode.DRILL)
    ahead = timezone.now() + timedelta(days=200)
    operations.set_clock(drill, reading=ahead, speed=1, by=SYSTEM, at=timezone.now())
    real, told, invented = (make.volunteer(drill.center, drill=each) for each in (None, None, drill))
    tablet, desk = Tablet(drill), Client()
    desk.force_login(make.user(drill.center))
    desk.post(reverse("volunteer_agree", args=[drill.pk, told.pk]))
    results = tablet.send(*(tablet.op("visit.consent", volunteer=person.pk) for person in (real, invented)))
    assert [result["code"] for result in results] == ["ok_agreed"] * 2
    for person in (real, told, invented):
        person.refresh_from_db()
    for moment in (real.consented_at, told.consented_at):
        assert moment is not None
        assert moment <= timezone.now()
    assert invented.consented_at is not None
    assert invented.consented_at >= ahead


def test_a_tablet_learns_of_everybody_when_the_notes_change(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center, consented_at=make.at(8))
    card, now = card_of(person), timezone.now()
    cursor = download.whole(tablet.operation, at=now).cursor
    assert download.changes(tablet.operation, cursor, at=now) is not None
    _renew(tablet)
    assert download.changes(tablet.operation, cursor, at=timezone.now()) is None
    assert snapshot.build(tablet.operation, at=now)["cards"][card.card_id[:16]][3] & OLD_CONSENT


def test_the_chief_says_that_the_notes_changed_and_takes_it_back(tablet: Tablet) -> None:
    page = reverse("operation_consent", args=[tablet.operation.pk])
    chief, reception = Client(), Client()
    chief.force_login(make.user(tablet.operation.center))
    reception.force_login(make.user(tablet.operation.center, Role.RECEPTION))
    assert reception.post(page).status_code == 403
    assert chief.post(page, {"note": "防じんマスク"}).status_code == 302
    tablet.operation.refresh_from_db()
    assert tablet.operation.consent_since is not None
    person = make.volunteer(tablet.operation.center, consented_at=make.at(8) - timedelta(days=900))
    desk = reverse("volunteer_page", args=[tablet.operation.pk, person.pk])
    assert "新しい注意事項を読んでもらう" in reception.get(desk).content.decode()
    reception.post(reverse("volunteer_agree", args=[tablet.operation.pk, person.pk]))
    assert Volunteer.objects.get(pk=person.pk).consented_at is not None
    assert "新しい注意事項を読んでもらう" not in reception.get(desk).content.decode()
    # Enter in the field sends the form it stands in: taking back is another one.
    forms = re.findall(r"<form.*?</form>", chief.get(page).content.decode(), re.DOTALL)
    assert [('name="note"' in form, "聞かない" in form) for form in forms if "もう一度聞く" in form] == [
        (True, False)
    ]
    assert [('name="note"' in form) for form in forms if "まちがいだったので、聞かない" in form] == [False]
    _take_back(chief, page)
    tablet.operation.refresh_from_db()
    assert tablet.operation.consent_since is None


def test_a_log_that_begins_with_a_taking_back_is_read(tablet: Tablet) -> None:
    operation, chief = tablet.operation, Client()
    chief.force_login(make.user(operation.center))
    record(
        "operation.consent_taken_back",
        operation,
        by=SYSTEM,
        at=make.at(8),
        operation=operation,
        restored=None,
    )
    _renew(tablet)
    page = reverse("operation_consent", args=[operation.pk])
    assert chief.get(page).status_code == 200
    _take_back(chief, page)
    operation.refresh_from_db()
    assert operation.consent_since is None


def _take_back(chief: Client, page: str) -> str:
    """Press the button, and what the page says then."""
    [shown] = re.findall(r'name="take_back" value="([^"]+)"', chief.get(page).content.decode())
    return chief.post(page, {"take_back": unescape(shown)}, follow=True).content.decode()


@pytest.mark.parametrize("written_by", ["this release", "an earlier one"])
def test_a_renewal_that_is_taken_back_leaves_the_one_before_it(tablet: Tablet, written_by: str) -> None:
    operation, chief = tablet.operation, Client()
    chief.force_login(make.user(operation.center))
    page = reverse("operation_consent", args=[operation.pk])
    moments = [timezone.now() - timedelta(days=days) for days in (9, 5, 1)]
    if written_by == "an earlier one":  # it took everything back at once
        operations.renew_consent(operation, note="", by=SYSTEM, at=moments[0] - timedelta(days=9))
        with transaction.atomic():
            record("operation.consent_taken_back", operation, by=SYSTEM, at=moments[0], operation=operation)
        Operation.objects.filter(pk=operation.pk).update(consent_since=None)
    agreed = make.volunteer(operation.center, consented_at=moments[1] + timedelta(hours=1))
    never = make.volunteer(operation.center, consented_at=moments[0] - timedelta(hours=1))
    for at in moments:
        operations.renew_consent(operation, note="", by=SYSTEM, at=at)
    stale = re.findall(r'name="take_back" value="([^"]+)"', chief.get(page).content.decode())[0]
    said = _take_back(chief, page)
    assert "1つ前に新しくしたときの状態に戻しました" in said
    assert Operation.objects.get(pk=operation.pk).consent_since == moments[1]
    assert [person.consent_is_outdated(moments[1]) for person in (agreed, never)] == [
        False,
        True,
    ]
    said = chief.post(page, {"take_back": unescape(stale)}, follow=True).content.decode()  # a second tap
    assert "ほかの人が先に" in said
    assert Operation.objects.get(pk=operation.pk).consent_since == moments[1]
    _take_back(chief, page)
    assert "もう一度聞くことをやめました" in _take_back(chief, page)
    assert Operation.objects.get(pk=operation.pk).consent_since is None
    assert 'name="take_back"' not in chief.get(page).content.decode()
