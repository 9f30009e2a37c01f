"""Keeping the certificate good, and the address of the day."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from django.conf import settings
from django.db import transaction

from dvc.accounts.services import revoke_device
from dvc.audit.services import By
from dvc.devices.pairing import paired_without_encryption
from dvc.island import authority
from dvc.island.addresses import addresses
from dvc.operations.models import Center
from dvc.operations.services import allow_plain_reception


@transaction.atomic
def end_plain_reception(center: Center, *, devices_too: bool, by: By, at: datetime) -> int:
    """Stop the unencrypted line. `devices_too`: what was paired on it ends as well, because a secret that was overheard
    there counts on the encrypted line too. Returns how many devices ended."""
    allow_plain_reception(center, False, by=by, at=at)
    devices = paired_without_encryption(center) if devices_too else []
    for device in devices:
        revoke_device(device, by=by, at=at)
    return len(devices)


log = logging.getLogger(__name__)
LOOK_EVERY = timedelta(seconds=20)


@dataclass
class _Looked:
    """When this process looked last, and what it could not mend (told once, not every time)."""

    at: datetime | None = None
    trouble: str = ""


_looked = _Looked()


def files() -> authority.Files:
    """Where the authority of this DATA folder lies."""
    return authority.Files(settings.LAN_KEYS)


def lan_addresses() -> list[IPv4Address]:
    """The addresses tablets may use now, the likeliest first."""
    return addresses(settings.LAN_ADDRESS)


def make_certificate(*, at: datetime) -> str:
    """Make or renew what is needed; returns what was done. Raises `authority.NotOurs`."""
    return authority.ensure(files(), settings.LAN_NAME, lan_addresses(), at=at)


def keep_certificate(*, at: datetime) -> None:
    """The sweeper's check (settings.SWEEP_CHECKS): renews in time, and within LOOK_EVERY of a new address."""
    if _looked.at is not None and timedelta() <= at - _looked.at < LOOK_EVERY:
        return
    _looked.at = at
    try:
        done = make_certificate(at=at)
    except (authority.NotOurs, OSError) as error:
        if str(error) != _looked.trouble:
            log.error("the certificate cannot be renewed: %s", error)
        _looked.trouble = str(error)
    else:
        _looked.trouble = ""
        if done:
            log.warning("island: %s", done)
