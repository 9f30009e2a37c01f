"""Badges and PINs: who may work at which tablet. Asked by leader, colleague and stranger; the PIN is found nowhere."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.models import Device, DeviceProfile, User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.devices.models import Holding, HoldingKind
from dvc.operations.models import Operation
from intake.operators import services
from intake.operators.models import Badge
from intake.volunteers import cards
from tests import make
from tests.infra.late import meanwhile

pytestmark = pytest.mark.django_db
COST = services.SCRYPT_N

PIN = "4071"
KNOWN = ("3ac74b1f901f5e7b", "210b480617c80ea6", "f28b7ec1dbe030e1")


@pytest.fixture(autouse=True)
def _no_tries_left_over() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _a_pin_is_worked_out_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes its time on purpose, for every try; what comes out at its real cost has a test of its own."""
    monkeypatch.setattr(services, "SCRYPT_N", 2)


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def operator(operation: Operation) -> User:
    return make.user(operation.center, Role.RECEPTION, name="髙﨑 𠮷美")


def badge_of(user: User, operation: Operation, pin: str = PIN) -> Badge:
    [badge] = services.issue(operation.center, [user], by=SYSTEM, at=timezone.now())
    if pin:
        services.set_pin(badge, pin, by=make.by(user), at=timezone.now())
        badge.refresh_from_db()
    return badge


class Tablet:
    def __init__(self, operation: Operation, profile: DeviceProfile = DeviceProfile.RECEPTION) -> None:
        self.operation = operation
        chief = make.user(operation.center)
        self.device: Device
        self.device, secret = accounts.register_device(
            operation.center, name="受付1", profile=profile, by=make.by(chief), at=timezone.now()
        )
        self.headers = {"authorization": f"Device {self.device.pk}.{secret}"}
        self.client = Client(raise_request_exception=False)

    def operators(self, **headers: str) -> Any:
        url = f"/api/v1/sync/operators?operation={self.operation.pk}"
        return self.client.get(url, headers={**self.headers, **headers})

    def names(self) -> list[str]:
        return [each["name"] for each in self.operators().json()["operators"]]

    def sign_in(self, badge: Badge | str, pin: str = PIN) -> Any:
        """As the kit does it: the key is made on the tablet, the PIN stays there."""
        text = badge if isinstance(badge, str) else badge.token
        card_id = bytes(16) if isinstance(badge, str) else bytes.fromhex(badge.card_id)
        key = services.pin_key(pin, card_id)
        shown = hmac.new(key, f"server:{self.device.pk}".encode(), hashlib.sha256).hexdigest()
        return self.client.post(
            "/api/v1/sync/operator", json.dumps({"badge": text, "proof": shown}),
            content_type="application/json", headers=self.headers,
        )  # fmt: skip


# ── what a tablet is given ─────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_two_desks_that_ask_for_everybodys_badge_at_once_make_one_each() -> None:
    center = make.center()
    people = [make.user(center), make.user(center)]
    with meanwhile(lambda: services.issue(center, people, by=SYSTEM, at=timezone.now())):
        services.issue(center, people, by=SYSTEM, at=timezone.now())
    assert Badge.objects.live().filter(center=center).count() == 2


def test_a_tablet_gets_what_it_needs_to_check_a_pin_and_nothing_to_find_one(
    operation: Operation, operator: User
) -> None:
    badge = badge_of(operator, operation)
    tablet, other = Tablet(operation), Tablet(operation)
    answer = tablet.operators()
    [said] = answer.json()["operators"]
    assert (said["user"], said["name"], said["ends_at"]) == (operator.pk, "髙﨑 𠮷美", None)
    key = services.pin_key(PIN, bytes.fromhex(badge.card_id))
    assert (
        said["verifier"] == hmac.new(key, f"tablet:{tablet.device.pk}".encode(), hashlib.sha256).hexdigest()
    )
    text = answer.content.decode()
    for secret in (PIN, badge.card_id, badge.card_id[16:], badge.pin_key, badge.token, badge.short_code):
        assert secret not in text
    assert other.operators().json()["operators"][0]["verifier"] != said["verifier"]


def test_the_pin_is_stored_nowhere(operation: Operation, operator: User) -> None:
    badge = badge_of(operator, operation, "907318")
    stored = str(list(Badge.objects.filter(pk=badge.pk).values())) + str(
        list(Entry.objects.values("details"))
    )
    assert "907318" not in stored
    for fast in (hashlib.sha256, hashlib.md5, hashlib.sha1):
        assert fast(b"907318").hexdigest() not in stored


def test_the_python_and_the_tablet_compute_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same known answer stands in frontend/test/pin.test.ts."""
    monkeypatch.setattr(services, "SCRYPT_N", COST)
    card_id = bytes.fromhex("00112233445566778899aabbccddeeff")
    badge = Badge(card_id=card_id.hex(), pin_key=services.pin_key(PIN, card_id).hex())
    device = Device(pk=uuid.UUID("01890000-0000-7000-8000-000000000001"))
    assert (
        badge.pin_key[:16],
        services.verifier(badge, device)[:16],
        services.proof(badge, device)[:16],
    ) == KNOWN


def test_only_those_who_may_work_there_are_on_the_tablet(operation: Operation, operator: User) -> None:
    badge_of(operator, operation)
    badge_of(make.user(operation.center, Role.TRANSPORT, name="送迎の人"), operation)
    badge_of(make.user(operation.center, Role.RECEPTION, name="番号なし"), operation, pin="")
    assert Tablet(operation).names() == ["髙﨑 𠮷美"]
    for profile in (DeviceProfile.WALL, DeviceProfile.KIOSK):
        assert Tablet(operation, profile).names() == []
    assert Tablet(operation, DeviceProfile.FIELD).names() == ["送迎の人"]
    stranger = make.operation(make.center("よその市のセンター"))
    assert Tablet(stranger).names() == []
    foreign = f"/api/v1/sync/operators?operation={operation.pk}"
    assert Client().get(foreign, headers=Tablet(stranger).headers).status_code == 404
    assert Client().get(foreign).status_code == 401


def test_nothing_new_is_304_and_what_was_given_is_written_down(operation: Operation, operator: User) -> None:
    badge_of(operator, operation)
    tablet = Tablet(operation)
    first = tablet.operators()
    assert tablet.operators(**{"if-none-match": first["ETag"]}).status_code == 304
    holding = Holding.objects.get(device=tablet.device, kind=HoldingKind.OPERATORS)
    assert (holding.newest, holding.people) == (1, [operator.pk])


@pytest.mark.parametrize("how", ["badge", "account", "rotation", "role"])
def test_whoever_is_ended_is_gone_with_the_next_download(
    operation: Operation, operator: User, how: str
) -> None:
    badge = badge_of(operator, operation)
    tablet = Tablet(operation)
    assert tablet.names() == ["髙﨑 𠮷美"]
    if how == "badge":
        services.end(badge, reason="lost", by=SYSTEM, at=timezone.now())
    elif how == "account":
        accounts.deactivate(operator, center=operation.center, by=SYSTEM, at=timezone.now())
    elif how == "rotation":
        User.objects.filter(pk=operator.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        accounts.set_roles(operator, operation.center, roles=[Role.TRANSPORT], by=SYSTEM, at=timezone.now())
    assert tablet.names() == []
    assert tablet.sign_in(badge).status_code == 409


def test_a_rotation_that_will_end_says_when(operation: Operation, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(expires_at=timezone.now() + timedelta(days=1))
    badge_of(operator, operation)
    assert Tablet(operation).operators().json()["operators"][0]["ends_at"]


# ── signing in at the server ───────────────────────────────────────────────────────────────────


def test_badge_and_pin_sign_in(operation: Operation, operator: User) -> None:
    badge, tablet = badge_of(operator, operation), Tablet(operation)
    answer = tablet.sign_in(badge)
    assert answer.status_code == 200
    assert (answer.json()["user"], answer.json()["badge"]) == (operator.pk, badge.prefix)
    assert Entry.objects.filter(action="operator.signed_in", device=tablet.device, actor=operator).exists()


def test_five_wrong_pins_close_the_door_for_this_account_at_this_tablet_only(
    operation: Operation, operator: User
) -> None:
    badge, tablet, other = badge_of(operator, operation), Tablet(operation), Tablet(operation)
    colleague = badge_of(make.user(operation.center, Role.RECEPTION), operation)
    for _ in range(services.WRONG_PINS.most):
        assert tablet.sign_in(badge, "8026").json()["code"] == "operator.pin_wrong"
    blocked = tablet.sign_in(badge)
    assert (blocked.status_code, blocked.json()["code"]) == (409, "operator.too_many_tries")
    assert tablet.sign_in(colleague).status_code == 200
    assert other.sign_in(badge).status_code == 200
    assert Entry.objects.filter(action="operator.pin_wrong").count() == services.WRONG_PINS.most


def test_a_tablet_that_tries_many_accounts_is_stopped(operation: Operation) -> None:
    tablet = Tablet(operation)
    people = [make.user(operation.center, Role.RECEPTION) for _ in range(4)]
    badges = [badge_of(person, operation) for person in people]
    for badge in badges[:3]:
        for _ in range(services.WRONG_PINS.most):
            tablet.sign_in(badge, "8026")
    assert tablet.sign_in(badges[3]).json()["code"] == "operator.too_many_tries"


@pytest.mark.parametrize("text", ["", "VC1", "VC1" + "0" * 144, "\x00", "𠮷" * 900, "A" * 1_000_000])
def test_what_is_no_badge_is_a_sentence(operation: Operation, text: str) -> None:
    answer = Tablet(operation).sign_in(text)
    assert answer.status_code in (400, 409)
    assert answer.json()["text"]


def test_a_volunteers_card_is_no_badge(operation: Operation) -> None:
    stock = cards.issue_stock(operation.center, count=1, by=SYSTEM, at=timezone.now())
    answer = Tablet(operation).sign_in(stock.cards.get().token)
    assert answer.json()["code"] == "operator.badge_unknown"


def test_the_verifier_of_a_stolen_tablet_is_no_proof(operation: Operation, operator: User) -> None:
    badge, tablet = badge_of(operator, operation), Tablet(operation)
    body = {"badge": badge.token, "proof": services.verifier(badge, tablet.device)}
    answer = tablet.client.post(
        "/api/v1/sync/operator", body, content_type="application/json", headers=tablet.headers
    )
    assert answer.json()["code"] == "operator.pin_wrong"


# ── choosing a PIN ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "pin", ["1234", "4321", "123456", "0000", "777777", "1212", "123123", "1961", "1994", "2026", "890123"]
)
def test_a_pin_that_anybody_tries_first_is_refused(pin: str) -> None:
    with pytest.raises(Refused) as refused:
        services.check_pin(pin)
    assert refused.value.code == "operator.pin_easy"


@pytest.mark.parametrize("pin", ["", "123", "1234567", "12a4", "４０７１", "40 71", "-407"])
def test_a_pin_is_four_to_six_digits(pin: str) -> None:
    with pytest.raises(Refused) as refused:
        services.check_pin(pin)
    assert refused.value.code == "operator.pin_shape"


def test_one_chooses_the_pin_of_ones_own_badge(operation: Operation, operator: User) -> None:
    client = Client()
    client.force_login(operator)
    url = reverse("own_pin", args=[operation.pk])
    assert "職員証がまだありません" in client.get(url).content.decode()
    badge = badge_of(operator, operation, pin="")
    for wrong in ({"pin": "1234", "again": "1234"}, {"pin": PIN, "again": "4072"}, {"pin": "", "again": ""}):
        assert client.post(url, wrong).status_code == 200
        badge.refresh_from_db()
        assert badge.pin_key == ""
    assert client.post(url, {"pin": "４０７１", "again": PIN}).status_code == 302
    assert Tablet(operation).sign_in(badge_again(badge)).status_code == 200
    assert Client().get(url).status_code == 302
    stranger = Client()
    stranger.force_login(make.user(make.center("よその市のセンター")))
    assert stranger.get(url).status_code == 404


def badge_again(badge: Badge) -> Badge:
    badge.refresh_from_db()
    return badge


# ── the leader's page ──────────────────────────────────────────────────────────────────────────


def test_the_leader_makes_badges_for_all_who_have_none_and_prints_them(
    operation: Operation, operator: User
) -> None:
    chief = make.user(operation.center, name="千葉 長")
    gone = make.user(operation.center, Role.RECEPTION, name="帰った人")
    accounts.deactivate(gone, center=operation.center, by=SYSTEM, at=timezone.now())
    client = Client()
    client.force_login(chief)
    answer = client.post(reverse("badge_issue", args=[operation.pk]))
    sheet = client.get(answer["Location"]).content.decode()
    assert "職員証" in sheet
    assert "髙﨑 𠮷美" in sheet
    assert "帰った人" not in sheet
    assert Badge.objects.count() == 2
    client.post(reverse("badge_issue", args=[operation.pk]))
    assert Badge.objects.count() == 2
    page = client.get(reverse("badge_list", args=[operation.pk])).content.decode()
    assert "まだ決めていません" in page
    badge = Badge.objects.get(user=operator)
    client.post(reverse("badge_end", args=[operation.pk, badge.pk]))
    client.post(reverse("badge_issue", args=[operation.pk]), {"user": operator.pk})
    assert Badge.objects.live().filter(user=operator).exclude(pk=badge.pk).count() == 1


def test_badges_are_the_leaders_business(operation: Operation, operator: User) -> None:
    badge = badge_of(operator, operation)
    colleague, stranger = Client(), Client()
    colleague.force_login(operator)
    stranger.force_login(make.user(make.center("よその市のセンター")))
    for client, status in ((colleague, 403), (stranger, 404), (Client(), 302)):
        for name in ("badge_list", "badge_sheet"):
            assert client.get(reverse(name, args=[operation.pk])).status_code == status, name
        assert client.post(reverse("badge_issue", args=[operation.pk])).status_code == status
        assert client.post(reverse("badge_end", args=[operation.pk, badge.pk])).status_code == status
    badge.refresh_from_db()
    assert badge.ended_at is None
