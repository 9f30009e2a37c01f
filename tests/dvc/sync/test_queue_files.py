"""The queue of a tablet that reaches no server, carried over as a file."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dvc.accounts import services as accounts
from dvc.accounts.models import Device
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refusals import REFUSALS
from dvc.sync import queue_files
from dvc.sync.models import Receipt
from intake.checkin.models import Visit
from tests import make
from tests.dvc.sync.tablet import Tablet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Any) -> None:
    settings.KEYS_DIR = tmp_path / "keys"


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def content_of(tablet: Tablet, ops: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "device_id": str(tablet.device.pk), "secret": tablet.secret, "name": "受付1", "epoch": 1, "ops": ops, **more,
    }  # fmt: skip


def sealed(tablet: Tablet, content: Any) -> bytes:
    """As frontend/src/field/queue_file.ts makes it."""
    center = tablet.operation.center
    ours = ec.generate_private_key(ec.SECP256R1())
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), base64.b64decode(queue_files.public_key(center))
    )
    key = HKDF(SHA256(), 32, point, b"dvc queue").derive(ours.exchange(ec.ECDH(), theirs))
    iv = os.urandom(12)
    data = AESGCM(key).encrypt(iv, json.dumps(content).encode(), f"dvc-queue-1.{center.issuer}".encode())
    encoded = {name: base64.b64encode(part).decode() for name, part in
               (("ephemeral", point), ("iv", iv), ("data", data))}  # fmt: skip
    return json.dumps({"format": "dvc-queue-1", "issuer": center.issuer, **encoded}).encode()


def upload(tablet: Tablet, file: bytes, role: Role = Role.CHIEF) -> Any:
    client = Client()
    client.force_login(make.user(tablet.operation.center, role))
    return client.post(
        f"/o/{tablet.operation.pk}/settings/queue-file/", {"file": SimpleUploadedFile("dvc.json", file)}
    )


def arrivals(tablet: Tablet, count: int) -> list[dict[str, Any]]:
    return [tablet.op(volunteer=make.volunteer(tablet.operation.center).pk) for _ in range(count)]


def test_a_file_is_folded_as_its_device_and_a_second_time_changes_nothing(tablet: Tablet) -> None:
    ops = arrivals(tablet, 3)
    tablet.send(ops[0])
    file = sealed(tablet, content_of(tablet, ops))
    page = upload(tablet, file).content.decode()
    assert "新しく入れたもの 2件、もう届いていたもの 1件" in page
    assert set(Receipt.objects.values_list("device", "seq")) == {(tablet.device.pk, seq) for seq in (1, 2, 3)}
    assert "新しく入れたもの 0件、もう届いていたもの 3件" in upload(tablet, file).content.decode()
    assert Visit.objects.count() == 3
    assert [result["status"] for result in tablet.send(*ops)] == ["replayed"] * 3
    assert Entry.objects.filter(action="queue_file.taken").count() == 2


def test_a_readable_file_of_plain_http_is_taken_as_well(tablet: Tablet) -> None:
    center = tablet.operation.center
    content = content_of(tablet, arrivals(tablet, 1))
    file = {"format": "dvc-queue-1-plain", "issuer": center.issuer, "content": content}
    assert "新しく入れたもの 1件" in upload(tablet, json.dumps(file).encode()).content.decode()


def test_a_device_the_restored_server_does_not_know_is_entered_as_stopped(tablet: Tablet) -> None:
    unknown = "99999999-9999-4999-8999-999999999999"
    file = sealed(tablet, content_of(tablet, arrivals(tablet, 2), device_id=unknown))
    page = upload(tablet, file).content.decode()
    assert "この端末は、いまのサーバーでは使えません" in page
    assert Device.objects.get(pk=unknown).revoked_at is not None
    assert Visit.objects.count() == 2
    assert "もう届いていたもの 2件" in upload(tablet, file).content.decode()


def test_a_stopped_devices_file_waits_for_a_person(tablet: Tablet) -> None:
    file = sealed(tablet, content_of(tablet, arrivals(tablet, 2)))
    accounts.revoke_device(tablet.device, by=SYSTEM, at=make.at(9))
    page = upload(tablet, file).content.decode()
    assert "記録 2件は、預かりました" in page
    assert not Visit.objects.exists()


def test_a_bad_op_in_the_file_does_not_stop_the_others(tablet: Tablet) -> None:
    ops = [
        *arrivals(tablet, 1),
        {**tablet.op(), "kind": "visit.explode"},
        {"nonsense": 1},
        *arrivals(tablet, 1),
    ]
    page = upload(tablet, sealed(tablet, content_of(tablet, ops))).content.decode()
    assert "ファイルの記録 4件" in page
    assert Visit.objects.count() == 2


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("cut", "unreadable"), ("flipped", "unreadable"), ("photo", "unreadable"), ("empty list", "unreadable"),
        ("brackets", "unreadable"), ("other key", "unreadable"), ("bad point", "unreadable"), ("no ops", "unreadable"),
        ("ops of text", "unreadable"), ("other center", "other_center"), ("wrong secret", "wrong_device"),
    ],
)  # fmt: skip
def test_a_wrong_or_damaged_file_is_a_sentence_and_changes_nothing(
    tablet: Tablet, damage: str, code: str
) -> None:
    content = content_of(tablet, arrivals(tablet, 1))
    file = sealed(tablet, content)
    outer = json.loads(file)
    if damage == "cut":
        file = file[: len(file) // 2]
    elif damage == "flipped":
        data = bytearray(base64.b64decode(outer["data"]))
        data[3] ^= 1
        file = json.dumps({**outer, "data": base64.b64encode(data).decode()}).encode()
    elif damage == "photo":
        file = b"\xff\xd8\xff\xe0\x00\x10JFIF" * 50
    elif damage == "empty list":
        file = b"[]"
    elif damage == "brackets":
        file = b"[" * 100_000
    elif damage == "other key":
        Path(settings.KEYS_DIR / f"queue-{tablet.operation.center.issuer}.pem").unlink()
    elif damage == "bad point":
        file = json.dumps({**outer, "ephemeral": base64.b64encode(b"\x04" + b"x" * 64).decode()}).encode()
    elif damage == "no ops":
        file = sealed(tablet, {**content, "ops": None})
    elif damage == "ops of text":
        file = sealed(tablet, {**content, "ops": ["x"]})
    elif damage == "other center":
        file = json.dumps({**outer, "issuer": tablet.operation.center.issuer + 1}).encode()
    elif damage == "wrong secret":
        file = sealed(tablet, {**content, "secret": "guessed"})
    response = upload(tablet, file)
    assert response.status_code == 409
    assert REFUSALS[f"queue_file.{code}"] in response.content.decode()
    assert not Receipt.objects.exists()
    assert not Visit.objects.exists()


def test_only_the_chief_may_take_a_file(tablet: Tablet) -> None:
    file = sealed(tablet, content_of(tablet, arrivals(tablet, 1)))
    assert upload(tablet, file, Role.RECEPTION).status_code == 403
    assert Client().post(f"/o/{tablet.operation.pk}/settings/queue-file/").status_code in (302, 404)
    assert not Receipt.objects.exists()


def test_the_key_is_made_once_and_readable_by_its_owner_only(tablet: Tablet) -> None:
    center = tablet.operation.center
    assert queue_files.public_key(center) == queue_files.public_key(center)
    [file] = Path(settings.KEYS_DIR).iterdir()
    assert file.stat().st_mode & 0o077 == 0
