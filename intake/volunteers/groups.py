"""A group's list: who leads it, who is in it, and the signed symbol on its sheet."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.card_token import CARD_ID_BYTES, Purpose
from dvc.core.refused import Refused
from intake.volunteers import cards, services
from intake.volunteers.models import Group, Volunteer


@transaction.atomic
def set_leader(group: Group, leader: Volunteer | None, *, by: By, at: datetime) -> None:
    """Who speaks for the group. Refused group.not_member."""
    if leader is not None and leader.group_id != group.pk:
        raise Refused("group.not_member")
    if Group.objects.filter(pk=group.pk).exclude(leader=leader).update(leader=leader):
        record("group.leader_set", group, by=by, at=at, center_id=group.center_id)
    group.leader = leader


@transaction.atomic
def add(group: Group, person: Volunteer, *, by: By, at: datetime) -> None:
    """Put a registered person on the group's list."""
    if person.group_id != group.pk:
        services.correct(person, by=by, at=at, group=group)


@transaction.atomic
def take_off(group: Group, person: Volunteer, *, by: By, at: datetime) -> bool:
    """Off the list; the registration stays. A leader who leaves leads no more. False when they are not on it any more:
    another list, where somebody has put them meanwhile, keeps them."""
    on_it = Volunteer.objects.select_for_update(no_key=True).filter(pk=person.pk, group=group).first()
    if on_it is None:
        return False
    services.correct(on_it, by=by, at=at, group=None)
    return True


@transaction.atomic
def sheet_token(group: Group, *, by: By, at: datetime) -> str:
    """The text of the symbol on the group's sheet: the same on every print. An identifier, never an authorisation."""
    locked = Group.objects.select_for_update().select_related("center").get(pk=group.pk)
    if not locked.sheet_token:
        card_id = secrets.token_bytes(CARD_ID_BYTES)
        [locked.sheet_token] = cards.sign(locked.center, [card_id], purpose=Purpose.GROUP, by=by, at=at)
        locked.sheet_id = card_id.hex()
        locked.save(update_fields=["sheet_token", "sheet_id"])
    record("group.sheet_printed", locked, by=by, at=at, center_id=locked.center_id)
    return locked.sheet_token
