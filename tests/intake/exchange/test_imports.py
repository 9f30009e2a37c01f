"""An import from the file to its undoing: nothing twice, nothing lost, and back again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Mode, Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row as OutboxRow
from dvc.outbox.models import State
from intake.exchange import needs as needs_in_files
from intake.exchange import running, services
from intake.exchange.columns import Kind
from intake.exchange.models import ColumnMapping, Import, ImportRow, ImportState, Outcome
from intake.help_requests import lookalikes
from intake.help_requests import services as needs
from intake.help_requests.models import (
    CrisisAlert,
    Hazard,
    Lookalike,
    Need,
    NeedChange,
    NeedState,
    Opinion,
    WorkItem,
)
from intake.help_requests.services import NeedAnswers
from intake.people.models import Household, Person, Town
from intake.people.services import HouseholdAnswers, PersonAnswers
from tests import make
from tests.intake.exchange import files
from tests.intake.exchange.played import AT, checked, codes, outcomes, run_all, taken_in, undone, uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    made = make.operation()
    for number, kanji in enumerate("一二三", start=1):
        Town.objects.create(center=made.center, name=f"町前{kanji}丁目", lat=38.29 + number / 1000, lng=141.0)
    return made


def world() -> dict[str, Any]:
    """Everything an import may change."""
    return {
        "needs": list(Need.objects.order_by("pk").values()),
        "items": list(WorkItem.objects.order_by("pk").values()),
        "changes": list(NeedChange.objects.order_by("pk").values()),
        "people": list(Person.objects.order_by("pk").values()),
        "houses": list(Household.objects.order_by("pk").values()),
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_a_kintone_export_comes_in_with_people_places_work_and_states(
    operation: Operation, encoding: str
) -> None:
    made = taken_in(operation, files.kintone(encoding=encoding))
    assert (made.state, outcomes(made)) == (ImportState.DONE, {Outcome.DONE: 4})
    first, second, third, fourth = Need.objects.order_by("number").select_related(
        "requester", "resident__household__town"
    )
    assert first.requester is not None
    assert first.resident is not None
    assert (first.requester.name, first.resident.name, first.relation) == ("髙橋 一郎", "髙橋 キヨ", "長男")
    assert first.resident.household is not None
    assert str(first.resident.household.town) == "町前一丁目"
    assert timezone.localtime(first.received_at).strftime("%m%d %H:%M") == "0716 09:40"
    assert first.state == NeedState.SURVEY_WAIT
    assert (second.state, second.requester, needs.what_is_missing(second)) == (
        NeedState.READY,
        second.resident,
        [],
    )
    item = second.items.get()
    assert (item.category, item.people_ideal, item.detail) == ("furniture_out", 4, "ほかに：清掃・洗浄")
    assert second.resident is not None
    assert second.resident.phone_digits == "0220000002"
    assert (third.needs_crisis, third.state, fourth.state) == (
        True,
        NeedState.SURVEY_WAIT,
        NeedState.COMPLETED,
    )
    assert first.description.count("\n") == 1
    assert [alert.need for alert in CrisisAlert.objects.open()] == [third]


def test_a_ledger_with_a_title_and_excel_dates_comes_in(operation: Operation) -> None:
    made = taken_in(operation, files.ledger())
    assert (made.header_row, outcomes(made)) == (3, {Outcome.DONE: 3})
    first, second, third = Need.objects.order_by("number")
    assert [need.state for need in (first, second, third)] == [
        NeedState.TRIAGE,
        NeedState.TRIAGE,
        NeedState.WITHDRAWN,
    ]
    assert "状態：対応中" in second.description
    assert "階段あり" in second.description
    assert timezone.localtime(first.received_at).strftime("%m%d %H:%M") == "0716 09:40"


def test_words_without_a_place_are_not_lost_for_a_resident_either(operation: Operation) -> None:
    rows = [
        ("氏名", "電話", "一人暮らし", "配慮"),
        ("佐藤 花", "022-000-0001、090-0000-0001", "たぶん", "耳が遠い"),
    ]
    made = taken_in(operation, files.csv_bytes(rows), kind=Kind.RESIDENTS)
    assert outcomes(made) == {Outcome.DONE: 1}
    person = Person.objects.get()
    assert person.phone == "022-000-0001"
    for word in ("耳が遠い", "090-0000-0001", "たぶん"):
        assert word in person.note
    too_long = [rows[0], ("佐藤 花", "022-000-0001、090-0000-0001", "", "あ" * 290)]
    made = checked(operation, files.csv_bytes(too_long), kind=Kind.RESIDENTS)
    assert codes(made, Outcome.WRONG) == {2: ["second_phone", "rest_too_long"]}


def test_the_dry_run_writes_nothing_and_names_every_problem_by_line_and_column(operation: Operation) -> None:
    rows = [
        ("番号", "受付日", "氏名", "電話", "郵便番号", "住所", "内容"),
        ("1", "2026/2/30", "佐藤", "12345", "000-0000", "町前一丁目1", "泥"),
        ("2", "2026/7/16", "", "", "", "", ""),
        ("3", "2026/7/16", "鈴木", "022-000-0003", "", "となり町1", "泥"),
        ("3", "2026/7/16", "鈴木 次郎", "022-000-0033", "", "町前一丁目3", "別のこと"),
        ("4", "2026/7/16", "高橋", "022-000-0004", "", "町前一丁目4", "泥"),
        ("4", "2026/7/16", "高橋", "022-000-0004", "", "町前一丁目4", "泥"),
    ]
    before = world()
    made = checked(operation, files.csv_bytes(rows))
    assert world() == before
    assert codes(made) == {
        2: ["date", "phone", "postal_none"], 3: ["nothing"], 4: ["no_town"], 5: ["number_twice"], 7: ["repeated"],
    }  # fmt: skip
    wrong = made.rows.get(number=2)
    assert [column for column, _, _ in wrong.remarks] == [1, 3, 4]
    assert outcomes(made) == {Outcome.WRONG: 3, Outcome.NEW: 2, Outcome.REPEATED: 1}


def test_lines_that_are_wrong_stay_out_and_come_in_once_they_are_mended(operation: Operation) -> None:
    head = ("番号", "氏名", "電話", "内容")
    good, bad = ("1", "佐藤", "022-000-0001", "泥"), ("2", "鈴木", "123", "畳")
    taken_in(operation, files.csv_bytes([head, good, bad]))
    assert Need.objects.count() == 1
    made = taken_in(operation, files.csv_bytes([head, good, ("2", "鈴木", "022-000-0002", "畳")]))
    assert outcomes(made) == {Outcome.SAME: 1, Outcome.DONE: 1}
    assert Need.objects.count() == 2


@pytest.mark.parametrize("with_number", [True, False])
def test_the_same_file_again_changes_nothing(operation: Operation, with_number: bool) -> None:
    rows = [
        ("番号", "氏名", "電話", "内容"),
        ("1", "佐藤", "022-000-0001", "泥"),
        ("2", "鈴木", "022-000-0002", "畳"),
    ]
    content = files.csv_bytes(rows if with_number else [row[1:] for row in rows])
    taken_in(operation, content)
    before = world()
    again = checked(operation, content)
    assert outcomes(again) == {Outcome.SAME: 2}
    with pytest.raises(Refused, match=r"import\.nothing_to_do"):
        services.start_import(again, by=By(), at=AT)
    assert world() == before


def test_the_same_file_with_other_columns_chosen_brings_nobody_twice(operation: Operation) -> None:
    content = files.csv_bytes([("氏名", "電話", "内容"), ("佐藤", "022-000-0001", "泥")])
    taken_in(operation, content)
    made = uploaded(operation, content)
    services.start_check(made, {0: "caller_name", 2: "description"}, by=By(), at=AT)
    run_all()
    assert outcomes(made) == {Outcome.SAME: 1}


def test_a_number_that_means_somebody_else_is_told_and_not_taken_in(operation: Operation) -> None:
    head = ("番号", "氏名", "電話", "内容")
    taken_in(operation, files.csv_bytes([head, ("1", "佐藤", "022-000-0001", "泥")]))
    made = checked(operation, files.csv_bytes([head, ("1", "別の台帳の人", "022-000-0009", "屋根")]))
    assert codes(made, Outcome.WRONG) == {2: ["number_taken"]}


def test_two_people_with_the_same_file_at_once_bring_each_line_once(operation: Operation) -> None:
    content = files.many(30)
    first, second = checked(operation, content), checked(operation, content)
    assert outcomes(first) == outcomes(second) == {Outcome.NEW: 30}
    for made in (first, second):
        services.start_import(made, by=By(), at=AT)
    run_all()
    assert Need.objects.count() == 30
    assert outcomes(second) == {Outcome.SAME: 30}


def test_an_import_is_undone_as_if_it_had_never_been(operation: Operation) -> None:
    make.need(operation)
    before = world()
    made = undone(taken_in(operation, files.kintone()))
    assert (made.state, outcomes(made)) == (ImportState.UNDONE, {Outcome.UNDONE: 4})
    assert world() == before
    assert outcomes(taken_in(operation, files.kintone())) == {Outcome.DONE: 4}


def test_what_comes_in_is_compared_with_the_open_needs_and_with_each_other(operation: Operation) -> None:
    """The mother rang in the morning; the ledger of yesterday names her too, twice, and somebody who is done."""
    head = ("氏名", "電話", "住所", "内容", "状態")
    her = PersonAnswers("髙橋 キヨ", "たかはし きよ", "022-000-0001")
    needs.receive(
        operation,
        caller=her,
        resident=None,
        household=HouseholdAnswers(address="町前一丁目9999-1"),
        answers=NeedAnswers(),
        by=SYSTEM,
        at=AT,
    )
    rows = [
        ("高橋 キヨ", "0220000001", "町前1-9999-1", "床下の泥", ""), ("佐藤 花", "022-000-0009", "町前二丁目9999-9", "畳", ""),
        ("高橋キヨ", "022-000-0001", "町前1丁目9999の1", "泥だし", ""), ("高橋 キヨ", "022-000-0001", "町前一丁目9999-1", "前のこと", "完了"),
    ]  # fmt: skip
    before = world()
    made = taken_in(operation, files.csv_bytes([head, *rows]))
    pairs = {(pair.need.number, pair.other.number) for pair in lookalikes.waiting(operation)}
    assert pairs == {(2, 1), (4, 1), (4, 2)}
    undone(made)
    assert world() == before
    assert not Lookalike.objects.exists()


def test_a_need_somebody_said_something_about_stays(operation: Operation) -> None:
    her = PersonAnswers("髙橋 キヨ", "たかはし きよ", "022-000-0001")
    needs.receive(
        operation,
        caller=her,
        resident=None,
        household=HouseholdAnswers(),
        answers=NeedAnswers(),
        by=SYSTEM,
        at=AT,
    )
    made = taken_in(operation, files.csv_bytes([("氏名", "電話"), ("高橋 キヨ", "022-000-0001")]))
    Lookalike.objects.update(opinion=Opinion.TWO, at=AT)
    undone(made)
    assert "似た依頼" in made.rows.get().why


def test_comparing_ends_with_the_undoing_and_goes_on_where_it_stood(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "COMPARED_AT_ONCE", 2)
    monkeypatch.setattr(running, "COMPARE_SECONDS", 0.0)
    twice = [("氏名", "電話", "内容"), *(("高橋 キヨ", "022-000-0001", f"泥 {i}") for i in range(5))]
    taken_in(operation, files.csv_bytes(twice))
    assert Lookalike.objects.count() == 10
    rows = OutboxRow.objects.filter(kind=services.COMPARE)
    assert rows.count() == 4  # the last one finds nothing left
    assert {row.state for row in rows} == {State.DONE}


def test_what_was_touched_since_stays_and_says_why(operation: Operation) -> None:
    made = taken_in(operation, files.kintone())
    first, second, third, fourth = Need.objects.order_by("number")
    needs.move(first, NeedState.TRIAGE, by=SYSTEM, at=AT)
    assert second.resident is not None
    needs.add_caller(third, second.resident, relation="近所", note="同じこと", by=SYSTEM, at=AT)
    undone(made)
    assert set(Need.objects.values_list("pk", flat=True)) == {first.pk, second.pk, third.pk}
    why = {row.need_id: row.why for row in made.rows.filter(outcome=Outcome.STAYS)}
    assert f"N{first.number}" in why[first.pk]
    assert "追加の電話" in why[second.pk]
    assert f"N{third.number}" in why[third.pk]
    assert not Need.objects.filter(pk=fourth.pk).exists()
    assert outcomes(checked(operation, files.kintone())) == {Outcome.SAME: 3, Outcome.NEW: 1}


def test_a_person_of_the_register_whom_somebody_mended_stays(operation: Operation) -> None:
    from intake.people import services as people

    rows = [("氏名", "電話", "住所"), ("佐藤", "022-000-0001", "町前一丁目1"), ("佐藤 花", "", "町前一丁目1")]
    made = taken_in(operation, files.csv_bytes(rows), kind=Kind.RESIDENTS)
    assert (Person.objects.count(), Household.objects.count(), Need.objects.count()) == (2, 1, 0)
    people.edit_person(operation, Person.objects.get(name="佐藤"), PersonAnswers("佐藤 進"), by=SYSTEM, at=AT)
    undone(made)
    assert [person.name for person in Person.objects.all()] == ["佐藤 進"]
    assert Household.objects.count() == 1
    assert "名簿の直し" in made.rows.get(outcome=Outcome.STAYS).why


def test_ready_means_the_same_for_an_import_as_for_the_desk(operation: Operation) -> None:
    head = ("番号", "氏名", "電話", "住所", "依頼分類", "応急危険度判定", "状態")
    rows = [
        ("1", "佐藤", "022-000-0001", "町前一丁目1", "清掃", "", "マッチング待ち"),
        ("2", "", "022-000-0002", "町前一丁目2", "清掃", "", "マッチング待ち"),
        ("3", "鈴木", "022-000-0003", "どこか", "清掃", "", "マッチング待ち"),
        ("4", "高橋", "022-000-0004", "町前一丁目4", "", "", "マッチング待ち"),
        ("5", "三浦", "022-000-0005", "町前一丁目5", "清掃", "赤", "マッチング待ち"),
    ]
    taken_in(operation, files.csv_bytes([head, *rows]))
    states = {need.number: (need.state, bool(needs.what_is_missing(need))) for need in Need.objects.all()}
    assert states == {1: ("ready", False), **dict.fromkeys((2, 3, 4, 5), ("triage", True))}
    assert Need.objects.get(number=5).hazards == [Hazard.RED_TAG]


def test_the_columns_are_remembered_by_center_and_headings(operation: Operation) -> None:
    content = files.csv_bytes([("なまえ欄", "でんわ欄", "ことがら"), ("佐藤", "022-000-0001", "泥")])
    made = uploaded(operation, content)
    assert made.mapping == {}
    services.start_check(made, {0: "name", 1: "phone", 2: "description"}, by=By(), at=AT)
    assert uploaded(operation, content).mapping == {"0": "name", "1": "phone", "2": "description"}
    shuffled = files.csv_bytes([("ことがら", "なまえ欄", "でんわ欄"), ("泥", "佐藤", "022-000-0001")])
    assert uploaded(operation, shuffled).mapping == {"1": "name", "2": "phone", "0": "description"}
    assert uploaded(make.operation(), content).mapping == {}
    assert ColumnMapping.objects.count() == 1


def test_a_bad_choice_of_columns_is_refused(operation: Operation) -> None:
    made = uploaded(operation, files.kintone())
    with pytest.raises(Refused, match=r"import\.mapped_twice"):
        services.start_check(made, {0: "name", 1: "name"}, by=By(), at=AT)
    with pytest.raises(Refused, match=r"import\.nothing_mapped"):
        services.start_check(made, {0: "method"}, by=By(), at=AT)


def test_too_many_lines_stop_with_a_sentence_and_leave_nothing(operation: Operation) -> None:
    content = files.csv_bytes([("番号", "氏名"), *((str(i), "佐藤") for i in range(50_001))])
    made = uploaded(operation, files.csv_bytes([("番号", "氏名"), ("1", "佐藤")]))
    services.start_check(made, {0: "source_id", 1: "name"}, by=By(), at=AT)
    # A worker that has already checked some lines comes to the limit, of a file whose rows only the check understands.
    Import.objects.filter(pk=made.pk).update(upto=49_900, content=content)
    run_all()
    made.refresh_from_db()
    assert made.state == ImportState.STOPPED
    assert "50,000" in made.stopped_by
    assert not ImportRow.objects.exists()


def test_the_file_and_what_people_said_in_it_go_when_it_is_in(operation: Operation) -> None:
    made = taken_in(operation, files.kintone())
    assert made.content is None
    assert all(row.said == {} for row in made.rows.all())
    given_up = checked(operation, files.ledger())
    services.discard(given_up, by=By(), at=AT)
    given_up.refresh_from_db()
    assert given_up.content is None
    assert not given_up.rows.exists()


def test_what_nobody_took_in_and_what_remarks_quote_go_with_time(operation: Operation) -> None:
    looked_at = uploaded(operation, files.ledger())
    rows = [("番号", "氏名", "電話"), ("1", "佐藤", "090-0000-0001"), ("2", "鈴木", "12345")]
    done = taken_in(operation, files.csv_bytes(rows))
    assert "12345" in str(done.rows.get(number=3).remarks)
    assert services.forget(at=AT + timedelta(days=6)) == 0
    done.refresh_from_db()
    assert done.done_at
    assert services.forget(at=done.done_at + timedelta(days=31)) == 2
    looked_at.refresh_from_db()
    assert (looked_at.state, looked_at.content) == (ImportState.DISCARDED, None)
    assert done.rows.get(number=3).remarks == []
    assert services.forget(at=done.done_at + timedelta(days=32)) == 0


def test_giving_up_stops_the_slice_that_began_meanwhile(operation: Operation) -> None:
    made = uploaded(operation, files.ledger())
    services.start_check(made, {int(c): code for c, code in made.mapping.items()}, by=By(), at=AT)
    page = Import.objects.get(pk=made.pk)
    services.go_on(Import.objects.get(pk=made.pk))
    services.discard(page, by=By(), at=AT)
    newest = OutboxRow.objects.filter(kind=services.WORK).latest("id")
    assert newest.state == State.DONE


def test_the_log_tells_the_whole_and_each_line_and_nothing_personal(operation: Operation) -> None:
    made = taken_in(operation, files.kintone())
    entries = Entry.objects.of_operation(operation.pk)
    assert entries.filter(action="need.imported").count() == 4
    assert entries.get(action="import.done").details == {"rows": 4}
    text = str(list(entries.values_list("details", flat=True)))
    assert "キヨ" not in text
    assert made.name not in text


def test_two_people_cannot_do_two_things_at_once(operation: Operation) -> None:
    made = checked(operation, files.kintone())
    services.start_import(made, by=By(), at=AT)
    for other in (services.start_import, services.discard, services.start_undo):
        with pytest.raises(Refused, match=r"import\.not_now"):
            other(made, by=By(), at=AT)


def test_a_drill_keeps_its_people_to_itself(operation: Operation) -> None:
    drill = make.operation(operation.center, mode=Mode.DRILL, name="訓練")
    taken_in(drill, files.kintone())
    assert set(Person.objects.values_list("drill", flat=True)) == {drill.pk}
    assert outcomes(taken_in(operation, files.kintone())) == {Outcome.DONE: 4}


class Killed(BaseException):
    """What a kill -9 is to the code: it stops where it is."""


@pytest.mark.parametrize("phase", ["check", "import", "undo"])
def test_work_that_stops_anywhere_goes_on_without_doubles(
    operation: Operation, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in each chunk in turn, after its writes and before its commit."""
    monkeypatch.setattr(running, "CHUNK", 7)
    monkeypatch.setattr(running, "SLICE_SECONDS", 0.0)
    content = files.many(40)
    made = uploaded(operation, content)
    steps: dict[str, Callable[[], object]] = {
        "check": lambda: services.start_check(
            made, {int(c): code for c, code in made.mapping.items()}, by=By(), at=AT
        ),
        "import": lambda: services.start_import(made, by=By(), at=AT),
        "undo": lambda: services.start_undo(made, by=By(), at=AT),
    }
    for name, step in steps.items():
        step()
        if name == phase:
            _stumble_through(monkeypatch)
        run_all()
        made.refresh_from_db()
    assert made.state == ImportState.UNDONE
    assert outcomes(made) == {Outcome.UNDONE: 40}
    assert not Need.objects.exists()
    assert not Person.objects.exists()
    assert Entry.objects.filter(action="need.imported").count() == 40


def _stumble_through(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = running._advance

    def stop_here(*args: Any, **kwargs: Any) -> None:
        go_on(*args, **kwargs)
        raise Killed

    for _ in range(4):
        row = OutboxRow.objects.filter(kind=services.WORK, state=State.PENDING).latest("pk")
        monkeypatch.setattr(running, "_advance", stop_here)
        with pytest.raises(Killed):
            outbox.work(row.pk, now=timezone.now)
        monkeypatch.setattr(running, "_advance", go_on)
        OutboxRow.objects.filter(pk=row.pk).update(state=State.PENDING, lease_until=None)  # its lease ran out
        outbox.work(row.pk, now=timezone.now)


def test_a_worker_that_slept_past_its_lease_commits_nothing(operation: Operation) -> None:
    made = checked(operation, files.many(20))
    services.start_import(made, by=By(), at=AT)
    row = OutboxRow.objects.filter(kind=services.WORK, state=State.PENDING).latest("pk")
    held = outbox.claim(row.pk, at=timezone.now())
    assert held is not None
    OutboxRow.objects.filter(pk=row.pk).update(lease_epoch=held.epoch + 1)  # another has taken over
    with pytest.raises(outbox.LeaseLost):
        running.work(held, now=timezone.now)
    assert not Need.objects.exists()
    assert made.rows.filter(outcome=Outcome.NEW).count() == 20


def test_who_asks_for_themselves_is_one_person() -> None:
    assert needs_in_files.asks_for_self({"name": "髙橋 キヨ", "caller_name": "高橋キヨ"})
    assert not needs_in_files.asks_for_self({"name": "髙橋 キヨ", "caller_name": "高橋 一郎"})
    assert needs_in_files.asks_for_self({"caller_name": "高橋 一郎"})
