"""A list of volunteers from the file to its undoing: nobody twice, likely doubles named, nothing believed that has ended."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.exchange import columns, services
from intake.exchange.columns import Kind
from intake.exchange.models import ColumnMapping, Outcome
from intake.volunteers import services as volunteers
from intake.volunteers.models import Group, InsurancePolicy, Source, Volunteer
from tests import make
from tests.intake.exchange import files, played
from tests.intake.exchange.played import AT, codes, outcomes, run_all, undone

pytestmark = pytest.mark.django_db
HEAD = ("氏名", "ふりがな", "携帯電話", "生年月日", "性別", "資格・特技", "保険年度", "団体名")
TODAY = timezone.localdate()  # the outbox lives in real time, and so does insurance
YEAR = TODAY.year - (TODAY.month < 4)
HANAKO = (
    "佐藤 花",
    "さとう はな",
    "090-0000-0001",
    "S36.5.4",
    "女",
    "運転免許、看護師",
    "令和8年度",
    "桜木町内会",
)
KEN = ("髙﨑 健", "タカサキ ケン", "90-0000-0002", str(TODAY.year - 15), "男", "", "", "")


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def checked(operation: Operation, *rows: Any, encoding: str = "utf-8-sig") -> Any:
    return played.checked(operation, files.csv_bytes(rows, encoding=encoding), kind=Kind.VOLUNTEERS)


def taken_in(operation: Operation, *rows: Any, encoding: str = "utf-8-sig") -> Any:
    return played.taken_in(operation, files.csv_bytes(rows, encoding=encoding), kind=Kind.VOLUNTEERS)


def world() -> dict[str, Any]:
    return {
        "people": list(Volunteer.objects.order_by("pk").values()),
        "policies": list(InsurancePolicy.objects.order_by("pk").values()),
        "groups": list(Group.objects.order_by("pk").values()),
    }


@pytest.mark.parametrize("form", ["utf-8-sig", "cp932", "xlsx"])
def test_a_list_comes_in_with_names_skills_insurance_and_group(operation: Operation, form: str) -> None:
    rows = [HEAD, HANAKO, KEN]
    content = files.workbook_bytes(rows) if form == "xlsx" else files.csv_bytes(rows, encoding=form)
    made = played.taken_in(operation, content, kind=Kind.VOLUNTEERS)
    assert outcomes(made) == {Outcome.DONE: 2}
    one, other = Volunteer.objects.order_by("pk")
    assert (one.family_name, one.given_name, one.family_kana, one.given_kana) == (
        "佐藤",
        "花",
        "さとう",
        "はな",
    )
    assert (one.birth_date, one.gender, sorted(one.skills)) == (date(1961, 5, 4), "F", ["driver", "nurse"])
    assert (one.group and one.group.name, one.source) == ("桜木町内会", Source.IMPORT)
    policy = one.policies.get()
    assert policy.covers(timezone.now())
    assert policy.valid_to == volunteers.fiscal_year_end(TODAY)
    assert (other.family_kana, other.phone, other.birth_date, other.said_minor) == (
        "たかさき",
        "090-0000-0002",
        None,
        True,
    )
    assert other.consented_at is None
    assert not other.policies.exists()


def test_what_cannot_be_read_is_told_by_line_and_column_and_what_is_not_kept_as_well(
    operation: Operation,
) -> None:
    head = (*HEAD, "メール")
    rows = [
        ("", "", "090-0000-0001", "", "", "", "", "", ""),
        ("佐藤 花", "", "12345", "2026/2/30", "", "空飛ぶほうき", "いつか", "", "x@@y"),
        ("鈴木 次郎", "", "", "", "", "", "加入済", "", ""),
        ("高橋 進", "", "", "", "", "", str(YEAR - 1), "", ""),
        ("三浦 勝", "", "022-000-0001 / 090-0000-0009", "1950", "", "", str(YEAR + 1), "", ""),
    ]
    before = world()
    made = checked(operation, head, *rows)
    assert world() == before
    assert codes(made) == {
        2: ["volunteer_name"],
        3: ["phone", "birth", "word_left_out", "insurance", "email"],
        4: ["insurance_year"],
        5: ["insurance_over"],
        6: ["second_phone_left_out", "birth_year", "insurance_later"],
    }
    assert [column for column, _, _ in made.rows.get(number=3).remarks] == [2, 3, 5, 6, 8]
    assert outcomes(made) == {Outcome.WRONG: 2, Outcome.NEW: 3}
    services.start_import(made, by=By(), at=AT)
    run_all()
    assert not InsurancePolicy.objects.exists()
    assert Volunteer.objects.count() == 3


def test_the_same_list_again_changes_nothing(operation: Operation) -> None:
    taken_in(operation, HEAD, HANAKO, KEN)
    before = world()
    again = checked(operation, HEAD, HANAKO, KEN)
    assert outcomes(again) == {Outcome.SAME: 2}
    assert codes(again) == {3: ["zero_added", "birth_year"]}
    with pytest.raises(Refused, match=r"import\.nothing_to_do"):
        services.start_import(again, by=By(), at=AT)
    assert world() == before


def test_whoever_is_registered_is_not_registered_again_and_whoever_is_alike_is_named(
    operation: Operation,
) -> None:
    make.volunteer(operation.center, "佐藤", "花", phone="090-0000-0001")
    make.volunteer(operation.center, "鈴木", "次郎", phone="090-0000-0005")
    make.volunteer(
        operation.center,
        "高橋",
        "進",
        phone="090-0000-0006",
        birth_date=date(1950, 1, 1),
    )
    rows = [
        ("佐藤　花", "", "０９００００００００１", "", "", "", "", ""),
        ("鈴木 次郎", "", "090-0000-0099", "", "", "", "", ""),
        ("別の 人", "", "090-0000-0005", "", "", "", "", ""),
        ("高橋 進", "", "", "1980-1-1", "", "", "", ""),
    ]
    made = checked(operation, HEAD, *rows)
    assert codes(made) == {2: ["person_here"], 3: ["person_alike"], 4: ["person_alike"]}
    assert outcomes(made) == {Outcome.SAME: 1, Outcome.NEW: 3}
    assert "佐藤 花" in made.rows.get(number=2).remarks[0][2]
    assert "電話番号" in made.rows.get(number=4).remarks[0][2]


def test_two_lines_about_one_person_come_in_once(operation: Operation) -> None:
    twice = ("佐藤花", "", "09000000001", "", "", "", "", "")
    made = taken_in(operation, HEAD, HANAKO, KEN, twice)
    assert codes(made) == {}  # they go with the work done
    assert outcomes(made) == {Outcome.DONE: 2, Outcome.REPEATED: 1}
    assert Volunteer.objects.count() == 2


def test_two_lines_about_one_person_are_seen_over_many_lines(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.exchange.running.CHUNK", 1)
    made = checked(operation, HEAD, HANAKO, KEN, ("佐藤花", "", "09000000001", "", "", "", "", ""))
    assert codes(made, Outcome.REPEATED) == {4: ["person_repeated"]}


def test_an_import_of_volunteers_is_undone_as_if_it_had_never_been(operation: Operation) -> None:
    volunteers.register_group(operation.center, name="昔からの会", by=SYSTEM, at=AT)
    before = world()
    joined = ("鈴木 次郎", "", "", "", "", "", "", "昔からの会")
    made = undone(taken_in(operation, HEAD, HANAKO, KEN, joined))
    assert outcomes(made) == {Outcome.UNDONE: 3}
    assert world() == before
    assert outcomes(taken_in(operation, HEAD, HANAKO, KEN, joined)) == {Outcome.DONE: 3}


def test_whoever_was_changed_or_came_since_stays_and_says_why(operation: Operation) -> None:
    third = ("鈴木 次郎", "", "090-0000-0003", "", "", "", "", "")
    made = taken_in(operation, HEAD, HANAKO, KEN, third)
    hanako, ken, jiro = Volunteer.objects.order_by("pk")
    volunteers.correct(hanako, phone="090-0000-0011", by=SYSTEM, at=AT)
    checkin.arrive(operation, ken, site=None, by=SYSTEM, at=AT)
    undone(made)
    assert set(Volunteer.objects.values_list("pk", flat=True)) == {hanako.pk, ken.pk}
    why = {row.volunteer_id: row.why for row in made.rows.filter(outcome=Outcome.STAYS)}
    assert "直された" in why[hanako.pk]
    assert "受付" in why[ken.pk]
    assert Group.objects.count() == 1
    assert not Volunteer.objects.filter(pk=jiro.pk).exists()


def test_a_list_without_a_column_of_names_is_refused_in_its_own_words(operation: Operation) -> None:
    made = played.uploaded(operation, files.csv_bytes([HEAD, HANAKO]), kind=Kind.VOLUNTEERS)
    with pytest.raises(Refused, match=r"import\.no_name_mapped"):
        services.start_check(made, {2: "phone"}, by=By(), at=AT)


def test_the_columns_of_a_list_are_guessed_and_remembered(operation: Operation) -> None:
    guessed = columns.guess(Kind.VOLUNTEERS, HEAD)
    assert [guessed[i] for i in range(len(HEAD))] == [
        "name", "kana", "phone", "birth_date", "gender", "skills", "insurance", "group_name",
    ]  # fmt: skip
    content = files.csv_bytes([("なまえ欄", "とくぎ欄"), ("佐藤 花", "看護師")])
    made = played.uploaded(operation, content, kind=Kind.VOLUNTEERS)
    services.start_check(made, {0: "name", 1: "skills"}, by=By(), at=AT)
    assert played.uploaded(operation, content, kind=Kind.VOLUNTEERS).mapping == {"0": "name", "1": "skills"}
    assert ColumnMapping.objects.get().kind == Kind.VOLUNTEERS


def test_a_drill_keeps_its_volunteers_to_itself(operation: Operation) -> None:
    drill = make.operation(operation.center, mode=Mode.DRILL, name="訓練")
    taken_in(drill, HEAD, HANAKO)
    person = Volunteer.objects.get()
    assert (person.drill_id, person.source) == (drill.pk, Source.DRILL)
    assert outcomes(taken_in(operation, HEAD, HANAKO)) == {Outcome.DONE: 1}


def test_the_log_holds_each_person_and_nothing_personal(operation: Operation) -> None:
    taken_in(operation, HEAD, HANAKO, KEN)
    entries = Entry.objects.filter(action="volunteer.registered", via="import")
    assert entries.count() == 2
    assert "佐藤" not in str(list(entries.values_list("details", flat=True)))
