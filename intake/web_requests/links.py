"""Links for residents: made, opened, stopped. A link alone shows nothing about anybody: the last four digits of the
telephone number that the request was made with are asked for first."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.core.throttle import Throttle
from intake.help_requests.models import Need
from intake.web_requests.models import RequestLink

LASTS: Final = timedelta(hours=72)
MOST_WRONG_DIGITS: Final = 5
PROOF_SECONDS: Final = 30 * 60
_SALT: Final = "intake.web_requests"
WRONG_LINKS: Final = Throttle("web-request-links", most=30, seconds=600)


@transaction.atomic
def make(need: Need, *, by: By, at: datetime, secret: str = "") -> str:
    """The secret of a new link, good for LASTS; the one before ends. Only here it can be read.

    Refused: web_request.no_phone (nobody could prove who they are).
    """
    if not _last_digits(need):
        raise Refused("web_request.no_phone")
    RequestLink.objects.filter(need=need, ended_at=None).update(ended_at=at)
    secret = secret or secrets.token_urlsafe(24)
    link = RequestLink.objects.create(
        need=need, secret_hash=_hash(secret), made_at=at, made_by=by.user, expires_at=at + LASTS
    )
    record("web_request.link_made", need, by=by, at=at, operation=need.operation, link=link.pk)
    return secret


@transaction.atomic
def stop(need: Need, *, by: By, at: datetime) -> bool:
    """Take the link back. True when there was one."""
    stopped = RequestLink.objects.filter(need=need, ended_at=None).update(ended_at=at)
    if stopped:
        record("web_request.link_stopped", need, by=by, at=at, operation=need.operation)
    return bool(stopped)


def secret_of_form(form_token: UUID) -> str:
    """The secret of the link that a sent form gets, the same when the form arrives twice."""
    digest = salted_hmac(f"{_SALT}.form", str(form_token), algorithm="sha256").digest()
    return digest[:18].hex()


def behind(secret: str) -> RequestLink | None:
    """The link with this secret, in whatever state. None for a guess."""
    links = RequestLink.objects.select_related(
        "need__operation__center", "need__household", "need__requester", "need__resident"
    )
    return links.filter(secret_hash=_hash(secret)).first()


def is_live(link: RequestLink, *, at: datetime) -> bool:
    """Whether it may still be answered by."""
    return link.ended_at is None and link.expires_at > at and link.need.operation.is_open


def knows_the_number(link: RequestLink, digits: str, *, at: datetime) -> bool:
    """Whether these are the last four digits of a number of the need. After MOST_WRONG_DIGITS wrong ones the link ends."""
    if digits in _last_digits(link.need):
        return True
    RequestLink.objects.filter(pk=link.pk).update(wrong_digits=F("wrong_digits") + 1)
    RequestLink.objects.filter(pk=link.pk, wrong_digits__gte=MOST_WRONG_DIGITS, ended_at=None).update(
        ended_at=at
    )
    link.refresh_from_db(fields=["wrong_digits", "ended_at"])
    return False


def proof(link: RequestLink) -> str:
    """What the next page of who knew the number carries, good for PROOF_SECONDS."""
    return signing.TimestampSigner(salt=f"{_SALT}.proof").sign(str(link.pk))


def proves(link: RequestLink, text: str) -> bool:
    signer = signing.TimestampSigner(salt=f"{_SALT}.proof")
    try:
        return signer.unsign(text, max_age=PROOF_SECONDS) == str(link.pk)
    except signing.BadSignature:
        return False


def _last_digits(need: Need) -> frozenset[str]:
    people = (need.requester, need.resident)
    return frozenset(
        person.phone_digits[-4:] for person in people if person is not None and len(person.phone_digits) >= 4
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
