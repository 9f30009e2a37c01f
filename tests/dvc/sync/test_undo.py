"""Taking back: a card given to the wrong person, what was told by it, clocks that are off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, version_of
from dvc.sync import gather, holding, merging, resolutions
from dvc.sync.bindings import fold_held
from dvc.sync.models import HeldOp, InboxItem, ItemKind
from intake.checkin.models import Visit
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from matching.teams import services as teams
from tests import make
from tests.dvc.sync.tablet import Tablet, said, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


@pytest.fixture
def person(tablet: Tablet) -> Volunteer:
    return make.volunteer(tablet.operation.center, insured=False)


@pytest.fixture
def other(tablet: Tablet) -> Volunteer:
    return make.volunteer(tablet.operation.center, "高橋", "一郎", insured=False)


@pytest.fixture
def card(tablet: Tablet) -> Card:
    return Card.objects.get(
        stock=cards.issue_stock(tablet.operation.center, count=1, by=SYSTEM, at=make.at(8))
    )


def undo(tablet: Tablet, op: dict[str, Any], minute: int) -> dict[str, Any]:
    return said(tablet, "visit.undo", make.at(9, minute), op=op["op_id"], of=op["kind"])


def holder(card: Card) -> Volunteer | None:
    card.refresh_from_db()
    return card.holder


def here() -> set[Volunteer]:
    return {visit.volunteer for visit in Visit.objects.present()}


# ── a card given to the wrong person ───────────────────────────────────────────────────────────


def test_a_card_is_taken_back_from_a_registration_that_was_merged_since(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card
) -> None:
    twin = make.volunteer(tablet.operation.center, insured=False, registered_at=make.at(8))
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=twin.pk)
    tell(tablet, bind)
    merging.merge(person, twin, by=SYSTEM, at=make.at(9, 3))
    [result] = tell(tablet, undo(tablet, bind, 4))
    assert (result["status"], result["code"]) == ("applied", "annulled")
    assert holder(card) is None
    tell(tablet, said(tablet, "card.bind", make.at(9, 5), card=card.token, volunteer=other.pk))
    assert holder(card) == other


def test_what_waited_for_a_card_goes_on_waiting_when_it_was_given_to_the_wrong_person(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card
) -> None:
    came = said(tablet, "visit.arrive", make.at(9), card=card.token)
    heard = said(tablet, "visit.orient", make.at(9, 1), card=card.token)
    seen = said(tablet, "visit.insure", make.at(9, 1), card=card.token, evidence="seen_card")
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    tell(tablet, came, heard, seen, bind)
    assert here() == {person}
    back = undo(tablet, bind, 3)
    for _ in range(2):
        assert tell(tablet, back)[0]["code"] == "annulled"
        assert here() == set()
        assert {held.state for held in HeldOp.objects.all()} == {"waiting"}
    gather.look_through(tablet.operation, at=make.at(9, 4))
    assert {held.result for held in HeldOp.objects.all()} == {None}
    tell(tablet, said(tablet, "card.bind", make.at(9, 5), card=card.token, volunteer=other.pk))
    visit = Visit.objects.get(annulled_at=None)
    assert (visit.volunteer, visit.arrived_at, visit.insurance_seen_at, visit.oriented_at) == (
        other, make.at(9), make.at(9, 1), make.at(9, 1),
    )  # fmt: skip
    tell(tablet, undo(tablet, came, 6))
    assert here() == set()


def test_insurance_shown_with_a_card_of_the_wrong_person_waits_for_the_right_one(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card
) -> None:
    seen = said(tablet, "visit.insure", make.at(9), card=card.token, evidence="seen_card")
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    typed = said(tablet, "visit.insure", make.at(9, 3), short_code=card.short_code, evidence="seen_card")
    own = said(tablet, "visit.insure", make.at(9, 3), volunteer=person.pk, evidence="seen_card")
    tell(tablet, seen, bind, typed, own)
    tell(tablet, undo(tablet, bind, 4))
    waiting = {(held.card, held.volunteer) for held in HeldOp.objects.all()}
    assert waiting == {(card, None), (None, person)}
    tell(tablet, said(tablet, "card.bind", make.at(9, 5), card=card.token, volunteer=other.pk))
    tell(tablet, said(tablet, "visit.arrive", make.at(9, 6), card=card.token))
    gather.look_through(tablet.operation, at=make.at(9, 7))
    assert Visit.objects.get().insurance_seen_at == make.at(9)
    assert HeldOp.objects.get(volunteer=person).state == "waiting"


def test_what_the_wrong_person_did_without_the_card_stands(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card
) -> None:
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    tell(
        tablet,
        said(tablet, "visit.arrive", make.at(8, 30), volunteer=person.pk),
        said(tablet, "visit.arrive", make.at(9), card=card.token),
        bind,
    )
    teams.form(tablet.operation, volunteers=[person], leader=person, mode="walk", by=SYSTEM, at=make.at(9, 2))
    [result] = tell(tablet, undo(tablet, bind, 3))
    assert result["code"] == "annulled"
    assert Visit.objects.present().get().arrived_at == make.at(8, 30)
    tell(tablet, said(tablet, "card.bind", make.at(9, 5), card=card.token, volunteer=other.pk))
    assert here() == {person, other}


def test_a_card_stays_with_somebody_who_is_in_a_team_because_of_it(
    tablet: Tablet, person: Volunteer, card: Card
) -> None:
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token), bind)
    teams.form(tablet.operation, volunteers=[person], leader=person, mode="walk", by=SYSTEM, at=make.at(9, 2))
    [result] = tell(tablet, undo(tablet, bind, 3))
    assert (result["status"], result["code"]) == ("refused", "visit.in_a_team")
    assert (holder(card), here()) == (person, {person})
    assert HeldOp.objects.get().state == "folded"


# ── what waits ─────────────────────────────────────────────────────────────────────────────────


def test_what_was_taken_back_while_it_waited_is_not_folded_by_who_read_it_before(
    tablet: Tablet, person: Volunteer, card: Card
) -> None:
    came = said(tablet, "visit.arrive", make.at(9), card=card.token)
    tell(tablet, came)
    read_before = HeldOp.objects.get()
    tell(tablet, undo(tablet, came, 1))
    cards.bind(card, person, by=SYSTEM, at=make.at(9, 2))
    assert not holding.fold_or_leave(read_before, fold=fold_held, at=make.at(9, 2))
    assert HeldOp.objects.get().state == "dropped"
    assert here() == set()


def test_a_taking_back_that_waits_goes_with_its_tablet_when_that_is_registered_again(
    tablet: Tablet, person: Volunteer
) -> None:
    came = said(tablet, "visit.arrive", make.at(9), volunteer=person.pk)
    back = undo(tablet, came, 2)
    tell(tablet, back)
    found = Tablet(tablet.operation)
    tell(found, {**back, "seq": 1}, {**came, "seq": 2})
    assert here() == {person}
    gather.look_through(tablet.operation, at=make.at(9, 5))
    assert here() == set()


def test_what_is_folded_already_is_not_folded_again(tablet: Tablet, person: Volunteer, card: Card) -> None:
    tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token))
    read_before = HeldOp.objects.get()
    tell(tablet, said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk))
    version = version_of(tablet.operation.pk)
    assert not holding.fold_or_leave(read_before, fold=fold_held, at=make.at(9, 3))
    assert version_of(tablet.operation.pk) == version
    assert HeldOp.objects.get().settled_at == make.at(9, 2)


def test_taking_back_what_waits_is_written_down_and_settles_what_a_person_was_asked(
    tablet: Tablet, card: Card
) -> None:
    answer = said(tablet, "visit.answer", make.at(9), card=card.token, answers={"well": "no"})
    came = said(tablet, "visit.arrive", make.at(9), card=card.token)
    tell(tablet, answer, came)
    gather.look_through(tablet.operation, at=make.at(33))
    gather.look_through_all(at=make.at(33))
    items = InboxItem.objects.open().filter(kind=ItemKind.CARD_NEVER_BOUND)
    assert items.count() == 2
    by = make.by(make.user(tablet.operation.center))
    held = HeldOp.objects.get(op_id=answer["op_id"])
    resolutions.choose(items.get(key=str(held.pk)), "drop", reason="", told_at=None, by=by, at=make.at(33))
    tell(tablet, undo(tablet, came, 5))
    gather.look_through_all(at=make.at(34))
    assert not items.exists()
    dropped = Entry.objects.filter(action="op.dropped").order_by("pk")
    assert [entry.actor for entry in dropped] == [by.user, tablet.operator]
    held.refresh_from_db()
    assert (held.state, held.op["payload"]) == ("dropped", {"card": card.token})


# ── clocks that are off ────────────────────────────────────────────────────────────────────────


def told_by_a_clock(tablet: Tablet, error: timedelta, op: dict[str, Any], ago: timedelta) -> dict[str, Any]:
    """The op went out now from a tablet whose clock is off, and was recorded a while ago."""
    now = timezone.now() + error
    sent = {**op, "t_wall": (now - ago).isoformat()}
    tablet.post({"epoch": 1, "sent_wall": now.isoformat(), "ops": [sent]})
    return sent


@pytest.mark.parametrize(
    "error", [timedelta(minutes=-20, microseconds=567), timedelta(minutes=7, microseconds=123)]
)
def test_what_waited_is_taken_back_also_when_the_tablets_clock_is_off(
    tablet: Tablet, person: Volunteer, card: Card, error: timedelta
) -> None:
    minute = timedelta(minutes=1)
    ways: list[dict[str, Any]] = [
        tablet.op("visit.insure", volunteer=person.pk, evidence="seen_card"),
        tablet.op("visit.orient", card=card.token),
    ]
    told = [told_by_a_clock(tablet, error, op, 5 * minute) for op in ways]
    told_by_a_clock(tablet, error, tablet.op(volunteer=person.pk), 4 * minute)
    told_by_a_clock(tablet, error, tablet.op("card.bind", card=card.token, volunteer=person.pk), 3 * minute)
    gather.look_through(tablet.operation, at=timezone.now())
    visit = Visit.objects.get()
    assert None not in (visit.insurance_seen_at, visit.oriented_at)
    for op in told:
        told_by_a_clock(tablet, error, tablet.op("visit.undo", op=op["op_id"], of=op["kind"]), minute)
    visit.refresh_from_db()
    assert (visit.insurance_seen_at, visit.oriented_at) == (None, None)
