"""The questions of the day from a tablet: kept in any order, shown to nobody who need not know."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dvc.accounts import services as accounts
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import QuestionsStop
from dvc.sync import answers, holders, resolutions, snapshot
from dvc.sync.holders import ANSWERED, STOPPED
from dvc.sync.models import HeldOp, InboxItem, QuarantinedOp, Receipt
from intake.checkin.models import FailedScan
from intake.questions import services as questions
from intake.questions.models import DayAnswer
from intake.volunteers import cards
from intake.volunteers.models import Card
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    operation = make.operation()
    questions.set_asked(
        operation, codes=["well", "boots"], stop=QuestionsStop.UNANSWERED, by=SYSTEM, at=make.at(8)
    )
    return Tablet(operation)


def test_an_arrival_says_what_is_still_to_be_asked(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    [came, said] = tablet.send(
        tablet.op(card=card.token), tablet.op("visit.answer", card=card.token, answers={"well": "yes"})
    )
    assert (came["code"], came["data"]["questions"]["left"]) == ("ok", ["well", "boots"])
    assert [todo["code"] for todo in came["data"]["todo"]] == ["orientation", "questions"]
    assert (said["code"], said["data"]["questions"]["left"]) == ("ok_answered", ["boots"])


def test_an_answer_may_come_before_the_arrival(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    [said, came] = tablet.send(
        tablet.op("visit.answer", card=card.token, answers={"well": "yes", "boots": "yes"}),
        tablet.op(card=card.token),
    )
    assert (said["status"], said["code"]) == ("applied", "ok_answered")
    assert came["data"]["questions"] == {"left": [], "lacks": [], "talk": False}
    assert [todo["code"] for todo in came["data"]["todo"]] == ["orientation"]


def test_an_answer_again_is_replayed(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    op = tablet.op("visit.answer", volunteer=person.pk, answers={"well": "no"})
    [first] = tablet.send(op)
    [again] = tablet.send(op)
    assert again == {**first, "status": "replayed", "was": first["status"]}
    assert DayAnswer.objects.count() == 1


def test_everything_is_fine_does_not_take_back_what_somebody_said(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    fine = {"well": "yes", "boots": "yes"}
    [_said, result] = tablet.send(
        tablet.op("visit.answer", volunteer=person.pk, answers={"well": "no"}),
        tablet.op("visit.answer", volunteer=person.pk, answers=fine, all=True),
    )
    assert (result["status"], result["code"]) == ("applied", "answered_talk")
    assert dict(DayAnswer.objects.values_list("question", "answer")) == {"well": "no", "boots": "yes"}
    # A receipt of a tablet that knows no such word keeps its digest: nothing is filled in.
    assert "all" not in Receipt.objects.order_by("seq")[0].payload


def test_what_was_said_stands_in_one_table_only(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    [_came, said] = tablet.send(
        tablet.op(card=card.token), tablet.op("visit.answer", card=card.token, answers={"well": "no"})
    )
    receipt = Receipt.objects.get(kind="visit.answer")
    assert "answers" not in receipt.payload
    logged = list(Entry.objects.exclude(action="questions.set").values("action", "details"))
    assert '"no"' not in json.dumps([receipt.result, said, logged])
    assert DayAnswer.objects.get().answer == "no"


def test_other_tablets_learn_a_mark_and_no_more(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(3)]
    held = [card_of(person) for person in people]
    tablet.send(
        tablet.op("visit.answer", card=held[0].token, answers={"well": "yes", "boots": "yes"}),
        tablet.op("visit.answer", card=held[1].token, answers={"well": "no", "boots": "yes"}),
    )
    whole = snapshot.build(tablet.operation, at=timezone.now())
    flags = [whole["cards"][card.card_id[:16]][3] & (ANSWERED | STOPPED) for card in held]
    assert flags == [ANSWERED, ANSWERED | STOPPED, 0]
    assert [question["code"] for question in whole["operation"]["questions"]["ask"]] == ["well", "boots"]


def test_what_changed_for_some_reads_the_answers_of_no_one_else(
    tablet: Tablet, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(2)]
    held = [card_of(person) for person in people]
    yes = {"well": "yes", "boots": "yes"}
    tablet.send(*(tablet.op("visit.answer", card=card.token, answers=yes) for card in held))
    now = timezone.now()
    with CaptureQueriesContext(connection) as asked:
        told = holders.some(tablet.operation, volunteers={people[0].pk}, cards=set(), at=now)
    assert [card[3] & ANSWERED for card in told["cards"].values()] == [ANSWERED]
    [sql] = [query["sql"] for query in asked.captured_queries if "dayanswer" in query["sql"]]
    assert f"({people[0].pk})" in sql
    with django_assert_num_queries(0):
        holders.some(tablet.operation, volunteers=set(), cards=set(), at=now)


def test_an_answer_with_a_blank_card_waits_and_then_leaves_nothing_behind(tablet: Tablet) -> None:
    stock = cards.issue_stock(tablet.operation.center, count=1, by=SYSTEM, at=make.at(8))
    card = Card.objects.get(stock=stock)
    [held] = tablet.send(tablet.op("visit.answer", card=card.token, answers={"well": "no"}))
    assert held["status"] == "held"
    person = make.volunteer(tablet.operation.center)
    tablet.send(tablet.op("card.bind", card=card.token, volunteer=person.pk))
    assert DayAnswer.objects.get().volunteer == person
    assert "answers" not in HeldOp.objects.get().op["payload"]


def test_what_still_waits_is_forgotten_with_the_answers(tablet: Tablet) -> None:
    stock = cards.issue_stock(tablet.operation.center, count=1, by=SYSTEM, at=make.at(8))
    tablet.send(tablet.op("visit.answer", card=Card.objects.get(stock=stock).token, answers={"well": "no"}))
    assert answers.forget(at=timezone.now() + timedelta(days=29)) == 0
    assert answers.forget(at=timezone.now() + timedelta(days=31)) == 1
    assert HeldOp.objects.get().op["payload"]["answers"] == {}


def test_answers_are_forgotten_though_every_operation_is_closed_for_long(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    tablet.send(tablet.op("visit.answer", card=card.token, answers={"well": "no"}))
    operations.close_operation(tablet.operation, teams_out=0, by=SYSTEM, at=timezone.now())
    for days in (30, 60):
        at = timezone.now() + timedelta(days=days)
        assert DayAnswer.objects.exists()
        answers.forget_daily(at=at)
    assert not DayAnswer.objects.exists()


def test_that_the_chief_had_to_talk_with_somebody_is_forgotten_as_well(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    op = tablet.op("visit.answer", card=card.token, answers={"well": "no"})
    [said] = tablet.send(op)
    [came] = tablet.send(tablet.op(card=card.token))
    assert (said["code"], came["data"]["questions"]["talk"]) == ("answered_talk", True)
    answers.forget(at=timezone.now() + timedelta(days=31))
    assert "talk" not in json.dumps(list(Receipt.objects.values("result")))
    [again] = tablet.send(op)
    assert (again["status"], again["code"]) == ("replayed", "ok_answered")


def test_a_card_that_leads_nowhere_leaves_no_answer(tablet: Tablet) -> None:
    [result] = tablet.send(tablet.op("visit.answer", card="VC1NOTHING", answers={"well": "no"}))
    assert result["code"] == "unreadable"
    assert not DayAnswer.objects.exists()
    assert FailedScan.objects.get().raw == "VC1NOTHING"


@pytest.mark.parametrize(
    "bad", [None, "no", {"well": "perhaps"}, {"q" * 21: "no"}, {str(i): "no" for i in range(51)}]
)
def test_misshapen_answers_are_refused_and_nothing_else(tablet: Tablet, bad: object) -> None:
    person = make.volunteer(tablet.operation.center)
    [result] = tablet.send(tablet.op("visit.answer", volunteer=person.pk, answers=bad))
    assert (result["status"], result["code"]) == ("refused", "invalid")


def test_a_tablet_that_has_forgotten_an_answer_sends_it_again_without_harm(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    op = tablet.op("visit.answer", volunteer=person.pk, answers={"well": "no"})
    tablet.send(op)
    emptied = {**op, "payload": {**op["payload"], "answers": {}}}
    [again] = tablet.send(emptied)
    assert (again["status"], DayAnswer.objects.get().answer) == ("replayed", "no")
    [alone] = tablet.send(tablet.op("visit.answer", volunteer=person.pk, answers={}))
    assert (alone["status"], DayAnswer.objects.count()) == ("merged", 1)


def test_it_is_forgotten_also_where_the_answer_had_waited_for_a_card(tablet: Tablet) -> None:
    card = Card.objects.get(
        stock=cards.issue_stock(tablet.operation.center, count=1, by=SYSTEM, at=make.at(8))
    )
    tablet.send(
        tablet.op("visit.answer", card=card.token, answers={"well": "no"}), tablet.op(card=card.token)
    )
    person = make.volunteer(tablet.operation.center)
    tablet.send(tablet.op("card.bind", card=card.token, volunteer=person.pk))
    assert "talk" in json.dumps(list(HeldOp.objects.values("result")))
    answers.forget(at=timezone.now() + timedelta(days=31))
    results = [held.result or {} for held in HeldOp.objects.order_by("pk")]
    assert "talk" not in json.dumps(results)
    assert [result["code"] for result in results] == ["ok_answered", "ok"]
    assert {result["data"]["volunteer"] for result in results} == {person.pk}


@pytest.mark.parametrize("choice", ["take_in", "refuse"])
def test_an_answer_out_of_quarantine_leaves_nothing_behind(tablet: Tablet, choice: str) -> None:
    person = make.volunteer(tablet.operation.center)
    accounts.revoke_device(tablet.device, by=SYSTEM, at=timezone.now())
    tablet.send(tablet.op("visit.answer", volunteer=person.pk, answers={"well": "no"}))
    assert QuarantinedOp.objects.get().op["payload"]["answers"] == {"well": "no"}
    by = make.by(make.user(tablet.operation.center))
    resolutions.choose(InboxItem.objects.get(), choice, reason="本人", told_at=None, by=by, at=timezone.now())
    assert DayAnswer.objects.count() == (choice == "take_in")
    assert QuarantinedOp.objects.get().op["payload"] == {"volunteer": person.pk}
