"""Taking back: a card given to the wrong person, what was told by it, clocks that are off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, version_of
from dvc.operations.models import QuestionsStop
from dvc.sync import gather, holding, merging, resolutions
from dvc.sync.bindings import fold_held
from dvc.sync.models import HeldOp, InboxItem, ItemKind
from intake.checkin.models import Visit
from intake.questions import services as questions
from intake.questions.models import DayAnswer
from intake.volunteers import cards
from intake.volunteers import services as volunteers
from intake.volunteers.models import Card, Volunteer
from matching.teams import services as teams
from tests import make
from tests.dvc.sync.tablet import Tablet, said, tell, walk_in

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


def told_while_held(gate: Tablet, card: Card) -> list[dict[str, Any]]:
    """At another gate, while the wrong person was known to hold the card."""
    return [
        said(gate, "visit.arrive", make.at(9, 3), card=card.token),
        said(gate, "visit.orient", make.at(9, 4), card=card.token),
        said(gate, "visit.consent", make.at(9, 4), short_code=card.short_code),
        said(gate, "visit.answer", make.at(9, 4), card=card.token, answers={"well": "no"}),
    ]


def desk_of(tablet: Tablet) -> Client:
    client = Client()
    client.force_login(make.user(tablet.operation.center, Role.RECEPTION))
    return client


def choose(tablet: Tablet, choice: str, reason: str = "受付に聞いた") -> HttpResponse:
    [item] = InboxItem.objects.open().filter(kind=ItemKind.CARD_TAKEN_BACK)
    url = reverse("inbox_resolve", args=[tablet.operation.pk, item.pk])
    return desk_of(tablet).post(url, {"choice": choice, "reason": reason}, follow=True)  # type: ignore[return-value]


def answers_of(person: Volunteer) -> dict[str, str]:
    return dict(DayAnswer.objects.filter(volunteer=person).values_list("question", "answer"))


def agreed(person: Volunteer) -> datetime | None:
    person.refresh_from_db()
    return person.consented_at


@pytest.fixture
def taken_back(tablet: Tablet, person: Volunteer, card: Card) -> None:
    """The card was given to `person`, who never had it; another gate saw it; then it was taken back."""
    questions.set_asked(
        tablet.operation, codes=["well"], stop=QuestionsStop.UNANSWERED, by=SYSTEM, at=make.at(8)
    )
    volunteers.agree(person, by=SYSTEM, at=make.at(8, 30))
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    tell(tablet, bind)
    results = tell(Tablet(tablet.operation), *told_while_held(Tablet(tablet.operation), card))
    assert (here(), {result["status"] for result in results}) == ({person}, {"applied"})
    assert (answers_of(person), agreed(person)) == ({"well": "no"}, make.at(9, 4))
    assert tell(tablet, undo(tablet, bind, 5))[0]["code"] == "annulled"


def test_what_was_told_by_a_card_while_the_wrong_person_had_it_is_nobodys_until_a_person_says(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card, taken_back: None
) -> None:
    assert (here(), answers_of(person), agreed(person)) == (set(), {}, make.at(8, 30))
    tell(tablet, said(tablet, "card.bind", make.at(9, 6), card=card.token, volunteer=other.pk))
    gather.look_through(tablet.operation, at=make.at(9, 7))
    assert here() == set()
    item = InboxItem.objects.open().get(kind=ItemKind.CARD_TAKEN_BACK)
    page = desk_of(tablet).get(reverse("inbox_item", args=[tablet.operation.pk, item.pk])).content.decode()
    for words in (
        "渡しまちがえたカードの記録",
        "到着の記録",
        "説明を受けた",
        "注意事項に同意した",
        "今日の質問に答えた",
    ):
        assert words in page
    code = f"{card.short_code[:4]}-{card.short_code[4:]}"
    for words in (
        f"いまの持ち主：<b>{other.name}さん</b>（7月18日 09:06に渡した）",
        f"はじめに渡した人：<b>{person.name}さん</b>（7月18日 09:02に渡し、09:05に取り消した）",
        f'<span class="num">{code}</span>',
    ):
        assert words in page
    assert "片づけました" in choose(tablet, "holder").content.decode()
    visit = Visit.objects.present().get()
    assert (visit.volunteer, visit.arrived_at, visit.oriented_at) == (other, make.at(9, 3), make.at(9, 4))
    assert (answers_of(other), agreed(other)) == ({"well": "no"}, make.at(9, 4))
    assert (answers_of(person), agreed(person)) == ({}, make.at(8, 30))
    assert not HeldOp.objects.filter(op__payload__has_key="answers").exists()


def test_it_was_the_first_person_s_after_all(
    tablet: Tablet, person: Volunteer, card: Card, taken_back: None
) -> None:
    assert "理由を短く書いてください" in choose(tablet, "first", reason="").content.decode()
    choose(tablet, "first")
    assert (here(), answers_of(person), agreed(person)) == ({person}, {"well": "no"}, make.at(9, 4))
    assert Visit.objects.present().get().oriented_at == make.at(9, 4)


def test_it_was_nobody_s(tablet: Tablet, person: Volunteer, card: Card, taken_back: None) -> None:
    assert "先にボランティアの画面でカードを渡してください" in choose(tablet, "holder").content.decode()
    choose(tablet, "drop")
    assert {held.state for held in HeldOp.objects.all()} == {"dropped"}
    assert (here(), answers_of(person)) == (set(), {})
    gather.look_through(tablet.operation, at=make.at(33))
    assert not InboxItem.objects.open().filter(kind=ItemKind.CARD_NEVER_BOUND).exists()


def test_what_a_person_said_was_the_first_one_s_stands_when_the_next_giving_is_taken_back_as_well(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card, taken_back: None
) -> None:
    choose(tablet, "first")
    again = said(tablet, "card.bind", make.at(9, 6), card=card.token, volunteer=other.pk)
    tell(tablet, again, undo(tablet, again, 8))
    assert (here(), answers_of(person), agreed(person)) == ({person}, {"well": "no"}, make.at(9, 4))
    assert not InboxItem.objects.open().exists()


def test_what_a_person_was_asked_about_is_asked_again_when_the_next_giving_is_taken_back_as_well(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card, taken_back: None
) -> None:
    again = said(tablet, "card.bind", make.at(9, 6), card=card.token, volunteer=other.pk)
    tell(tablet, again)
    choose(tablet, "holder")
    assert here() == {other}
    tell(tablet, undo(tablet, again, 8))
    third = make.volunteer(tablet.operation.center, "鈴木", "三郎", insured=False)
    tell(tablet, said(tablet, "card.bind", make.at(9, 9), card=card.token, volunteer=third.pk))
    assert here() == set()
    assert "片づけました" in choose(tablet, "holder").content.decode()
    assert (here(), answers_of(third)) == ({third}, {"well": "no"})


@pytest.mark.parametrize("given_on", [True, False])
def test_what_comes_late_of_the_time_a_wrong_person_had_the_card_is_nobodys_until_a_person_says(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card, given_on: bool
) -> None:
    """The gate had no network; it sends after the card has gone on, or while nobody has it."""
    questions.set_asked(
        tablet.operation, codes=["well"], stop=QuestionsStop.UNANSWERED, by=SYSTEM, at=make.at(8)
    )
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    on = said(tablet, "card.bind", make.at(9, 6), card=card.token, volunteer=other.pk)
    tell(tablet, bind, undo(tablet, bind, 5), *([on] if given_on else []))
    gate = Tablet(tablet.operation)
    results = tell(gate, *told_while_held(gate, card))
    assert {(result["status"], result["code"]) for result in results} == {("review", "card_in_doubt")}
    if not given_on:
        tell(tablet, on)
    gather.look_through(tablet.operation, at=make.at(9, 7))
    assert (here(), answers_of(other)) == (set(), {})
    item = InboxItem.objects.open().get(kind=ItemKind.CARD_TAKEN_BACK)
    assert (item.pk, len(item.views)) == (results[0]["data"]["inbox"], 4)
    later = said(gate, "visit.arrive", make.at(9, 8), card=card.token)
    assert tell(gate, later)[0]["status"] == "applied"
    assert here() == {other}
    choose(tablet, "first")
    assert (here(), answers_of(person)) == ({person, other}, {"well": "no"})


def test_what_comes_late_joins_what_is_asked_already_and_asks_anew_what_was_decided(
    tablet: Tablet, person: Volunteer, other: Volunteer, card: Card, taken_back: None
) -> None:
    item = InboxItem.objects.open().get()
    gate = Tablet(tablet.operation)
    went = said(gate, "visit.leave", make.at(9, 4), card=card.token)
    [result] = tell(gate, went)
    assert result["data"]["inbox"] == item.pk
    choose(tablet, "first")
    tell(gate, said(gate, "visit.arrive", make.at(9, 3), card=card.token))
    assert InboxItem.objects.open().get() == item


def test_a_card_given_back_to_the_same_person_asks_nobody(
    tablet: Tablet, person: Volunteer, card: Card
) -> None:
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    again = said(tablet, "card.bind", make.at(9, 6), card=card.token, volunteer=person.pk)
    tell(tablet, bind, undo(tablet, bind, 5), again)
    gate = Tablet(tablet.operation)
    tell(gate, said(gate, "visit.arrive", make.at(9, 3), card=card.token))
    assert (here(), Visit.objects.get().arrived_at) == ({person}, make.at(9, 3))


def test_what_was_taken_back_before_the_card_was_is_asked_of_nobody(
    tablet: Tablet, person: Volunteer, card: Card
) -> None:
    bind = said(tablet, "card.bind", make.at(9, 2), card=card.token, volunteer=person.pk)
    came = said(tablet, "visit.arrive", make.at(9, 3), card=card.token)
    tell(tablet, bind, came, undo(tablet, came, 4), undo(tablet, bind, 5))
    assert (HeldOp.objects.count(), InboxItem.objects.count()) == (0, 0)


def test_a_walk_in_that_is_taken_back_takes_its_answers_along_and_asks_about_its_card(
    tablet: Tablet, other: Volunteer, card: Card
) -> None:
    questions.set_asked(
        tablet.operation, codes=["well"], stop=QuestionsStop.UNANSWERED, by=SYSTEM, at=make.at(8)
    )
    blank = said(tablet, "visit.arrive", make.at(9, 1), card=card.token)
    came = {**walk_in(tablet, card=card.token), "t_wall": make.at(9, 2).isoformat(), "mode": "offline"}
    guest = came["payload"]["guest"]
    answer = said(tablet, "visit.answer", make.at(9, 2), guest=guest, answers={"well": "no"})
    tell(tablet, blank, came, answer)
    tell(Tablet(tablet.operation), *told_while_held(Tablet(tablet.operation), card))
    tell(tablet, undo(tablet, came, 5))
    written = Volunteer.objects.get(form_token=guest)
    assert (written.withdrawn_at, holder(card), here()) == (make.at(9, 5), None, set())
    assert not DayAnswer.objects.exists()
    tell(tablet, said(tablet, "card.bind", make.at(9, 6), card=card.token, volunteer=other.pk))
    assert here() == set()
    choose(tablet, "holder")
    assert (here(), answers_of(other), agreed(other)) == ({other}, {"well": "no"}, make.at(9, 4))


def test_a_walk_in_that_another_gate_received_as_well_keeps_its_card_and_what_it_told(
    tablet: Tablet, card: Card
) -> None:
    came = {**walk_in(tablet, card=card.token), "t_wall": make.at(9, 2).isoformat(), "mode": "offline"}
    [result] = tell(tablet, came)
    written = Volunteer.objects.get(pk=result["data"]["volunteer"])
    gate = Tablet(tablet.operation)
    tell(gate, said(gate, "visit.arrive", make.at(9, 3), volunteer=written.pk), *told_while_held(gate, card))
    tell(tablet, undo(tablet, came, 5))
    assert (holder(card), here()) == (written, {written})
    assert (HeldOp.objects.count(), InboxItem.objects.exclude(kind=ItemKind.TWO_GATES).count()) == (0, 0)


# ── what waits ─────────────────────────────────────────────────────────────────────────────────


def test_what_was_taken_back_while_it_waited_is_not_folded_by_who_read_it_before(
    tablet: Tablet, person: Volunteer, card: Card
) -> None:
    came = said(tablet, "visit.arrive", make.at(9), card=card.token)
    tell(tablet, came)
    read_before = HeldOp.objects.get()
    tell(tablet, undo(tablet, came, 1))
    cards.bind(card, person, by=SYSTEM, at=make.at(9, 2), on=make.day(make.at(9, 2)))
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


def test_the_help_names_what_cannot_be_taken_back(tablet: Tablet, person: Volunteer) -> None:
    tablet.send(tablet.op(volunteer=person.pk))
    agreed = tablet.op("visit.consent", volunteer=person.pk)
    [_, refused] = tablet.send(agreed, tablet.op("visit.undo", op=agreed["op_id"]))
    assert refused["code"] == "visit.undo_nothing"
    client = Client()
    client.force_login(make.user(tablet.operation.center, Role.RECEPTION))
    page = client.get(reverse("help", args=[tablet.operation.pk])).content.decode()
    assert "今日の質問の答えと、注意事項への同意は取り消せません。" in page


# ── one card, read more than once at one gate ──────────────────────────────────────────────────


def test_a_card_held_up_twice_is_taken_back_as_one(tablet: Tablet, person: Volunteer) -> None:
    first = said(tablet, "visit.arrive", make.at(9), volunteer=person.pk)
    again = said(tablet, "visit.arrive", make.at(9, 4), volunteer=person.pk)
    tell(tablet, first, again, undo(tablet, again, 10))
    assert here() == set()


def test_what_was_read_by_mistake_at_noon_leaves_the_morning_s_arrival_alone(
    tablet: Tablet, person: Volunteer
) -> None:
    first = said(tablet, "visit.arrive", make.at(9), volunteer=person.pk)
    again = said(tablet, "visit.arrive", make.at(9, 20), volunteer=person.pk)
    [_came, _again, taken_back] = tell(tablet, first, again, undo(tablet, again, 25))
    assert taken_back["code"] == "annulled"
    assert here() == {person}
    assert Visit.objects.get().arrived_at == make.at(9)
