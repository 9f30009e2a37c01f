"""The pages of paper mode, asked by their owner, a colleague without the role, and a stranger."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.help_requests.models import Need
from intake.paper.models import PaperLine, PaperPeriod, PaperSheet
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def client(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))
    return client


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def period(client: Client, operation: Operation, **changes: str) -> Any:
    yesterday = timezone.localdate() - timedelta(days=1)
    typed = {"day": yesterday.isoformat(), "started": "9:40", "ended": "11:10", "reason": "停電", **changes}
    return client.post(url("paper_period", operation), typed)


def test_a_period_from_the_printer_to_the_last_serial(client: Client, operation: Operation) -> None:
    person = make.volunteer(operation.center, "髙﨑", "𠮷子", family_kana="たかさき", given_kana="よしこ")
    printed = client.post(url("paper_print", operation), {"kind": "roster", "count": "2"})
    assert printed.headers["Location"] == url("paper_blank", operation, 1, 2)
    sheet = client.get(printed.headers["Location"]).content.decode()
    assert sheet.count("受付の名簿") == 2
    assert client.get(printed.headers["Location"]).status_code == 200
    assert PaperSheet.objects.count() == 2
    key = period(client, operation).headers["Location"]
    assert client.get(key, {"serial": "2"}).headers["Location"] == f"{key}2/"
    assert "印刷されていません" in client.get(key, {"serial": "99"}).content.decode()
    answer = client.post(
        f"{key}2/20/", {"who": "たかさき", "arrive": "945", "leave": "1100"}, headers={"HX-Request": "true"}
    )
    assert "✓ 髙﨑 𠮷子" in answer.content.decode()
    assert Visit.objects.get().volunteer == person
    assert "たかさき" in client.get(f"{key}2/").content.decode()
    assert client.post(f"{key}2/21/", {"who": "x"}).status_code == 404
    nasty = client.post(
        f"{key}2/3/", {"who": "\x00" * 100_000, "arrive": "あ" * 100_000, "volunteer": "9" * 5000}
    )
    assert nasty.status_code == 302
    assert "候補" not in client.get(f"{key}2/").content.decode()
    page = PaperPeriod.objects.get().pk
    client.post(url("paper_settle", operation, 2), {"state": "in", "period": str(page)})
    assert "No. 1" in client.get(key).content.decode()
    assert client.post(url("paper_settle", operation, 1), {"state": "lost"}).status_code == 409
    client.post(
        url("paper_settle", operation, 1), {"state": "lost", "reason": "風で飛んだ", "period": str(page)}
    )
    assert "番号は全部そろっています" in client.get(key).content.decode()
    assert "風で飛んだ" in client.get(url("paper_home", operation)).content.decode()
    assert PaperLine.objects.count() == 2


def test_a_night_on_paper_goes_on_after_midnight(client: Client, operation: Operation) -> None:
    make.volunteer(operation.center)
    make.volunteer(operation.center, "鈴木", family_kana="すずき")
    client.post(url("paper_print", operation), {"kind": "roster", "count": "1"})
    day = timezone.localdate() - timedelta(days=2)
    begun = {"day": day.isoformat(), "started": "22:00", "ended": ""}
    key = period(client, operation, **begun).headers["Location"]
    night = PaperPeriod.objects.get()
    assert client.post(url("paper_end", operation, night.pk), {"ended": "0:30"}).status_code == 302
    for number, who, arrive, leave in ((1, "さとう", "2350", "015"), (2, "すずき", "010", "")):
        client.post(f"{key}1/{number}/", {"who": who, "arrive": arrive, "leave": leave})
    assert [(visit.arrived_at - night.started_at, visit.left_at) for visit in Visit.objects.order_by("arrived_at")] == [
        (timedelta(minutes=110), night.started_at + timedelta(minutes=135)), (timedelta(minutes=130), None)
    ]  # fmt: skip
    assert period(client, operation, **{**begun, "ended": "1:00"}).status_code == 302  # told afterwards
    assert [period.ended_at - period.started_at for period in PaperPeriod.objects.order_by("pk") if period.ended_at] == [
        timedelta(hours=2, minutes=30), timedelta(hours=3)
    ]  # fmt: skip


def test_a_second_desk_at_a_sheet_sees_in_the_line_what_the_first_has_typed(
    client: Client, operation: Operation
) -> None:
    make.volunteer(operation.center)
    make.volunteer(operation.center, "鈴木", family_kana="すずき")
    client.post(url("paper_print", operation), {"kind": "form", "count": "1"})
    key = period(client, operation).headers["Location"]
    other = Client()
    other.force_login(make.user(operation.center, Role.RECEPTION))
    [mark] = re.findall('name="mark" value="([^"]+)"', other.get(f"{key}1/").content.decode())
    client.post(f"{key}1/1/", {"who": "さとう", "arrive": "945", "mark": mark})
    typed = {"who": "すずき", "arrive": "955", "mark": mark}
    line = other.post(f"{key}1/1/", typed, headers={"HX-Request": "true"}).content.decode()
    assert 'value="さとう"' in line
    assert "この行は、ほかの人が先に入力しました。あなたの入力（すずき・955）は保存していません。" in line
    assert "1行目：この行は、ほかの人が" in other.post(f"{key}1/1/", typed, follow=True).content.decode()

    def emptied(execute: Any, sql: str, *args: Any) -> Any:
        done = execute(sql, *args)
        if sql.startswith("ROLLBACK TO"):
            PaperLine.objects.all().delete()
        return done

    with transaction.atomic():  # the first desk empties it in the instant after the refusal
        with connection.execute_wrapper(emptied):
            gone = other.post(f"{key}1/1/", typed, headers={"HX-Request": "true"})
        assert gone.status_code == 200
        assert "あなたの入力（すずき・955）は保存していません" in gone.content.decode()
        transaction.set_rollback(True)
    [mark] = re.findall('name="mark" value="([^"]+)"', line)
    other.post(f"{key}1/1/", {**typed, "mark": mark})
    assert Visit.objects.get(annulled_at__isnull=True).volunteer.family_name == "鈴木"


def test_a_list_carries_serial_time_operation_and_the_drills_mark_and_no_telephone(client: Client) -> None:
    drill = make.operation(make.center("訓練の町"), mode=Mode.DRILL, name="津波訓練")
    client.force_login(make.user(drill.center, Role.RECEPTION))
    person = make.volunteer(drill.center, address="町前1-2-3")
    checkin.arrive(drill, person, site=None, by=SYSTEM, at=make.at(9))
    text = client.post(url("paper_list", drill), {"kind": "present"}).content.decode()
    for wanted in ("No. <b>1</b>", "【訓練】いまいる人", "津波訓練", "1／1枚目", "佐藤 花子"):
        assert wanted in text
    assert person.phone not in text
    assert "町前" not in text
    again = client.post(url("paper_list", drill), {"kind": "registered"}).content.decode()
    assert "No. <b>2</b>" in again
    assert client.post(url("paper_list", drill), {"kind": "everything"}).status_code == 404


def test_a_wrong_period_or_count_is_a_sentence(client: Client, operation: Operation) -> None:
    assert period(client, operation, reason="").status_code == 422
    assert period(client, operation, ended="9:00").status_code == 409
    assert period(client, operation, started="99:99", day="x").status_code == 422
    assert client.post(url("paper_print", operation), {"kind": "roster", "count": "1000"}).status_code == 422
    assert client.get(url("paper_blank", operation, 5, 1)).status_code == 404
    assert client.get(url("paper_blank", operation, 1, 2**40)).status_code == 404


@pytest.mark.parametrize(
    ("home", "printing", "kind"),
    [
        ("paper_home", "paper_print", {"kind": "roster"}),
        ("paper_home", "paper_print", {"kind": "form"}),
        ("request_sheets", "request_print", {}),
    ],
)
def test_a_button_pressed_again_because_no_answer_came_shows_the_same_sheets(
    operation: Operation, home: str, printing: str, kind: dict[str, str]
) -> None:
    desk = Client()
    desk.force_login(make.user(operation.center, Role.CHIEF))

    def form() -> dict[str, str]:
        page = desk.get(url(home, operation)).content.decode()
        [token] = re.findall('name="form_token" value="([^"]+)"', page)
        return {"form_token": token, "count": "3", **kind}

    def press(form: dict[str, str]) -> tuple[str, bool]:
        """The page of the sheets, and whether it says that they were there before."""
        answer: Any = desk.post(url(printing, operation), form, follow=True)
        return answer.redirect_chain[0][0], "前に押したときに番号を付けた用紙です" in answer.content.decode()

    blank = "request_blank" if printing == "request_print" else "paper_blank"
    page = form()
    assert press(page) == (url(blank, operation, 1, 3), False)
    assert press(page) == (url(blank, operation, 1, 3), True)
    assert Entry.objects.filter(action="paper.printed").count() == 1
    assert press(page | {"count": "2"}) == (url(blank, operation, 4, 5), False)  # another wish
    assert press(form()) == (url(blank, operation, 6, 8), False)
    assert press(page) == (url(blank, operation, 1, 3), True)
    assert PaperSheet.objects.count() == 8


def test_paper_belongs_to_the_reception_of_this_center(client: Client, operation: Operation) -> None:
    key = period(client, operation).headers["Location"]
    client.post(url("paper_print", operation), {"kind": "form", "count": "3"})
    colleague, stranger, dispatcher = Client(), Client(), Client()
    colleague.force_login(make.user(operation.center, Role.TRANSPORT))
    stranger.force_login(make.user(make.center("隣の町のセンター")))
    for page in (url("paper_home", operation), url("paper_blank", operation, 1, 3), key, f"{key}1/"):
        assert client.get(page).status_code == 200
        assert colleague.get(page).status_code == 403
        assert stranger.get(page).status_code == 404
        assert Client().get(page).status_code == 302
    teams = url("paper_teams", operation)
    dispatcher.force_login(make.user(operation.center, Role.EQUIPMENT))
    assert client.post(teams).status_code == 403
    assert "外に出ている班はありません" in dispatcher.post(teams).content.decode()
    assert stranger.post(teams).status_code == 404
    other = make.operation(operation.center, name="別の活動")
    assert client.get(url("paper_key", other, PaperPeriod.objects.get().pk)).status_code == 404


def test_board_and_home_say_that_the_desk_works_on_paper(client: Client, operation: Operation) -> None:
    pages = [reverse("board", args=[operation.pk]), reverse("home", args=[operation.pk])]
    client.post(url("paper_print", operation), {"kind": "roster", "count": "3"})
    for page in pages:
        assert "紙で受付しています" not in client.get(page).content.decode()
    today = timezone.localdate().isoformat()
    period(client, operation, day=today, started="0:00", ended="")
    for page in pages:
        text = client.get(page).content.decode()
        assert "紙で受付しています（停電）" in text
        assert "3枚" in text
    lasting = PaperPeriod.objects.get()
    client.post(url("paper_end", operation, lasting.pk), {"ended": "0:00"})
    assert "紙で受付しました（停電）" in client.get(pages[0]).content.decode()


@pytest.mark.parametrize("day", ["0001-01-01", "1926-11-24", "9999-12-31"])
def test_a_period_of_another_age_is_a_sentence(client: Client, operation: Operation, day: str) -> None:
    answer = period(client, operation, day=day)
    assert answer.status_code == 409
    assert "日付" in answer.content.decode()
    assert not PaperPeriod.objects.exists()


# ── calls for help on paper ────────────────────────────────────────────────────────────────────


def test_a_batch_of_request_sheets_shows_its_gaps_and_each_becomes_one_need(operation: Operation) -> None:
    desk = Client()
    desk.force_login(make.user(operation.center, Role.NEEDS_DESK))
    printed: Any = desk.post(url("request_print", operation), {"count": "3"})
    assert printed.url == url("request_blank", operation, 1, 3)
    blank = desk.get(printed.url).content.decode()
    assert blank.count("困りごと受付票") == 3
    assert "お金はいただきません" in blank
    home = url("request_sheets", operation)
    assert desk.get(home, {"serial": "1"}).headers["Location"] == url("request_key", operation, 1)
    assert "印刷されていません" in desk.get(home, {"serial": "9"}).content.decode()
    yesterday = timezone.localdate() - timedelta(days=1)
    sheet = {
        "day": yesterday.isoformat(), "clock": "9:20", "caller_name": "高橋 キヨ", "caller_phone": "022-000-0001",
        "method": "phone", "open_from": "09:00", "open_until": "15:30", "description": "床下の泥",
    }  # fmt: skip
    first, third = url("request_key", operation, 1), url("request_key", operation, 3)
    assert "用紙に書いてある日時" in desk.get(first).content.decode()
    assert desk.post(first, {**sheet, "day": "2999-01-01"}).status_code == 409
    assert not Need.objects.exists()
    assert desk.post(first, sheet).headers["Location"] == home
    need = Need.objects.get()
    assert timezone.localtime(need.received_at).isoformat().startswith(f"{yesterday}T09:20")
    assert PaperSheet.objects.get(serial=1).need == need
    assert desk.post(first, sheet).status_code == 302
    assert Need.objects.count() == 1
    assert desk.get(first).headers["Location"] == url("need_detail", operation, need.pk)
    desk.post(third, {**sheet, "caller_name": "佐藤"})
    page = desk.get(home).content.decode()
    assert "No. 2 がまだ入力されていません" in page
    settle = url("request_settle", operation, 2)
    assert desk.post(settle, {"state": "lost", "reason": ""}).status_code == 409
    assert desk.post(settle, {"state": "in"}).status_code == 404
    assert desk.post(settle, {"state": "lost", "reason": "雨で読めない"}).status_code == 302
    assert "番号の抜け" not in desk.get(home).content.decode()
    assert desk.post(url("request_settle", operation, 1), {"state": "unused"}).status_code == 409
    entries = Entry.objects.filter(operation=operation, action="need.received")
    assert {entry.via for entry in entries} == {"paper"}


def test_the_reception_neither_sees_nor_settles_request_sheets(client: Client, operation: Operation) -> None:
    desk = Client()
    desk.force_login(make.user(operation.center, Role.NEEDS_DESK))
    desk.post(url("request_print", operation), {"count": "1"})
    assert "No. 1" not in client.get(url("paper_home", operation)).content.decode()
    assert client.post(url("paper_settle", operation, 1), {"state": "in"}).status_code == 404
    assert client.get(url("request_sheets", operation)).status_code == 403
