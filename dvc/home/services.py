"""Use cases that touch several parts at once: set the center up, open and close with a look around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dvc.accounts import services as accounts
from dvc.accounts.models import Membership, User
from dvc.accounts.roles import Role
from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode, Operation
from intake.checkin import nameless
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState
from intake.volunteers import cards
from matching.dispatch.models import Dispatch


@transaction.atomic
def set_up_center(
    user: User,
    *,
    name: str,
    city: str,
    phone: str,
    site_name: str,
    display_name: str,
    lat: float,
    lng: float,
    at: datetime,
) -> Center:
    """The first center: its site, its ordinary operation, its card keys, and `user` with every role.

    Raises Refused("center.exists") when there is one; two people pressing the button at once get one center.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if Center.objects.exists():
        raise Refused("center.exists")
    by = By(user=user)
    center = operations.create_center(
        name=name, city=city, phone=phone, site_name=site_name, lat=lat, lng=lng, by=by, at=at
    )
    accounts.rename(user, display_name=display_name, by=by, at=at)
    accounts.set_roles(user, center, roles=list(Role), by=by, at=at)
    cards.ensure_keys(center, by=by, at=at)
    return center


@transaction.atomic
def edit_center(center: Center, *, name: str, city: str, phone: str, by: By, at: datetime) -> Center:
    """Correct what is printed on every sheet."""
    Center.objects.filter(pk=center.pk).update(name=name, city=city, phone=phone)
    center.refresh_from_db()
    record("center.edited", center, by=by, at=at, center_id=center.pk)
    return center


@transaction.atomic
def open_new(
    center: Center, *, mode: Mode, name: str, settings: dict[str, object], by: By, at: datetime
) -> Operation:
    """Create a drill or a disaster with its settings (`operations.services.EDITABLE`) and open it."""
    operation = operations.create_operation(center, mode=mode, name=name, by=by, at=at)
    operations.edit_operation(operation, by=by, at=at, **settings)
    return operations.open_operation(operation, by=by, at=at)


@dataclass(frozen=True, slots=True)
class Left:
    """What is still open in an operation: people present, teams in the field, teams about to leave, needs."""

    people: int
    teams_out: int
    teams_waiting: int
    needs_unread: int
    needs_open: int


def left_open(operation: Operation, *, at: datetime) -> Left:
    """What a person should know before closing. Six queries; up to two more while people are here without a name."""
    dispatches = Dispatch.objects.filter(operation=operation)
    needs = Need.objects.filter(operation=operation)
    in_field = dispatches.in_field().count()
    return Left(
        people=Visit.objects.filter(operation=operation).present().count()
        + nameless.figures(operation, at=at).here,
        teams_out=in_field,
        teams_waiting=dispatches.live().count() - in_field,
        needs_unread=needs.filter(state__in=[NeedState.RECEIVED, NeedState.TRIAGE]).count(),
        needs_open=needs.open().count(),
    )


@transaction.atomic
def close(operation: Operation, *, reason: str, by: By, at: datetime) -> Operation:
    """Close a drill or a disaster. Raises Refused: operation.teams_out while a team is in the field,
    operation.people_present while people are checked in and no reason is given, operation.ordinary_stays.
    """
    if operation.mode == Mode.ORDINARY:
        raise Refused("operation.ordinary_stays")
    left = left_open(operation, at=operation.moment(at))
    if left.people and not left.teams_out and not reason:
        raise Refused("operation.people_present", count=left.people)
    return operations.close_operation(operation, teams_out=left.teams_out, by=by, at=at, reason=reason)


@transaction.atomic
def set_staff_roles(user: User, center: Center, *, roles: list[Role], by: By, at: datetime) -> None:
    """Replace the roles. Refused("center.last_chief") when nobody would be left to lead the center."""
    if Role.CHIEF not in roles:
        _require_other_chief(user, center, at=at)
    accounts.set_roles(user, center, roles=roles, by=by, at=at)


@transaction.atomic
def stop_staff(user: User, center: Center, *, by: By, at: datetime) -> None:
    """Take access away at once. Refused("center.last_chief") for the last one who leads the center."""
    _require_other_chief(user, center, at=at)
    accounts.deactivate(user, center=center, by=by, at=at)


def _require_other_chief(user: User, center: Center, *, at: datetime) -> None:
    """Locks the chiefs' rows, so that two chiefs cannot remove each other at the same moment."""
    chiefs = (
        Membership.objects.select_for_update().filter(center=center, role=Role.CHIEF).select_related("user")
    )
    usable = [m.user_id for m in chiefs if m.user.is_usable(at)]
    if usable == [user.pk]:
        raise Refused("center.last_chief")
