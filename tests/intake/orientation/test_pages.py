"""The briefing desk's pages, asked by its owner, a colleague without the role, and a stranger."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.orientation import codes
from intake.orientation.models import OrientationSession
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


def test_a_briefing_from_opening_to_the_last_person(client: Client, operation: Operation) -> None:
    person = make.volunteer(operation.center, "𠮷﨑", "髙")
    opening = {"starts_at": "00:01", "place": "2階の会議室", "speaker": "菅原 進"}
    assert client.post(url("orientation_list", operation), {**opening, "place": "\x00"}).status_code == 422
    page = client.post(url("orientation_list", operation), opening).headers["Location"]
    session = OrientationSession.objects.get()
    assert page == url("orientation_page", operation, session.pk)
    assert "残っています" in client.get(page).content.decode()
    assert client.post(url("orientation_end", operation, session.pk)).status_code == 409
    client.post(
        url("orientation_tick", operation, session.pk), {"said": ["0", "1", "2", "3", "x", "9" * 5000]}
    )
    client.post(url("orientation_checklist", operation, session.pk), {"others": "長靴\r\n\r\n駐車場"})
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=session.starts_at)
    assert "𠮷﨑 髙" in client.get(url("orientation_room", operation, session.pk)).content.decode()
    client.post(url("orientation_room", operation, session.pk), {"without": ["x", ""]})
    assert Visit.objects.get().oriented_at is not None
    assert client.post(url("orientation_end", operation, session.pk)).status_code == 302
    assert "終わりました" in client.get(url("orientation_screen", operation, session.pk)).content.decode()
    assert "1人" in client.get(url("orientation_list", operation)).content.decode()


def test_the_screen_is_drawn_again_only_when_the_code_or_the_count_changed(
    client: Client, operation: Operation
) -> None:
    client.post(url("orientation_list", operation), {"starts_at": "00:01", "place": "庭", "speaker": "菅原"})
    session = OrientationSession.objects.get()
    code = url("orientation_code", operation, session.pk)
    drawn = re.search('data-version="([^"]+)"', client.get(code).content.decode())
    assert drawn
    assert client.get(code, {"version": drawn[1]}).status_code in (
        200,
        204,
    )  # 200 where the code changed just then
    assert client.get(code, {"version": "1.0"}).status_code == 200


def test_the_code_of_yesterdays_briefing_that_nobody_ended_opens_nothing_today(
    client: Client, operation: Operation
) -> None:
    client.post(url("orientation_list", operation), {"starts_at": "00:01", "place": "庭", "speaker": "菅原"})
    session = OrientationSession.objects.get()
    screen = url("orientation_screen", operation, session.pk)
    scan = reverse("phone_orientation_scan", args=[session.pk, codes.code(session, at=timezone.now())])
    assert "説明を受けた人は、QRを読み取ってください" in client.get(screen).content.decode()
    assert Client().get(scan).status_code == 302
    OrientationSession.objects.update(starts_at=session.starts_at - timedelta(days=1))
    assert "この回の説明は終わりました" in client.get(screen).content.decode()
    assert Client().get(scan).status_code == 410
    page = client.get(url("orientation_page", operation, session.pk)).content.decode()
    assert "の回です。QRはもう使えません。今日の説明は、次の回を開いてください。" in page
    assert screen not in page


def test_the_second_desk_is_told_that_the_first_has_changed_what_is_said(
    client: Client, operation: Operation
) -> None:
    client.post(url("orientation_list", operation), {"starts_at": "00:01", "place": "庭", "speaker": "菅原"})
    session = OrientationSession.objects.get()
    tick, others = (
        url(name, operation, session.pk) for name in ("orientation_tick", "orientation_checklist")
    )

    def seen() -> str:
        page = client.get(url("orientation_page", operation, session.pk)).content.decode()
        [mark] = set(re.findall('name="mark" value="([^"]+)"', page))
        return str(mark)

    def stands() -> list[tuple[str, bool]]:
        session.refresh_from_db()
        return [
            (item["text"], item["done"]) for item in session.checklist if item["done"] or not item["must"]
        ]

    old = seen()
    for _ in range(2):  # tapped twice
        assert client.post(tick, {"mark": old, "said": ["0", "1"]}).status_code == 302
    before = stands()
    told = client.post(tick, {"mark": old, "said": ["2"]})
    assert (told.status_code, stands()) == (409, before)
    assert "ほかの人が、この回の「話すこと」を先に変えました。" in told.content.decode()
    told = client.post(others, {"mark": old, "others": "駐車場"})
    assert (told.status_code, stands()) == (409, before)
    assert ">駐車場</textarea>" in told.content.decode()
    assert client.post(others, {"mark": seen(), "others": "駐車場"}).status_code == 302
    assert stands() == [*before[:2], ("駐車場", False)]


def test_only_the_reception_of_this_center_opens_a_briefing(client: Client, operation: Operation) -> None:
    client.post(url("orientation_list", operation), {"starts_at": "00:01", "place": "庭", "speaker": "菅原"})
    session = OrientationSession.objects.get()
    pages = [url("orientation_list", operation)] + [
        url(name, operation, session.pk)
        for name in ("orientation_page", "orientation_room", "orientation_screen")
    ]
    colleague, stranger = Client(), Client()
    colleague.force_login(make.user(operation.center, Role.TRANSPORT))
    stranger.force_login(make.user(make.center("隣の町のセンター")))
    for page in pages:
        assert client.get(page).status_code == 200
        assert colleague.get(page).status_code == 403
        assert stranger.get(page).status_code == 404
        assert Client().get(page).status_code == 302
    other = make.operation(operation.center, name="別の活動")
    assert client.get(url("orientation_page", other, session.pk)).status_code == 404
