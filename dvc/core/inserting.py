"""Rows that are written by the hundred. To PostgreSQL they go as one JSON text: the statement is the same for one row and
for two hundred, so that it is planned once for each connection. Django writes a place for each value of each row, and
writing and reading three thousand of those takes longer than all the rest of a batch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.db import connection, models
from django.db.models import Field, Model

_AS_TEXT: Final = (models.DateField, models.TimeField, models.UUIDField)  # a moment is a DateField too


def insert_all(rows: Sequence[Model]) -> None:
    """Insert new rows of one model in one statement (SQLite: in as few as it takes), inside the caller's transaction;
    afterwards they have their ids."""
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(rows)
        return
    columns = _columns(model)
    said = [
        {name: _said(field.pre_save(row, add=True), kind) for name, field, kind in columns} for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(model), [json.dumps(said)])
        ids = cursor.fetchall()
    for row, (pk,) in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, connection.alias


def _said(value: Any, kind: Field[Any, Any]) -> Any:
    return str(value) if isinstance(kind, _AS_TEXT) and value is not None else value


@cache
def _columns(model: type[Model]) -> list[tuple[str, Field[Any, Any], Field[Any, Any]]]:
    """Every column but the id: its name, its field, and the field that says what stands in it (of a foreign key: where
    it leads to)."""
    return [
        (str(field.column), field, field.target_field if isinstance(field, models.ForeignKey) else field)
        for field in model._meta.concrete_fields
        if not field.primary_key
    ]


@cache
def _statement(model: type[Model]) -> str:
    quote = connection.ops.quote_name
    table, pk = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    names = ", ".join(quote(name) for name, _, _ in _columns(model))
    # Without lengths: too long a text must be refused by the table, not cut on the way.
    kinds = [
        (quote(name), str(field.db_type(connection)).split("(")[0]) for name, field, _ in _columns(model)
    ]
    said = ", ".join(f"{name} {kind}" for name, kind in kinds)
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM json_to_recordset(%s) AS said ({said})"  # noqa: S608 - names of our own
        f" RETURNING {pk}"
    )
