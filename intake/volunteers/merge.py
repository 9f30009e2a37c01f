"""Two registrations of one person become one, and two again when that was wrong.

The twin's row stays and points at the other: whoever scans its card or names its id is led there. It is always one step:
whoever was merged into the twin before points at the other one as well, so that queries need not follow a chain. Merges
that build on one another are therefore taken apart from the last. Insurance, wards and the lead of a group move; a block,
the group and all that makes somebody a minor hold for the person where the other registration has none: a child that was
registered a second time stays a child, with the guardian and the consent. The visits are moved by the app that has them
(intake.checkin.merge). Refusals: volunteer.merge_* in dvc/core/refusals.py.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.db import models, transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.volunteers.models import Group, InsurancePolicy, Merge, Volunteer

# What points at a registration and goes along: its name in `Merge.moved`, the rows, their field.
_MOVES: Final[tuple[tuple[str, type[models.Model], str], ...]] = (
    ("policies", InsurancePolicy, "volunteer"),
    ("wards", Volunteer, "guardian"),
    ("leads", Group, "leader"),
    ("led", Volunteer, "merged_into"),
)
# What is said of a person under either registration: the name in `Merge.moved` is the column.
_HOLDS: Final = {
    "blocked_reason": "", "group_id": None,
    "birth_date": None, "said_minor": False, "guardian_id": None, "guardian_consent": False,
}  # fmt: skip


@transaction.atomic
def merge(twin: Volunteer, into: Volunteer, *, by: By, at: datetime) -> Merge:
    """From now on `into` stands for both. Refused volunteer.merge_not_two | volunteer.merge_done |
    volunteer.merge_guardian."""
    rows = {row.pk: row for row in Volunteer.objects.select_for_update().filter(pk__in=[twin.pk, into.pk])}
    if len(rows) != 2 or (twin.center_id, twin.drill_id) != (into.center_id, into.drill_id):
        raise Refused("volunteer.merge_not_two")
    if any(row.merged_into_id or row.withdrawn_at for row in rows.values()):
        raise Refused("volunteer.merge_done")
    _are_not_child_and_guardian(rows[twin.pk], rows[into.pk])
    moved: dict[str, Any] = {}
    for name, model, field in _MOVES:
        theirs = model._default_manager.filter(**{field: twin})
        moved[name] = list(theirs.values_list("pk", flat=True))
        theirs.update(**{field: into})
    said = {name: getattr(rows[twin.pk], name) for name in _HOLDS if not getattr(rows[into.pk], name)}
    holds = {name: value for name, value in said.items() if value}
    if holds:
        listed_at = rows[twin.pk if "group_id" in holds else into.pk].listed_at
        Volunteer.objects.filter(pk=into.pk).update(**holds, listed_at=listed_at)
    Volunteer.objects.filter(pk=twin.pk).update(merged_into=into)
    twin.refresh_from_db()
    made = Merge.objects.create(twin=twin, into=into, at=at, by=by.user, moved={**moved, **_kept(holds)})
    record(
        "volunteer.merged", twin, by=by, at=at, center_id=twin.center_id, operation=twin.drill, into=into.pk,
        policies=len(moved["policies"]), holds=sorted(holds),
    )  # fmt: skip
    return made


@transaction.atomic
def undo(made: Merge, *, by: By, at: datetime) -> bool:
    """They are two people after all. False when that was said before. Refused volunteer.merge_later."""
    if not Merge.objects.filter(pk=made.pk, undone_at__isnull=True).update(undone_at=at):
        return False
    twin, into = made.twin, Volunteer.objects.select_for_update().get(pk=made.into_id)
    if into.merged_into_id:
        raise Refused("volunteer.merge_later", name=into.name)
    Volunteer.objects.filter(pk=twin.pk).update(merged_into=None)
    for name, model, field in _MOVES:
        theirs = model._default_manager.filter(pk__in=made.moved.get(name, ()), **{field: into})
        theirs.update(**{field: twin})
    for name, nothing in _HOLDS.items():
        if made.moved.get(name) and _kept({name: getattr(into, name)})[name] == made.moved[name]:
            Volunteer.objects.filter(pk=into.pk).update(**{name: nothing})
            if name == "group_id":
                Volunteer.objects.filter(pk=into.pk).update(listed_at=None)
    record(
        "volunteer.unmerged",
        twin,
        by=by,
        at=at,
        center_id=twin.center_id,
        operation=twin.drill,
        into=made.into_id,
    )
    return True


def _are_not_child_and_guardian(one: Volunteer, other: Volunteer) -> None:
    """Nobody goes along with themself. Refused volunteer.merge_guardian."""
    for child, guardian in ((one, other), (other, one)):
        if child.guardian_id == guardian.pk:
            raise Refused("volunteer.merge_guardian", name=guardian.name)


def _kept(holds: dict[str, Any]) -> dict[str, Any]:
    """As JSON keeps it."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in holds.items()}


def keep_moved(made: Merge, what: str, moved: object) -> None:
    """Remember with the merge what another app moved along."""
    made.moved = {**made.moved, what: moved}
    made.save(update_fields=["moved"])
