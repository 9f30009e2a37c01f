"""A row of the register may stand under several requests: whoever has one of them open writes no old words back, and a
request that could not be served any more leaves the queue."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from intake.help_requests import merge, services
from intake.help_requests.models import CallBack, Need, NeedState
from intake.help_requests.services import NeedAnswers
from intake.people.models import Household, Person
from intake.people.services import HouseholdAnswers, PersonAnswers, mark_of
from intake.register import services as register
from tests import make
from tests.intake.help_requests.test_pages import seen_on
from tests.intake.help_requests.test_services import HOUSE, KIYO, receive, refusal

pytestmark = pytest.mark.django_db
S = NeedState
OTHER_PHONE = PersonAnswers("高橋 キヨ", "たかはし きよ", "022-000-0099", birth_year=1944)


def again(need: Need) -> Need:
    return Need.objects.get(pk=need.pk)


def correct(need: Need, **changes: Any) -> Need:
    values: dict[str, Any] = {
        "caller": KIYO, "resident": None, "household": HOUSE, "answers": NeedAnswers(), "version": need.version,
        "by": SYSTEM, "at": make.at(12), **changes,
    }  # fmt: skip
    return services.correct(need, **values)


def two_of_one_person() -> tuple[Need, Need]:
    operation = make.operation()
    first = receive(operation)
    return first, receive(operation, caller=first.requester, household=first.household)


def test_an_open_page_does_not_write_the_old_number_over_what_another_request_brought() -> None:
    one, other = two_of_one_person()
    open_page = again(one)
    correct(again(other), caller=OTHER_PHONE)
    assert refusal(correct, again(one), version=open_page.version) == "need.changed"
    assert Person.objects.get(requested=one).phone == "022-000-0099"
    # What changed nothing of the person disturbs nobody.
    open_page = again(one)
    correct(again(other), caller=OTHER_PHONE, answers=NeedAnswers(summary="2階も"))
    assert again(one).version == open_page.version


def test_a_merge_and_its_undoing_are_a_new_version_of_every_request_they_move() -> None:
    operation = make.operation()
    into, twin = (
        receive(operation),
        receive(operation, household=HouseholdAnswers(address="町前一丁目9999-1")),
    )
    assert into.requester
    assert twin.requester
    assert into.household
    assert twin.household
    open_pages = [again(into), again(twin)]
    people = merge.merge_people(twin.requester, into.requester, by=SYSTEM, at=make.at(12))
    houses = merge.merge_households(twin.household, into.household, by=SYSTEM, at=make.at(12))
    for page in open_pages:
        assert refusal(correct, again(page), version=page.version) == "need.changed"
    assert Household.objects.get(needs=again(into)).lat == HOUSE.lat
    open_pages = [again(into), again(twin)]
    assert merge.undo_people(people, by=SYSTEM, at=make.at(13))
    assert merge.undo_households(houses, by=SYSTEM, at=make.at(13))
    for page in open_pages:
        assert refusal(correct, again(page), version=page.version) == "need.changed"


def test_who_was_picked_and_merged_meanwhile_is_the_entry_that_stands(client: Client) -> None:
    operation = make.operation()
    into, twin = receive(operation), receive(operation)
    assert into.requester
    assert twin.requester
    merge.merge_people(twin.requester, into.requester, by=SYSTEM, at=make.at(12))
    client.force_login(make.user(operation.center, Role.NEEDS_DESK))
    sheet = {
        "form_token": str(uuid.uuid4()), "known_caller": twin.requester_id, "caller_name": "高橋 キヨ", "method": "phone",
        "relation": "本人",
    }  # fmt: skip
    assert client.post(f"/o/{operation.pk}/needs/new/", sheet).status_code == 302
    assert Need.objects.latest("id").requester_id == into.requester_id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"caller": PersonAnswers("高橋 キヨ")}, "名前か電話番号が分からなくなったため"),
        ({"household": HouseholdAnswers()}, "場所が分からなくなったため"),
        ({"answers": NeedAnswers(needs_crisis=True)}, "危機介入が必要と分かり、先に現地調査をするため"),
    ],
)
def test_a_request_that_could_not_be_served_any_more_leaves_the_queue(
    changes: dict[str, Any], reason: str
) -> None:
    need = services.make_ready(receive(make.operation()), by=SYSTEM, at=make.at(10))
    correct(need, **changes)
    assert again(need).state == S.TRIAGE
    assert need.changes.latest("id").reason == reason


def test_what_a_merge_had_brought_and_its_undoing_takes_away_leaves_the_queue() -> None:
    operation = make.operation()
    known, bare = (
        receive(operation),
        receive(operation, caller=PersonAnswers("髙橋 キヨ"), household=HouseholdAnswers()),
    )
    assert known.requester
    assert bare.requester
    assert known.household
    assert bare.household
    people = merge.merge_people(known.requester, bare.requester, by=SYSTEM, at=make.at(10))
    houses = merge.merge_households(known.household, bare.household, by=SYSTEM, at=make.at(10))
    services.make_ready(again(bare), by=SYSTEM, at=make.at(11))
    merge.undo_people(people, by=SYSTEM, at=make.at(12))
    assert again(bare).state == S.TRIAGE
    assert again(bare).changes.latest("id").reason == "名前か電話番号が分からなくなったため"
    correct(again(bare))
    services.make_ready(again(bare), by=SYSTEM, at=make.at(13))
    merge.undo_households(houses, by=SYSTEM, at=make.at(14))
    assert again(bare).state == S.TRIAGE
    assert again(bare).changes.latest("id").reason == "場所が分からなくなったため"


def test_a_crisis_told_by_a_further_call_takes_it_out_of_the_queue() -> None:
    need = services.make_ready(receive(make.operation()), by=SYSTEM, at=make.at(10))
    services.flag_crisis(need, by=SYSTEM, at=make.at(11))
    assert again(need).state == S.TRIAGE


def surveyed_and_ready() -> Need:
    need = receive(make.operation())
    for state in (S.SURVEY_WAIT, S.SURVEYED):
        services.move(need, state, by=SYSTEM, at=make.at(10))
    return services.make_ready(need, by=SYSTEM, at=make.at(11))


def test_a_crisis_nobody_knew_of_at_the_survey_stops_a_surveyed_request_once() -> None:
    told = surveyed_and_ready()
    services.flag_crisis(told, by=SYSTEM, at=make.at(12))
    assert again(told).state == S.TRIAGE
    services.make_ready(again(told), by=SYSTEM, at=make.at(13))
    services.flag_crisis(again(told), by=SYSTEM, at=make.at(14))  # known by now
    assert again(told).state == S.READY
    ticked = surveyed_and_ready()
    correct(ticked, answers=NeedAnswers(needs_crisis=True))
    assert again(ticked).state == S.TRIAGE


def test_a_crisis_is_never_refused_because_a_team_was_sent_meanwhile() -> None:
    need = services.make_ready(receive(make.operation()), by=SYSTEM, at=make.at(10))
    seen = again(need)
    Need.objects.filter(pk=need.pk).update(state=S.ASSIGNED)
    services.flag_crisis(seen, by=SYSTEM, at=make.at(11))
    assert again(need).crisis_alerts.exists()
    assert (again(need).needs_crisis, again(need).state) == (True, S.ASSIGNED)


def test_the_other_requests_of_who_has_no_telephone_any_more_leave_the_queue_as_well() -> None:
    one, other = two_of_one_person()
    services.make_ready(other, by=SYSTEM, at=make.at(10))
    correct(again(one), caller=PersonAnswers("高橋 キヨ"))
    assert again(other).state == S.TRIAGE


def test_the_saving_that_brings_the_telephone_back_keeps_the_request_in_the_queue() -> None:
    need = services.make_ready(receive(make.operation()), by=SYSTEM, at=make.at(10))
    Person.objects.filter(requested=need).update(phone="", phone_digits="", phone_reversed="")
    correct(again(need))
    assert again(need).state == S.READY


def test_a_house_that_lost_its_place_in_the_register_takes_its_request_along() -> None:
    need = services.make_ready(receive(make.operation()), by=SYSTEM, at=make.at(10))
    assert need.household
    register.correct_household(
        need.operation, need.household, HouseholdAnswers(address="どこか"), seen=mark_of(need.household), by=SYSTEM,
        at=make.at(11),
    )  # fmt: skip
    assert again(need).state == S.TRIAGE


def test_whoever_was_to_be_told_of_an_ending_is_not_called_for_it_once_it_is_open_again() -> None:
    need = receive(make.operation())
    services.end(
        need, S.DECLINED, code="height", reason="屋根", told="まだ伝えていない", by=SYSTEM, at=make.at(10)
    )
    assert CallBack.objects.open().get().why == "「対応不可」になったことを伝える"
    services.move(need, S.TRIAGE, reason="床下なら行ける", by=SYSTEM, at=make.at(11))
    assert not CallBack.objects.open().exists()
    # A call with more to say stays for that.
    services.end(
        need, S.DECLINED, code="height", reason="屋根", told="まだ伝えていない", by=SYSTEM, at=make.at(12)
    )
    call = CallBack.objects.open().get()
    call.why += "、鍵のことを聞く"
    call.save()
    services.move(need, S.TRIAGE, reason="床下なら行ける", by=SYSTEM, at=make.at(13))
    assert CallBack.objects.open().get().why == "鍵のことを聞く"


def test_of_two_people_at_one_piece_of_work_the_second_sees_what_stands_and_keeps_what_was_typed(
    client: Client,
) -> None:
    need = receive(make.operation())
    item = need.items.get()
    client.force_login(make.user(need.operation.center, Role.NEEDS_DESK))
    address = f"/o/{need.operation_id}/needs/{need.pk}/items/{item.pk}/"
    seen = seen_on(client.get(address).content.decode())
    first = {"seen": seen, "w1-category": "mud_removal", "w1-detail": "6畳2間", "w1-people_ideal": "6"}
    assert client.post(address, first).status_code == 302
    page = client.post(address, {**first, "w1-detail": "床下だけ", "w1-people_ideal": "3"})
    assert page.status_code == 409
    assert all(
        words in page.content.decode() for words in ("6畳2間", "床下だけ", "入れた内容は、この画面に残って")
    )
    item.refresh_from_db()
    assert (item.detail, item.people_ideal) == ("6畳2間", 6)
    again_ = {**first, "w1-detail": "床下だけ", "seen": seen_on(page.content.decode())}
    assert client.post(address, again_).status_code == 302


def test_the_same_step_pressed_twice_is_no_contradiction(client: Client) -> None:
    need = receive(make.operation())
    client.force_login(make.user(need.operation.center, Role.NEEDS_DESK))
    step = {"to": "declined", "reason_kind": "height", "told": "本人に電話"}
    address = f"/o/{need.operation_id}/needs/{need.pk}/step/"
    assert [client.post(address, step).status_code for _ in range(2)] == [302, 302]
    assert not need.unsaved_edits.exists()
    assert need.changes.count() == 2
    assert client.post(address, {**step, "reason": "ほかの理由"}).status_code == 409
    assert need.unsaved_edits.count() == 1
