"""Ops that came before what they need: taken back before it was told, insurance before the arrival. In any order and by
any way they come to what they would have come to in order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.sync import gather, inbox_queries, queue_files, resolutions
from dvc.sync.models import HeldOp, InboxItem, ItemKind
from intake.checkin.models import Visit
from intake.orientation import services as orientation
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from matching.teams import services as teams
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of, said, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


@pytest.fixture
def person(tablet: Tablet) -> Volunteer:
    return make.volunteer(tablet.operation.center, insured=False)


def sweep(tablet: Tablet, hour: int = 20) -> None:
    """Twice, as the sweeper does; then briefings and arrivals are joined."""
    for _ in range(2):
        gather.look_through(tablet.operation, at=make.at(hour))
        orientation.catch_up(at=make.at(hour))


def arrived_and_undone(tablet: Tablet, person: Volunteer) -> tuple[dict[str, Any], dict[str, Any]]:
    came = said(tablet, "visit.arrive", make.at(9), volunteer=person.pk)
    return came, said(tablet, "visit.undo", make.at(9, 2), op=came["op_id"], of="visit.arrive")


# ── taken back before it was told ──────────────────────────────────────────────────────────────


def test_a_taking_back_that_came_first_is_done_when_its_op_comes(tablet: Tablet, person: Volunteer) -> None:
    came, undo = arrived_and_undone(tablet, person)
    [first] = tell(tablet, undo)
    assert (first["status"], first["code"]) == ("held", "undo_waits")
    sweep(tablet)
    tell(tablet, undo, came)
    sweep(tablet)
    assert not Visit.objects.filter(annulled_at=None).exists()
    assert HeldOp.objects.get().state == "folded"
    assert tell(tablet, undo)[0]["code"] == "undo_waits"


def test_somebody_who_came_again_after_it_stays_here(tablet: Tablet, person: Volunteer) -> None:
    came, undo = arrived_and_undone(tablet, person)
    again = said(tablet, "visit.arrive", make.at(9, 30), volunteer=person.pk)
    tell(tablet, undo, again)
    tell(tablet, came)
    sweep(tablet)
    assert Visit.objects.present().get().arrived_at == make.at(9, 30)


def test_through_quarantine_and_a_file_it_is_done_as_well(
    tablet: Tablet, person: Volunteer, tmp_path: Any, settings: Any
) -> None:
    settings.KEYS_DIR = tmp_path / "keys"
    chief = make.by(make.user(tablet.operation.center))
    came, undo = arrived_and_undone(tablet, person)
    content = {
        "device_id": str(tablet.device.pk),
        "secret": tablet.secret,
        "name": "受付1",
        "epoch": 1,
        "ops": [undo],
    }
    file = {"format": queue_files.PLAIN, "issuer": tablet.operation.center.issuer, "content": content}
    queue_files.take(tablet.operation.center, json.dumps(file).encode(), by=chief, at=timezone.now())
    accounts.revoke_device(tablet.device, by=SYSTEM, at=timezone.now())
    tell(tablet, came)
    item = InboxItem.objects.get(kind=ItemKind.QUARANTINE)
    resolutions.choose(item, "take_in", reason="", told_at=None, by=chief, at=timezone.now())
    assert Visit.objects.present().exists()
    sweep(tablet)
    assert not Visit.objects.filter(annulled_at=None).exists()


def test_a_taking_back_that_a_rule_refuses_in_the_end_is_seen_by_a_person(
    tablet: Tablet, person: Volunteer
) -> None:
    came, undo = arrived_and_undone(tablet, person)
    tell(tablet, undo, came)
    teams.form(tablet.operation, volunteers=[person], leader=person, mode="walk", by=SYSTEM, at=make.at(9, 5))
    sweep(tablet)
    assert Visit.objects.present().exists()
    [refusal] = inbox_queries.refusals(tablet.operation)
    assert refusal.what == "取り消し"
    assert refusal.text.endswith("。")


def test_a_taking_back_whose_op_never_comes_is_seen_by_a_person_the_day_after(
    tablet: Tablet, person: Volunteer
) -> None:
    _, undo = arrived_and_undone(tablet, person)
    tell(tablet, undo)
    now = timezone.now()
    gather.look_through(tablet.operation, at=now)
    assert not inbox_queries.refusals(tablet.operation)
    for days in (1, 2):
        gather.look_through(tablet.operation, at=now + timedelta(days=days))
        [refusal] = inbox_queries.refusals(tablet.operation)
        assert (refusal.what, refusal.receipt.op_id) == ("取り消し", HeldOp.objects.get().op_id)
    assert Entry.objects.filter(action="op.refused").count() == 1


def test_a_taking_back_of_what_lies_in_quarantine_waits_until_a_person_has_decided(
    tablet: Tablet, person: Volunteer
) -> None:
    came, undo = arrived_and_undone(tablet, person)
    tell(tablet, undo)
    accounts.revoke_device(tablet.device, by=SYSTEM, at=timezone.now())
    tell(tablet, came)
    tomorrow = timezone.now() + timedelta(days=1)
    gather.look_through(tablet.operation, at=tomorrow)
    assert HeldOp.objects.get().state == "waiting"
    chief = make.by(make.user(tablet.operation.center))
    item = InboxItem.objects.get(kind=ItemKind.QUARANTINE)
    resolutions.choose(item, "take_in", reason="", told_at=None, by=chief, at=tomorrow)
    gather.look_through(tablet.operation, at=tomorrow)
    assert not Visit.objects.present().exists()
    assert not inbox_queries.refusals(tablet.operation)


def test_a_scan_that_waits_for_its_card_is_taken_back_before_and_after_the_card_has_a_name(
    tablet: Tablet, person: Volunteer
) -> None:
    center = tablet.operation.center
    made = cards.issue_stock(center, count=2, by=SYSTEM, at=make.at(8))
    for minute, card in enumerate(Card.objects.filter(stock=made)):
        scan = said(tablet, "visit.arrive", make.at(9, minute), card=card.token)
        undo = said(tablet, "visit.undo", make.at(9, 5), op=scan["op_id"], of="visit.arrive")
        if minute:
            tell(tablet, scan)
            cards.bind(card, person, by=SYSTEM, at=make.at(9, 4), on=make.day(make.at(9, 4)))
            sweep(tablet)
            assert Visit.objects.present().exists()
            [result] = tell(tablet, undo)
        else:
            [_, result] = tell(tablet, scan, undo)
            cards.bind(card, make.volunteer(center), by=SYSTEM, at=make.at(9, 4), on=make.day(make.at(9, 4)))
            sweep(tablet)
        assert (result["status"], result["code"]) == ("applied", "annulled")
        assert not Visit.objects.present().exists()


# ── insurance and briefing before the arrival ──────────────────────────────────────────────────


def insured(tablet: Tablet, person: Volunteer, minute: int = 0, **who: Any) -> dict[str, Any]:
    return said(
        tablet, "visit.insure", make.at(9, minute), evidence="seen_card", **(who or {"volunteer": person.pk})
    )


def test_insurance_told_before_the_arrival_counts_when_that_comes(tablet: Tablet, person: Volunteer) -> None:
    card = card_of(person)
    seen = insured(tablet, person, card=card.token)
    [first] = tell(tablet, seen)
    assert (first["status"], first["code"], first["tone"]) == ("applied", "insured_before_arrival", "warn")
    sweep(tablet)
    cards.lose(card, by=SYSTEM, at=make.at(9, 30))
    tell(tablet, said(tablet, "visit.arrive", make.at(9, 40), volunteer=person.pk))
    sweep(tablet)
    assert Visit.objects.get().insurance_seen_at == make.at(9)
    assert tell(tablet, seen)[0]["code"] == "insured_before_arrival"
    assert not InboxItem.objects.filter(kind=ItemKind.NEVER_ARRIVED).exists()


def test_insurance_shown_with_a_blank_card_waits_for_the_arrival_of_who_got_the_card(
    tablet: Tablet, person: Volunteer
) -> None:
    card = Card.objects.get(stock=cards.issue_stock(person.center, count=1, by=SYSTEM, at=make.at(8)))
    tell(tablet, insured(tablet, person, card=card.token))
    tell(tablet, said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk))
    cards.lose(card, by=SYSTEM, at=make.at(9, 30))
    sweep(tablet)
    tell(tablet, said(tablet, "visit.arrive", make.at(9, 40), volunteer=person.pk))
    sweep(tablet)
    assert Visit.objects.get().insurance_seen_at == make.at(9)


def test_a_person_who_gives_such_a_card_a_name_later_is_asked_whether_that_person_came(
    tablet: Tablet, person: Volunteer
) -> None:
    card = Card.objects.get(stock=cards.issue_stock(person.center, count=1, by=SYSTEM, at=make.at(8)))
    tell(tablet, insured(tablet, person, card=card.token))
    sweep(tablet, 26)
    by = make.by(make.user(tablet.operation.center))
    cards.bind(card, person, by=SYSTEM, at=make.at(33), on=make.day(make.at(33)))
    resolutions.choose(
        InboxItem.objects.get(kind=ItemKind.CARD_NEVER_BOUND), "fold", reason="佐藤さん", told_at=None, by=by, at=make.at(33),
    )  # fmt: skip
    sweep(tablet, 33)
    item = InboxItem.objects.get(kind=ItemKind.NEVER_ARRIVED)
    assert item.subjects == {"volunteer": [person.pk]}
    resolutions.choose(item, "came_at", reason="本人", told_at=make.at(8, 50), by=by, at=make.at(34))
    visit = Visit.objects.get()
    assert (visit.arrived_at, visit.insurance_seen_at) == (make.at(8, 50), make.at(9))
    assert HeldOp.objects.get().state == "folded"


def test_insurance_told_after_the_leaving_belongs_to_that_visit(tablet: Tablet, person: Volunteer) -> None:
    tell(
        tablet,
        said(tablet, "visit.arrive", make.at(8, 30), volunteer=person.pk),
        said(tablet, "visit.leave", make.at(15), volunteer=person.pk),
    )
    [result] = tell(tablet, insured(tablet, person))
    assert result["code"] == "ok_insured"
    assert Visit.objects.get().insurance_seen_at == make.at(9)


def test_an_arrival_of_another_day_or_operation_is_not_the_one(tablet: Tablet, person: Volunteer) -> None:
    tell(tablet, insured(tablet, person))
    other = Tablet(make.operation(tablet.operation.center, name="別の運営"))
    tell(other, said(other, "visit.arrive", make.at(9, 30), volunteer=person.pk))
    tell(tablet, said(tablet, "visit.arrive", make.at(9) + timedelta(days=1), volunteer=person.pk))
    sweep(tablet)
    assert set(Visit.objects.values_list("insurance_seen_at", flat=True)) == {None}
    assert HeldOp.objects.get().state == "waiting"


@pytest.mark.parametrize("arrives", [False, True])
def test_insurance_that_waits_or_waited_is_taken_back(
    tablet: Tablet, person: Volunteer, arrives: bool
) -> None:
    seen = insured(tablet, person)
    tell(tablet, seen)
    if arrives:
        tell(tablet, said(tablet, "visit.arrive", make.at(9, 1), volunteer=person.pk))
        sweep(tablet)
        assert Visit.objects.get().insurance_seen_at == make.at(9)
    undo = said(tablet, "visit.undo", make.at(9, 5), op=seen["op_id"], of="visit.insure")
    assert tell(tablet, undo)[0]["status"] == "applied"
    tell(tablet, said(tablet, "visit.arrive", make.at(9, 6), volunteer=person.pk))
    sweep(tablet)
    assert Visit.objects.get().insurance_seen_at is None


@pytest.mark.parametrize("choice", ["came_at", "not_here", "late"])
def test_without_an_arrival_by_the_days_end_a_person_is_asked_once(
    tablet: Tablet, person: Volunteer, choice: str
) -> None:
    tell(tablet, insured(tablet, person), said(tablet, "visit.orient", make.at(9, 20), volunteer=person.pk))
    sweep(tablet)
    assert not InboxItem.objects.filter(kind=ItemKind.NEVER_ARRIVED).exists()
    sweep(tablet, 26)
    item = InboxItem.objects.get(kind=ItemKind.NEVER_ARRIVED)
    assert [view["what"] for view in item.views] == ["insured", "briefed"]
    user = make.user(tablet.operation.center)
    colleague = make.user(tablet.operation.center, Role.EQUIPMENT)
    stranger = make.user(make.center("隣町"))
    page = f"/o/{tablet.operation.pk}/inbox/{item.pk}/"
    statuses = []
    for asking in (user, colleague, stranger):
        client = Client()
        client.force_login(asking)
        statuses.append(client.get(page).status_code)
    assert statuses == [200, 403, 404]
    if choice == "late":
        tell(tablet, said(tablet, "visit.arrive", make.at(8, 50), volunteer=person.pk))
    elif choice == "came_at":
        resolutions.choose(
            item, choice, reason="本人", told_at=make.at(8, 50), by=make.by(user), at=make.at(27)
        )
    else:
        with pytest.raises(Refused, match="reason_needed"):
            resolutions.choose(item, choice, reason="", told_at=None, by=make.by(user), at=make.at(27))
        resolutions.choose(item, choice, reason="人違い", told_at=None, by=make.by(user), at=make.at(27))
    sweep(tablet, 28)
    item.refresh_from_db()
    assert not item.is_open
    assert item.choice == ("settled" if choice == "late" else choice)
    if choice == "not_here":
        assert not Visit.objects.exists()
        assert {held.state for held in HeldOp.objects.all()} == {"dropped"}
    else:
        visit = Visit.objects.get()
        assert (visit.arrived_at, visit.insurance_seen_at, visit.oriented_at) == (
            make.at(8, 50), make.at(9), make.at(9, 20),
        )  # fmt: skip


def test_nobody_came_at_a_time_that_is_still_to_come(tablet: Tablet, person: Volunteer) -> None:
    tell(tablet, insured(tablet, person))
    operations.close_operation(tablet.operation, teams_out=0, by=SYSTEM, at=make.at(15))
    sweep(tablet, 15)  # closed: the day is over, whatever the clock says
    item = InboxItem.objects.get(kind=ItemKind.NEVER_ARRIVED)
    by = make.by(make.user(tablet.operation.center))
    with pytest.raises(Refused) as refusal:
        resolutions.choose(item, "came_at", reason="本人", told_at=make.at(18, 50), by=by, at=make.at(15, 10))
    assert (
        refusal.value.text == "到着の時刻が、いまより先になっています。時刻を確かめて、入力し直してください。"
    )
    item.refresh_from_db()
    assert (item.is_open, Visit.objects.exists()) == (True, False)
    resolutions.choose(item, "came_at", reason="本人", told_at=make.at(8, 50), by=by, at=make.at(15, 10))
    assert Visit.objects.get().arrived_at == make.at(8, 50)
