"""A file that leaves the house: nothing in it runs, nothing is lost unseen, and an import of ours reads it back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.exchange import columns, exporting, reading, residents
from intake.exchange import needs as needs_in_files
from intake.exchange.checking import Known
from intake.exchange.columns import Kind
from intake.exchange.exporting import Format
from intake.exchange.kinds import check
from intake.help_requests import services as needs
from intake.help_requests.answers import Damage
from intake.help_requests.models import Method, Need
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.people import postal, towns
from intake.people.models import Town
from intake.people.services import HouseholdAnswers, PersonAnswers
from intake.volunteers.models import WorkCategory
from tests import make
from tests.infra.scale import count

AT = make.at(9)
# What a text field of ours may hold; what CP932 has not is tested apart.
_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Cf", "Zl", "Zp"))


def texts(most: int) -> st.SearchStrategy[str]:
    return st.text(_LETTERS, max_size=most).map(lambda text: " ".join(text.split())).filter(_is_kept)


def _is_kept(text: str) -> bool:
    from dvc.core.japanese import normalise_text

    return normalise_text(text) == text and not text.startswith(("=", "'", "#"))


PHONES = st.sampled_from(["", "022-000-0001", "090-0000-0012", "０２２－０００－０００３"])


def written(rows: list[list[str]], form: Format) -> bytes:
    out = io.BytesIO()
    exporting.write(rows, form, out, title="困りごと")
    return out.getvalue()


def read_back(operation: Operation, content: bytes) -> list[dict[str, Any]]:
    """What an import would take of the file."""
    rows = list(reading.rows(content, reading.recognise(content)))
    mapping = columns.guess(Kind.NEEDS, [str(cell or "") for cell in rows[0].cells])
    known = Known(towns.Known(operation.center), postal.Known(operation.center), AT)
    found = [check(row, mapping, Kind.NEEDS, known) for row in rows[1:]]
    assert all(one is not None and not one.is_wrong for one in found), found
    return [one.said for one in found if one is not None]


class RoundTrip(TestCase):
    @settings(deadline=None, max_examples=count(10, 100))  # a busy machine is no finding
    @given(
        name=texts(40), caller=texts(40), phone=PHONES, address=texts(60), summary=texts(40), description=texts(200),
        landmark=texts(60), method=st.sampled_from(Method.values), damage=st.lists(st.sampled_from(Damage.values), unique=True),
        category=st.sampled_from([None, *WorkCategory.values]), people=st.integers(1, 30), flags=st.tuples(*[st.booleans()] * 3),
        form=st.sampled_from([Format.XLSX, Format.UTF8]),
    )  # fmt: skip
    def test_an_export_says_to_an_import_what_the_desk_was_told(
        self, name: str, caller: str, phone: str, address: str, summary: str, description: str, landmark: str, method: str,
        damage: list[str], category: str | None, people: int, flags: tuple[bool, bool, bool], form: Format,
    ) -> None:  # fmt: skip
        operation = make.operation()
        answers = NeedAnswers(
            method=method, summary=summary, description=description, damage_kinds=damage, needs_crisis=flags[0],
            needs_watch=flags[1], consent_to_share=flags[2],
        )  # fmt: skip
        item = [ItemAnswers(category, people_ideal=max(2, people), people_max=99)] if category else []
        needs.receive(
            operation, caller=PersonAnswers(caller or "だれか", phone=phone), resident=PersonAnswers(name, phone=phone),
            household=HouseholdAnswers(address=address, landmark=landmark), answers=answers, items=item, by=SYSTEM, at=AT,
        )  # fmt: skip
        listed = exporting.filtered(operation, tab="", question="", at=AT)
        rows = [exporting.headings(sensitive=True), *exporting.lines(listed, sensitive=True)]
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        (said,) = read_back(operation, written(rows, form))
        assert needs_in_files.caller(said) == PersonAnswers(caller or "だれか", phone=phone)
        assert residents.resident(said) == PersonAnswers(name, phone=phone)
        assert residents.household(said) == HouseholdAnswers(address=address, landmark=landmark)
        back = needs_in_files.need_answers(said)
        assert (back.method, back.summary, back.description) == (method, summary, description)
        assert (sorted(back.damage_kinds), back.needs_crisis, back.needs_watch, back.consent_to_share) == (
            sorted(damage),
            *flags,
        )
        assert said.get("category", []) == ([category] if category else [])
        assert said.get("people") == (max(2, people) if category else None)
        need = Need.objects.get(operation=operation)
        assert needs_in_files.number_here(said, operation) == need.number

    @given(st.text(max_size=30))
    def test_every_text_can_be_written_in_cp932_and_what_changed_is_listed(self, text: str) -> None:
        text = "".join(sign for sign in text if sign.isprintable())
        row = ["VC1-N1", text]
        assert exporting.to_cp932(text).encode("cp932").decode("cp932") == exporting.to_cp932(text)
        listed = exporting.replaced([["番号", "氏名"], row])
        assert bool(listed) == (exporting.to_cp932(text) != text)


@pytest.mark.parametrize("cell", ["=1+1", "+81", "-5", "@A1", "\tx", "\rx"])
def test_nothing_runs_in_a_spreadsheet(cell: str) -> None:
    assert exporting._safe(cell) == f"'{cell}"
    assert exporting._safe("普通") == "普通"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("髙﨑", "髙﨑"), ("𠮷田", "吉田"), ("9〜10時", "9～10時"), ("−5", "－5"), ("葛\U000e0100城", "葛城"), ("Nguyễn", "Nguyen"), ("😀", "〓"), ("한", "〓")],
)  # fmt: skip
def test_the_nearest_sign_takes_the_place_of_what_cp932_has_not(text: str, wanted: str) -> None:
    assert exporting.to_cp932(text) == wanted


def test_what_was_replaced_is_listed_by_line_column_and_need() -> None:
    rows = [["番号", "氏名"], ["VC1-N1", "佐藤"], ["VC1-N2", "𠮷田"]]
    (one,) = exporting.replaced(rows)
    assert (one.line, one.need, one.column, one.sign, one.by) == (3, "VC1-N2", "氏名", "𠮷", "吉")


@pytest.mark.django_db
def test_an_export_is_a_look_at_each_of_them_with_its_reason() -> None:
    operation = make.operation()
    first, second = make.need(operation), make.need(operation)
    user = make.user(operation.center)
    with pytest.raises(Refused, match=r"export\.reason"):
        exporting.note_export(
            operation, [first], reason=" ", sensitive=False, form=Format.UTF8, by=By(user), at=AT
        )
    exporting.note_export(
        operation,
        [first, second],
        reason="県社協への報告",
        sensitive=True,
        form=Format.UTF8,
        by=By(user),
        at=AT,
    )
    looks = Look.objects.filter(subject_type="help_requests.need")
    assert {(look.subject_id, look.why, look.classes) for look in looks} == {
        (str(need.pk), "書き出し：県社協への報告", "P1 P2 P3 P4") for need in (first, second)
    }
    assert Entry.objects.get(action="needs.exported").details == {
        "rows": 2,
        "form": "utf8",
        "sensitive": True,
    }


@pytest.mark.django_db
def test_the_columns_nobody_else_needs_are_left_out_unless_asked_for() -> None:
    plain, whole = exporting.headings(sensitive=False), exporting.headings(sensitive=True)
    assert {"一人暮らし", "体の具合・持病", "危機介入が必要"} <= set(whole) - set(plain)


@pytest.mark.django_db
def test_an_export_of_this_very_center_brings_nobody_twice() -> None:
    operation = make.operation()
    make.need(operation)
    rows = [
        exporting.headings(sensitive=False),
        *exporting.lines(exporting.filtered(operation, tab="", question="", at=AT), sensitive=False),
    ]
    (said,) = read_back(operation, written(rows, Format.CP932))
    assert needs_in_files.number_here(said, operation) == Need.objects.get().number
    assert needs_in_files.number_here(said, make.operation()) is None


@pytest.mark.parametrize("cell", ["＝1+1", "＠SUM(A1)", "－5", "\n=1+1", "=1+1", "﹦1+1", "\u200b=1+1", "⁺1"])
@pytest.mark.parametrize("form", list(Format))
def test_nothing_runs_in_what_is_written_whatever_takes_the_place_of_a_sign(cell: str, form: Format) -> None:
    content = written([["見出し"], [exporting._safe(cell)]], form)
    _, row = reading.rows(content, reading.recognise(content))
    assert not str(row.cells[0]).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.django_db
def test_a_town_chosen_from_the_list_leaves_with_the_house_number() -> None:
    operation = make.operation()
    town = Town.objects.create(center=operation.center, name="町前一丁目", lat=38.29, lng=141.0)
    needs.receive(
        operation, caller=PersonAnswers("𠮷﨑 進", "よしざき すすむ", "090-0000-0012"), resident=None,
        household=HouseholdAnswers(town=town, address="9999-1 荘203"), answers=NeedAnswers(), by=SYSTEM, at=AT,
    )  # fmt: skip
    listed = exporting.filtered(operation, tab="", question="", at=AT)
    rows = [exporting.headings(sensitive=False), *exporting.lines(listed, sensitive=False)]
    said = read_back(operation, written(rows, Format.CP932))[0]
    assert (said["address"], said["name"]) == ("町前一丁目9999-1 荘203", "吉﨑 進")
