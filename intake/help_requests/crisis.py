"""危機介入: on every board at once, until 班長 and センター長 have both taken note by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, QuerySet, Value

from dvc.accounts import access
from dvc.accounts.models import User
from dvc.accounts.roles import ROLES_THAT_MAY, May, Role
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations.models import Center, Operation
from intake.help_requests.models import AckAs, CrisisAck, CrisisAlert, Need

_NEEDED: Final[dict[AckAs, May]] = {AckAs.LEAD: May.NOTE_CRISIS, AckAs.CHIEF: May.RUN_CENTER}


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

    def waits_for(self, roles: frozenset[Role]) -> bool:
        """Whether it is somebody with these roles who is called."""
        return any(access.may(roles, _NEEDED[side]) for side in self.missing)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, on the page of the need: its note, or who can be called for it (`nobody_has_it`: nobody has the
    role) and whether whoever looks may press (`is_anothers`: they might, but have noted the other side)."""

    label: str
    value: str
    ack: CrisisAck | None
    people: Sequence[User]
    may_press: bool
    is_anothers: bool

    @property
    def nobody_has_it(self) -> bool:
        return not self.people


def sides(
    alert: Alert, center: Center, roles: frozenset[Role], *, user: User | None, at: datetime
) -> list[Side]:
    """Both sides of an alert, as `user` with these roles sees them. `at` is real time. Two queries."""
    noted = {ack.seen_as: ack for ack in alert.acks}
    called = {side: who_may_note(center, side, at=at) for side in AckAs}
    found = []
    for side in AckAs:
        may = may_note(roles, side, leads=called[AckAs.LEAD])
        anothers = may and is_anothers(alert.acks, side, user, called[side])
        found.append(
            Side(side.label, side.value, noted.get(side), called[side], may and not anothers, anothers)
        )
    return found


def who_may_note(center: Center, side: AckAs, *, at: datetime) -> list[User]:
    """Who can be called for it: those whose account works at the real moment `at`, by name. One query."""
    people = User.objects.usable(at).filter(
        memberships__center=center, memberships__role__in=ROLES_THAT_MAY[_NEEDED[side]]
    )
    return list(people.distinct().order_by("display_name", "id"))


def may_note(roles: frozenset[Role], side: AckAs, *, leads: Sequence[User]) -> bool:
    """Whether somebody with these roles takes note as that side. Where nobody is a 班長 (`leads`), everybody who works with
    requests does: an alert that nobody could end would be an alert nobody heeds."""
    if access.may(roles, _NEEDED[side]):
        return True
    return side == AckAs.LEAD and not leads and access.may(roles, May.KEEP_NEEDS)


def is_anothers(acks: Sequence[CrisisAck], side: AckAs, user: User | None, people: Sequence[User]) -> bool:
    """Whether somebody else has to note this side: two are to know of it, and `user`, who has both roles, has noted the
    other. Where nobody else of `people` (who can be called for it) is there, one person counts for both."""
    if user is None or not any(ack.by_id == user.pk and ack.seen_as != side for ack in acks):
        return False
    return any(person.pk != user.pk for person in people)


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
    """One of the two has seen it; once both have, it leaves the boards. Asked under the alert's lock, or somebody with both
    roles could note both sides with two windows. Refused: need.alert_by_name | need.alert_not_yours | need.alert_anothers |
    need.alert_acknowledged (by another)."""
    if by.user is None:
        raise Refused("need.alert_by_name")
    CrisisAlert.objects.select_for_update().get(pk=alert.pk)
    noted = {ack.seen_as: ack for ack in CrisisAck.objects.filter(alert=alert).select_related("by")}
    if (ack := noted.get(seen_as)) is not None:
        if ack.by_id != by.user.pk:
            raise Refused("need.alert_acknowledged", side=seen_as.label, name=ack.by.display_name)
        return ack
    _check_may_note(alert, seen_as, by.user, list(noted.values()), at=at)
    ack = CrisisAck.objects.create(alert=alert, seen_as=seen_as, by=by.user, at=at)
    need = alert.need
    record(
        "need.crisis_seen", need, by=by, at=at, operation=need.operation, alert=alert.pk, seen_as=str(seen_as)
    )
    if {*noted, seen_as} == set(AckAs):
        CrisisAlert.objects.filter(pk=alert.pk).update(ended_at=at)
    return ack


def _check_may_note(
    alert: CrisisAlert, side: AckAs, user: User, noted: Sequence[CrisisAck], *, at: datetime
) -> None:
    operation = alert.need.operation
    roles = access.roles_in(user, operation.center)
    called = {one: who_may_note(operation.center, one, at=operation.real(at)) for one in AckAs}
    if not may_note(roles, side, leads=called[AckAs.LEAD]):
        raise Refused("need.alert_not_yours", side=side.label)
    if is_anothers(noted, side, user, called[side]):
        raise Refused("need.alert_anothers", side=side.label)


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


def marks(operation_id: int) -> QuerySet[CrisisAlert, tuple[str, int, int]]:
    """What changes whenever a board shows the alerts otherwise, as rows ("crisis", id, notes) for `dvc.board`."""
    alerts = CrisisAlert.objects.open().filter(need__operation=operation_id).order_by()
    return alerts.annotate(of=Value("crisis"), n=Count("acks")).values_list("of", "pk", "n")
