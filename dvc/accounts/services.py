"""Give and take away access. Secrets are 256-bit random, stored as SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import QuerySet

from dvc.accounts.models import Device, DeviceProfile, Membership, SignInLink, User
from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM, By, record
from dvc.core.compiled import compiled
from dvc.core.refused import Refused
from dvc.core.throttle import Throttle
from dvc.operations.models import Center

LINK_LIFETIME = timedelta(minutes=30)
EXPIRES_SOON = timedelta(days=2)
WRONG_PASSWORDS = Throttle("sign-in", most=10, seconds=5 * 60)  # for one name, from one address
# A whole center may stand behind one address; one who tries a password with every name goes on far longer.
WRONG_PASSWORDS_OF_ADDRESS = Throttle("sign-in-address", most=60, seconds=5 * 60)
# Whoever guesses from many addresses: counted whether there is such a name or not.
WRONG_PASSWORDS_OF_NAME = Throttle("sign-in-name", most=50, seconds=60 * 60)
FIRST_USER = "center"


def hash_secret(secret: str) -> str:
    """SHA-256 hex. Fit for random 256-bit secrets only, never for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def ensure_first_user(*, at: datetime) -> User:
    """The person who sets the center up: created once, without a password; signs in by link."""
    user, created = User.objects.get_or_create(
        sign_in_name=FIRST_USER, defaults={"display_name": "センター管理者", "password": "!"}
    )
    if created:
        record("user.created", user, by=SYSTEM, at=at)
    return user


@transaction.atomic
def issue_sign_in_link(
    user: User, *, at: datetime, by: By = SYSTEM, lifetime: timedelta = LINK_LIFETIME
) -> str:
    """A token for one sign-in within `lifetime`. Returned once, stored hashed."""
    token = secrets.token_urlsafe(32)
    link = SignInLink.objects.create(
        user=user, token_hash=hash_secret(token), created_at=at, expires_at=at + lifetime
    )
    record("sign_in_link.issued", link, by=by, at=at, user=user.pk)
    return token


@transaction.atomic
def use_sign_in_link(token: str, *, at: datetime) -> User:
    """The link's user, once. Raises Refused("account.link_used") for a used, old or unknown token."""
    taken = SignInLink.objects.filter(
        token_hash=hash_secret(token), used_at__isnull=True, expires_at__gt=at
    ).update(used_at=at)
    if not taken:
        raise Refused("account.link_used")
    link = SignInLink.objects.select_related("user").get(token_hash=hash_secret(token))
    if not link.user.is_usable(at):
        raise Refused("account.inactive")
    record("sign_in_link.used", link, by=By(user=link.user, via="link"), at=at)
    return link.user


def check_password(sign_in_name: str, password: str, *, address: str, known: str = "", at: datetime) -> User:
    """The person behind name and password. `known`: the mark of a browser with which this person has signed in lately
    (dvc.accounts.known). Raises Refused account.wrong_password | account.inactive | account.too_many_tries (too many
    WRONG_PASSWORDS from one address for one name, or for all) | account.name_guessed (for one name from everywhere).
    """
    # A known browser answers for its own mistakes alone: what strangers do, elsewhere or behind the center's one
    # address, must not keep out whom they guess at.
    if WRONG_PASSWORDS.is_full(sign_in_name, known or address):
        raise Refused("account.too_many_tries")
    if not known and WRONG_PASSWORDS_OF_ADDRESS.is_full(address):
        raise Refused("account.too_many_tries")
    if not known and WRONG_PASSWORDS_OF_NAME.is_full(sign_in_name):
        raise Refused("account.name_guessed")
    # authenticate() spends the same time on an unknown name.
    user = authenticate(sign_in_name=sign_in_name, password=password)
    if not isinstance(user, User):
        WRONG_PASSWORDS.count(sign_in_name, known or address)
        if not known:
            WRONG_PASSWORDS_OF_ADDRESS.count(address)
            WRONG_PASSWORDS_OF_NAME.count(sign_in_name)
        raise Refused("account.wrong_password")
    if not user.is_usable(at):
        raise Refused("account.inactive")
    WRONG_PASSWORDS.forget(sign_in_name, known or address)
    return user


@transaction.atomic
def set_own_password(user: User, *, sign_in_name: str, password: str, by: By, at: datetime) -> None:
    """The person's own name and password (already validated by the form)."""
    user.sign_in_name = sign_in_name
    user.set_password(password)
    user.save(update_fields=["sign_in_name", "password"])
    record("user.password_set", user, by=by, at=at)


@transaction.atomic
def rename(user: User, *, display_name: str, by: By, at: datetime) -> None:
    """What others read of the person on the screens."""
    User.objects.filter(pk=user.pk).update(display_name=display_name)
    record("user.renamed", user, by=by, at=at)


@transaction.atomic
def add_staff(
    center: Center,
    *,
    display_name: str,
    roles: list[Role],
    by: By,
    at: datetime,
    origin: str = "",
    expires_at: datetime | None = None,
) -> User:
    """A new named account with roles in one center; it signs in by link until it sets a password."""
    user = User.objects.create(
        sign_in_name=f"u{secrets.token_hex(4)}",
        display_name=display_name,
        origin=origin,
        expires_at=expires_at,
        password="!",  # noqa: S106 - no hash starts so: nobody signs in with it
    )
    Membership.objects.bulk_create(Membership(user=user, center=center, role=role) for role in roles)
    record("user.created", user, by=by, at=at, center_id=center.pk, roles=[str(role) for role in roles])
    return user


@transaction.atomic
def set_roles(user: User, center: Center, *, roles: list[Role], by: By, at: datetime) -> None:
    """Replace the person's roles in the center."""
    Membership.objects.filter(user=user, center=center).delete()
    Membership.objects.bulk_create(Membership(user=user, center=center, role=role) for role in roles)
    record("user.roles_set", user, by=by, at=at, center_id=center.pk, roles=[str(role) for role in roles])


@transaction.atomic
def deactivate(user: User, *, center: Center, by: By, at: datetime) -> None:
    """Stop an account at once; its sessions end with the next request (policy.py asks `is_usable`)."""
    User.objects.filter(pk=user.pk).update(is_active=False)
    SignInLink.objects.filter(user=user, used_at__isnull=True).update(expires_at=at)
    record("user.deactivated", user, by=by, at=at, center_id=center.pk)


@transaction.atomic
def register_device(
    center: Center, *, name: str, profile: DeviceProfile, by: By, at: datetime
) -> tuple[Device, str]:
    """A new device and its secret. The secret is returned once, stored hashed."""
    assert by.user is not None
    secret = secrets.token_urlsafe(32)
    device = Device.objects.create(
        center=center,
        name=name,
        profile=profile,
        secret_hash=hash_secret(secret),
        registered_by=by.user,
        registered_at=at,
    )
    record("device.registered", device, by=by, at=at, center_id=center.pk, profile=str(profile))
    return device, secret


@transaction.atomic
def revoke_device(device: Device, *, by: By, at: datetime) -> None:
    """End a device: the next request with its secret is refused. Safe to repeat."""
    if Device.objects.filter(pk=device.pk, revoked_at__isnull=True).update(revoked_at=at):
        record("device.revoked", device, by=by, at=at, center_id=device.center_id)


def authenticate_device(credentials: str, *, revoked_too: bool = False) -> Device:
    """The live device behind "<id>.<secret>", or (`revoked_too`) one that may only hand over its queue. Raises Refused
    device.unknown | device.revoked. One query."""
    ident, _, secret = credentials.partition(".")
    try:
        device = next(iter(_device(uuid.UUID(ident))), None)
    except ValueError:
        device = None
    if device is None:
        raise Refused("device.unknown")
    if not hmac.compare_digest(device.secret_hash, hash_secret(secret)):
        raise Refused("device.unknown")
    if device.revoked_at is not None and not revoked_too:
        raise Refused("device.revoked")
    return device


@compiled
def _device(pk: uuid.UUID) -> QuerySet[Device]:
    return Device.objects.select_related("center").filter(pk=pk)
