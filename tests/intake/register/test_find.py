"""One box: by number, name, reading, telephone, address, building, and by who called for whom."""

from __future__ import annotations

import pytest

from dvc.audit.services import SYSTEM
from dvc.operations.models import Mode, Operation
from intake.help_requests import merge, services
from intake.help_requests.models import Need, NeedState
from intake.help_requests.services import NeedAnswers
from intake.people.models import Person, Town
from intake.people.services import HouseholdAnswers, PersonAnswers
from intake.register.find import find, needs_of
from tests import make
from tests.intake.help_requests.test_services import receive

pytestmark = pytest.mark.django_db
SUSUMU = PersonAnswers("齊藤 進", "さいとう すすむ", "+81 90 0000 0077")
YOSHIKO = PersonAnswers("佐々木 𠮷子", "ささき よしこ", "022-001-0009")


@pytest.fixture
def operation() -> Operation:
    made = make.operation()
    Town.objects.create(
        center=made.center, name="町前一丁目", lat=38.283, lng=140.998, kana="マチマエ１チョウメ"
    )
    receive(
        made, caller=SUSUMU, resident=YOSHIKO, household=HouseholdAnswers(address="町前1丁目9999番1号　コーポ砂押 101号室"),
        answers=NeedAnswers(relation="家族・親族"),
    )  # fmt: skip
    receive(
        made,
        caller=PersonAnswers("高橋 キヨ", "たかはし きよ", "022-000-0001"),
        household=HouseholdAnswers(address="栄2-3-4"),
    )
    return made


@pytest.mark.parametrize(
    "text",
    [
        "1", "N1", "Ｎ１", "1番", "佐々木", "佐佐木吉子", "吉子", "ささき", "ササキ　ヨシコ", "よしこ", "ささきよ", "022-001-0009", "0220010009",
        "０２２００１", "0009", "斎藤", "斉藤 進", "すすむ", "090-0000-0077", "00000077", "町前一丁目9999-1", "多賀城市町前１－９９９９－１",
        "町前1の9999", "コーポ砂押", "コーポ砂押 １０１", "佐々木 町前", "よしこ 0009", "町前 1-9999", "まちまえ", "佐々木 様",
    ],
)  # fmt: skip
def test_the_request_is_found_in_any_writing(operation: Operation, text: str) -> None:
    assert [row.need.number for row in find(operation, text).needs] == [1], text


@pytest.mark.parametrize(
    "text", ["", "　", "！？", "田中", "佐々木 栄", "9" * 40, "\0", "090-1111", "町前一丁目8888", "N99"]
)
def test_what_is_not_there_is_not_found(operation: Operation, text: str) -> None:
    assert find(operation, text).count == 0


def test_why_a_line_is_here_is_said_when_somebody_who_called_was_meant(operation: Operation) -> None:
    assert find(operation, "齋藤").needs[0].why == "電話をくれた方：齊藤 進"
    assert find(operation, "佐々木").needs[0].why == ""


def test_a_later_caller_is_found_with_the_request(operation: Operation) -> None:
    need = Need.objects.get(number=2)
    services.add_call(
        need,
        PersonAnswers("民生 花子", phone="090-0000-0055"),
        relation="民生委員",
        note="",
        by=SYSTEM,
        at=make.at(11),
    )
    found = find(operation, "0055")
    assert [(row.need, row.why) for row in found.needs] == [(need, "電話をくれた方：民生 花子")]
    assert found.people == []
    assert needs_of(Person.objects.get(name="民生 花子")) == [(need, ["あとで電話をくれた方（民生委員）"])]
    assert needs_of(Person.objects.get(name="齊藤 進")) == [
        (Need.objects.get(number=1), ["電話をくれた方（家族・親族）"])
    ]


def test_the_number_comes_first_and_what_has_ended_last(operation: Operation) -> None:
    again = receive(operation, caller=PersonAnswers("高橋 キヨ", "たかはし きよ", "022-000-0001"))
    old = Need.objects.get(number=2)
    assert [row.need for row in find(operation, "高橋").needs] == [again, old]
    services.move(again, NeedState.WITHDRAWN, reason="済んだ", by=SYSTEM, at=make.at(12))
    assert [row.need for row in find(operation, "高橋").needs] == [old, again]
    assert [row.need for row in find(operation, "3").needs] == [again]


def test_old_numbers_and_old_entries_lead_to_what_stands(operation: Operation) -> None:
    second = receive(operation, caller=PersonAnswers("髙橋 清", "たかはし きよし", "090-0000-0033"))
    first = Need.objects.get(number=2)
    services.mark_duplicate(second, first, reason="同じ", by=SYSTEM, at=make.at(12))
    found = find(operation, "N3")
    assert [(row.need, row.why) for row in found.needs] == [(first, "N3 は、この依頼にまとめてあります")]
    kiyo, kiyoshi = Person.objects.get(name="高橋 キヨ"), Person.objects.get(name="髙橋 清")
    merge.merge_people(kiyoshi, kiyo, by=SYSTEM, at=make.at(13))
    assert [row.need for row in find(operation, "きよし").needs] == [first]
    elsewhere = make.operation(operation.center, name="9月豪雨")
    row = find(elsewhere, "きよし").people[0]
    assert (row.person, row.found_as) == (kiyo, kiyoshi)


def test_people_and_houses_of_the_register_are_found_but_never_across_a_drill(operation: Operation) -> None:
    later = make.operation(operation.center, name="9月豪雨")
    drill = make.operation(operation.center, mode=Mode.DRILL, name="訓練")
    assert [row.person.name for row in find(later, "ささき").people] == ["佐々木 𠮷子"]
    assert [row.person.name for row in find(later, "栄2-3").people] == ["高橋 キヨ"]
    Person.objects.update(household=None)
    assert [house.address for house in find(later, "栄2-3").houses] == ["栄2-3-4"]
    assert find(later, "栄2-3").needs == []
    assert find(drill, "ささき").count == find(drill, "栄2-3").count == 0
    assert find(make.operation(), "ささき").count == 0
