"""Install pages for anybody on the Wi-Fi, the chief's page for the chief, nothing where there is no island."""

from __future__ import annotations

import hashlib
import json
import plistlib
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from dvc.accounts.models import Device, DeviceProfile
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.devices import pairing as pairings
from dvc.island import services
from dvc.island.authority import fingerprint, read_authority
from dvc.island.wifi import wifi_text
from dvc.operations.models import Operation
from tests import make

pytestmark = pytest.mark.django_db

PUBLIC = ["/install/", "/install/ipados/", "/install/android/", "/install/windows/", "/install/without/"]


def root() -> x509.Certificate:
    return read_authority(services.files()).certificate


def signed_in(*roles: Role) -> tuple[Client, int]:
    operation = make.operation()
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    return client, operation.pk


@pytest.mark.parametrize("address", PUBLIC)
def test_anybody_on_the_wifi_may_read_how_to_install_and_compare(address: str, island: Settings) -> None:
    make.center("多賀城 <市> 髙")
    answer = Client().get(address)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "<市>" not in text
    if "without" not in address:
        shown = hashes.SHA1() if "windows" in address else hashes.SHA256()  # noqa: S303
        assert all(f"<span>{group}</span>" in text for group in fingerprint(root(), shown).split())


@pytest.mark.parametrize("address", [*PUBLIC, "/install/saigai.crt"])
def test_where_there_is_no_island_there_is_nothing_to_install(address: str) -> None:
    assert Client().get(address).status_code == 404


def test_the_check_page_is_there_in_every_mode() -> None:
    assert Client().get(reverse("check")).status_code == 200


def test_the_likely_device_stands_out(island: Settings) -> None:
    agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"  # as an iPad says
    text = Client().get("/install/", HTTP_USER_AGENT=agent).content.decode()
    assert text.index("choice-card--likely") < text.index("iPad・iPhone") < text.index("Android")
    assert "choice-card--likely" not in Client().get("/install/").content.decode()


def test_each_device_gets_the_same_certificate_in_its_own_form(island: Settings) -> None:
    make.center("多賀城 & 髙﨑")
    files = {ending: Client().get(f"/install/saigai.{ending}") for ending in ("crt", "cer", "p7b", "pem")}
    der = root().public_bytes(Encoding.DER)
    assert files["crt"].content == files["cer"].content == der
    assert files["crt"]["Content-Type"] == "application/x-x509-ca-cert"
    assert pkcs7.load_der_pkcs7_certificates(files["p7b"].content) == [root()]
    assert x509.load_pem_x509_certificate(files["pem"].content) == root()
    profile = Client().get("/install/saigai.mobileconfig")
    assert profile["Content-Type"] == "application/x-apple-aspen-config"
    told = plistlib.loads(profile.content)
    assert told["PayloadDisplayName"].startswith("多賀城 & 髙﨑")
    assert told["PayloadRemovalDisallowed"] is False
    assert told["PayloadContent"][0]["PayloadType"] == "com.apple.security.root"
    assert told["PayloadContent"][0]["PayloadContent"] == der
    # Installing it again replaces it.
    assert Client().get("/install/saigai.mobileconfig").content == profile.content


@pytest.mark.parametrize("ending", ["key", "p12", "exe", "crt.key", "pem\x00"])
def test_nothing_but_the_public_certificate_can_be_fetched(ending: str, island: Settings) -> None:
    answer = Client().get(f"/install/saigai.{ending}")
    assert answer.status_code == 404
    for address in [*PUBLIC, "/install/saigai.pem"]:
        assert b"PRIVATE KEY" not in Client().get(address).content


def test_the_chief_sees_address_wifi_install_page_and_fingerprint(island: Settings) -> None:
    client, operation = signed_in(Role.CHIEF)
    for name in ("network", "network_wall"):
        text = client.get(reverse(name, args=[operation])).content.decode()
        for wanted in ("https://saigai.local:8443/", "http://192.168.1.10:8000/install/", "災害VC"):
            assert wanted in text, (name, wanted)
        assert "se;cret&quot;1" in text
        assert text.count('<svg class="qr"') == 2
        assert all(f"<span>{group}</span>" in text for group in fingerprint(root(), hashes.SHA256()).split())


def test_every_network_of_the_laptop_is_named(island: Settings) -> None:
    island.LAN_ADDRESS = [IPv4Address("192.168.1.10"), IPv4Address("10.0.0.7")]
    client, operation = signed_in(Role.CHIEF)
    text = client.get(reverse("network", args=[operation])).content.decode()
    for wanted in ("http://10.0.0.7:8000/install/", "https://192.168.1.10:8443/", "https://10.0.0.7:8443/"):
        assert wanted in text
    island.LAN_ADDRESS = []
    assert client.get(reverse("network", args=[operation])).status_code == 200


def test_without_an_island_the_chief_reads_how_to_start_one() -> None:
    client, operation = signed_in(Role.CHIEF)
    assert "make run LAN=1" in client.get(reverse("network", args=[operation])).content.decode()


def test_the_wifi_password_is_for_the_chief_alone(island: Settings) -> None:
    client, operation = signed_in(Role.RECEPTION)
    stranger = Client()
    stranger.force_login(make.user(make.center("よその市")))
    for name in ("network", "network_wall"):
        address = reverse(name, args=[operation])
        assert client.get(address).status_code == 403
        assert stranger.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert client.post(reverse("network_plain", args=[operation]), {"allowed": "yes"}).status_code == 403


def test_allowing_the_unencrypted_reception_is_written_down_once(island: Settings) -> None:
    client, operation = signed_in(Role.CHIEF)
    address = reverse("network_plain", args=[operation])
    for answer, entries in (("yes", 1), ("yes", 1), ("no", 2), ("no", 2)):
        assert client.post(address, {"allowed": answer}).status_code == 302
        assert Entry.objects.filter(action__startswith="center.plain_reception").count() == entries
    assert client.get(address).status_code == 405


def laptop() -> Client:
    """The laptop itself, which the unencrypted line holds back nowhere."""
    return Client(HTTP_HOST="127.0.0.1:8000", REMOTE_ADDR="127.0.0.1")


def paired(operation: Operation, line: Ask | None = None, name: str = "旧パソコン") -> tuple[Device, str]:
    """A reception paired on the unencrypted line (with a line), or on the encrypted one. The device and its secret."""
    chief, secret = make.by(make.user(operation.center)), name * 8
    pairing = pairings.invite(
        operation, name=name, profile=DeviceProfile.RECEPTION, by=chief, at=timezone.now()
    )
    asked = {
        "code": pairings.code_of(pairing), "secret_hash": hashlib.sha256(secret.encode()).hexdigest(),
        "capabilities": {"secure": False, "camera": False, "offline": False, "storage": "best_effort"},
    }  # fmt: skip
    body = json.dumps(asked)
    if line:
        answer = line("/api/v1/pair/ask", "POST", data=body, content_type="application/json")
    else:
        answer = laptop().post("/api/v1/pair/ask", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    pairing.refresh_from_db()
    return pairings.approve(pairing, by=chief, at=timezone.now()), secret


def test_stopping_the_line_asks_about_the_devices_paired_on_it_and_ends_them_when_told(plain: Ask) -> None:
    operation = make.operation()
    center = operation.center
    center.plain_reception = True
    center.save()
    old, _ = paired(operation, plain)
    kept, _ = paired(operation, None, "タブレット")
    Device.objects.filter(pk=old.pk).update(unsent=3)
    client = laptop()
    client.force_login(make.user(center))
    page = client.get(reverse("network", args=[operation.pk])).content.decode()
    assert "この回線で登録した端末が1台" in page
    assert "旧パソコン" in page
    assert "送っていない記録が3件" in page
    assert "タブレット<" not in page.split('id="plain"')[1]
    address = reverse("network_plain", args=[operation.pk])
    assert client.post(address, {"allowed": "no"}).status_code == 302
    assert not Device.objects.exclude(revoked_at=None).exists()
    page = client.get(reverse("network", args=[operation.pk])).content.decode()
    assert "この回線で登録した端末が1台" in page
    assert client.post(address, {"allowed": "no_devices_too"}).status_code == 302
    assert list(Device.objects.exclude(revoked_at=None)) == [old]
    assert Entry.objects.filter(action="device.revoked").count() == 1
    kept.refresh_from_db()
    assert kept.revoked_at is None


def test_the_reception_on_that_line_is_not_told_where_badges_are_checked(plain: Ask) -> None:
    operation = make.operation()
    operation.center.plain_reception = True
    operation.center.save()
    client = laptop()
    client.force_login(make.user(operation.center))
    address = reverse("tablet_reception", args=[operation.pk])
    assert "data-operator-url" in client.get(address).content.decode()
    assert "data-operator" not in plain(address).content.decode()


def test_links_of_the_laptop_itself_are_given_as_tablets_open_them(island: Settings) -> None:
    operation = make.operation()
    chief = make.user(operation.center)
    client = Client(HTTP_HOST="127.0.0.1:8000")
    client.force_login(chief)
    answer = client.post(reverse("staff_link", args=[operation.pk, chief.pk]))
    assert "https://saigai.local:8443/sign-in/" in answer.content.decode()
    assert "ほかの端末からは開けません" not in answer.content.decode()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("saigai.local:8443", 200),
        ("192.168.7.7:8443", 200),  # the address of tomorrow
        ("10.0.0.9", 200),
        ("localhost", 200),
        ("evil.example", 400),
        ("saigai.local.evil.example", 400),
        ("8.8.8.8", 400),
        ("192.168.7.7.evil.example", 400),
    ],
)
def test_only_our_name_and_private_addresses_are_answered(host: str, status: int, island: Settings) -> None:
    assert Client(HTTP_HOST=host).get("/check/").status_code == status


@pytest.mark.parametrize(
    ("name", "password", "text"),
    [
        ("災害VC", "tagajo2026", "WIFI:T:WPA;S:災害VC;P:tagajo2026;;"),
        ('a;b,c:d\\e"f', "p;q", 'WIFI:T:WPA;S:a\\;b\\,c\\:d\\\\e\\"f;P:p\\;q;;'),
        ("center", "", "WIFI:T:nopass;S:center;;"),
        ("center", "deadbeef99", 'WIFI:T:WPA;S:center;P:"deadbeef99";;'),
    ],
)
def test_the_wifi_code_is_what_phones_read(name: str, password: str, text: str) -> None:
    assert wifi_text(name, password) == text


# ── the unencrypted line ───────────────────────────────────────────────────────────────────────

Ask = Callable[..., Any]


def test_the_plain_line_opens_with_the_install_page_and_says_what_it_is(plain: Ask) -> None:
    assert plain("/")["Location"] == "/install/"
    for address in [*PUBLIC, "/check/"]:
        answer = plain(address)
        assert answer.status_code == 200
        assert "暗号化されていません" in answer.content.decode()
    assert plain("/healthz").status_code in {200, 503}
    assert plain("/install/saigai.crt").status_code == 200


def test_everything_else_is_sent_to_https_under_the_same_host(plain: Ask) -> None:
    operation = make.operation()
    for address in ("/sign-in/?next=/x", f"/o/{operation.pk}/", f"/o/{operation.pk}/volunteers/"):
        answer = plain(address)
        assert (answer.status_code, answer["Location"]) == (302, f"https://saigai.local:8443{address}")
    assert plain("/sign-in/", HTTP_HOST="10.0.0.9:8000")["Location"].startswith("https://10.0.0.9:8443/")


def test_no_password_and_no_link_signs_anybody_in_on_the_plain_line(plain: Ask) -> None:
    from django.utils import timezone

    from dvc.accounts.services import issue_sign_in_link

    operation = make.operation()
    operation.center.plain_reception = True
    operation.center.save()
    user = make.user(operation.center)
    form = {"sign_in_name": user.sign_in_name, "password": "a-long-password"}
    client = Client(HTTP_HOST="saigai.local:8000", REMOTE_ADDR="192.168.1.30")
    assert client.post("/sign-in/", form).status_code == 403
    link = reverse("sign_in_by_link", args=[issue_sign_in_link(user, at=timezone.now())])
    answer = client.get(link)
    assert answer["Location"] == f"https://saigai.local:8443{link}"
    assert "_auth_user_id" not in client.session
    # The link was not used up: on the encrypted line it still works.
    assert Client(HTTP_HOST="127.0.0.1:8000", REMOTE_ADDR="127.0.0.1").get(link)["Location"] == "/"


def test_even_a_session_opens_nothing_but_the_reception_there(plain: Ask) -> None:
    operation = make.operation()
    operation.center.plain_reception = True
    operation.center.save()
    client = Client(HTTP_HOST="saigai.local:8000", REMOTE_ADDR="192.168.1.30")
    client.force_login(make.user(operation.center))
    assert client.get(f"/o/{operation.pk}/volunteers/").status_code == 302
    assert client.post(reverse("network_plain", args=[operation.pk]), {"allowed": "yes"}).status_code == 403


def test_the_reception_is_there_only_while_the_chief_allows_it(plain: Ask) -> None:
    operation = make.operation()
    closed = {path: plain(path) for path in ("/pair/", f"/o/{operation.pk}/tablet/")}
    for answer in closed.values():
        assert answer.status_code == 403
        assert "暗号化なしの受付" in answer.content.decode()
    ops = plain("/api/v1/sync/ops", "POST", data="{}", content_type="application/json")
    assert (ops.status_code, ops.json()["code"]) == (403, "plain_line")
    operation.center.plain_reception = True
    operation.center.save()
    assert plain("/pair/").status_code == 200
    assert plain("/api/v1/sync/ops", "POST", data="{}", content_type="application/json").status_code == 401
    other = make.operation(make.center("よその市"))
    assert plain(f"/o/{other.pk}/tablet/").status_code == 403


def test_the_laptop_itself_is_held_back_nowhere_and_nobody_else_can_pretend_to_be_it(plain: Ask) -> None:
    laptop = Client(HTTP_HOST="127.0.0.1:8000", REMOTE_ADDR="127.0.0.1")
    assert "暗号化されていません" not in laptop.get("/check/").content.decode()
    make.center()
    assert laptop.get("/sign-in/").status_code == 200
    for host, address in (("127.0.0.1:8000", "192.168.1.30"), ("saigai.local:8000", "127.0.0.1")):
        assert Client(HTTP_HOST=host, REMOTE_ADDR=address).get("/sign-in/").status_code == 302
    spoofed = Client(HTTP_HOST="localhost:8000", REMOTE_ADDR="192.168.1.30", HTTP_X_FORWARDED_FOR="127.0.0.1")
    assert spoofed.get("/sign-in/").status_code == 302


def test_the_two_lines_never_read_one_anothers_sessions() -> None:
    from django.contrib.sessions.backends.db import SessionStore as Encrypted

    from dvc.island.plain_sessions import SessionStore as Plain

    made = Plain()
    made["_auth_user_id"] = "1"
    made.save()
    assert Plain(made.session_key).get("_auth_user_id") == "1"
    assert Encrypted(made.session_key).get("_auth_user_id") is None
    other = Encrypted()
    other["_auth_user_id"] = "1"
    other.save()
    assert Plain(other.session_key).get("_auth_user_id") is None
