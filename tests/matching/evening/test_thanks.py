"""Certificates and the motorway stamp come from the check-ins."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from intake.checkin import services as checkin
from intake.volunteers.models import Group
from matching.evening import thanks
from matching.evening.models import Certificate, MotorwayStamp
from matching.evening.thanks_views import PER_PAGE, paper
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db
DAY = make.day(make.MORNING)


def test_a_certificate_counts_days_and_hours_and_is_numbered_once_for_the_same_days() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center))
    checkin.leave(operation, person, by=SYSTEM, at=make.at(14, 40))
    for _ in range(2):
        first = thanks.certify(operation, person, by=SYSTEM, at=make.at(15))
    assert (first.serial, first.days, first.hours) == (1, 1, "5.5")
    scene.present(operation, person, at=make.at(24 + 9))
    checkin.leave(operation, person, by=SYSTEM, at=make.at(24 + 12))
    second = thanks.certify(operation, person, by=SYSTEM, at=make.at(24 + 13))
    assert (second.serial, second.days, second.first, second.last) == (2, 2, DAY, DAY + timedelta(days=1))
    assert Certificate.objects.count() == 2
    with pytest.raises(Refused) as refusal:
        thanks.certify(operation, make.volunteer(operation.center), by=SYSTEM, at=make.at(15))
    assert refusal.value.code == "certificate.no_days"


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_the_same_moment_make_one_certificate() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center))

    def certify() -> None:
        thanks.certify(operation, person, by=SYSTEM, at=make.at(15))
        connection.close()

    other = threading.Thread(target=certify)
    with transaction.atomic():
        thanks.certify(operation, person, by=SYSTEM, at=make.at(15))
        other.start()
        other.join(timeout=0.7)
    other.join(timeout=60)
    assert Certificate.objects.get().serial == 1


def test_a_certificate_made_before_nine_is_dated_that_day() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center), at=make.at(8))
    checkin.leave(operation, person, by=SYSTEM, at=make.at(8, 15))
    made = thanks.certify(operation, person, by=SYSTEM, at=make.at(8, 30))  # in UTC it is the day before
    assert paper(made).count("令和8年7月18日") == 2  # the day here, and the day it was made


def test_the_motorway_form_is_stamped_once_a_day_for_whoever_was_here() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center))
    for who, plate, code in (
        (make.volunteer(operation.center), "1", "motorway.not_here"),
        (person, " ", "motorway.plate"),
        (person, "宮城 300 あ 12-34", ""),
        (person, "宮城 300 あ 12-34", "motorway.stamped"),
    ):
        if not code:
            thanks.stamp(operation, who, day=DAY, plate=plate, by=SYSTEM, at=make.at(15))
            continue
        with pytest.raises(Refused) as refusal:
            thanks.stamp(operation, who, day=DAY, plate=plate, by=SYSTEM, at=make.at(15))
        assert refusal.value.code == code
    assert MotorwayStamp.objects.get().plate == "宮城 300 あ 12-34"


def test_both_are_given_out_from_the_page_of_the_day() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center), at=timezone.now())
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))

    def url(name: str, *args: object) -> str:
        return reverse(name, args=[operation.pk, *args])

    assert client.post(url("motorway_stamp", person.pk), {"plate": ""}).status_code == 409
    assert client.post(url("motorway_stamp", person.pk), {"plate": "宮城 1"}).status_code == 302
    assert "押印済み" in client.get(url("thanks_list")).content.decode()
    assert "佐藤 花子" in client.get(url("certificate", person.pk)).content.decode()
    assert not Certificate.objects.exists()
    pdf = client.post(url("certificate_pdf", person.pk))
    assert pdf.content.startswith(b"%PDF")
    assert Certificate.objects.get().serial == 1
    other = make.volunteer(make.center("よその市"))
    assert client.get(url("certificate", other.pk)).status_code == 404


def test_of_a_thousand_who_were_here_one_is_found_and_the_printed_list_has_everybody_with_a_stamp() -> None:
    operation, now = make.operation(), timezone.now()
    for number in range(PER_PAGE + 1):
        person = make.volunteer(operation.center, f"氏{number:03}", "一郎", family_kana=f"し{number:03}")
        scene.present(operation, person, at=now)
    group = Group.objects.create(center=operation.center, name="よその大学", created_at=now)
    last = make.volunteer(operation.center, "和田", "花子", family_kana="わだ", group=group)
    scene.present(operation, last, at=now)
    absent = make.volunteer(operation.center, "和田", "次郎", family_kana="わだ")
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))
    url = reverse("thanks_list", args=[operation.pk])
    page = client.get(url).content.decode()
    assert page.count("さんの車の番号") == PER_PAGE
    assert f"1～{PER_PAGE}件目（全{PER_PAGE + 2}件）" in page
    assert "和田 花子" not in page
    found = client.get(url, {"q": "わだ"}).content.decode()
    assert found.count("さんの車の番号") == 1
    assert "和田 花子" in found
    assert "よその大学" in found
    assert absent.name not in found
    answer = client.post(
        reverse("motorway_stamp", args=[operation.pk, last.pk]), {"plate": "宮城 1", "page": "2"}
    )
    assert answer.headers["Location"].endswith("page=2")
    assert "和田 花子" in client.get(url).content.decode().split('class="print-only"')[1]
    assert "見つかりませんでした" in client.get(url, {"q": "そんな人"}).content.decode()
