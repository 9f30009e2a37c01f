"""The register's pages: the box, a person, a house, lookalikes; strangers, nasty text and what a page may cost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests import services
from intake.help_requests.models import Lookalike, Need
from intake.people.models import Household, Person
from intake.people.services import HouseholdAnswers, PersonAnswers
from tests import make
from tests.intake.help_requests.test_merge import SUSUMU
from tests.intake.help_requests.test_services import receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def client(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.NEEDS_DESK))
    return client


def url(name: str, operation: Operation, *args: int | None) -> str:
    return reverse(name, args=[operation.pk, *args])


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def test_the_box_answers_as_a_page_and_as_a_part(client: Client, operation: Operation) -> None:
    need = receive(operation)
    page = text(client.get(url("register_search", operation), {"q": "髙橋"}))
    part = text(client.get(url("register_search", operation), {"q": "髙橋"}, headers={"HX-Request": "true"}))
    for answer in (page, part):
        assert url("need_detail", operation, need.pk) in answer
        assert "022-000-0001" not in answer
    assert "<html" in page
    assert "<html" not in part
    assert "見つかりませんでした" in text(client.get(url("register_search", operation), {"q": "田中"}))
    assert "見つかりませんでした" not in text(client.get(url("register_search", operation)))


@pytest.mark.parametrize(
    "question",
    ["\0", "'; DROP TABLE people_person; --", "<script>", "あ" * 5000, "٣", "%", "\ud800", "1" * 400],
)
def test_the_box_survives_any_text(client: Client, operation: Operation, question: str) -> None:
    answer = text(client.get(url("register_search", operation), {"q": question.encode("utf-8", "replace")}))
    assert "<script>alert" not in answer


def test_the_page_of_a_person_says_who_called_for_whom_and_is_logged(
    client: Client, operation: Operation
) -> None:
    need = receive(operation, caller=SUSUMU, resident=PersonAnswers("高橋 キヨ"))
    page = text(client.get(url("register_person", operation, need.requester_id)))
    assert "電話をくれた方" in page
    assert url("need_detail", operation, need.pk) in page
    assert Look.objects.filter(subject_type="people.person", subject_id=str(need.requester_id)).count() == 1
    house = text(client.get(url("register_household", operation, need.household_id)))
    assert "高橋 キヨ" in house
    assert Look.objects.filter(subject_type="people.household").count() == 1


def test_two_entries_are_merged_by_a_button_and_the_old_link_leads_on(
    client: Client, operation: Operation
) -> None:
    kiyo, twin = receive(operation).resident, receive(operation).resident
    assert kiyo is not None
    assert twin is not None
    page = text(client.get(url("register_person", operation, kiyo.pk)))
    assert f'name="twin" value="{twin.pk}"' in page
    answer: Any = client.post(url("person_merge", operation, kiyo.pk), {"twin": twin.pk})
    assert answer.url == url("register_person", operation, kiyo.pk)
    old: Any = client.get(url("register_person", operation, twin.pk))
    assert old.url == answer.url
    page = text(client.get(answer.url))
    assert "1つにまとめました" in page
    assert "別々に戻す" in page
    client.post(url("person_merge", operation, kiyo.pk), {"twin": twin.pk})
    assert "もうまとめられています" in text(client.get(answer.url))
    client.post(url("person_unmerge", operation, kiyo.pk), {"twin": twin.pk})
    assert "別々の記録に戻しました" in text(client.get(answer.url))
    assert not Person.objects.exclude(merged_into=None).exists()


def test_two_houses_are_merged_by_a_button(client: Client, operation: Operation) -> None:
    one, other = receive(operation).household, receive(operation).household
    assert one is not None
    assert other is not None
    assert f'name="twin" value="{other.pk}"' in text(client.get(url("register_household", operation, one.pk)))
    client.post(url("household_merge", operation, one.pk), {"twin": other.pk})
    old: Any = client.get(url("register_household", operation, other.pk))
    assert old.url == url("register_household", operation, one.pk)
    client.post(url("household_unmerge", operation, one.pk), {"twin": other.pk})
    assert not Household.objects.exclude(merged_into=None).exists()


def test_lookalikes_are_a_list_with_two_answers(client: Client, operation: Operation) -> None:
    first, second, third = (receive(operation) for _ in range(3))
    page = text(client.get(url("lookalike_list", operation)))
    assert "同じ電話番号・同じ家・同じ名前" in page
    pair = Lookalike.objects.get(need=second, other=first)
    client.post(url("lookalike_say", operation, pair.pk), {"opinion": "same"})
    second.refresh_from_db()
    assert second.standing == first
    old: Any = client.get(url("need_detail", operation, second.pk))
    assert old.url == url("need_detail", operation, first.pk)
    own = text(client.get(url("need_detail", operation, second.pk), {"own": "1"}))
    assert "先の受付" in own
    client.post(url("lookalike_say", operation, pair.pk), {"opinion": "same"})
    assert "ほかの人がもう確かめました" in text(client.get(url("lookalike_list", operation)))
    pair = Lookalike.objects.get(need=third, other=first)
    client.post(url("lookalike_say", operation, pair.pk), {"opinion": "two"})
    assert "確かめる組はありません" in text(client.get(url("lookalike_list", operation)))


def test_a_drill_and_a_stranger_see_nothing_of_the_register(client: Client, operation: Operation) -> None:
    need = receive(operation)
    other = make.operation()
    stranger = Client()
    stranger.force_login(make.user(other.center, Role.NEEDS_DESK))
    pages = [
        ("register_person", need.resident_id), ("register_household", need.household_id), ("person_merge", need.resident_id),
        ("household_unmerge", need.household_id), ("lookalike_say", 1),
    ]  # fmt: skip
    for name, pk in pages:
        for place in (operation, other):
            asked: Any = stranger.post if name.split("_")[1] in ("merge", "unmerge", "say") else stranger.get
            assert asked(url(name, place, pk)).status_code == 404, name
        asked = client.post if name.split("_")[1] in ("merge", "unmerge", "say") else client.get
        assert asked(url(name, operation, 10**18)).status_code == 404
    assert client.post(url("person_merge", operation, need.resident_id), {"twin": "x"}).status_code == 404


def test_a_search_costs_the_same_for_one_and_for_many(client: Client, operation: Operation) -> None:
    client.get(url("register_search", operation), {"q": "高橋"})
    costs = []
    for count in (1, 12):
        for number in range(count):
            need = receive(operation, household=HouseholdAnswers(address=f"町前{number + 1}-{count}-5"))
            services.add_call(need, SUSUMU, relation="", note="", by=SYSTEM, at=make.at(11))
        with CaptureQueriesContext(connection) as queries:
            client.get(url("register_search", operation), {"q": "高橋"})
        costs.append(len(queries))
    assert Need.objects.count() == 13
    assert costs[0] == costs[1] <= 20


# ── correcting ─────────────────────────────────────────────────────────────────────────────────


def mark_in(page: str) -> str:
    found = re.search('name="mark" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.database
def test_a_person_is_corrected_once_and_found_by_the_new_name(client: Client, operation: Operation) -> None:
    need = receive(operation)
    kiyo = need.resident
    assert kiyo is not None
    edit = url("person_edit", operation, kiyo.pk)
    assert edit in text(client.get(url("register_person", operation, kiyo.pk)))
    page = text(client.get(edit))
    typed = {
        "mark": mark_in(page),
        "name": "𠮷﨑 きよ",
        "kana": "よしざき きよ",
        "phone": "090-0000-0055",
        "note": "耳が遠い",
    }
    answer: Any = client.post(edit, typed)
    assert answer.url == url("register_person", operation, kiyo.pk)
    assert "耳が遠い" in text(client.get(answer.url))
    assert "𠮷﨑 きよ" in text(client.get(url("register_search", operation), {"q": "吉崎"}))
    assert Entry.objects.filter(action="person.edited", subject_id=str(kiyo.pk)).count() == 1
    assert Need.objects.get(pk=need.pk).version == need.version + 1
    late: Any = client.post(edit, {**typed, "name": "高橋 清"})
    assert late.status_code == 409
    said = late.content.decode()
    assert "先に直しました" in said
    assert "高橋 清" in said
    assert "𠮷﨑 きよ" in said
    client.post(edit, {**typed, "name": "高橋 清", "mark": mark_in(said)})
    assert Person.objects.get(pk=kiyo.pk).name == "高橋 清"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "どれか1つは入れてください"), ({"name": "あ", "phone": "12"}, "けた数が違います"), ({"name": "あ", "birth_year": "2999"}, "2999"),
        ({"name": "あ" * 81}, "長すぎます"), ({"name": "\ufffd"}, "保存できない文字"), ({"name": "あ", "birth_year": "昭和"}, "数字で入れて"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_stays_on_the_page(
    client: Client, operation: Operation, typed: dict[str, str], sentence: str
) -> None:
    kiyo = receive(operation).resident
    assert kiyo is not None
    answer = client.post(url("person_edit", operation, kiyo.pk), typed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Person.objects.get(pk=kiyo.pk).name == kiyo.name


def test_a_house_keeps_its_pin_until_its_address_changes(client: Client, operation: Operation) -> None:
    need = receive(operation)
    house = need.household
    assert house is not None
    Household.objects.filter(pk=house.pk).update(lat=38.28, lng=141.0, precision="pin")
    edit = url("household_edit", operation, house.pk)
    same = {
        "address": house.address,
        "town": str(house.town or ""),
        "landmark": "赤い屋根",
        "lives_alone": "on",
    }
    client.post(edit, {**same, "mark": mark_in(text(client.get(edit)))})
    house.refresh_from_db()
    assert (house.landmark, house.lives_alone, house.precision) == ("赤い屋根", True, "pin")
    client.post(edit, {**same, "address": "町前8-8-8", "mark": mark_in(text(client.get(edit)))})
    house.refresh_from_db()
    assert (house.address_key.endswith("8-8-8"), house.precision == "pin") == (True, False)
    assert client.post(edit, {"mark": "x", "address": "別"}).status_code == 409
    stranger = Client()
    stranger.force_login(make.user(make.operation().center, Role.NEEDS_DESK))
    assert stranger.get(edit).status_code == 404
    assert Need.objects.get(pk=need.pk).version == need.version + 2
