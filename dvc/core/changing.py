"""Single rows that are changed again and again, each time in the same columns. Django writes such an UPDATE anew each time,
which takes longer than obeying it; here the text is written once for each set of names. Whoever is changed says so
(RETURNING), so that of two who change the same row one hears that the other was faster."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from dvc.core.compiled import MANY
from dvc.core.rows import filled, is_plain
from dvc.core.statements import fetch

M = TypeVar("M", bound=Model)


def change(
    model: type[Model], values: Mapping[str, Any], *, where: Mapping[str, Any], count_up: str = ""
) -> int:
    """Set these columns (`operation_id`, not `operation`) of the rows in which those of `where` are so, or among so many;
    `count_up`: a number that grows by one. Returns how many rows there were. Inside the caller's transaction."""
    return len(_obeyed(model, values, where, count_up, whole=False))


def changed(
    model: type[M], values: Mapping[str, Any], *, where: Mapping[str, Any], count_up: str = ""
) -> list[M]:
    """As `change`, and brings the rows as they are now."""
    rows = [list(row) for row in _obeyed(model, values, where, count_up, whole=True)]
    connection = connections[DEFAULT_DB_ALIAS]
    for place, column in _converted(model) if rows else ():
        for convert in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
            for row in rows:
                row[place] = convert(row[place], column, connection)
    names = [field.attname for field in model._meta.concrete_fields]
    assert is_plain(model)
    return [filled(model, dict(zip(names, row, strict=True)), db=DEFAULT_DB_ALIAS) for row in rows]


def _obeyed(
    model: type[Model], values: Mapping[str, Any], where: Mapping[str, Any], count_up: str, *, whole: bool
) -> list[tuple[Any, ...]]:
    connection = connections[DEFAULT_DB_ALIAS]
    wanted = {name: [*told] if isinstance(told, MANY) else [told] for name, told in where.items()}
    if not all(wanted.values()):
        return []
    shape = tuple((name, len(told)) for name, told in wanted.items())
    given: list[Any] = [
        _field(model, name).get_db_prep_save(value, connection) for name, value in values.items()
    ]
    for name, told in wanted.items():
        given += [_field(model, name).get_db_prep_value(value, connection) for value in told]
    return fetch(_text(model, tuple(values), shape, count_up, whole), given, connection)


@cache
def _converted(model: type[Model]) -> tuple[tuple[int, Any], ...]:
    """The columns whose values Django changes after reading, each with its place in the row."""
    connection, table = connections[DEFAULT_DB_ALIAS], model._meta.db_table
    columns = [field.get_col(table) for field in model._meta.concrete_fields]
    return tuple(
        (place, column)
        for place, column in enumerate(columns)
        if connection.ops.get_db_converters(column) or column.get_db_converters(connection)
    )


@cache
def _text(
    model: type[Model], names: tuple[str, ...], where: tuple[tuple[str, int], ...], count_up: str, whole: bool
) -> str:
    sets = [f"{_column(model, name)} = %s" for name in names]
    sets += [f"{_column(model, count_up)} = {_column(model, count_up)} + 1"] if count_up else []
    asked = [f"{_column(model, name)} IN ({', '.join(['%s'] * many)})" for name, many in where]
    told = ", ".join(
        _column(model, field.attname)
        for field in (model._meta.concrete_fields if whole else [model._meta.pk])
    )
    return f"UPDATE {_quoted(model._meta.db_table)} SET {', '.join(sets)} WHERE {' AND '.join(asked)} RETURNING {told}"  # noqa: S608 - names of our own


@cache
def _field(model: type[Model], name: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.attname == name)


def _column(model: type[Model], name: str) -> str:
    return _quoted(str(_field(model, name).column))


def _quoted(name: str) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(name)
