"""危機介入: on every board at once, until 班長 and センター長 have both taken note by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests.models import AckAs, CrisisAck, CrisisAlert, Need


@dataclass(frozen=True, slots=True)
class Alert:
    """What a board shows: the short code, when, and who has taken note. Nobody's name from the need."""

    pk: int
    need_id: int
    number: int
    raised_at: datetime
    acks: Sequence[CrisisAck]

    @property
    def missing(self) -> list[AckAs]:
        return [side for side in AckAs if side not in {ack.seen_as for ack in self.acks}]


@transaction.atomic
def raise_alert(need: Need, *, by: By, at: datetime) -> CrisisAlert:
    """Tell every board. An alert that still stands is not raised twice."""
    alert, new = CrisisAlert.objects.get_or_create(
        need=need, ended_at=None, defaults={"raised_at": at, "raised_by": by.user}
    )
    if new:
        record("need.crisis_raised", need, by=by, at=at, operation=need.operation, alert=alert.pk)
    return alert


@transaction.atomic
def take_note(alert: CrisisAlert, seen_as: AckAs, *, by: By, at: datetime) -> CrisisAck:
    """One of the two has seen it; once both have, it leaves the boards. Refused: need.alert_acknowledged (by another)."""
    if by.user is None:
        raise Refused("need.alert_by_name")
    CrisisAlert.objects.select_for_update().get(pk=alert.pk)
    ack, new = CrisisAck.objects.get_or_create(
        alert=alert, seen_as=seen_as, defaults={"by": by.user, "at": at}
    )
    if not new:
        if ack.by_id != by.user.pk:
            raise Refused("need.alert_acknowledged", side=seen_as.label, name=ack.by.display_name)
        return ack
    need = alert.need
    record(
        "need.crisis_seen", need, by=by, at=at, operation=need.operation, alert=alert.pk, seen_as=str(seen_as)
    )
    if alert.acks.count() == len(AckAs):
        CrisisAlert.objects.filter(pk=alert.pk).update(ended_at=at)
    return ack


@transaction.atomic
def call_off(need: Need, *, by: By, at: datetime) -> None:
    """The flag was taken away: the alert leaves the boards, and stays in the log."""
    if CrisisAlert.objects.open().filter(need=need).update(ended_at=at):
        record("need.crisis_called_off", need, by=by, at=at, operation=need.operation)


def standing(operation: Operation) -> list[Alert]:
    """Alerts that stand on the boards, oldest first. One query when there is none, two otherwise."""
    alerts = CrisisAlert.objects.open().filter(need__operation=operation).select_related("need")
    return [
        Alert(one.pk, one.need_id, one.need.number, one.raised_at, list(one.acks.all()))
        for one in alerts.prefetch_related("acks__by")
    ]


def version(operation_id: int) -> str:
    """Changes whenever what a board shows of the alerts that stand does. One query."""
    alerts = CrisisAlert.objects.open().filter(need__operation=operation_id).order_by("pk")
    noted = alerts.values_list("pk").annotate(n=Count("acks"))
    return "-".join(f"{pk}.{n}" for pk, n in noted) or "none"
