"""A card was given to the wrong person and taken back: whose it is what was told by it meanwhile, a person says. Until then
it is nobody's."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db.models import QuerySet

from dvc.core.refused import Refused
from dvc.sync import holding
from dvc.sync.bindings import fold_held_for
from dvc.sync.models import HeldOp, HeldState, InboxItem
from intake.volunteers.models import Card, Volunteer


def waiting(item: InboxItem) -> QuerySet[HeldOp]:
    """What still waits behind the item, in the order it happened."""
    rows = HeldOp.objects.filter(pk__in=item.subjects["held"], state=HeldState.WAITING, asked=True)
    return rows.select_related("card__holder", "operation__center", "device__center")


def fold_for_holder(item: InboxItem, *, at: datetime) -> None:
    """They are of whoever has the card now. Refused inbox.nobody_holds_it."""
    card = Card.objects.select_related("holder").get(pk=item.subjects["card"][0])
    if card.holder is None:
        raise Refused("inbox.nobody_holds_it")
    _fold_for(card.holder.standing, item, at=at)


def fold_for_first(item: InboxItem, *, at: datetime) -> None:
    """They were of the one who had the card first after all."""
    _fold_for(Volunteer.objects.get(pk=item.subjects["volunteer"][0]).standing, item, at=at)


def _fold_for(person: Volunteer, item: InboxItem, *, at: datetime) -> None:
    for held in waiting(item):
        holding.fold_one(held, fold=partial(fold_held_for, person), at=at)
