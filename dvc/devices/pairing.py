"""One invitation makes one tablet a device: a code for ten minutes, a tablet that asks, a person who says yes.

The tablet makes its own secret and sends the hash when it asks, so the secret never travels before it is used, and a
lost answer loses nothing. Until somebody approves, a code in the wrong hands opens nothing.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from dvc.accounts.models import Device, DeviceProfile
from dvc.accounts.services import hash_secret
from dvc.audit.services import By, record
from dvc.core.card_token import clean, encode_crockford, fold_lookalikes
from dvc.core.refused import Refused
from dvc.core.short_code import without_hyphens
from dvc.core.throttle import Throttle
from dvc.devices.models import Pairing, PairingState
from dvc.operations.models import Center, Operation

CODE_LIFETIME: Final = timedelta(minutes=10)
APPROVAL_LIFETIME: Final = timedelta(minutes=10)
WRONG_CODES: Final = Throttle("pairing", most=10, seconds=5 * 60)
_SALT: Final = "dvc.devices.pairing"
_CODE_BYTES: Final = 5  # 40 bits, eight letters
_BY_CODE: Final = By(via="pairing")


@transaction.atomic
def invite(operation: Operation, *, name: str, profile: DeviceProfile, by: By, at: datetime) -> Pairing:
    """A code for one tablet. Whoever types it within ten minutes may ask; nobody is in yet."""
    assert by.user is not None
    ident = uuid.uuid4()
    pairing = Pairing.objects.create(
        id=ident,
        center=operation.center,
        operation=operation,
        name=name,
        profile=profile,
        code_hash=_hash_code(_code(ident)),
        created_by=by.user,
        created_at=at,
        ends_at=at + CODE_LIFETIME,
    )
    record("device.invited", pairing, by=by, at=at, center_id=pairing.center_id, profile=str(profile))
    return pairing


def code_of(pairing: Pairing) -> str:
    """The eight letters of the code, made again from the id: only their hash is stored."""
    return _code(pairing.pk)


@transaction.atomic
def ask(
    code: str, *, secret_hash: str, capabilities: dict[str, Any], address: str, at: datetime, plain_line: bool = False
) -> Pairing:  # fmt: skip
    """A tablet uses the code up and waits for a person's yes. `secret_hash`: SHA-256 hex of the secret it made;
    `plain_line`: it asks without encryption. The same tablet may ask again, because the answer may have been lost:
    nothing changes.

    Refused device.code_wrong | device.code_used | device.code_old | device.too_many_tries (too many WRONG_CODES
    from one address).
    """
    if WRONG_CODES.is_full(address):
        raise Refused("device.too_many_tries")
    code_hash = _hash_code(fold_lookalikes(without_hyphens(clean(code))))
    number = f"{secrets.randbelow(10_000):04d}"
    taken = Pairing.objects.open_for(code_hash, at=at).update(
        state=PairingState.ASKING,
        asked_at=at,
        number=number,
        secret_hash=secret_hash,
        capabilities=capabilities,
        plain_line=plain_line,
    )
    pairing = Pairing.objects.select_related("center", "operation").filter(code_hash=code_hash).first()
    if pairing is None:
        WRONG_CODES.count(address)
        raise Refused("device.code_wrong")
    if not taken and pairing.state == PairingState.ASKING and pairing.secret_hash == secret_hash:
        return pairing
    if not taken:
        raise Refused("device.code_old" if pairing.state == PairingState.WAITING else "device.code_used")
    record("device.asked", pairing, by=_BY_CODE, at=at, center_id=pairing.center_id)
    return pairing


@transaction.atomic
def approve(pairing: Pairing, *, by: By, at: datetime) -> Device:
    """The person saw the tablet's number and says yes: the tablet is a device. Refused device.not_asking."""
    assert by.user is not None
    if not _answer(pairing, PairingState.APPROVED, at=at):
        raise Refused("device.not_asking")
    pairing.refresh_from_db()
    device = Device.objects.create(
        center_id=pairing.center_id,
        name=pairing.name,
        profile=pairing.profile,
        secret_hash=pairing.secret_hash,
        registered_by=by.user,
        registered_at=at,
        secure_context=pairing.capabilities.get("secure"),
        camera=pairing.capabilities.get("camera"),
        storage=pairing.capabilities.get("storage", ""),
    )
    Pairing.objects.filter(pk=pairing.pk).update(device=device)
    pairing.device = device
    record("device.registered", device, by=by, at=at, center_id=device.center_id, profile=device.profile)
    return device


def paired_without_encryption(center: Center) -> list[Device]:
    """Devices in use that were paired on the unencrypted line. One query."""
    return list(
        Device.objects.filter(center=center, revoked_at=None, pairing__plain_line=True).order_by("name")
    )


@transaction.atomic
def refuse(pairing: Pairing, *, by: By, at: datetime) -> None:
    """The number was another one, or nobody knows the tablet. Safe to repeat."""
    if _answer(pairing, PairingState.REFUSED, at=at):
        record("device.pairing_refused", pairing, by=by, at=at, center_id=pairing.center_id)


def of_tablet(pairing_id: uuid.UUID, secret: str) -> Pairing:
    """The pairing a waiting tablet asks about, by the secret it made. Refused device.code_wrong. One query."""
    pairing = (
        Pairing.objects.select_related("center", "operation", "device")
        .filter(pk=pairing_id)
        .exclude(secret_hash="")
        .first()
    )
    if pairing is None or not hmac.compare_digest(pairing.secret_hash, hash_secret(secret)):
        raise Refused("device.code_wrong")
    return pairing


def is_over(pairing: Pairing, *, at: datetime) -> bool:
    """Whether nothing more can come of it: answered, or too old."""
    if pairing.state == PairingState.ASKING:
        assert pairing.asked_at is not None
        return at >= pairing.asked_at + APPROVAL_LIFETIME
    return pairing.state != PairingState.WAITING or at >= pairing.ends_at


def _answer(pairing: Pairing, state: PairingState, *, at: datetime) -> int:
    asking = Pairing.objects.filter(pk=pairing.pk, state=PairingState.ASKING)
    return asking.filter(asked_at__gt=at - APPROVAL_LIFETIME).update(state=state)


def _code(pairing_id: uuid.UUID) -> str:
    return encode_crockford(salted_hmac(_SALT, str(pairing_id), algorithm="sha256").digest()[:_CODE_BYTES])


def _hash_code(code: str) -> str:
    return salted_hmac(f"{_SALT}.code", code, algorithm="sha256").hexdigest()
