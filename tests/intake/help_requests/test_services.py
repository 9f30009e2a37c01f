"""Receive, judge, correct, split into work, find what is the same: through the services."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.help_requests import duplicates, services
from intake.help_requests.answers import KITS, Judgement
from intake.help_requests.models import Hazard, Need, NeedState, WorkItem, WorkState
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.people.models import Household, Person, Precision, Town
from intake.people.services import HouseholdAnswers, PersonAnswers
from intake.volunteers.models import Skill, WorkCategory
from tests import make

pytestmark = pytest.mark.django_db
S = NeedState
KIYO = PersonAnswers("高橋 キヨ", "たかはし きよ", "022-000-0001", birth_year=1944)
HOUSE = HouseholdAnswers(address="町前一丁目9999-1", lat=38.29, lng=141.0)
MUD = ItemAnswers(category="mud_removal")


def receive(operation: Operation, **changes: Any) -> Need:
    values: dict[str, Any] = {
        "caller": KIYO, "resident": None, "household": HOUSE, "answers": NeedAnswers(summary="床下の泥かき"),
        "items": [MUD], "by": SYSTEM, "at": make.at(9), **changes,
    }  # fmt: skip
    return services.receive(operation, **values)


def refusal(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)
    return refused.value.code


def test_a_call_becomes_a_need_with_a_house_a_person_and_work() -> None:
    need = receive(
        make.operation(), answers=NeedAnswers(summary="床下", hazards=("nails",), needs_watch=True)
    )
    assert (need.number, need.state, need.summary, need.hazards, need.needs_watch) == (
        1,
        S.RECEIVED,
        "床下",
        ["nails"],
        True,
    )
    assert need.resident == need.requester
    assert need.resident is not None
    assert need.resident.household == need.household
    assert need.items.get().category == "mud_removal"
    assert [(c.from_state, c.to_state) for c in need.changes.all()] == [("", S.RECEIVED)]
    assert set(Entry.objects.about(need).values_list("action", flat=True)) == {
        "need.received",
        "need.item_added",
    }


def test_a_son_may_call_for_his_mother() -> None:
    need = receive(make.operation(), caller=PersonAnswers("高橋 進", phone="090-0000-0077"), resident=KIYO)
    assert need.requester is not None
    assert need.resident is not None
    assert (need.requester.name, need.requester.household) == ("高橋 進", None)
    assert (need.resident.name, need.resident.household) == ("高橋 キヨ", need.household)


def test_numbers_count_up_inside_each_operation() -> None:
    one, other = make.operation(), make.operation()
    assert [receive(one).number, receive(one).number, receive(other).number, receive(one).number] == [
        1,
        2,
        1,
        3,
    ]


def test_the_same_form_sent_twice_is_one_need() -> None:
    operation, token = make.operation(), uuid4()
    first, second = receive(operation, form_token=token), receive(operation, form_token=token)
    assert first == second
    assert (
        Need.objects.count(),
        Person.objects.count(),
        Household.objects.count(),
        WorkItem.objects.count(),
    ) == (1, 1, 1, 1)
    assert receive(make.operation(), form_token=token) != first


@pytest.mark.django_db(transaction=True)
def test_twelve_desks_at_once_get_twelve_numbers_and_a_double_tap_one_need() -> None:
    operation, token = make.operation(), uuid4()
    failures: list[BaseException] = []

    def desk(form_token: object) -> None:
        try:
            receive(operation, form_token=form_token)
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            connection.close()

    desks = [threading.Thread(target=desk, args=[token if n < 3 else uuid4()]) for n in range(12)]
    for thread in desks:
        thread.start()
    for thread in desks:
        thread.join()
    assert not failures
    assert sorted(Need.objects.values_list("number", flat=True)) == list(range(1, 11))
    assert Household.objects.count() == Person.objects.count() == 10


def test_a_closed_operation_takes_no_new_needs() -> None:
    operation = make.operation()
    operations.close_operation(operation, teams_out=0, by=SYSTEM, at=make.at(17))
    assert refusal(receive, operation) == "operation.closed"
    assert not Need.objects.exists()


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"caller": PersonAnswers(phone="022-000-0001")}, "名前"),
        ({"caller": PersonAnswers("高橋 キヨ")}, "電話番号"),
        ({"household": HouseholdAnswers()}, "住所"),
        ({"caller": PersonAnswers(), "household": HouseholdAnswers()}, "名前・電話番号・住所"),
    ],
)
def test_without_name_phone_or_address_it_is_a_draft_on_the_call_back_list(
    changes: dict[str, Any], asked: str
) -> None:
    need = receive(make.operation(), judgement=Judgement.PHONE, judgement_reason="電話で分かった", **changes)
    assert need.state == S.TRIAGE
    assert need.changes.latest("id").reason == f"折り返し：{asked}を聞く"


def test_the_judgement_leads_on() -> None:
    operation = make.operation()
    survey = receive(operation, judgement=Judgement.SURVEY)
    ask = receive(operation, judgement=Judgement.ASK, judgement_reason="量が多い")
    phone = receive(operation, judgement=Judgement.PHONE, judgement_reason="隣の家と同じ")
    not_yet = receive(operation, judgement=Judgement.PHONE, judgement_reason="隣の家と同じ", items=[])
    crisis = receive(
        operation, judgement=Judgement.PHONE, judgement_reason="急ぎ", answers=NeedAnswers(needs_crisis=True)
    )
    assert [need.state for need in (survey, ask, phone, not_yet, crisis)] == [
        S.SURVEY_WAIT, S.TRIAGE, S.READY, S.TRIAGE, S.SURVEY_WAIT,
    ]  # fmt: skip
    assert ask.changes.latest("id").reason == "班長に相談：量が多い"
    assert phone.changes.latest("id").reason == "電話だけで判断：隣の家と同じ"
    assert phone.ready_at == make.at(9)


def test_going_without_a_survey_needs_a_reason_but_not_on_ordinary_days() -> None:
    assert refusal(receive, make.operation(), judgement=Judgement.PHONE) == "need.phone_only_reason"
    assert not Need.objects.exists()
    assert not Person.objects.exists()
    ordinary = make.center().operations.get(mode=Mode.ORDINARY)
    assert (
        receive(ordinary, judgement=Judgement.PHONE, items=[ItemAnswers(category="meals")]).state == S.READY
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"caller": PersonAnswers("高橋 キヨ")}, "need.no_contact"),
        ({"household": HouseholdAnswers(address="番地だけ12")}, "need.no_place"),
        ({"items": []}, "need.no_items"),
        ({"answers": NeedAnswers(hazards=("electric", "dust"))}, "need.hazard_blocks"),
        ({"answers": NeedAnswers(needs_crisis=True)}, "need.crisis_needs_survey"),
    ],
)
def test_only_what_a_team_could_really_be_sent_to_becomes_ready(changes: dict[str, Any], code: str) -> None:
    need = receive(make.operation(), **changes)
    assert refusal(services.make_ready, need, by=SYSTEM, at=make.at(10)) == code
    assert Need.objects.get().state == S.RECEIVED
    assert [missing.code for missing in services.what_is_missing(need)] == [code]


def test_a_surveyed_crisis_and_cleared_hazards_may_go_on() -> None:
    need = receive(make.operation(), answers=NeedAnswers(needs_crisis=True, hazards=("electric",)))
    services.move(need, S.SURVEY_WAIT, by=SYSTEM, at=make.at(10))
    services.move(need, S.SURVEYED, by=SYSTEM, at=make.at(11))
    assert (
        refusal(services.clear_hazards, need, note="", by=SYSTEM, at=make.at(11))
        == "need.hazards_note_needed"
    )
    services.clear_hazards(need, note="電気工事店が確認", by=SYSTEM, at=make.at(11))
    services.make_ready(need, by=SYSTEM, at=make.at(12))
    assert (need.state, need.hazards_cleared_note) == (S.READY, "電気工事店が確認")


def test_a_new_danger_takes_a_waiting_need_out_of_the_queue() -> None:
    need = receive(make.operation(), answers=NeedAnswers(hazards=("electric",)))
    services.clear_hazards(need, note="確認", by=SYSTEM, at=make.at(9))
    services.make_ready(need, by=SYSTEM, at=make.at(9))
    more = NeedAnswers(hazards=("electric", "asbestos"))
    services.edit(need, more, version=need.version, by=SYSTEM, at=make.at(10))
    assert (need.state, need.hazards_cleared, need.hazards_cleared_note) == (S.TRIAGE, False, "")
    assert services.blocking_hazards(need) == [Hazard.ELECTRIC, Hazard.ASBESTOS]
    assert need.changes.latest("id").reason == "危険なものが分かったため"


def test_of_two_people_who_edit_the_second_is_told_and_nothing_is_overwritten() -> None:
    need = receive(make.operation())
    seen = need.version
    everything: dict[str, Any] = {
        "caller": KIYO,
        "resident": None,
        "household": HOUSE,
        "by": SYSTEM,
        "at": make.at(10),
    }
    services.correct(need, answers=NeedAnswers(summary="先"), version=seen, **everything)
    late = Need.objects.get(pk=need.pk)
    changes = {**everything, "caller": PersonAnswers("別の名前")}
    assert (
        refusal(services.correct, late, answers=NeedAnswers(summary="後"), version=seen, **changes)
        == "need.changed"
    )
    assert Need.objects.get().summary == "先"
    assert Person.objects.get().name == "高橋 キヨ"


def test_a_correction_may_name_the_resident_later_and_take_it_back() -> None:
    need = receive(make.operation(), caller=PersonAnswers("高橋 進", phone="090-0000-0077"))
    rest: dict[str, Any] = {"household": HOUSE, "answers": NeedAnswers(), "by": SYSTEM, "at": make.at(10)}
    caller = PersonAnswers("高橋 進", phone="090-0000-0077")
    services.correct(need, caller=caller, resident=KIYO, version=need.version, **rest)
    assert need.requester is not None
    assert need.resident is not None
    assert (need.requester.name, need.resident.name) == ("高橋 進", "高橋 キヨ")
    services.correct(need, caller=caller, resident=None, version=need.version, **rest)
    assert need.resident == need.requester


def test_head_counts_must_be_in_order() -> None:
    need = receive(make.operation())
    for low, wish, high in [(0, 1, 2), (3, 2, 4), (2, 5, 4)]:
        wrong = ItemAnswers(category="mud_removal", people_min=low, people_ideal=wish, people_max=high)
        assert refusal(services.add_item, need, wrong, by=SYSTEM, at=make.at(10)) == "need.head_counts"
        assert (
            refusal(services.edit_item, need.items.get(), wrong, by=SYSTEM, at=make.at(10))
            == "need.head_counts"
        )
    assert need.items.get().people_ideal == 4


def test_work_a_team_has_taken_is_not_changed_behind_its_back() -> None:
    need = receive(make.operation())
    services.make_ready(need, by=SYSTEM, at=make.at(9))
    item = need.items.get()
    assert refusal(services.remove_item, item, by=SYSTEM, at=make.at(10)) == "need.last_item"
    services.move(need, S.ASSIGNED, by=SYSTEM, at=make.at(10))
    assert refusal(services.edit_item, item, MUD, by=SYSTEM, at=make.at(10)) == "need.item_taken"
    assert refusal(services.remove_item, item, by=SYSTEM, at=make.at(10)) == "need.item_taken"
    assert need.items.get().state == WorkState.LEASED


def test_every_change_of_the_work_moves_the_version() -> None:
    need = receive(make.operation())
    before = need.version
    item = services.add_item(need, ItemAnswers(category="cleaning"), by=SYSTEM, at=make.at(10))
    services.edit_item(item, ItemAnswers(category="cleaning", minutes=60), by=SYSTEM, at=make.at(11))
    services.remove_item(item, by=SYSTEM, at=make.at(12))
    fresh = Need.objects.get()
    assert (fresh.version, fresh.touched_at, fresh.items.count()) == (before + 3, make.at(12), 1)


def test_the_son_in_the_afternoon_is_kept_with_the_mother_of_the_morning() -> None:
    operation = make.operation()
    first = receive(operation)
    second = receive(
        operation,
        caller=PersonAnswers("高橋 進", phone="090-0000-0077"),
        answers=NeedAnswers(relation="家族・親族"),
    )
    services.mark_duplicate(
        second, first, reason="家族から同じ内容の連絡", told="家族に電話", by=SYSTEM, at=make.at(15)
    )
    assert (second.state, second.duplicate_of) == (S.DUPLICATE, first)
    note = first.callers.get()
    assert (note.person.name, note.relation, note.note) == ("高橋 進", "家族・親族", "同内容の連絡あり（N2）")
    third = receive(operation)
    services.mark_duplicate(third, second, reason="入力の重複", by=SYSTEM, at=make.at(16))
    assert third.duplicate_of == first
    assert (
        refusal(services.mark_duplicate, first, second, reason="逆", by=SYSTEM, at=make.at(16))
        == "need.duplicate_of_itself"
    )
    elsewhere = receive(make.operation())
    assert (
        refusal(services.mark_duplicate, elsewhere, first, reason="別", by=SYSTEM, at=make.at(16))
        == "need.duplicate_of_itself"
    )
    services.move(second, S.TRIAGE, by=SYSTEM, at=make.at(17))
    assert second.duplicate_of is None


def test_a_second_call_of_the_same_person_adds_no_second_person() -> None:
    need = receive(make.operation())
    services.add_call(need, KIYO, relation="本人", note="水が出ました", by=SYSTEM, at=make.at(11))
    services.add_call(
        need,
        PersonAnswers("髙橋 キヨ", phone="0220000001"),
        relation="本人",
        note="門が開いています",
        by=SYSTEM,
        at=make.at(12),
    )
    assert Person.objects.count() == 1
    assert [call.note for call in need.callers.all()] == ["水が出ました", "門が開いています"]
    assert Need.objects.get().touched_at == make.at(12)


def test_long_names_whose_key_grows_are_kept_exactly() -> None:
    name = "㍿" * 80
    need = receive(make.operation(), caller=PersonAnswers(name, "㍿" * 120, "022-000-0001"))
    assert need.resident is not None
    assert Person.objects.get().name == name
    assert len(need.resident.name_key) <= 100


def found(
    operation: Operation,
    name: str = "",
    kana: str = "",
    phone: str = "",
    town: Town | None = None,
    address: str = "",
) -> list[tuple[int | str, tuple[str, ...]]]:
    asked = duplicates.asked(operation, people=[(name, kana, phone)], town=town, address=address)
    return [
        (one.need.number if one.need else one.person.name if one.person else "", one.reasons)
        for one in duplicates.likely(operation, asked)
    ]


def test_what_is_known_is_found_with_the_reason() -> None:
    operation = make.operation()
    town = Town.objects.create(center=operation.center, name="町前一丁目", lat=38.283, lng=140.998)
    other = Town.objects.create(center=operation.center, name="町前二丁目", lat=38.284, lng=140.998)
    receive(operation, household=HouseholdAnswers(town=town, address="町前一丁目9999-1"))
    assert found(operation, phone="０２２００００００１") == [(1, ("同じ電話番号",))]
    assert found(operation, name="髙橋 進", town=town) == [(1, ("同じ町丁目で同じ姓",))]
    assert found(operation, name="高橋", kana="", town=town) == [(1, ("同じ町丁目で同じ姓",))]
    assert found(operation, address="多賀城市町前１丁目９９９９番１号") == [(1, ("同じ家",))]
    assert found(operation, name="高橋キヨ") == [(1, ("同じ名前",))]
    assert found(operation, kana="タカハシ　キヨ") == [(1, ("同じ読みの名前",))]
    assert found(operation, name="髙橋 進", town=other) == []
    assert found(operation, address="町前一丁目") == []
    assert found(operation, phone="022") == []
    assert found(operation) == []
    assert found(operation, name="高橋 キヨ", phone="022-000-0001", town=town, address="町前一丁目9999-1")[0][1] == (
        "同じ電話番号", "同じ家", "同じ名前", "同じ町丁目で同じ姓",
    )  # fmt: skip


def test_a_caller_noted_later_is_found_by_phone() -> None:
    operation = make.operation()
    need = receive(operation)
    services.add_call(
        need, PersonAnswers("高橋 進", phone="090-0000-0077"), relation="", note="", by=SYSTEM, at=make.at(11)
    )
    assert found(operation, phone="09000000077") == [(1, ("同じ電話番号",))]


def test_people_of_the_register_are_found_but_never_across_a_drill() -> None:
    center = make.center()
    real = make.operation(center)
    drill = make.operation(center, mode=Mode.DRILL, name="訓練")
    receive(real)
    next_flood = make.operation(center, name="9月豪雨")
    assert found(next_flood, phone="022-000-0001") == [("高橋 キヨ", ("同じ電話番号",))]
    assert found(drill, phone="022-000-0001") == []
    receive(drill)
    assert found(next_flood, phone="022-000-0001") == [("高橋 キヨ", ("同じ電話番号",))]
    assert Person.objects.filter(drill=drill).count() == Household.objects.filter(drill=drill).count() == 1


def test_the_search_finds_number_name_reading_phone_and_town() -> None:
    operation = make.operation()
    town = Town.objects.create(center=operation.center, name="高橋一丁目", lat=38.28, lng=140.97)
    need = receive(
        operation,
        household=HouseholdAnswers(town=town),
        caller=PersonAnswers("佐々木 𠮷子", "ささき よしこ", "022-000-0009"),
    )
    for text in [
        "1",
        "N1",
        "Ｎ１",
        "吉子",
        "ササキ",
        "022-000-0009",
        "0009",
        "高橋一丁目",
        "佐々木 高橋",
        "床下",
    ]:
        assert list(Need.objects.matching(text)) == [need], text
    for text in ["", "　", "2", "田中", "佐々木 新田", "！？", "9" * 40]:
        assert list(Need.objects.matching(text)) == [], text


def test_every_kind_of_work_has_a_first_guess_that_may_be_saved() -> None:
    need = receive(make.operation(), items=[])
    assert set(KITS) == set(WorkCategory)
    for category, kit in KITS.items():
        assert set(kit.skills) <= set(Skill.values)
        services.add_item(
            need,
            ItemAnswers(
                category=category,
                people_min=kit.people_min,
                people_ideal=kit.people_ideal,
                people_max=kit.people_max,
            ),
            by=SYSTEM,
            at=make.at(9),
        )


def test_the_pin_wins_over_the_town_and_a_far_pin_is_refused() -> None:
    operation = make.operation()
    town = Town.objects.create(center=operation.center, name="町前一丁目", lat=38.283, lng=140.998)
    for answers, place in [
        (HouseholdAnswers(town=town, lat=38.29, lng=141.01), (38.29, 141.01, Precision.PIN)),
        (HouseholdAnswers(town=town), (38.283, 140.998, Precision.TOWN)),
        (HouseholdAnswers(address="宮城県多賀城市町前1-9999"), (38.283, 140.998, Precision.TOWN)),
        (HouseholdAnswers(address="知らない町1"), (None, None, Precision.NONE)),
    ]:
        house = receive(operation, household=answers).household
        assert house is not None
        assert (house.lat, house.lng, house.precision) == place
    assert refusal(receive, operation, household=HouseholdAnswers(lat=26.2, lng=127.7)) == "place.too_far"
