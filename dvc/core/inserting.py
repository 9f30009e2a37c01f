"""Rows that are written by the hundred. To PostgreSQL they go as one JSON text: the statement is the same for one row and
for two hundred, so that it is planned once for each connection. Django writes a place for each value of each row, and
writing and reading three thousand of those takes longer than all the rest of a batch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

from dvc.core.rows import filled, is_plain
from dvc.core.statements import fetch

M = TypeVar("M", bound=Model)

_AS_TEXT: Final = (models.DateField, models.TimeField, models.UUIDField)  # a moment is a DateField too


def new(model: type[M], **columns: Any) -> M:
    """A row that is to be inserted, told by its columns (`operation_id`, not `operation`); the others get their default.
    Django asks every field of a row what to make of each argument, which takes longer than folding the scan."""
    row = filled(
        model,
        {name: columns.pop(name) if name in columns else default() for name, default in _defaults(model)},
        db=None,
    )
    if columns:
        raise TypeError(f"{model.__name__} has no column {', '.join(columns)}")
    return row


@cache
def _defaults(model: type[Model]) -> tuple[tuple[str, Callable[[], Any]], ...]:
    assert is_plain(model)
    return tuple((field.attname, field.get_default) for field in model._meta.concrete_fields)


def insert_all(rows: Sequence[Model]) -> None:
    """Insert new rows of one model in one statement (SQLite: in as few as it takes), inside the caller's transaction;
    afterwards they have their ids."""
    if not rows:
        return
    model, connection = type(rows[0]), connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(rows)
        return
    statement = _statement(model)
    ids = fetch(statement.sql, [json.dumps([statement.said(row) for row in rows])], connection)
    for row, (pk,) in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def insert_unless_taken(rows: Sequence[Model]) -> bool:
    """As `insert_all`, for rows that another may have written first. False when a unique constraint says so of any of them:
    then nothing may be left of the others either, and the caller raises, or tries another single row. Without the savepoint
    that a broken constraint would need; whoever writes the same at this moment is waited for all the same."""
    connection, model = connections[DEFAULT_DB_ALIAS], type(rows[0])
    if connection.vendor == "postgresql":
        statement = _statement(model)
        ids = fetch(statement.unless_taken, [json.dumps([statement.said(row) for row in rows])], connection)
    else:
        values = [value for row in rows for value in _values(row, connection)]
        ids = fetch(_unless_taken(model, len(rows)), values, connection)
    if len(ids) != len(rows):
        return False
    for row, (pk,) in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return True


def insert_next(row: Model, number: str, *, among: str) -> bool:
    """As `insert_unless_taken` for one row whose `number` is one more than the largest among the rows with the same
    `among` (names of columns): the statement that takes it counts as well. Afterwards the row has it."""
    connection, model = connections[DEFAULT_DB_ALIAS], type(row)
    values = [
        getattr(row, among)
        if field.attname == number
        else field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field in _fields(model)
    ]
    found = fetch(_next(model, number, among), values, connection)
    if not found:
        return False
    row.pk, taken = found[0]
    setattr(row, number, taken)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return True


@cache
def _fields(model: type[Model]) -> tuple[Any, ...]:
    return tuple(field for field in model._meta.concrete_fields if not field.primary_key)


def _values(row: Model, connection: BaseDatabaseWrapper) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in _fields(type(row))]


@cache
def _unless_taken(model: type[Model], rows: int) -> str:
    """For SQLite, which plans in no time: a place for each value of each row."""
    quote, meta = connection.ops.quote_name, model._meta
    names = ", ".join(quote(str(field.column)) for field in _fields(model))
    row = f"({', '.join(['%s'] * len(_fields(model)))})"
    return (
        f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES {', '.join([row] * rows)} "  # noqa: S608 - names of our own
        f"ON CONFLICT DO NOTHING RETURNING {quote(str(meta.pk.column))}"
    )


@cache
def _next(model: type[Model], number: str, among: str) -> str:
    quote, meta = connection.ops.quote_name, model._meta
    table, pk, fields = quote(meta.db_table), quote(str(meta.pk.column)), _fields(model)
    column = {field.attname: quote(str(field.column)) for field in fields}
    counted = f"(SELECT COALESCE(MAX({column[number]}), 0) + 1 FROM {table} WHERE {column[among]} = %s)"  # noqa: S608 - names of our own
    places = ", ".join(counted if field.attname == number else "%s" for field in fields)
    return (
        f"INSERT INTO {table} ({', '.join(column.values())}) VALUES ({places}) "  # noqa: S608 - names of our own
        f"ON CONFLICT DO NOTHING RETURNING {pk}, {column[number]}"
    )


def append_all(rows: Sequence[Model]) -> None:
    """Insert new rows of one model whose ids nobody asks for, inside the caller's transaction: SQLite takes them in a
    third of the time that way."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        insert_all(rows)
        return
    model, quote = type(rows[0]), connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in _fields(model))
    places = ", ".join(["%s"] * len(_fields(model)))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})",  # noqa: S608 - names of our own
            [_values(row, connection) for row in rows],
        )


def update_all(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Write these fields of rows of one model that are there, inside the caller's transaction: one statement, again and
    again. Django's bulk_update makes a CASE of each field of each row, and took 40 % of an import."""
    if not rows:
        return
    model, quote = type(rows[0]), connection.ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    columns = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    table, pk = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {columns} WHERE {pk} = %s",  # noqa: S608 - names of our own
            [
                [
                    *(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields),
                    row.pk,
                ]
                for row in rows
            ],
        )


@dataclass(frozen=True, slots=True)
class _Statement:
    """How the rows of one model are inserted. `values` takes all columns but the id from a row, `names` says which is
    which; `filled`: the fields that say themselves what stands in them at this moment; `texts`: the columns (their
    places) that JSON has no kind for."""

    sql: str
    unless_taken: str
    names: tuple[str, ...]
    values: Callable[[Model], tuple[Any, ...]]
    filled: tuple[Field[Any, Any], ...]
    texts: tuple[int, ...]

    def said(self, row: Model) -> dict[str, Any]:
        for field in self.filled:
            field.pre_save(row, add=True)
        values = list(self.values(row))
        for place in self.texts:
            if values[place] is not None:
                values[place] = str(values[place])
        return dict(zip(self.names, values, strict=True))


@cache
def _statement(model: type[Model]) -> _Statement:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    # Of a foreign key: the field that it leads to says what stands in it.
    kinds = [field.target_field if isinstance(field, models.ForeignKey) else field for field in fields]
    quote = connection.ops.quote_name
    table, pk = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    names = ", ".join(quote(str(field.column)) for field in fields)
    # Without lengths: too long a text must be refused by the table, not cut on the way.
    said = ", ".join(
        f"{quote(str(field.column))} {str(kind.db_type(connection)).split('(')[0]}"
        for field, kind in zip(fields, kinds, strict=True)
    )
    sql = f"INSERT INTO {table} ({names}) SELECT {names} FROM json_to_recordset(%s) AS said ({said})"  # noqa: S608 - names of our own
    return _Statement(
        f"{sql} RETURNING {pk}",
        f"{sql} ON CONFLICT DO NOTHING RETURNING {pk}",
        tuple(str(field.column) for field in fields),
        attrgetter(*(field.attname for field in fields)),
        tuple(field for field in fields if _fills_itself(field)),
        tuple(place for place, kind in enumerate(kinds) if isinstance(kind, _AS_TEXT)),
    )


def _fills_itself(field: Field[Any, Any]) -> bool:
    """Whether `pre_save` may say something else than what stands on the row."""
    if isinstance(field, models.DateField | models.TimeField):
        return field.auto_now or field.auto_now_add
    return type(field).pre_save is not Field.pre_save
