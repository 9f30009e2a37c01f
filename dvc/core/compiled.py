"""Queries that are written once. Django builds a queryset and writes its SQL anew each time it is asked, which takes
longer than asking: a third of what a scan costs the laptop before nine. A function under `@compiled` that makes a
queryset of its arguments is called once for each shape of arguments; from then on only the values are taken anew.

    @compiled
    def _cards_of(center: int, tokens: Collection[str]) -> QuerySet[Card]:
        return Card.objects.filter(center=center, token__in=tokens)

    cards = _cards_of(3, ["VC1…", "VC1…"])  # a list

So the function runs with stand-ins for its arguments: each must be compared with a column as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, Final, Generic, TypeVar, TypeVarTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.transaction import TransactionManagementError

from dvc.core.rows import filled, is_plain
from dvc.core.statements import fetch

M = TypeVar("M", bound=Model)
Args = TypeVarTuple("Args")

# A text for each number of values in an IN would fill the memory with what is hardly ever asked again: collections are
# filled up to the next of these lengths with a value they have. The longest takes a tablet's batch.
LENGTHS: Final = (1, 2, 4, 8, 16, 40, 200)
MANY: Final = (list, tuple, set, frozenset)


def compiled(ask: Callable[[*Args], QuerySet[M]]) -> Callable[[*Args], list[M]]:
    """The rows `ask` asks the database for, as a list. Its arguments are ints, texts, UUIDs, days, moments, or collections
    of them for an IN; with one that is empty or longer than any of LENGTHS it is asked as Django does. Raises `TypeError`
    for a queryset whose text depends on more than the shape of the arguments, or that is not of whole rows."""
    texts: dict[object, _Text[M]] = {}

    @wraps(ask)
    def find(*args: *Args) -> list[M]:
        values: list[Any] = []
        shape: list[
            tuple[int | None, type]
        ] = []  # how many values, None for one that is no collection, of which type
        for arg in args:
            if not isinstance(arg, MANY):
                values.append(arg)
                shape.append((None, type(arg)))
                continue
            length = next((length for length in LENGTHS if len(arg) <= length), 0)
            if not arg or not length:
                return list(ask(*args))
            one = next(iter(arg))
            values += [*arg, *[one] * (length - len(arg))]
            shape.append((length, type(one)))
        text = texts.get(tuple(shape))
        if text is None:
            stand_ins = [_stand_in(value, i) for i, value in enumerate(values)]
            text = texts[tuple(shape)] = _write(ask(*_in_shape(shape, stand_ins)), stand_ins)
        return text.ask(values)

    return find


@dataclass(frozen=True, slots=True)
class _Text(Generic[M]):
    """What Django finds out about a queryset, apart from the values. `slots`: where in `values` stands which argument,
    and the column it is compared with; `converted`: the columns whose values Django changes after reading, and whether
    this kind of database does so as well."""

    sql: str
    values: tuple[Any, ...]
    slots: tuple[tuple[int, int, Field[Any, Any]], ...]
    locks: bool
    model: type[M]
    columns: tuple[int, int]
    names: list[str]
    related: Any
    converted: tuple[tuple[int, Any, bool], ...]

    def ask(self, given: Sequence[Any]) -> list[M]:
        connection = connections[DEFAULT_DB_ALIAS]
        if self.locks and connection.get_autocommit():
            raise TransactionManagementError("rows are locked inside a transaction only")
        values = list(self.values)
        for place, argument, column in self.slots:
            values[place] = column.get_db_prep_value(given[argument], connection)
        rows = fetch(self.sql, values, connection)
        first, end = self.columns
        found = []
        for row in self._convert(rows, connection):
            one = filled(self.model, dict(zip(self.names, row[first:end], strict=True)), db=DEFAULT_DB_ALIAS)
            _relate(one, row, self.related)
            found.append(one)
        return found

    def _convert(self, rows: list[tuple[Any, ...]], connection: Any) -> Sequence[Sequence[Any]]:
        if not self.converted or not rows:
            return rows
        converted = [list(row) for row in rows]
        for place, column, database_too in self.converted:
            # The database's converters belong to this connection; which columns have any does not.
            ours = connection.ops.get_db_converters(column) if database_too else ()
            for convert in (*ours, *column.output_field.get_db_converters(connection)):
                for row in converted:
                    row[place] = convert(row[place], column, connection)
        return converted


def _relate(one: Model, row: Sequence[Any], related: Sequence[Any]) -> None:
    """Give a row its `select_related`, as Django's own populators (`related`) do."""
    for each in related:
        columns = dict(zip(each.init_list, row[each.cols_start : each.cols_end], strict=True))
        other = None
        if columns[each.init_list[each.pk_idx]] is not None:
            other = filled(each.model_cls, columns, db=each.db)
            _relate(other, row, each.related_populators)
            each.remote_setter(other, one)
        each.local_setter(one, other)


def _models(model: type[Model], related: Sequence[Any]) -> Iterator[type[Model]]:
    yield model
    for each in related:
        yield from _models(each.model_cls, each.related_populators)


def _write(queryset: QuerySet[M], stand_ins: Sequence[Any]) -> _Text[M]:
    query = queryset.query
    prefetched: object = queryset._prefetch_related_lookups  # type: ignore[attr-defined]  # not in the stubs
    if queryset._iterable_class is not ModelIterable or query.annotations or prefetched:
        raise TypeError("compiled() is for whole rows")
    connection = connections[DEFAULT_DB_ALIAS]
    compiler = query.get_compiler(connection=connection)
    sql, values = compiler.as_sql()
    compared = [
        (value, lookup.lhs.output_field)
        for lookup in query.where.leaves()
        for value in (lookup.rhs if isinstance(lookup.rhs, list | tuple) else [lookup.rhs])
        if value in stand_ins
    ]
    slots = []
    for argument, value in enumerate(stand_ins):
        columns = [column for stand_in, column in compared if stand_in == value]
        written = columns[0].get_db_prep_value(value, connection) if columns else None
        places = [place for place, one in enumerate(values) if one == written]
        # Written otherwise (icontains, startswith), every call would ask for the stand-in.
        if not columns or len(places) < len(columns):
            raise TypeError("compiled() takes what is compared with a column as it is")
        slots += [(place, argument, columns[0]) for place in places]
    select, info = [column for column, _, _ in compiler.select], compiler.klass_info
    related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # stubs of Django 6
    if not all(is_plain(model) for model in _models(queryset.model, related)):
        raise TypeError("compiled() makes rows that nobody wants to hear of")
    first, end = info["select_fields"][0], info["select_fields"][-1] + 1
    return _Text(
        sql, tuple(values), tuple(slots), query.select_for_update and connection.features.has_select_for_update,
        queryset.model, (first, end), [column.target.attname for column in select[first:end]], related,
        tuple(
            (place, column, bool(connection.ops.get_db_converters(column)))
            for place, (_, column) in compiler.get_converters(select).items()
        ),
    )  # fmt: skip


def _stand_in(value: object, number: int) -> Any:
    """A value of the same type that stands nowhere else."""
    if isinstance(value, bool):
        raise TypeError("compiled() takes no flags: their text is another one")
    if isinstance(value, int):
        return 2_000_000_000 + number
    if isinstance(value, str):
        return f"stand_in {number}"  # the _ is written otherwise where it would mean any letter
    if isinstance(value, UUID):
        return UUID(int=number)
    if isinstance(value, datetime):
        return datetime(9000, 1, 1, tzinfo=UTC) + timedelta(days=number)
    if isinstance(value, date):
        return date(9000, 1, 1) + timedelta(days=number)
    raise TypeError(f"compiled() takes no {type(value).__name__}")


def _in_shape(shape: Sequence[tuple[int | None, type]], values: Sequence[Any]) -> list[Any]:
    """`values`, one after the other, as arguments."""
    rest = iter(values)
    return [next(rest) if length is None else [next(rest) for _ in range(length)] for length, _ in shape]
