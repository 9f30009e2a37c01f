"""A tablet becomes a device: a code, a number, a person who says yes. Asked by leader, colleague and stranger."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.models import Device, DeviceProfile
from dvc.accounts.roles import Role
from dvc.accounts.services import revoke_device
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.devices import pairing as pairings
from dvc.devices.models import Pairing
from dvc.operations.models import Operation
from tests import make

pytestmark = pytest.mark.django_db

CAN: dict[str, Any] = {"secure": True, "camera": False, "offline": True, "storage": "best_effort"}
SECRET = "f" * 64


@pytest.fixture(autouse=True)
def _no_tries_left_over() -> None:
    cache.clear()


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def chief(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center))
    return client


def invite(operation: Operation, chief: Client, profile: str = "reception") -> Pairing:
    answer = chief.post(
        reverse("device_add", args=[operation.pk]), {"name": "受付1番 𠮷", "profile": profile}
    )
    assert answer.status_code == 302
    return Pairing.objects.latest("created_at")


def ask(code: str, *, tablet: Client | None = None, secret: str = SECRET, **changed: Any) -> Any:
    body = {
        "code": code,
        "secret_hash": hashlib.sha256(secret.encode()).hexdigest(),
        "capabilities": CAN,
        **changed,
    }
    return (tablet or Client()).post("/api/v1/pair/ask", body, content_type="application/json")


def wait(pairing: Pairing, tablet: Client, secret: str = SECRET) -> Any:
    body = {"pairing": str(pairing.pk), "secret": secret}
    return tablet.post("/api/v1/pair/wait", body, content_type="application/json")


def chief_posts(chief: Client, what: str, pairing: Pairing) -> Any:
    return chief.post(reverse(what, args=[pairing.operation_id, pairing.pk]))


def test_a_tablet_asks_a_person_approves_and_the_tablet_is_a_device(
    operation: Operation, chief: Client
) -> None:
    pairing = invite(operation, chief)
    page = reverse("device_pairing", args=[operation.pk, pairing.pk])
    code = pairings.code_of(pairing)
    assert f"{code[:4]}-{code[4:]}" in chief.get(page).content.decode()

    tablet = Client()
    asked = ask(f" {code[:4].lower()}ー{code[4:]} ", tablet=tablet).json()
    assert asked["state"] == "asking"
    assert wait(pairing, tablet).json()["state"] == "asking"
    assert not Device.objects.exists()

    text = chief.get(page).content.decode()
    assert asked["number"] in text
    assert "カメラが見つかりません" in text
    assert "消すことがあります" in text
    chief_posts(chief, "device_approve", pairing)

    device = Device.objects.get()
    answer = wait(pairing, tablet)
    assert answer.json()["device_id"] == str(device.pk)
    assert answer.json()["next"] == reverse("tablet_reception", args=[operation.pk])
    assert (device.name, device.profile, device.camera) == ("受付1番 𠮷", DeviceProfile.RECEPTION, False)
    sync = tablet.post(
        "/api/v1/sync/ops", {"epoch": 1, "ops": []}, content_type="application/json",
        headers={"authorization": f"Device {device.pk}.{SECRET}"},
    )  # fmt: skip
    assert sync.status_code == 200
    assert SECRET not in str(Pairing.objects.values_list()) + str(Device.objects.values_list())
    for action in ("device.invited", "device.asked", "device.registered"):
        assert Entry.objects.filter(action=action).count() == 1, action


def test_the_answer_that_was_lost_is_given_again(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    tablet = Client()
    ask(pairings.code_of(pairing), tablet=tablet)
    chief_posts(chief, "device_approve", pairing)
    assert wait(pairing, tablet).json() == wait(pairing, tablet).json()
    assert Device.objects.count() == 1


def test_a_code_works_once(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    assert ask(pairings.code_of(pairing)).status_code == 200
    number = Pairing.objects.get().number
    again = ask(pairings.code_of(pairing), secret="other")
    assert (again.status_code, again.json()["code"]) == (409, "device.code_used")
    assert "もう使われました" in again.json()["text"]
    assert Pairing.objects.get().number == number


def test_a_tablet_whose_answer_was_lost_asks_again_and_keeps_its_number(
    operation: Operation, chief: Client
) -> None:
    pairing = invite(operation, chief)
    first = ask(pairings.code_of(pairing)).json()
    assert ask(pairings.code_of(pairing)).json() == first
    assert Entry.objects.filter(action="device.asked").count() == 1


def test_after_ten_minutes_the_code_is_a_sentence(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1), tick=False):
        late = ask(pairings.code_of(pairing))
        assert late.json()["code"] == "device.code_old"
        text = chief.get(reverse("device_pairing", args=[operation.pk, pairing.pk])).content.decode()
    assert "時間が過ぎた" in text


def test_nobody_approves_a_tablet_that_asked_long_ago(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    tablet = Client()
    ask(pairings.code_of(pairing), tablet=tablet)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert wait(pairing, tablet).json()["state"] == "over"
        chief.force_login(make.user(operation.center))
        assert chief_posts(chief, "device_approve", pairing).status_code == 409
    assert not Device.objects.exists()


def test_what_was_refused_stays_refused(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    tablet = Client()
    ask(pairings.code_of(pairing), tablet=tablet)
    chief_posts(chief, "device_refuse", pairing)
    assert chief_posts(chief, "device_approve", pairing).status_code == 409
    assert wait(pairing, tablet).json()["state"] == "refused"
    assert not Device.objects.exists()


def test_nothing_is_approved_before_a_tablet_asked(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    assert chief_posts(chief, "device_approve", pairing).status_code == 409


@pytest.mark.parametrize(
    "code", ["", "ABCDEFGH", "\x00", "𠮷" * 60, "あ", "--------", "A" * 1_000_000, "\ud800"]
)
def test_a_forged_code_is_a_sentence_and_never_an_error(code: str) -> None:
    answer = ask(code)
    assert answer.status_code in (400, 409)
    assert "入力してください" in answer.json()["text"]


@pytest.mark.parametrize(
    "changed",
    [{"secret_hash": "x"}, {"capabilities": "all"}, {"capabilities": {}}],
)
def test_a_malformed_request_is_a_sentence(changed: dict[str, Any]) -> None:
    assert ask("ABCDEFGH", **changed).status_code == 400


def test_guessing_is_throttled_by_address_and_not_for_others(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    guesser = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(pairings.WRONG_CODES.most):
        assert ask("ABCDEFGH", tablet=guesser).json()["code"] == "device.code_wrong"
    blocked = ask(pairings.code_of(pairing), tablet=guesser)
    assert blocked.json()["code"] == "device.too_many_tries"
    assert "5分ほど待って" in blocked.json()["text"]
    assert ask(pairings.code_of(pairing), tablet=Client(REMOTE_ADDR="192.0.2.2")).status_code == 200


def test_only_the_tablet_that_asked_hears_the_answer(operation: Operation, chief: Client) -> None:
    pairing = invite(operation, chief)
    assert wait(pairing, Client(), secret="").status_code in (400, 409)
    ask(pairings.code_of(pairing))
    chief_posts(chief, "device_approve", pairing)
    stranger = wait(pairing, Client(), secret="0" * 64)
    assert stranger.status_code == 409
    assert "device_id" not in stranger.json()


def test_office_may_add_a_tablet_a_colleague_may_not_and_a_stranger_finds_nothing(
    operation: Operation, chief: Client
) -> None:
    pairing = invite(operation, chief)
    ask(pairings.code_of(pairing))
    for role, status in ((Role.OFFICE, 200), (Role.RECEPTION, 403)):
        client = Client()
        client.force_login(make.user(operation.center, role))
        for name, args in (("device_list", []), ("device_add", []), ("device_pairing", [pairing.pk])):
            assert client.get(reverse(name, args=[operation.pk, *args])).status_code == status, name
    stranger_center = make.operation(make.center("よその市のセンター"))
    stranger = Client()
    stranger.force_login(make.user(stranger_center.center))
    for name in ("device_approve", "device_refuse"):
        assert stranger.post(reverse(name, args=[stranger_center.pk, pairing.pk])).status_code == 404
        assert stranger.post(reverse(name, args=[operation.pk, pairing.pk])).status_code == 404
        assert Client().post(reverse(name, args=[operation.pk, pairing.pk])).status_code == 302
    assert not Device.objects.exists()


# ── the page of a paired tablet, without anybody signed in ─────────────────────────────────────


def paired(operation: Operation, chief: Client, profile: str = "reception") -> tuple[Client, Device]:
    pairing = invite(operation, chief, profile)
    tablet = Client()
    ask(pairings.code_of(pairing), tablet=tablet)
    chief_posts(chief, "device_approve", pairing)
    wait(pairing, tablet)
    return tablet, Device.objects.latest("registered_at")


def test_a_paired_tablet_opens_its_empty_page_without_a_session(operation: Operation, chief: Client) -> None:
    person = make.volunteer(operation.center, "髙﨑", "𠮷野")
    tablet, _device = paired(operation, chief)
    answer = tablet.get(reverse("tablet_reception", args=[operation.pk]))
    assert answer.status_code == 200
    text = answer.content.decode()
    assert 'data-actor-id=""' in text
    assert person.family_name not in text
    assert "伊藤 職員" not in text


def test_the_cookie_opens_nothing_else(operation: Operation, chief: Client) -> None:
    tablet, _device = paired(operation, chief)
    for name in ("home", "device_list", "volunteer_list", "board", "matching_board", "settings"):
        assert tablet.get(reverse(name, args=[operation.pk])).status_code == 302, name
    other = make.operation(make.center("よその市のセンター"))
    assert tablet.get(reverse("tablet_reception", args=[other.pk])).status_code == 302
    assert tablet.post("/api/v1/sync/ops", {"epoch": 1, "ops": []}, "application/json").status_code == 401


def test_a_wall_screen_does_not_open_the_reception_page(operation: Operation, chief: Client) -> None:
    tablet, _device = paired(operation, chief, "wall")
    assert tablet.get(reverse("tablet_reception", args=[operation.pk])).status_code == 302


def test_a_revoked_tablet_still_opens_its_empty_page_and_reads_nothing(
    operation: Operation, chief: Client
) -> None:
    """Its queue must reach the quarantine; the page holds nothing."""
    tablet, device = paired(operation, chief)
    revoke_device(device, by=SYSTEM, at=timezone.now())
    assert tablet.get(reverse("tablet_reception", args=[operation.pk])).status_code == 200
    for what in ("snapshot", "operators", "people"):
        answer = tablet.get(
            f"/api/v1/sync/{what}?operation={operation.pk}&q=さとう",
            headers={"authorization": f"Device {device.pk}.{SECRET}"},
        )
        assert answer.status_code == 403, what


def test_a_forged_cookie_opens_nothing(operation: Operation, chief: Client) -> None:
    _tablet, device = paired(operation, chief)
    for value in ("", "x", str(device.pk), f'"{device.pk}":1:2'):
        forger = Client()
        forger.cookies["device"] = value
        assert forger.get(reverse("tablet_reception", args=[operation.pk])).status_code == 302


def test_a_colleague_without_the_role_is_still_told_so_on_an_unpaired_browser(operation: Operation) -> None:
    client = Client()
    client.force_login(make.user(operation.center, Role.TRANSPORT))
    assert client.get(reverse("tablet_reception", args=[operation.pk])).status_code == 403


def test_a_browser_registered_by_staff_opens_the_page_after_signing_out(
    operation: Operation, chief: Client
) -> None:
    chief.post(
        reverse("device_register", args=[operation.pk]), {"name": "受付2", "profile": "reception"},
        content_type="application/json",
    )  # fmt: skip
    kept = chief.cookies["device"].value
    chief.logout()
    chief.cookies["device"] = kept
    assert chief.get(reverse("tablet_reception", args=[operation.pk])).status_code == 200


@pytest.mark.parametrize("asked", ["survey", "tools", "owner"])
def test_whoever_works_at_the_reception_makes_tablets_of_the_reception_and_no_others(
    operation: Operation, asked: str
) -> None:
    """A survey tablet reads the addresses of houses, which nobody at the reception may."""
    desk = Client()
    desk.force_login(make.user(operation.center, Role.RECEPTION))
    made = desk.post(
        reverse("device_register", args=[operation.pk]), {"name": "受付1", "profile": asked},
        content_type="application/json",
    ).json()  # fmt: skip
    assert made["profile"] == "reception"
    assert Device.objects.get().profile == "reception"
    told = desk.get(
        reverse("sync_survey"), {"operation": operation.pk, "actor": 1},
        headers={"Authorization": f"Device {made['device_id']}.{made['secret']}"},
    )  # fmt: skip
    assert (told.status_code, told.json()["code"]) == (403, "profile")


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "null", "[" * 100_000, '{"name": "", "profile": "reception"}', '{"name": ["a"]}',
        '{"name": "\\u0000", "profile": "reception"}',
        '{"name": "' + "長" * 41 + '", "profile": "reception"}',
    ],
)  # fmt: skip
def test_a_browser_that_is_registered_without_a_name_hears_a_sentence(
    operation: Operation, chief: Client, body: str
) -> None:
    answer = chief.post(
        reverse("device_register", args=[operation.pk]), body, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "name")
    assert answer.json()["text"].endswith("。")
    assert not Device.objects.exists()
