"""The pages of files in and out, asked by who may, who may not, and a stranger."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.operations.models import Operation
from dvc.outbox import services as outbox
from dvc.outbox.models import Row as OutboxRow
from dvc.outbox.models import State
from intake.exchange.models import Import, ImportState
from intake.help_requests.models import Need
from intake.volunteers.models import Volunteer
from tests import make
from tests.intake.exchange import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def office(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.OFFICE))
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def upload(
    client: Client, operation: Operation, content: bytes, *, name: str = "ニーズ.csv", kind: str = "needs"
) -> Any:
    return client.post(f"/o/{operation.pk}/files/", {"kind": kind, "file": SimpleUploadedFile(name, content)})


def run_all() -> None:
    while rows := list(OutboxRow.objects.filter(kind__startswith="exchange.").exclude(state=State.DONE)):
        for row in rows:
            assert outbox.work(row.pk, now=timezone.now)


def mapped(page: Any) -> dict[str, str]:
    """The mapping form as the page shows it, sent back untouched."""
    selects = re.findall(r'<select name="(c[0-9]+)".*?</select>', text(page), re.DOTALL)
    chosen = re.findall(
        r'<select name="(c[0-9]+)"(?:(?!</select>).)*?<option value="([^"]*)" selected>',
        text(page),
        re.DOTALL,
    )
    return dict.fromkeys(selects, "") | dict(chosen)


def test_from_the_file_to_the_needs_and_back(office: Client, operation: Operation) -> None:
    sent = upload(office, operation, files.kintone())
    assert sent.status_code == 302
    page = office.get(sent["Location"])
    assert "髙橋 キヨ" in text(page)
    assert Look.objects.filter(why="import preview").exists()
    base = sent["Location"]
    assert office.post(f"{base}check/", mapped(page)).status_code == 302
    assert "確かめています" in text(office.get(base))
    assert office.get(f"{base}part/").status_code == 200
    run_all()
    done = office.get(f"{base}part/")
    assert (done.status_code, done["HX-Refresh"]) == (204, "true")
    assert "4行を取り込む" in text(office.get(base))
    assert office.post(f"{base}start/").status_code == 302
    run_all()
    assert "4行を取り込みました" in text(office.get(base))
    assert Need.objects.count() == 4
    assert "ファイルから取り込んだ" in text(office.get(f"/o/{operation.pk}/needs/{Need.objects.first().pk}/"))  # type: ignore[union-attr]
    assert office.post(f"{base}undo/").status_code == 302
    run_all()
    assert "4行を取り消しました" in text(office.get(base))
    assert not Need.objects.exists()


def test_the_result_names_line_and_column(office: Client, operation: Operation) -> None:
    rows = [("番号", "受付日", "氏名", "電話"), ("1", "2026/2/30", "佐藤", "12345")]
    base = upload(office, operation, files.csv_bytes(rows))["Location"]
    office.post(f"{base}check/", mapped(office.get(base)))
    run_all()
    page = text(office.get(base))
    assert "B列「受付日」" in page
    assert "D列「電話」" in page
    assert "2026/2/30" in page


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.csv", b""), ("x.xlsx", b"PK\x03\x04broken"), ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), ("x.pdf", b"%PDF-1.7")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
    office: Client, operation: Operation, name: str, content: bytes
) -> None:
    response = upload(office, operation, content, name=name)
    assert response.status_code == 422
    assert "ください" in text(response).split("field__error")[1][:400]
    assert not Import.objects.exists()


def test_another_line_of_headings_and_another_sheet_can_be_chosen(
    office: Client, operation: Operation
) -> None:
    base = upload(office, operation, files.ledger(), name="台帳.xlsx")["Location"]
    assert Import.objects.get().header_row == 3
    office.post(f"{base}look/", {"header_row": "4"})
    assert Import.objects.get().header_row == 4
    assert office.post(f"{base}look/", {"header_row": "nonsense", "sheet": "ない"}).status_code == 302


def test_columns_chosen_twice_come_back_with_what_was_chosen(office: Client, operation: Operation) -> None:
    base = upload(office, operation, files.csv_bytes([("a", "b"), ("x", "y")]))["Location"]
    response = office.post(f"{base}check/", {"c0": "name", "c1": "name"})
    assert response.status_code == 409
    assert "2つの列" in text(response)
    assert office.post(f"{base}check/", {"c0": "nonsense"}).status_code == 422


def test_giving_up_forgets_the_file(office: Client, operation: Operation) -> None:
    base = upload(office, operation, files.kintone())["Location"]
    assert office.post(f"{base}discard/").status_code == 302
    made = Import.objects.get()
    assert (made.state, made.content) == (ImportState.DISCARDED, None)
    assert "ニーズ.csv" not in text(office.get(f"/o/{operation.pk}/files/"))


def test_the_desk_and_strangers_carry_nothing_in_or_out(office: Client, operation: Operation) -> None:
    base = upload(office, operation, files.kintone())["Location"]
    desk = Client()
    desk.force_login(make.user(operation.center, Role.NEEDS_DESK))
    assert {
        desk.get(path).status_code
        for path in (base, f"/o/{operation.pk}/files/", f"/o/{operation.pk}/files/export/")
    } == {403}
    stranger = Client()
    stranger.force_login(make.user(make.center("となりのセンター")))
    assert stranger.get(base).status_code == 404
    other = make.operation(operation.center, name="別の災害")
    number = base.rstrip("/").rpartition("/")[2]
    assert office.get(f"/o/{other.pk}/files/{number}/").status_code == 404
    assert "書き出し</a>" not in text(desk.get(f"/o/{operation.pk}/needs/"))


def export(client: Client, operation: Operation, **data: str) -> Any:
    return client.post(
        f"/o/{operation.pk}/files/export/",
        {"form": "utf8", "reason": "県社協への報告", "tab": "open", "q": "", **data},
    )


def test_needs_leave_as_a_file_with_a_reason(office: Client, operation: Operation) -> None:
    need = make.need(operation)
    asked = text(office.get(f"/o/{operation.pk}/files/export/?tab=open"))
    assert "続いているもの" in asked
    response = export(office, operation)
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    assert f"VC{operation.pk}-N{need.number}" in content.decode("utf-8-sig")
    assert Look.objects.filter(subject_id=str(need.pk), why__contains="県社協").exists()


def test_without_a_reason_nothing_leaves(office: Client, operation: Operation) -> None:
    make.need(operation)
    response = export(office, operation, reason="")
    assert response.status_code == 422
    assert not Look.objects.exists()


def test_a_search_and_a_tab_choose_what_leaves(office: Client, operation: Operation) -> None:
    make.need(operation)
    for data, lines in (
        ({"tab": "done"}, 1),
        ({"q": "いない人"}, 1),
        ({"q": "高橋"}, 2),
        ({"tab": "nonsense"}, 2),
    ):
        content = b"".join(export(office, operation, **data).streaming_content).decode("utf-8-sig")
        assert len(content.strip().split("\r\n")) == lines, data


def test_what_cp932_cannot_hold_is_shown_before_it_is_replaced(office: Client, operation: Operation) -> None:
    need = make.need(operation)
    assert need.resident is not None
    need.resident.name = "𠮷田 花"
    need.resident.save()
    shown = export(office, operation, form="cp932")
    assert shown.status_code == 200
    assert "𠮷" in text(shown)
    assert not Look.objects.exists()
    content = b"".join(export(office, operation, form="cp932", agreed="on").streaming_content)
    assert "吉田 花" in content.decode("cp932")


def test_a_workbook_leaves_as_one(office: Client, operation: Operation) -> None:
    make.need(operation)
    from openpyxl import load_workbook

    content = b"".join(export(office, operation, form="xlsx").streaming_content)
    sheet = load_workbook(BytesIO(content)).active
    assert sheet is not None
    assert sheet.max_row == 2


def test_a_list_of_volunteers_from_its_own_page_to_the_register(office: Client, operation: Operation) -> None:
    listed = text(office.get(f"/o/{operation.pk}/volunteers/"))
    assert f"/o/{operation.pk}/files/?kind=volunteers" in listed
    page = text(office.get(f"/o/{operation.pk}/files/?kind=volunteers"))
    assert re.search('value="volunteers"[^>]*checked', page)
    rows = [("氏名", "携帯"), ("佐藤 花", "090-0000-0001")]
    base = upload(office, operation, files.csv_bytes(rows), name="名簿.csv", kind="volunteers")["Location"]
    office.post(f"{base}check/", mapped(office.get(base)))
    run_all()
    office.post(f"{base}start/")
    run_all()
    assert "1行を取り込みました" in text(office.get(base))
    person = Volunteer.objects.get()
    assert f"/o/{operation.pk}/volunteers/{person.pk}/" in text(office.get(f"{base}?show=done"))
