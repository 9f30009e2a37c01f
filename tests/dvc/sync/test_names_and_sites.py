"""A name that means several people means nobody yet; whoever is here at another site is told so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Site
from dvc.sync import desk
from intake.checkin.models import FailedScan, Visit
from intake.volunteers import services as volunteers
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def test_a_typed_name_that_means_one_person_checks_them_in(tablet: Tablet) -> None:
    person = make.volunteer(
        tablet.operation.center, "髙﨑", "一郎", family_kana="たかさき", given_kana="いちろう"
    )
    for typed in ("高崎一郎", "タカサキ　イチロウ"):
        [result] = tablet.send(tablet.op(name=typed))
        assert result["data"]["volunteer"] == person.pk
    assert Visit.objects.get().volunteer == person


def test_a_typed_name_that_means_several_checks_nobody_in_and_names_them(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center, "佐藤", given) for given in ("一郎", "花子")]
    make.volunteer(tablet.operation.center, "佐藤田", "一", family_kana="さとうだ")
    [result] = tablet.send(tablet.op(name="佐藤"))
    assert (result["status"], result["code"], result["tone"]) == ("merged", "ambiguous", "warn")
    assert {one["volunteer"] for one in result["data"]["candidates"]} >= {person.pk for person in people}
    assert "一郎" not in str(result["data"])
    assert not Visit.objects.exists()
    assert FailedScan.objects.get().raw == "佐藤"
    [chosen] = tablet.send(tablet.op(volunteer=people[1].pk, input="list"))
    assert chosen["code"] == "ok"


@pytest.mark.parametrize("typed", ["森", "もり", "森 太", "太郎"])
def test_a_part_of_one_name_checks_nobody_in(tablet: Tablet, typed: str) -> None:
    other = make.volunteer(
        tablet.operation.center, "大森", "太郎", family_kana="おおもり", given_kana="たろう"
    )
    [result] = tablet.send(tablet.op(name=typed))
    assert result["code"] == "ambiguous"
    assert [one["volunteer"] for one in result["data"]["candidates"]] == [other.pk]
    assert not Visit.objects.exists()


def test_the_whole_name_comes_before_a_part_of_it(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center, "原", "一", family_kana="はら", given_kana="はじめ")
    make.volunteer(tablet.operation.center, "原", "一男", family_kana="はら", given_kana="かずお")
    [result] = tablet.send(tablet.op(name="原一"))
    assert result["data"]["volunteer"] == person.pk


@pytest.mark.parametrize("typed", ["だれもいない", "　・", "🙂", "あ" * 100])
def test_a_name_nobody_has_is_kept_for_a_person(tablet: Tablet, typed: str) -> None:
    make.volunteer(tablet.operation.center)
    [result] = tablet.send(tablet.op(name=typed))
    assert result["code"] == "no_such_volunteer" if typed.strip("　") else "invalid"
    assert not Visit.objects.exists()


def test_people_of_another_center_are_never_meant(tablet: Tablet) -> None:
    make.volunteer(make.center("隣のセンター"), "田中")
    [result] = tablet.send(tablet.op(name="田中"))
    assert result["code"] == "no_such_volunteer"
    assert "登録がなければ「はじめての人」で受付します。" in result["text"]


def test_somebody_who_is_here_at_another_site_is_told_so_and_may_move(tablet: Tablet) -> None:
    center = tablet.operation.center
    here = Site.objects.get(center=center)
    there = operations.add_site(center, name="東サテライト", lat=38.3, lng=141.0, by=SYSTEM, at=make.at(8))
    card = card_of(make.volunteer(center))
    now = timezone.now()
    ops = [
        tablet.op(card=card.token, site=here.pk),
        tablet.op(card=card.token, site=here.pk),
        tablet.op(card=card.token, site=there.pk),
        tablet.op("visit.leave", card=card.token),
        tablet.op(card=card.token, site=there.pk),
    ]
    for number, op in enumerate(ops):
        op["t_wall"] = (now - timedelta(seconds=60 - 10 * number)).isoformat()
    codes = [result["code"] for op in ops for result in tablet.send(op)]
    assert codes == ["ok", "already_present", "wrong_site", "ok_left", "ok_again"]
    person = card.holder
    assert person is not None
    assert desk.of_today(tablet.operation, at=now)["sites"] == {str(person.pk): there.pk}


def test_a_group_at_another_site_names_who_of_it_is_elsewhere(tablet: Tablet) -> None:
    center = tablet.operation.center
    here = Site.objects.get(center=center)
    there = operations.add_site(center, name="東サテライト", lat=38.3, lng=141.0, by=SYSTEM, at=make.at(8))
    elsewhere, known, fresh = (make.volunteer(center, name) for name in ("佐藤", "鈴木", "𠮷田"))
    group = volunteers.register_group(center, name="町内会", by=SYSTEM, at=make.at(8))
    tablet.send(tablet.op(volunteer=elsewhere.pk, site=here.pk), tablet.op(volunteer=known.pk, site=there.pk))
    members = [elsewhere.pk, known.pk, fresh.pk]
    [came] = tablet.send(tablet.op("group.arrive", group=group.pk, members=members, site=there.pk))
    assert {one["volunteer"]: one["code"] for one in came["data"]["exceptions"]} == {
        elsewhere.pk: "wrong_site",
        known.pk: "already_present",
    }


def test_a_tablet_that_names_no_site_never_calls_one_wrong(tablet: Tablet) -> None:
    here = Site.objects.get(center=tablet.operation.center)
    card = card_of(make.volunteer(tablet.operation.center))
    [first] = tablet.send(tablet.op(card=card.token, site=here.pk))
    [second] = tablet.send(tablet.op(card=card.token))
    assert (first["code"], second["code"]) == ("ok", "already_present")
