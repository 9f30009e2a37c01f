"""The fleet page and what a lost tablet held: the leader and the office see it, looks are logged, revoking ends reads."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.models import Device, DeviceProfile
from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM
from dvc.devices.models import Holding
from dvc.operations.models import Operation
from intake.operators import services as operators
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def device_of(
    operation: Operation, name: str, profile: DeviceProfile = DeviceProfile.RECEPTION
) -> tuple[Device, str]:
    by = make.by(make.user(operation.center))
    device, secret = accounts.register_device(
        operation.center, name=name, profile=profile, by=by, at=timezone.now()
    )
    return device, f"Device {device.pk}.{secret}"


def signed_in(operation: Operation, *roles: Role) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    return client


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def test_the_tablet_in_trouble_comes_first_and_is_told_in_words(operation: Operation) -> None:
    for name, silent, unsent in (("受付1番", 1, 0), ("受付2番", 125, 12), ("受付3番", 40, 0)):
        device, _secret = device_of(operation, name)
        Device.objects.filter(pk=device.pk).update(
            last_seen_at=timezone.now() - timedelta(minutes=silent), unsent=unsent, storage="persisted",
            operator=make.user(operation.center, name=f"{name}の担当"),
        )  # fmt: skip
    text = signed_in(operation, Role.OFFICE).get(url("device_list", operation)).content.decode()
    assert "2時間連絡がありません。未送信の記録12件が、端末にだけあります。" in text
    assert "受付2番の担当" in text
    places = [text.index(f'card__title">{name}') for name in ("受付2番", "受付3番", "受付1番")]
    assert places == sorted(places)
    part = signed_in(operation).get(url("device_list", operation), headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="fleet"')


def test_what_a_lost_tablet_held_is_listed_and_the_look_is_logged(operation: Operation) -> None:
    for family in ("佐藤", "𠮷﨑", "髙"):
        card_of(make.volunteer(operation.center, family))
    operator = make.user(operation.center, Role.RECEPTION, name="髙﨑 𠮷美")
    [badge] = operators.issue(operation.center, [operator], by=SYSTEM, at=timezone.now())
    operators.set_pin(badge, "4071", by=SYSTEM, at=timezone.now())
    device, authorization = device_of(operation, "受付1番")
    tablet = Client()
    for what in ("snapshot", "operators"):
        address = f"/api/v1/sync/{what}?operation={operation.pk}"
        first = tablet.get(address, headers={"authorization": authorization})
        same = tablet.get(address, headers={"authorization": authorization, "if-none-match": first["ETag"]})
        assert (first.status_code, same.status_code) == (200, 304)
    assert Holding.objects.count() == 2

    office = signed_in(operation, Role.OFFICE)
    answer = office.post(url("device_revoke", operation, device.pk), follow=True)
    text = answer.content.decode()
    for words in (
        "3人",
        "姓と名の1文字目",
        "髙﨑 𠮷美",
        "暗証番号の照合データ",
        operation.name,
        "使用停止にしました",
    ):
        assert words in text
    assert "𠮷﨑" not in text
    assert Look.objects.filter(subject_id=str(device.pk), why="device held").count() == 1


def test_whom_it_heard_of_later_it_held_as_well(operation: Operation) -> None:
    card_of(make.volunteer(operation.center, "佐藤"))
    device, authorization = device_of(operation, "受付1番")
    cursor = ""
    for family in ("髙", "𠮷﨑"):
        address = f"/api/v1/sync/snapshot?operation={operation.pk}&since={cursor}"
        cursor = Client().get(address, headers={"authorization": authorization}).json()["cursor"]
        card_of(make.volunteer(operation.center, family))
    Client().get(
        f"/api/v1/sync/snapshot?operation={operation.pk}&since={cursor}",
        headers={"authorization": authorization},
    )
    assert device.holdings.get().most == 3


def test_whom_it_wrote_down_it_holds_with_name_and_number(operation: Operation) -> None:
    tablet = Tablet(operation)
    tablet.send(tablet.op("person.walk_in", guest=str(uuid4()), family_name="髙", phone="090-0000-1234"))
    text = signed_in(operation).get(url("device_held", operation, tablet.device.pk)).content.decode()
    assert "この端末で受け付けた「はじめての人」は1人です" in text
    assert "カードの代わりに入力した名前も、入力したとおりに残っています。" in text
    assert "090-0000-1234" not in text


def test_a_tablet_that_got_nothing_held_nothing(operation: Operation) -> None:
    device, _secret = device_of(operation, "掲示", DeviceProfile.WALL)
    text = signed_in(operation).get(url("device_held", operation, device.pk)).content.decode()
    assert "まだ一度も送っていません" in text


def test_a_wall_screen_gets_no_names(operation: Operation) -> None:
    card_of(make.volunteer(operation.center))
    _device, authorization = device_of(operation, "掲示", DeviceProfile.WALL)
    answer = Client().get(
        f"/api/v1/sync/snapshot?operation={operation.pk}", headers={"authorization": authorization}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "profile")
    assert not Holding.objects.exists()


def test_after_revoking_nothing_is_read(operation: Operation) -> None:
    device, authorization = device_of(operation, "受付1番")
    signed_in(operation).post(url("device_revoke", operation, device.pk))
    for what in ("snapshot", "operators"):
        answer = Client().get(
            f"/api/v1/sync/{what}?operation={operation.pk}", headers={"authorization": authorization}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")


def test_the_fleet_is_the_leaders_and_the_offices(operation: Operation) -> None:
    device, _secret = device_of(operation, "受付1番")
    other = make.operation(make.center("よその市のセンター"))
    for client, status in (
        (signed_in(operation, Role.RECEPTION), 403), (signed_in(other), 404), (Client(), 302)
    ):  # fmt: skip
        assert client.get(url("device_list", operation)).status_code == status
        assert client.get(url("device_held", operation, device.pk)).status_code == status
        assert client.post(url("device_revoke", operation, device.pk)).status_code == status
    assert signed_in(other).get(url("device_held", other, device.pk)).status_code == 404
    device.refresh_from_db()
    assert device.revoked_at is None
