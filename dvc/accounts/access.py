"""The only way to fetch an object on behalf of somebody. What is not yours does not exist: 404 for both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from django.db.models import F, Model, QuerySet
from django.http import Http404

from dvc.accounts.models import Membership, User
from dvc.accounts.roles import ROLES_THAT_MAY, May, Role
from dvc.core.compiled import compiled
from dvc.operations.models import Center, Operation, OperationQuerySet

M = TypeVar("M", bound=Model)
_LARGEST: Final = 2**63 - 1  # of an id in a database


def roles_in(user: User, center: Center) -> frozenset[Role]:
    """The person's roles in the center. One query."""
    return frozenset(Role(role) for (role,) in _roles(user.pk, center.pk))


@compiled
def _roles(user: int, center: int) -> QuerySet[Membership, tuple[str]]:
    return Membership.objects.filter(user=user, center=center).values_list("role")


def may(roles: frozenset[Role], permission: May) -> bool:
    return bool(roles & ROLES_THAT_MAY[permission])


def centers(user: User) -> QuerySet[Center]:
    """The centers the person works in."""
    return Center.objects.filter(memberships__user=user).distinct()


def operations(user: User) -> OperationQuerySet:
    """All operations of the person's centers."""
    return _theirs(user.pk)


def operation(user: User, operation_id: int, *, at: datetime) -> Operation:
    """An operation of one of the person's centers, or Http404."""
    return operation_and_roles(user, operation_id, at=at)[0]


def operation_and_roles(user: User, operation_id: int, *, at: datetime) -> tuple[Operation, frozenset[Role]]:
    """As `operation`, with the person's roles in its center. One query."""
    if not user.is_usable(at) or operation_id > _LARGEST:
        raise Http404
    found: list[Any] = [*_with_role(user.pk, operation_id)]
    if not found:
        raise Http404
    return found[0], frozenset(Role(row.role) for row in found)


# Asked for every page of the staff: the operation for each role they have in its center, which are few.
@compiled
def _with_role(user: int, pk: int) -> QuerySet[Operation]:
    role = F("center__memberships__role")
    rows = Operation.objects.filter(pk=pk, center__memberships__user=user).annotate(role=role)
    return rows.select_related("center")


def _theirs(user: int) -> OperationQuerySet:
    """Who may see an operation: whoever works in its center, in whatever role."""
    return Operation.objects.filter(center__memberships__user=user).distinct()


def of_operation(operation: Operation, objects: QuerySet[M], pk: object) -> M:
    """One row that hangs from this operation, or Http404. The model needs an `operation` foreign key."""
    return _one(objects.filter(operation=operation), pk)


def row_of_operation(operation: Operation, model: type[M], pk: int) -> M:
    """As `of_operation` for a row of this model as it is, in one statement that is written once."""
    found: list[M] = _rows_of(model)(operation.pk, pk)
    if not found:
        raise Http404
    found[0].operation = operation  # type: ignore[attr-defined]
    return found[0]


@cache
def _rows_of(model: type[M]) -> Callable[[int, int], list[M]]:
    @compiled
    def rows(operation: int, pk: int) -> QuerySet[M]:
        return model._default_manager.filter(operation=operation, pk=pk)

    return rows


def of_center(center: Center, objects: QuerySet[M], pk: object) -> M:
    """One row of this center, or Http404. The model needs a `center` foreign key."""
    return _one(objects.filter(center=center), pk)


def of_devices(center: Center, objects: QuerySet[M], pk: object) -> M:
    """One row that a device of this center told, or Http404. The model needs a `device` foreign key."""
    return _one(objects.filter(device__center=center), pk)


def _one(objects: QuerySet[M], pk: object) -> M:
    try:
        found = objects.filter(pk=pk).first()
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise Http404
    return found
