"""A registered device that speaks to the sync API, for the tests of this folder."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.models import Device, DeviceProfile, User
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from tests import make


class Tablet:
    """A registered device that numbers its ops, as the kit does."""

    def __init__(self, operation: Operation, *, profile: DeviceProfile = DeviceProfile.RECEPTION) -> None:
        self.operation = operation
        self.operator: User = make.user(operation.center)
        self.device: Device
        self.device, self.secret = accounts.register_device(
            operation.center,
            name="受付1",
            profile=profile,
            by=make.by(self.operator),
            at=make.at(8),
        )
        self.client = Client(raise_request_exception=False)
        self.seq = 0

    def op(self, kind: str = "visit.arrive", **payload: Any) -> dict[str, Any]:
        self.seq += 1
        return {
            "op_id": str(uuid.uuid4()), "seq": self.seq, "actor": self.operator.pk, "operation": self.operation.pk,
            "kind": kind, "v": 1, "t_wall": timezone.now().isoformat(), "t_mono": 1.0, "boot_id": "b", "lane": "",
            "base": {}, "mode": "online", "payload": payload,
        }  # fmt: skip

    def post(self, body: Any, **headers: str) -> HttpResponse:
        authorization = headers.get("authorization", f"Device {self.device.pk}.{self.secret}")
        return self.client.post(  # type: ignore[return-value]
            "/api/v1/sync/ops", body if isinstance(body, (str, bytes)) else json.dumps(body),
            content_type="application/json", headers={"authorization": authorization},
        )  # fmt: skip

    def send(self, *ops: dict[str, Any], sent_wall: str | None = None) -> list[dict[str, Any]]:
        response = self.post({"epoch": 1, "sent_wall": sent_wall or timezone.now().isoformat(), "ops": ops})
        assert response.status_code == 200, response.content
        return json.loads(response.content)["results"]  # type: ignore[no-any-return]


def walk_in(tablet: Tablet, **payload: Any) -> dict[str, Any]:
    """Somebody new, with all that the short form asks."""
    told = {
        "guest": str(uuid.uuid4()), "family_name": "髙﨑", "given_name": "𠮷野", "family_kana": "たかさき",
        "given_kana": "よしの", "phone": "090-0000-1234", "emergency_phone": "022-000-0009", "experience": 0,
        "insured": "seen_card", "consent": True, "proxy": True,
    }  # fmt: skip
    return tablet.op("person.walk_in", **{**told, **payload})


def said(tablet: Tablet, kind: str, at: datetime, mode: str = "offline", **payload: Any) -> dict[str, Any]:
    """An op of an earlier moment, sent now."""
    return {**tablet.op(kind, **payload), "t_wall": at.isoformat(), "mode": mode}


def tell(tablet: Tablet, *ops: dict[str, Any]) -> list[dict[str, Any]]:
    """Send without a reading of the tablet's clock: the times are taken as they are, however slow the machine is."""
    response = tablet.post({"epoch": 1, "ops": ops})
    assert response.status_code == 200, response.content
    return json.loads(response.content)["results"]  # type: ignore[no-any-return]


def card_of(person: Volunteer, *, expires: date | None = None) -> Card:
    stock = cards.issue_stock(person.center, count=1, by=SYSTEM, at=make.at(8), expires=expires)
    card = Card.objects.get(stock=stock)
    cards.bind(card, person, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    card.refresh_from_db()
    return card


@contextmanager
def breaks(op: dict[str, Any], error: Exception) -> Iterator[None]:
    """Whatever writes the receipt of this op breaks: a mistake that only shows with these data."""
    marks = {op["op_id"], op["op_id"].replace("-", "")}

    def write(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        said = "\n".join(str(one) for one in params or ())
        if sql.startswith("INSERT") and "sync_receipt" in sql and any(mark in said for mark in marks):
            raise error
        return execute(sql, params, many, context)

    with connection.execute_wrapper(write):
        yield
