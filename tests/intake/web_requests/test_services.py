"""A request from a resident's phone is a need nobody is sent to before somebody has talked to them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.people.models import Household, Precision
from intake.web_requests import links, services
from intake.web_requests.models import AnswerKind, RequestLink, ResidentAnswer
from intake.web_requests.services import HelpAnswers
from tests import make

pytestmark = pytest.mark.django_db
AT = make.at(10)


@pytest.fixture(autouse=True)
def _no_counters_of_another_test() -> None:
    cache.clear()


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def said(**changes: object) -> HelpAnswers:
    words: dict[str, object] = {
        "name": "髙橋 キヨ", "phone": "０２２－０００－１２３４", "for_self": True, "resident_name": "",
        "address": "町前一丁目9999-1", "description": "床下に泥が入った", "when": "午後", **changes,
    }  # fmt: skip
    return HelpAnswers(**words)  # type: ignore[arg-type]


def ask(operation: Operation, token: uuid.UUID | None = None, **changes: object) -> services.Sent:
    return services.ask_for_help(
        operation, said(**changes), language="ja", client="192.0.2.1", form_token=token or uuid.uuid4(), at=AT
    )


def link_of(sent: services.Sent) -> RequestLink:
    link = links.behind(sent.secret)
    assert link is not None
    return link


def test_a_request_waits_on_the_call_back_list_until_somebody_has_phoned(operation: Operation) -> None:
    need = ask(operation).need
    assert (need.state, need.unconfirmed, need.method) == (NeedState.TRIAGE, True, "web")
    for step in (NeedState.SURVEY_WAIT, NeedState.READY):
        with pytest.raises(Refused, match=r"need\.not_confirmed"):
            needs.move(need, step, by=SYSTEM, at=AT)
    assert "need.not_confirmed" in [no.code for no in needs.what_is_missing(need)]
    needs.confirm(need, by=SYSTEM, at=AT)
    assert needs.move(need, NeedState.SURVEY_WAIT, by=SYSTEM, at=AT).state == NeedState.SURVEY_WAIT


def test_somebody_else_asks_for_the_mother(operation: Operation) -> None:
    need = ask(operation, for_self=False, resident_name="高橋 トメ").need
    assert need.requester is not None
    assert need.resident is not None
    assert (need.requester.name, need.resident.name) == ("髙橋 キヨ", "高橋 トメ")
    assert need.resident.household == need.household


def test_the_same_form_twice_is_one_need_and_one_link(operation: Operation) -> None:
    token = uuid.uuid4()
    first, second = ask(operation, token), ask(operation, token)
    assert (first.need.pk, first.secret) == (second.need.pk, second.secret)
    assert (Need.objects.count(), RequestLink.objects.count()) == (1, 1)


def test_only_a_hash_of_the_secret_is_kept_and_nothing_personal_in_the_audit(operation: Operation) -> None:
    sent = ask(operation)
    assert sent.secret not in str(RequestLink.objects.values().get())
    details = str(list(Entry.objects.values_list("details", flat=True)))
    assert sent.secret not in details
    assert "キヨ" not in details


def test_one_phone_is_heard_three_times_a_day_and_one_address_for_a_while(operation: Operation) -> None:
    for _ in range(3):
        ask(operation)
    with pytest.raises(Refused, match=r"web_request\.same_phone"):
        ask(operation, phone="022-000-1234")
    ask(operation, phone="022-000-9999")
    for number in range(services.FROM_ONE_ADDRESS.most):
        services.FROM_ONE_ADDRESS.count("192.0.2.1", number)
        services.FROM_ONE_ADDRESS.count("192.0.2.1")
    with pytest.raises(Refused, match=r"web_request\.busy"):
        ask(operation, phone="022-000-8888")
    assert Need.objects.count() == 4


def test_a_closed_operation_sends_to_what_is_open_and_a_drill_to_nothing(operation: Operation) -> None:
    drill = make.operation(operation.center, mode=Mode.DRILL, name="訓練")
    operations.close_operation(operation, teams_out=0, reason="終わり", by=SYSTEM, at=AT)
    operations.close_operation(drill, teams_out=0, reason="終わり", by=SYSTEM, at=AT)
    stands_in = services.open_for_requests(operation)
    assert stands_in is not None
    assert stands_in.mode == Mode.ORDINARY
    assert services.open_for_requests(drill) is None


def test_a_link_opens_with_the_last_digits_and_ends_after_five_wrong_ones(operation: Operation) -> None:
    sent = ask(operation)
    link = link_of(sent)
    assert links.knows_the_number(link, "1234", at=AT)
    for _ in range(links.MOST_WRONG_DIGITS):
        assert not links.knows_the_number(link, "0000", at=AT)
    assert not links.is_live(link_of(sent), at=AT)


def test_a_link_is_too_old_after_three_days_and_a_new_one_ends_it(operation: Operation) -> None:
    sent = ask(operation)
    assert links.is_live(link_of(sent), at=AT + links.LASTS - timedelta(seconds=1))
    assert not links.is_live(link_of(sent), at=AT + links.LASTS)
    newer = links.make(sent.need, by=SYSTEM, at=AT)
    assert not links.is_live(link_of(sent), at=AT)
    assert links.stop(sent.need, by=SYSTEM, at=AT)
    link = links.behind(newer)
    assert link is not None
    assert not links.is_live(link, at=AT)


def test_a_guessed_link_is_nobodys(operation: Operation) -> None:
    ask(operation)
    assert links.behind("guessed") is None
    assert links.behind("\udcff") is None


def test_what_the_resident_corrects_before_the_call_is_applied_and_shown(operation: Operation) -> None:
    sent = ask(operation)
    words = {
        **services.words_of(sent.need),
        "description": "床下と台所に泥が入った",
        "phone": "090-0000-0012",
    }
    made = services.answer(link_of(sent), AnswerKind.CORRECT, words, at=AT)
    need = Need.objects.get()
    assert need.requester is not None
    assert (need.description, need.requester.phone_digits) == ("床下と台所に泥が入った", "09000000012")
    assert made.applied_at == AT
    assert [name for name, _, _ in made.said] == ["phone", "description"]


def test_what_the_resident_corrects_after_the_call_waits_for_a_person(operation: Operation) -> None:
    sent = ask(operation)
    needs.confirm(sent.need, by=SYSTEM, at=AT)
    words = {**services.words_of(sent.need), "address": "町前二丁目9999-2", "when": ""}
    made = services.answer(link_of(sent), AnswerKind.CORRECT, words, at=AT)
    need = Need.objects.select_related("household").get()
    assert need.household is not None
    assert (need.household.address, made.applied_at) == ("町前一丁目9999-1", None)
    services.take_in(ResidentAnswer.objects.get(), by=SYSTEM, at=AT)
    need = Need.objects.select_related("household").get()
    assert need.household is not None
    assert (need.household.address, need.attendance) == ("町前二丁目9999-2", "")
    with pytest.raises(Refused, match=r"web_request\.settled"):
        services.take_in(ResidentAnswer.objects.get(), by=SYSTEM, at=AT)


def test_an_address_that_is_corrected_to_nowhere_we_know_leaves_the_queue(operation: Operation) -> None:
    sent = ask(operation)
    need = sent.need
    needs.confirm(need, by=SYSTEM, at=AT)
    Household.objects.filter(needs=need).update(lat=38.29, lng=141.0, precision=Precision.PIN)
    WorkItem.objects.create(need=need, category="mud_removal", people_min=2, people_ideal=3, people_max=5)
    needs.make_ready(Need.objects.get(), by=SYSTEM, at=AT)
    words = {**services.words_of(need), "address": "どこか遠く"}
    services.answer(link_of(sent), AnswerKind.CORRECT, words, at=AT)
    assert Need.objects.get().state == NeedState.READY
    services.take_in(ResidentAnswer.objects.get(), by=SYSTEM, at=AT)
    need = Need.objects.get()
    assert (need.state, need.changes.latest("id").reason) == (
        NeedState.TRIAGE, "場所が分からなくなったため",
    )  # fmt: skip


def test_a_link_is_answered_once(operation: Operation) -> None:
    sent = ask(operation)
    first, second = link_of(sent), link_of(sent)
    services.answer(first, AnswerKind.CONFIRM, {}, at=AT)
    with pytest.raises(Refused, match=r"web_request\.link_old"):
        services.answer(second, AnswerKind.WITHDRAW, {}, at=AT)
    assert Need.objects.get().state == NeedState.TRIAGE


def test_a_withdrawal_ends_the_need_and_says_who_told_it(operation: Operation) -> None:
    sent = ask(operation)
    services.answer(link_of(sent), AnswerKind.WITHDRAW, {}, at=AT)
    need = Need.objects.get()
    last = need.changes.last()
    assert last is not None
    assert (need.state, last.told, last.by) == (NeedState.WITHDRAWN, "本人（ウェブ）", None)


def test_a_withdrawal_does_not_stop_a_team_by_itself(operation: Operation) -> None:
    need = make.need(operation, state=NeedState.ASSIGNED)
    secret = links.make(need, by=SYSTEM, at=AT)
    link = links.behind(secret)
    assert link is not None
    made = services.answer(link, AnswerKind.WITHDRAW, {}, at=AT)
    need.refresh_from_db()
    assert (need.state, made.applied_at, made.seen_at) == (NeedState.ASSIGNED, None, None)


def test_who_could_not_be_reached_answers_and_is_called_again(operation: Operation) -> None:
    sent = ask(operation)
    needs.move(sent.need, NeedState.UNREACHABLE, by=SYSTEM, at=AT, reason="3回かけても出ない")
    services.answer(link_of(sent), AnswerKind.CONFIRM, {}, at=AT)
    assert Need.objects.get().state == NeedState.TRIAGE


def test_nobody_can_prove_who_they_are_without_a_telephone(operation: Operation) -> None:
    need = make.need(operation)
    assert need.requester is not None
    need.requester.phone_digits = ""
    need.requester.save()
    need.refresh_from_db()
    with pytest.raises(Refused, match=r"web_request\.no_phone"):
        links.make(need, by=SYSTEM, at=AT)
