"""Rows of models, made at once. Django's `Model.__init__` sets one field after the other and tells two signals of it, which
for the nine rows of a scan takes longer than asking the database for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.signals import post_init, pre_init

M = TypeVar("M", bound=Model)


def is_plain(model: type[Model]) -> bool:
    """Whether nobody wants to hear when a row of this model is made: else `filled` must not make it."""
    ours: Any = model
    is_djangos = ours.__init__ is Model.__init__ and ours.from_db.__func__ is vars(Model)["from_db"].__func__
    return is_djangos and not pre_init.has_listeners(model) and not post_init.has_listeners(model)


def filled(model: type[M], columns: Mapping[str, Any], *, db: str | None) -> M:
    """A row with these columns (`operation_id`, not `operation`), as Django makes it: read from the database `db`, or
    (None) to be inserted."""
    row = model.__new__(model)
    state = ModelState()
    state.adding, state.db = db is None, db
    row.__dict__["_state"] = state
    row.__dict__.update(columns)
    return row


def renew(row: M, now: M) -> None:
    """The columns of `row` as `now` has them, which was just read; what belongs to it is read again when it is asked for, as
    Django's `refresh_from_db` does."""
    for field in row._meta.concrete_fields:
        row.__dict__[field.attname] = now.__dict__[field.attname]
    row._state.fields_cache.clear()
    row.__dict__.pop("_prefetched_objects_cache", None)
