"""The inbox's pages, asked by whoever may settle things, a colleague who may not, and a stranger."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dvc.accounts import services as accounts
from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM, By
from dvc.operations.models import Mode, Operation
from dvc.sync import gather
from dvc.sync.models import InboxItem, ItemKind
from intake.checkin import services as checkin
from intake.checkin.models import FailedScan, Visit
from intake.volunteers.models import Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db

LISTS = ["inbox_list", "unreturned_list", "failed_scan_list", "refusal_list"]


def signed_in(operation: Operation, *roles: Role) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles, name="伊藤 職員"))
    return client


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def person(operation: Operation) -> Volunteer:
    return make.volunteer(operation.center, "髙﨑", "𠮷野", phone="090-1234-5678", emergency_name="髙﨑 母")


@pytest.fixture
def missing(operation: Operation, person: Volunteer) -> InboxItem:
    """Somebody who came on the test's day and was not seen leaving."""
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    gather.look_through(operation, at=make.at(33))
    return InboxItem.objects.get(kind=ItemKind.UNRETURNED)


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_are_for_those_who_settle_things(
    operation: Operation, name: str, missing: InboxItem
) -> None:
    for role in (Role.CHIEF, Role.OFFICE, Role.RECEPTION):
        assert signed_in(operation, role).get(url(name, operation)).status_code == 200
    assert signed_in(operation, Role.SURVEY).get(url(name, operation)).status_code == 403
    assert Client().get(url(name, operation)).status_code == 302
    assert signed_in(make.operation(make.center("隣町"))).get(url(name, operation)).status_code == 404


def test_an_item_is_for_those_who_settle_things(operation: Operation, missing: InboxItem) -> None:
    address = url("inbox_item", operation, missing.pk)
    page = signed_in(operation, Role.RECEPTION).get(address).content.decode()
    for word in ("髙﨑 𠮷野", "090-1234-5678", "帰りの記録がありません", "電話で帰宅を確認した"):
        assert word in page
    assert Look.objects.filter(why="確かめること").exists()
    assert signed_in(operation, Role.SURVEY).get(address).status_code == 403
    other = make.operation(make.center("隣町"))
    assert signed_in(other).get(address).status_code == 404
    assert signed_in(other).get(url("inbox_item", other, missing.pk)).status_code == 404


def test_what_takes_another_right_is_not_shown_to_the_reception(operation: Operation) -> None:
    tablet = Tablet(operation)
    accounts.revoke_device(tablet.device, by=SYSTEM, at=make.at(12))
    tablet.post({"epoch": 1, "ops": [tablet.op(volunteer=make.volunteer(operation.center).pk)]})
    item = InboxItem.objects.get()
    page = signed_in(operation, Role.CHIEF).get(url("inbox_item", operation, item.pk)).content.decode()
    assert "預かっている記録（1件）" in page
    assert signed_in(operation, Role.RECEPTION).get(url("inbox_item", operation, item.pk)).status_code == 404


def test_one_tap_says_that_somebody_is_home(
    operation: Operation, missing: InboxItem, person: Volunteer
) -> None:
    client = signed_in(operation, Role.RECEPTION)
    assert "090-1234-5678" in client.get(url("unreturned_list", operation)).content.decode()
    visit = Visit.objects.get()
    answer = client.post(url("unreturned_close", operation, visit.pk), {"how": "本人に電話した"})
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.closed_reason) == ("closed", "本人に電話した")
    missing.refresh_from_db()
    assert not missing.is_open
    assert "帰りを確かめる人はいません" in client.get(url("unreturned_list", operation)).content.decode()


@pytest.mark.database
@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"how": ""}, "理由を短く書いてください"),
        ({"how": "電話", "time": "25:99"}, "時刻は 9:05 のように"),
        ({"how": "電話", "time": "8:05"}, "帰りの時刻が、到着より前"),
        ({"how": "電話", "time": "８時５分"}, "帰りの時刻が、到着より前"),
        ({"how": "電話", "time": "08:00"}, "帰りの時刻が、到着より前"),
        ({"how": "電話", "reason": "\x00"}, "保存できない文字"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    operation: Operation, missing: InboxItem, sent: dict[str, str], sentence: str
) -> None:
    answer = signed_in(operation).post(url("unreturned_close", operation, Visit.objects.get().pk), sent)
    assert answer.status_code == 409
    assert sentence in answer.content.decode()
    missing.refresh_from_db()
    assert missing.is_open


def test_a_choice_is_kept_with_who_and_why(operation: Operation, missing: InboxItem) -> None:
    client, address = signed_in(operation), url("inbox_resolve", operation, missing.pk)
    assert client.post(address, {"choice": "nonsense", "reason": "𠮷" * 200_000}).status_code == 409
    assert client.post(address, {"choice": "annul", "reason": "人違いだった"}).status_code == 302
    page = client.get(url("inbox_item", operation, missing.pk)).content.decode()
    for word in ("済んでいます", "来ていなかった", "伊藤 職員", "人違いだった"):
        assert word in page
    assert Visit.objects.get().state == "annulled"
    second = client.post(address, {"choice": "phoned_home", "reason": "電話"})
    assert "ほかの人が片づけました" in second.content.decode()


def test_the_menu_and_the_first_page_count_what_waits(operation: Operation, missing: InboxItem) -> None:
    page = signed_in(operation, Role.OFFICE).get(url("home", operation)).content.decode()
    assert "人が見て決めることが1件あります" in page
    assert "確かめること<span" in page
    other = signed_in(operation, Role.SURVEY).get(url("home", operation)).content.decode()
    assert "確かめること" not in other


def test_a_name_that_did_not_settle_who_came_says_what_to_do_at_the_desk(operation: Operation) -> None:
    tablet = Tablet(operation)
    tablet.send(tablet.op("scan.failed", raw="森", code="ambiguous", input="typed"))
    client = signed_in(operation, Role.RECEPTION)
    page = client.get(url("failed_scan_list", operation)).content.decode()
    assert "名前だけでは決まりませんでした" in page
    assert "本人を探して、到着を入れてください。" in page
    assert "下から" not in page
    link = url("volunteer_list", operation) + "?q=%E6%A3%AE"
    assert f'href="{link}"' in page
    make.volunteer(operation.center, "森", "太郎")
    assert "森 太郎" in client.get(link).content.decode()


@pytest.mark.database
@pytest.mark.parametrize(
    ("payload", "sought"),
    [
        ({"card": "HTTPS://X/?a=1&b=2"}, "?q=HTTPS%3A%2F%2FX%2F%3Fa%3D1%26b%3D2"),
        ({"short_code": "0000-0001"}, "?q=0000-0001"),
        ({"volunteer": 987654}, ""),
        ({"guest": "0190c0de-0000-7000-8000-000000000000"}, ""),
    ],
)
def test_the_search_for_whoever_failed_begins_with_what_was_read(
    operation: Operation, payload: dict[str, Any], sought: str
) -> None:
    tablet = Tablet(operation)
    tablet.send(tablet.op(**payload))
    client = signed_in(operation, Role.RECEPTION)
    page = client.get(url("failed_scan_list", operation)).content.decode()
    assert f'href="{url("volunteer_list", operation)}{sought}"' in page


@pytest.mark.database
def test_a_failed_scan_stays_until_somebody_has_seen_it(operation: Operation, person: Volunteer) -> None:
    tablet = Tablet(operation)
    tablet.send(tablet.op(card="<b>ｱ"))
    client = signed_in(operation, Role.RECEPTION)
    page = client.get(url("failed_scan_list", operation)).content.decode()
    assert "読み取れませんでした" in page
    assert "もう一度ゆっくり" not in page, "whoever reads this list holds no card"
    assert "<b>ｱ" not in page
    scan = FailedScan.objects.get()
    for _ in range(2):
        assert client.post(url("failed_scan_handle", operation, scan.pk)).status_code == 302
    assert "読めなかったカードはありません" in client.get(url("failed_scan_list", operation)).content.decode()
    scan.refresh_from_db()
    assert scan.handled_by is not None


@pytest.mark.database
def test_a_refusal_stays_until_somebody_has_seen_it(operation: Operation, person: Volunteer) -> None:
    tablet = Tablet(operation)
    card = card_of(make.volunteer(operation.center))
    [result] = tablet.send(tablet.op("card.bind", card=card.token, volunteer=person.pk))
    assert result["status"] == "refused"
    client = signed_in(operation, Role.RECEPTION)
    page = client.get(url("refusal_list", operation)).content.decode()
    assert "このカードは別の人に使われています" in page
    receipt = tablet.device.receipts.get()
    for _ in range(2):
        assert client.post(url("refusal_dismiss", operation, receipt.pk)).status_code == 302
    assert "受け取れなかった記録はありません" in client.get(url("refusal_list", operation)).content.decode()
    stranger = signed_in(make.operation(make.center("隣町")))
    assert stranger.post(url("refusal_dismiss", operation, receipt.pk)).status_code == 404


def test_somebody_who_came_on_paper_is_shown_like_anybody(operation: Operation, person: Volunteer) -> None:
    line = By(via="paper", op="paper:12:3")
    checkin.arrive(operation, person, site=None, by=line, at=make.at(9))
    gather.look_through(operation, at=make.at(33))
    page = signed_in(operation).get(url("inbox_item", operation, InboxItem.objects.get().pk))
    assert page.status_code == 200
    assert "到着の記録" in page.content.decode()


@pytest.mark.database
def test_who_is_missing_again_after_a_slip_can_be_seen_home_again(
    operation: Operation, missing: InboxItem, person: Volunteer
) -> None:
    tablet = By(via="tablet", op="a-slip")
    checkin.leave(operation, person, by=tablet, at=make.at(18))
    gather.look_through(operation, at=make.at(34))
    assert not InboxItem.objects.open().exists()
    checkin.take_back(operation, person, op="a-slip", near=make.at(18), by=tablet, at=make.at(34))
    gather.look_through(operation, at=make.at(35))
    assert InboxItem.objects.open().get() == missing
    visit = Visit.objects.get()
    answer = signed_in(operation).post(
        url("unreturned_close", operation, visit.pk), {"how": "本人に電話した"}
    )
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert visit.state == "closed"


@pytest.mark.database
def test_refusals_of_a_drill_do_not_hide_those_of_the_day(operation: Operation, person: Volunteer) -> None:
    card = card_of(make.volunteer(operation.center))
    tablet = Tablet(operation)
    tablet.send(tablet.op("card.bind", card=card.token, volunteer=person.pk))
    drill = Tablet(make.operation(operation.center, mode=Mode.DRILL, name="訓練"))
    for _ in range(2):
        drill.send(*(drill.op("card.bind", card=card.token, volunteer=person.pk) for _ in range(101)))
    page = signed_in(operation).get(url("refusal_list", operation)).content.decode()
    assert "このカードは別の人に使われています" in page


@pytest.mark.database
def test_a_long_list_of_people_to_phone_costs_no_more_statements_than_a_short_one(
    operation: Operation,
) -> None:
    """After a day without a network it is everybody who came, and each look is written down."""
    client = signed_in(operation, Role.CHIEF)
    asked = []
    for more in (2, 20):
        for _ in range(more):
            checkin.arrive(operation, make.volunteer(operation.center), site=None, by=SYSTEM, at=make.at(9))
        gather.look_through(operation, at=make.at(33))
        looks = Look.objects.count()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url("unreturned_list", operation)).status_code == 200
        asked.append(len(queries))
        assert Look.objects.count() - looks == Visit.objects.count()
    assert asked[0] == asked[1]


@pytest.mark.database
def test_a_person_with_a_number_nobody_has_is_no_choice(operation: Operation, missing: InboxItem) -> None:
    client = signed_in(operation, Role.CHIEF)
    answer = client.post(
        url("inbox_resolve", operation, missing.pk), {"choice": "phoned_home", "person": "9" * 5000}
    )
    assert answer.status_code == 409
