"""The queue of a tablet that reaches no server, carried over as a file.

The tablet encrypts to the center's public key (it came with the snapshot): ECDH on P-256 with a key of its own for each
file, HKDF-SHA-256, AES-256-GCM; every browser's WebCrypto has all three. The private key lies in DATA/keys, and so in
every backup. On plain http there is no WebCrypto: then the file is readable, and the tablet's screen says so.

A file speaks for its device by the device's secret inside. Its ops go through `apply_ops` like any others, so that the
same file twice, or the tablet coming back on-line later, changes nothing. Refusals: queue_file.* in dvc/core/refusals.py.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import transaction

from dvc.accounts.models import Device, DeviceProfile
from dvc.accounts.services import hash_secret
from dvc.audit.services import By, record
from dvc.core import durable
from dvc.core.refused import Refused
from dvc.operations.models import Center
from dvc.sync import quarantine, services
from dvc.sync.envelope import read_ops

SEALED: Final = "dvc-queue-1"
PLAIN: Final = "dvc-queue-1-plain"
MOST_BYTES: Final = 60 * 1024 * 1024
_INFO: Final = b"dvc queue"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file: the device, and how many ops ended with which status (`unanswered`: our own bug)."""

    device: Device
    counts: Counter[str]

    @property
    def new(self) -> int:
        """Facts that count from now on."""
        return self.counts["applied"] + self.counts["merged"] + self.counts["review"]

    @property
    def refused(self) -> int:
        return self.counts["refused"] + self.counts["mismatch"]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def public_key(center: Center) -> str:
    """The key tablets encrypt to: 65 bytes (an uncompressed point), base64. Made on first use."""
    point = _private_key(center).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.b64encode(point).decode()


def take(center: Center, file: bytes, *, by: By, at: datetime) -> Taken:
    """Fold the ops of a tablet's file. Raises Refused queue_file.unreadable | other_center | wrong_device."""
    content = _open(center, file)
    device = _device(center, content, by=by, at=at)
    # A stopped device may be a stolen one: a person decides, as when it sends. One that came with a file itself is not.
    stopped = device.revoked_at is not None and device.revoked_at != device.registered_at
    fold = quarantine.keep if stopped else services.apply_ops
    epoch, raw_ops = content["epoch"], content["ops"]
    counts: Counter[str] = Counter()
    for start in range(0, len(raw_ops), services.MAX_OPS):
        batch = raw_ops[start : start + services.MAX_OPS]
        ops, misshapen = read_ops(batch)
        results = services.refuse_misshapen(device, misshapen, epoch=epoch, at=at)
        results += fold(device, ops, epoch=epoch, sent=None, at=at)
        counts.update(result.status for result in results)
        counts["unanswered"] += len(batch) - len(results)
    with transaction.atomic():
        record(
            "queue_file.taken", device, by=by, at=at, center_id=center.pk,
            counts=dict(+counts),
        )  # fmt: skip
    return Taken(device, +counts)


def _open(center: Center, file: bytes) -> dict[str, Any]:
    """The checked content: device_id, secret, name, epoch, ops."""
    try:
        outer = json.loads(file)
        if outer["issuer"] != center.issuer:
            raise Refused("queue_file.other_center")
        content = outer["content"] if outer["format"] == PLAIN else json.loads(_decrypt(center, outer))
        ops = content["ops"]
        shaped = (
            isinstance(ops, list)
            and all(isinstance(op, dict) for op in ops)
            and isinstance(content["epoch"], int)
            and 0 <= content["epoch"] < 2**31
        )
        if not shaped:
            raise Refused("queue_file.unreadable")
        device_id, secret = uuid.UUID(str(content["device_id"])), str(content["secret"])
    except (ValueError, KeyError, TypeError, RecursionError, InvalidTag, binascii.Error):
        raise Refused("queue_file.unreadable") from None
    name = str(content.get("name", "")).replace("\x00", "")[:40]
    return {"device_id": device_id, "secret": secret, "name": name, "epoch": content["epoch"], "ops": ops}


def _decrypt(center: Center, outer: dict[str, Any]) -> bytes:
    if outer["format"] != SEALED:
        raise ValueError
    ephemeral, iv, data = (
        base64.b64decode(outer[name], validate=True) for name in ("ephemeral", "iv", "data")
    )
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), ephemeral)
    shared = _private_key(center).exchange(ec.ECDH(), theirs)
    key = HKDF(SHA256(), 32, ephemeral, _INFO).derive(shared)
    return AESGCM(key).decrypt(iv, data, f"{SEALED}.{center.issuer}".encode())


@transaction.atomic
def _device(center: Center, content: dict[str, Any], *, by: By, at: datetime) -> Device:
    """The device the file is of. One that this server does not know (restored from a backup that is older than the
    device) is entered as a stopped one: its facts are kept, the tablet itself has to be registered again."""
    known = Device.objects.filter(pk=content["device_id"]).first()
    if known is not None:
        if known.center_id != center.pk:
            raise Refused("queue_file.other_center")
        if not hmac.compare_digest(known.secret_hash, hash_secret(content["secret"])):
            raise Refused("queue_file.wrong_device")
        return known
    assert by.user is not None
    device = Device.objects.create(
        pk=content["device_id"], center=center, name=content["name"] or "ファイルの端末",
        profile=DeviceProfile.RECEPTION, secret_hash=hash_secret(content["secret"]), registered_by=by.user,
        registered_at=at, revoked_at=at,
    )  # fmt: skip
    record("device.entered_from_file", device, by=by, at=at, center_id=center.pk)
    return device


def _private_key(center: Center) -> ec.EllipticCurvePrivateKey:
    file = Path(settings.KEYS_DIR) / f"queue-{center.issuer}.pem"
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        durable.write_once(file, pem)
    key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
