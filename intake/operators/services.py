"""Give badges, choose PINs, sign in at a tablet with both.

The PIN never leaves the tablet and is stored nowhere. `pin_key` is scrypt over the PIN with the whole badge id as
salt; tablets get a verifier that is bound to the device and only half of the badge id, so that a stolen tablet is of
no use for finding a PIN: 64 bits are missing that stand only on the badge.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from dvc.accounts.models import Device, DeviceProfile, User
from dvc.accounts.roles import ROLES_THAT_MAY, May, Role
from dvc.audit.services import By, record
from dvc.core import card_token, short_code
from dvc.core.card_token import CardError, Purpose
from dvc.core.refused import Refused
from dvc.core.throttle import Throttle
from dvc.operations.models import Center
from intake.operators.models import Badge, BadgeQuerySet
from intake.volunteers import cards

# What somebody must be allowed to do to work at a tablet of that profile. A profile that is not here has no operators.
NEEDED: Final[dict[str, May]] = {
    DeviceProfile.RECEPTION: May.RECEIVE,
    DeviceProfile.SURVEY: May.KEEP_NEEDS,
    DeviceProfile.MATCHING: May.MATCH,
    DeviceProfile.FIELD: May.DISPATCH,
    DeviceProfile.TOOLS: May.DISPATCH,
}
SCRYPT_N: Final = 2**15
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
_SCRYPT_MEMORY: Final = 2**26
WRONG_PINS: Final = Throttle("pin", most=5, seconds=5 * 60)  # of one account at one device
WRONG_PINS_OF_DEVICE: Final = Throttle("pins", most=15, seconds=5 * 60)
_PIN: Final = re.compile(r"[0-9]{4,6}")
_RUNS: Final = ("01234567890123456789", "98765432109876543210")


@transaction.atomic
def issue(center: Center, people: Sequence[User], *, by: By, at: datetime) -> list[Badge]:
    """A badge for each of these members of staff. Whoever has a live one keeps it and gets no second, also when two desks
    ask for everybody's at once."""
    Center.objects.select_for_update(no_key=True).get(pk=center.pk)
    holders = set(Badge.objects.live().filter(center=center).values_list("user_id", flat=True))
    without = [person for person in people if person.pk not in holders]
    ids = [secrets.token_bytes(card_token.CARD_ID_BYTES) for _ in without]
    tokens = cards.sign(center, ids, purpose=Purpose.STAFF, by=by, at=at)
    made = []
    for person, card_id, token in zip(without, ids, tokens, strict=True):
        badge = Badge.objects.create(
            center=center,
            user=person,
            card_id=card_id.hex(),
            token=token,
            short_code=short_code.short_code(card_id),
            issued_at=at,
        )
        record("badge.issued", badge, by=by, at=at, center_id=center.pk, user=person.pk)
        made.append(badge)
    return made


@transaction.atomic
def end(badge: Badge, *, reason: str, by: By, at: datetime) -> None:
    """The badge is lost or given back: it opens no tablet any more. `reason`: lost | returned. Safe to repeat."""
    if Badge.objects.live().filter(pk=badge.pk).update(ended_at=at, end_reason=reason[:20]):
        record("badge.ended", badge, by=by, at=at, center_id=badge.center_id, reason=reason)


@transaction.atomic
def set_pin(badge: Badge, pin: str, *, by: By, at: datetime) -> None:
    """The owner's PIN. Refused as `check_pin`, and operator.badge_ended."""
    check_pin(pin)
    key = pin_key(pin, bytes.fromhex(badge.card_id)).hex()
    if not Badge.objects.live().filter(pk=badge.pk).update(pin_key=key, pin_set_at=at):
        raise Refused("operator.badge_ended")
    record("badge.pin_set", badge, by=by, at=at, center_id=badge.center_id)


def check_pin(pin: str) -> None:
    """4–6 digits that are not easy to guess. Refused operator.pin_shape | operator.pin_easy."""
    if not _PIN.fullmatch(pin):
        raise Refused("operator.pin_shape")
    if is_easy(pin):
        raise Refused("operator.pin_easy")


def is_easy(pin: str) -> bool:
    """Whether it is among what anybody tries first: one digit, a run, a repeated half, a year of birth."""
    half = len(pin) // 2
    return (
        len(set(pin)) == 1
        or any(pin in run for run in _RUNS)
        or (len(pin) % 2 == 0 and pin[:half] == pin[half:])
        or (len(pin) == 4 and 1920 <= int(pin) <= 2029)
    )


def pin_key(pin: str, card_id: bytes) -> bytes:
    """What PIN and badge together come to: 32 bytes of scrypt. About 0.1 s."""
    return hashlib.scrypt(
        pin.encode(), salt=card_id, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=_SCRYPT_MEMORY, dklen=32
    )


def verifier(badge: Badge, device: Device) -> str:
    """What the device compares with off-line. Another device's is another one."""
    return _bound(badge, "tablet", device)


def proof(badge: Badge, device: Device) -> str:
    """What the tablet shows the server. It cannot be made from the verifier."""
    return _bound(badge, "server", device)


def operators_of(device: Device, *, at: datetime) -> BadgeQuerySet:
    """The badges that may sign in at this device now."""
    if device.profile not in NEEDED:
        return Badge.objects.none()
    return Badge.objects.of_operators(device.center, _roles(device), at=at)


def sign_in(device: Device, text: str, shown: str, *, at: datetime) -> Badge:
    """Whoever holds this badge and knows its PIN. `text`: what was scanned; `shown`: the tablet's `proof`.

    Refused operator.badge_unknown | operator.badge_ended | operator.no_pin | operator.not_allowed |
    operator.pin_wrong | operator.too_many_tries (WRONG_PINS, WRONG_PINS_OF_DEVICE).
    """
    badge = _read(device.center, text)
    if WRONG_PINS.is_full(device.pk, badge.user_id) or WRONG_PINS_OF_DEVICE.is_full(device.pk):
        raise Refused("operator.too_many_tries")
    by = By(user=badge.user, device=device, via="tablet")
    if not badge.pin_key:
        raise Refused("operator.no_pin")
    if not hmac.compare_digest(proof(badge, device), shown):
        WRONG_PINS.count(device.pk, badge.user_id)
        WRONG_PINS_OF_DEVICE.count(device.pk)
        with transaction.atomic():
            record("operator.pin_wrong", badge, by=by, at=at, center_id=badge.center_id)
        raise Refused("operator.pin_wrong")
    if not operators_of(device, at=at).filter(pk=badge.pk).exists():
        raise Refused("operator.not_allowed")
    WRONG_PINS.forget(device.pk, badge.user_id)
    with transaction.atomic():
        record("operator.signed_in", badge, by=by, at=at, center_id=badge.center_id)
    return badge


def _read(center: Center, text: str) -> Badge:
    try:
        token = card_token.parse(
            text, issuer=center.issuer, keys=cards.public_keys(center), purpose=Purpose.STAFF
        )
    except CardError:
        raise Refused("operator.badge_unknown") from None
    badge = Badge.objects.select_related("user").filter(center=center, card_id=token.card_id.hex()).first()
    if badge is None:
        raise Refused("operator.badge_unknown")
    if badge.ended_at is not None:
        raise Refused("operator.badge_ended")
    return badge


def _bound(badge: Badge, what: str, device: Device) -> str:
    return hmac.new(bytes.fromhex(badge.pin_key), f"{what}:{device.pk}".encode(), hashlib.sha256).hexdigest()


def _roles(device: Device) -> frozenset[Role]:
    return ROLES_THAT_MAY[NEEDED[device.profile]]
