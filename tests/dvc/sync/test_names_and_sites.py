"""A name that means several people means nobody yet; whoever is here at another site is told so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Site
from dvc.sync import desk, snapshot
from dvc.sync.models import InboxItem, ItemKind
from intake.checkin.models import FailedScan, Visit
from intake.volunteers import services as volunteers
from intake.volunteers.models import Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of, said, tell, walk_in

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
    assert (result["status"], result["code"], result["tone"]) == ("review", "ambiguous", "warn")
    assert {one["volunteer"] for one in result["data"]["candidates"]} >= {person.pk for person in people}
    assert "一郎" not in str(result["data"])
    assert not Visit.objects.exists()
    item = InboxItem.objects.open().get()
    assert (item.kind, item.pk, FailedScan.objects.count()) == ("unclear_name", result["data"]["inbox"], 0)
    picked = tablet.op(volunteer=people[1].pk, input="list", instead_of=result["op_id"])
    [chosen] = tablet.send(picked)
    assert chosen["code"] == "ok"
    item.refresh_from_db()
    assert (item.is_open, item.choice) == (False, "settled")
    tablet.send(tablet.op("visit.undo", op=picked["op_id"]))
    item.refresh_from_db()
    assert item.is_open


@pytest.mark.parametrize("names", [(), ("一郎", "花子")])
def test_a_typed_name_that_nobody_decided_is_recorded_for_whom_a_person_picks(
    tablet: Tablet, names: tuple[str, ...]
) -> None:
    """Off-line at nine; the answer is lost, the tablet asks again; in the evening the office says who it was."""
    center = tablet.operation.center
    for given in names:
        make.volunteer(center, "佐藤", given, family_kana="さとう")
    came = timezone.now() - timedelta(hours=2)
    op = said(tablet, "visit.arrive", came, name="サトウ", input="typed")
    [first], [again] = tell(tablet, op), tell(tablet, op)
    assert (first["status"], again["status"], again["was"]) == ("review", "replayed", "review")
    assert "班長が「確かめること」で決めます。" in first["text"]

    client = Client()
    client.force_login(make.user(center, Role.RECEPTION))
    [item] = InboxItem.objects.open()
    assert snapshot.build(tablet.operation, at=timezone.now())["settled"] == []
    assert "「サトウ」" in client.get(reverse("inbox_list", args=[tablet.operation.pk])).content.decode()
    meant = make.volunteer(center, "佐藤", "次郎", family_kana="さとう")  # registered meanwhile
    page = reverse("inbox_item", args=[tablet.operation.pk, item.pk])
    assert "佐藤 次郎" in client.get(page).content.decode()
    resolve = reverse("inbox_resolve", args=[tablet.operation.pk, item.pk])
    assert client.post(resolve, {"choice": "chosen"}).status_code == 409
    stranger = make.volunteer(make.center("隣町"), "佐藤", family_kana="さとう")
    assert client.post(resolve, {"choice": "chosen", "person": stranger.pk}).status_code == 409
    assert not Visit.objects.exists()
    done = client.post(resolve, {"choice": "chosen", "person": meant.pk, "reason": "本人に電話"}, follow=True)
    assert "佐藤 次郎" in done.content.decode()
    visit = Visit.objects.get()
    assert (visit.volunteer, visit.arrived_at, visit.told[0].op) == (meant, came, op["op_id"])
    assert snapshot.build(tablet.operation, at=timezone.now())["settled"] == [op["op_id"]]
    later = timezone.now() + timedelta(days=3)
    assert snapshot.build(tablet.operation, at=later)["settled"] == []


def test_a_blocked_person_is_not_received_by_a_choice(tablet: Tablet) -> None:
    center = tablet.operation.center
    blocked = make.volunteer(center, "佐藤", "一郎", blocked_reason="けんか")
    make.volunteer(center, "佐藤", "花子")
    tablet.send(tablet.op(name="佐藤"))
    client = Client()
    client.force_login(make.user(center))
    url = reverse("inbox_resolve", args=[tablet.operation.pk, InboxItem.objects.get().pk])
    refused = client.post(url, {"choice": "chosen", "person": blocked.pk})
    assert "センター長が決めます" in refused.content.decode()
    assert not Visit.objects.exists()
    assert InboxItem.objects.open().exists()


def test_a_typed_name_that_is_taken_back_asks_nobody(tablet: Tablet) -> None:
    op = tablet.op(name="だれもいない")
    tablet.send(op, tablet.op("visit.undo", op=op["op_id"]))
    assert [item.choice for item in InboxItem.objects.all()] == ["settled"]


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
    assert desk.look(tablet.operation, at=now).today["sites"] == {str(person.pk): there.pk}


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


# ── whose a typed name is ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def sato(tablet: Tablet) -> list[Volunteer]:
    return [
        make.volunteer(tablet.operation.center, "佐藤", given, family_kana="さとう")
        for given in ("一郎", "花子")
    ]


def desk_of(tablet: Tablet) -> Client:
    client = Client()
    client.force_login(make.user(tablet.operation.center, Role.RECEPTION))
    return client


def resolve(tablet: Tablet, **told: object) -> HttpResponse:
    [item] = InboxItem.objects.open().filter(kind=ItemKind.UNCLEAR_NAME)
    url = reverse("inbox_resolve", args=[tablet.operation.pk, item.pk])
    return desk_of(tablet).post(url, told, follow=True)  # type: ignore[return-value]


def undone(tablet: Tablet, op: dict[str, Any], minute: int) -> dict[str, Any]:
    return said(tablet, "visit.undo", make.at(9, minute), op=op["op_id"], of=op["kind"])


def here() -> set[Volunteer]:
    return {visit.volunteer for visit in Visit.objects.present()}


def test_somebody_written_down_for_a_name_that_nobody_has_settles_it_with_its_time(tablet: Tablet) -> None:
    typed = said(tablet, "visit.arrive", make.at(9), name="だれもいない")
    came = walk_in(tablet, instead_of=typed["op_id"])
    came = {**came, "t_wall": make.at(9, 4).isoformat(), "mode": "offline"}
    tell(tablet, typed, came)
    visit = Visit.objects.get()
    assert (visit.volunteer.family_name, visit.arrived_at) == ("髙﨑", make.at(9))
    assert not InboxItem.objects.open().exists()
    tell(tablet, undone(tablet, came, 6))
    assert here() == set()
    assert InboxItem.objects.open().get().subjects == {}


def test_a_walk_in_for_a_typed_name_that_was_a_registered_person_is_theirs_with_its_time(
    tablet: Tablet, sato: list[Volunteer]
) -> None:
    typed = said(tablet, "visit.arrive", make.at(9), name="だれもいない")
    came = walk_in(tablet, instead_of=typed["op_id"])
    came = {**came, "t_wall": make.at(9, 4).isoformat(), "mode": "offline"}
    tell(tablet, typed, came)
    same = said(tablet, "visit.arrive", make.at(9, 6), volunteer=sato[0].pk, instead_of=typed["op_id"])
    tell(tablet, undone(tablet, came, 6), same)
    assert (here(), Visit.objects.present().get().arrived_at) == ({sato[0]}, make.at(9))
    assert not InboxItem.objects.open().exists()


@pytest.mark.parametrize("in_one", [True, False])
def test_somebody_picked_for_a_typed_name_has_its_time_also_in_one_batch(
    tablet: Tablet, sato: list[Volunteer], in_one: bool
) -> None:
    typed = said(tablet, "visit.arrive", make.at(9), name="佐藤")
    pick = said(tablet, "visit.arrive", make.at(9, 30), volunteer=sato[0].pk, instead_of=typed["op_id"])
    _ = tell(tablet, typed, pick) if in_one else (tell(tablet, typed), tell(tablet, pick))
    assert (here(), Visit.objects.get().arrived_at) == ({sato[0]}, make.at(9))
    assert not InboxItem.objects.open().exists()


def test_a_leaving_by_name_is_not_settled_by_a_coming(tablet: Tablet, sato: list[Volunteer]) -> None:
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=sato[0].pk))
    typed = said(tablet, "visit.leave", make.at(15), name="佐藤")
    of_name = {"instead_of": typed["op_id"]}
    came = said(tablet, "visit.arrive", make.at(15, 5), volunteer=sato[1].pk, **of_name)
    tell(tablet, typed, came)
    assert InboxItem.objects.open().get().kind == "unclear_name"
    tell(tablet, said(tablet, "visit.leave", make.at(15, 6), volunteer=sato[0].pk, **of_name))
    assert not InboxItem.objects.open().exists()
    assert Visit.objects.get(volunteer=sato[0]).left_at == make.at(15)
    tell(tablet, said(tablet, "visit.undo", make.at(15, 8), op=came["op_id"], of=came["kind"]))
    assert not InboxItem.objects.open().exists()


@pytest.mark.parametrize(
    ("kind", "more", "what"),
    [
        ("visit.orient", {}, "oriented_at"),
        ("visit.insure", {"evidence": "seen_card"}, "insurance_seen_at"),
    ],
)
def test_a_briefing_or_insurance_by_name_is_settled_by_whom_the_tablet_picks_and_taken_back_with_the_pick(
    tablet: Tablet, sato: list[Volunteer], kind: str, more: dict[str, Any], what: str
) -> None:
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=sato[0].pk))
    typed = said(tablet, kind, make.at(9, 20), name="佐藤", **more)
    tell(tablet, typed)
    pick = said(tablet, kind, make.at(9, 25), volunteer=sato[0].pk, instead_of=typed["op_id"], **more)
    tell(tablet, pick)
    assert not InboxItem.objects.open().exists()
    assert getattr(Visit.objects.get(), what) == make.at(9, 20)
    [back] = tell(tablet, undone(tablet, pick, 27))
    assert (back["status"], back["code"]) == ("applied", "annulled")
    assert getattr(Visit.objects.get(), what) is None
    assert InboxItem.objects.open().get().subjects == {}


def test_a_pick_that_leads_nowhere_settles_nothing_also_beside_others(
    tablet: Tablet, sato: list[Volunteer]
) -> None:
    typed = said(tablet, "visit.arrive", make.at(9), name="佐藤")
    tell(tablet, typed)
    volunteers.block(sato[0], reason="前回のこと", by=SYSTEM, at=make.at(9))
    tell(
        tablet,
        said(tablet, "visit.arrive", make.at(9, 1), volunteer=sato[0].pk, instead_of=typed["op_id"]),
        said(tablet, "visit.arrive", make.at(9, 1), volunteer=sato[1].pk),
    )
    assert InboxItem.objects.open().get().kind == "unclear_name"


@pytest.fixture
def of_two(tablet: Tablet, sato: list[Volunteer]) -> dict[str, Any]:
    """The desk said 一郎, then the tablet picks 花子 (this op)."""
    typed = said(tablet, "visit.arrive", make.at(9), name="佐藤")
    tell(tablet, typed)
    resolve(tablet, choice="chosen", person=sato[0].pk)
    pick = said(tablet, "visit.arrive", make.at(9, 10), volunteer=sato[1].pk, instead_of=typed["op_id"])
    tell(tablet, pick)
    return pick


def test_a_name_that_the_desk_and_the_tablet_gave_to_two_people_is_asked_about(
    tablet: Tablet, sato: list[Volunteer], of_two: dict[str, Any]
) -> None:
    item = InboxItem.objects.open().get()
    page = desk_of(tablet).get(reverse("inbox_item", args=[tablet.operation.pk, item.pk])).content.decode()
    for words in ("2人の記録になっています", "佐藤 一郎", "佐藤 花子", "端末で本人を選んだ"):
        assert words in page
    assert here() == set(sato)
    assert "片づけました" in resolve(tablet, choice="chosen", person=sato[1].pk).content.decode()
    assert here() == {sato[1]}
    assert not InboxItem.objects.open().exists()


def test_they_were_two_people_after_all(
    tablet: Tablet, sato: list[Volunteer], of_two: dict[str, Any]
) -> None:
    done = resolve(tablet, choice="both").content.decode()
    assert "2人ともいた" in done
    assert here() == set(sato)


def test_taking_back_the_tablets_pick_leaves_whom_the_desk_chose(
    tablet: Tablet, sato: list[Volunteer], of_two: dict[str, Any]
) -> None:
    tell(tablet, undone(tablet, of_two, 12))
    assert here() == {sato[0]}
    assert not InboxItem.objects.open().exists()


@pytest.mark.parametrize("both", [False, True])
def test_taking_back_the_typed_name_of_two_leaves_whom_the_tablet_picked(
    tablet: Tablet, sato: list[Volunteer], of_two: dict[str, Any], both: bool
) -> None:
    if both:
        resolve(tablet, choice="both")
    typed = {"op_id": of_two["payload"]["instead_of"], "kind": "visit.arrive"}
    [back] = tell(tablet, undone(tablet, typed, 12))
    assert (back["status"], back["code"]) == ("applied", "annulled")
    assert here() == {sato[1]}
    assert not InboxItem.objects.open().exists()
    tell(tablet, undone(tablet, of_two, 13))
    assert here() == set()
    assert not InboxItem.objects.open().exists()


def test_a_typed_name_that_the_desk_gave_is_taken_back_also_after_the_pick_of_another(
    tablet: Tablet, sato: list[Volunteer], of_two: dict[str, Any]
) -> None:
    tell(tablet, undone(tablet, of_two, 12))
    typed = {"op_id": of_two["payload"]["instead_of"], "kind": "visit.arrive"}
    tell(tablet, undone(tablet, typed, 13))
    assert here() == set()
    assert not InboxItem.objects.open().exists()


def test_a_typed_name_is_taken_back_also_when_the_desk_has_said_whose_it_is(
    tablet: Tablet, sato: list[Volunteer]
) -> None:
    typed = said(tablet, "visit.arrive", make.at(9), name="佐藤")
    tell(tablet, typed)
    resolve(tablet, choice="chosen", person=sato[0].pk)
    [back] = tell(tablet, undone(tablet, typed, 12))
    assert (back["status"], back["code"]) == ("applied", "annulled")
    assert here() == set()
    assert not InboxItem.objects.open().exists()


def test_the_desk_finds_the_person_also_under_another_name_or_behind_many_others(tablet: Tablet) -> None:
    center = tablet.operation.center
    for number in range(9):
        make.volunteer(center, "佐藤", f"{number}", family_kana="さとう", given_kana=f"あ{number}")
    last = make.volunteer(center, "佐藤", "わかば", family_kana="さとう", given_kana="わかば")
    meant = make.volunteer(center, "左藤", "実", family_kana="さふじ", given_kana="みのる")
    gone = make.volunteer(center, "左藤", "消", family_kana="さふじ", given_kana="きえ")
    volunteers.withdraw(gone, by=SYSTEM, at=make.at(8))
    tell(tablet, said(tablet, "visit.arrive", make.at(9), name="佐藤"))
    [item] = InboxItem.objects.open()
    page = reverse("inbox_item", args=[tablet.operation.pk, item.pk])
    desk = desk_of(tablet)
    assert last.name in desk.get(page).content.decode()
    assert "「だれも」の人は見つかりません" in desk.get(page, {"q": "だれも"}).content.decode()
    found = desk.get(page, {"q": "さふじ"}).content.decode()
    assert (meant.name in found, gone.name in found) == (True, False)
    assert Look.objects.filter(subject_id=str(meant.pk)).count() == 1
    assert "その選び方はできません" in resolve(tablet, choice="chosen", person=gone.pk).content.decode()
    resolve(tablet, choice="chosen", person=meant.pk)
    assert (here(), Visit.objects.get().arrived_at) == ({meant}, make.at(9))


def test_a_briefing_by_name_is_told_anew_by_hand(tablet: Tablet, sato: list[Volunteer]) -> None:
    tell(tablet, said(tablet, "visit.orient", make.at(9), name="佐藤"))
    [item] = InboxItem.objects.open()
    page = desk_of(tablet).get(reverse("inbox_item", args=[tablet.operation.pk, item.pk])).content.decode()
    assert "この名前で本人をさがす・登録する" in page
    assert "ほかの人をさがす" not in page


def test_two_people_whom_two_tablets_picked_for_one_name_are_asked_about(
    tablet: Tablet, sato: list[Volunteer]
) -> None:
    typed = said(tablet, "visit.arrive", make.at(9), name="佐藤")
    tell(tablet, typed)
    other = Tablet(tablet.operation)
    for gate, person in ((tablet, sato[0]), (other, sato[1])):
        tell(gate, said(gate, "visit.arrive", make.at(9, 5), volunteer=person.pk, instead_of=typed["op_id"]))
    assert here() == set(sato)
    resolve(tablet, choice="chosen", person=sato[1].pk)
    assert here() == {sato[1]}
