"""Queries that are written once. Django builds a queryset and writes its SQL anew each time it is asked, which takes
longer than asking: a third of what a scan costs the laptop before nine. A function under `@compiled` that makes a
queryset of its arguments is called once for each shape of arguments; from then on only the values are taken anew.

    @compiled
    def _cards_of(center: int, tokens: Collection[str]) -> QuerySet[Card]:
        return Card.objects.filter(center=center, token__in=tokens)

    cards = _cards_of(3, ["VC1…", "VC1…"])  # a list

So the function runs with stand-ins for its arguments: each must be compared with a column as it is, or be a `Value`, also
in a subquery. It may ask for whole rows, annotated or not, or for a `values_list`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, Final, Generic, TypeVar, TypeVarTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.lookups import Lookup
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql import Query
from django.db.transaction import TransactionManagementError

from dvc.core.rows import filled, is_plain
from dvc.core.statements import fetch

M = TypeVar("M", bound=Model)
R = TypeVar("R")
Args = TypeVarTuple("Args")

# A text for each number of values in an IN would fill the memory with what is hardly ever asked again: collections are
# filled up to the next of these lengths with a value they have. The longest takes a tablet's batch.
LENGTHS: Final = (1, 2, 4, 8, 16, 40, 200)
MANY: Final = (list, tuple, set, frozenset)
# What the stand-ins are made of.
_NUMBER, _TEXT, _YEAR = 2_000_000_000, "stand_in ", 9000


def compiled(ask: Callable[[*Args], QuerySet[Any, R]]) -> Callable[[*Args], list[R]]:
    """The rows `ask` asks the database for, as a list. Its arguments are ints, texts, UUIDs, days, moments, or collections
    of them for an IN; with one that is empty or longer than any of LENGTHS it is asked as Django does. Raises `TypeError`
    for a queryset whose text depends on more than the shape of the arguments, or whose rows are made otherwise."""
    texts: dict[object, _Text[R]] = {}

    @wraps(ask)
    def find(*args: *Args) -> list[R]:
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
class _Text(Generic[R]):
    """What Django finds out about a queryset, apart from the values. `slots`: where in `values` stands which argument,
    and the column it is compared with; `make`: what is made of a row; `converted`: the columns whose values Django changes
    after reading, and whether this kind of database does so as well."""

    sql: str
    values: tuple[Any, ...]
    slots: tuple[tuple[int, int, Field[Any, Any]], ...]
    locks: bool
    make: Callable[[Sequence[Any]], R]
    converted: tuple[tuple[int, Any, bool], ...]

    def ask(self, given: Sequence[Any]) -> list[R]:
        connection = connections[DEFAULT_DB_ALIAS]
        if self.locks and connection.get_autocommit():
            raise TransactionManagementError("rows are locked inside a transaction only")
        values = list(self.values)
        for place, argument, column in self.slots:
            values[place] = column.get_db_prep_value(given[argument], connection)
        rows = fetch(self.sql, values, connection)
        return [self.make(row) for row in self._convert(rows, connection)]

    def _convert(self, rows: list[tuple[Any, ...]], connection: Any) -> Sequence[Sequence[Any]]:
        if not self.converted or not rows:
            return rows
        converted = [list(row) for row in rows]
        for place, column, database_too in self.converted:
            # The database's converters belong to this connection; which columns have any does not.
            ours = connection.ops.get_db_converters(column) if database_too else ()
            # The expression's own: beside those of its field, an average for instance makes a float of what it gets.
            for convert in (*ours, *column.get_db_converters(connection)):
                for row in converted:
                    row[place] = convert(row[place], column, connection)
        return converted


@dataclass(frozen=True, slots=True)
class _WholeRow(Generic[M]):
    """Makes rows of a model, with what belongs to them and what they are annotated with (name → place)."""

    model: type[M]
    columns: tuple[int, int]
    names: list[str]
    related: Any
    annotated: Mapping[str, int]

    def __call__(self, row: Sequence[Any]) -> M:
        first, end = self.columns
        one = filled(self.model, dict(zip(self.names, row[first:end], strict=True)), db=DEFAULT_DB_ALIAS)
        _relate(one, row, self.related)
        for name, place in self.annotated.items():
            setattr(one, name, row[place])
        return one


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


def _write(queryset: QuerySet[Any, R], stand_ins: Sequence[Any]) -> _Text[R]:
    query = queryset.query
    prefetched: object = queryset._prefetch_related_lookups  # type: ignore[attr-defined]  # not in the stubs
    if queryset._iterable_class not in (ModelIterable, ValuesListIterable) or prefetched:
        raise TypeError("compiled() is for whole rows and for values_list")
    connection = connections[DEFAULT_DB_ALIAS]
    compiler = query.get_compiler(connection=connection)
    sql, values = compiler.as_sql()
    compared = [(value, column) for value, column in _compared(query) if value in stand_ins]
    slots = []
    for argument, value in enumerate(stand_ins):
        columns = [column for stand_in, column in compared if stand_in == value]
        written = columns[0].get_db_prep_value(value, connection) if columns else None
        places = [place for place, one in enumerate(values) if one == written]
        # Written otherwise (icontains, startswith), every call would ask for the stand-in.
        if not columns or len(places) < len(columns):
            raise TypeError("compiled() takes what is compared with a column as it is")
        slots += [(place, argument, columns[0]) for place in places]
    filled_in = {place for place, _, _ in slots}
    if any(_is_made_up(one) for place, one in enumerate(values) if place not in filled_in):
        raise TypeError(
            "compiled() takes what is compared with a column as it is, nothing worked out from it"
        )
    make: Any = tuple if queryset._iterable_class is ValuesListIterable else _whole_row(queryset, compiler)
    return _Text(
        sql, tuple(values), tuple(slots), query.select_for_update and connection.features.has_select_for_update, make,
        tuple(
            (place, column, bool(connection.ops.get_db_converters(column)))
            for place, (_, column) in compiler.get_converters([column for column, _, _ in compiler.select]).items()
        ),
    )  # fmt: skip


def _whole_row(queryset: QuerySet[M], compiler: Any) -> _WholeRow[M]:
    info, select = compiler.klass_info, [column for column, _, _ in compiler.select]
    related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # stubs of Django 6
    if not all(is_plain(model) for model in _models(queryset.model, related)):
        raise TypeError("compiled() makes rows that nobody wants to hear of")
    first, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column in select[first:end]]
    return _WholeRow(queryset.model, (first, end), names, related, compiler.annotation_col_map or {})


def _compared(query: Query) -> Iterator[tuple[Any, Any]]:
    """Everything that is compared with a column or stands by itself, with that column, in its subqueries as well."""
    for combined in query.combined_queries:
        yield from _compared(combined)
    if not query.combined_queries:  # else it is a copy of the first of them
        yield from _within([query.where, *query.annotations.values()])


def _within(nodes: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for node in nodes:
        inner = node if isinstance(node, Query) else getattr(node, "query", None)
        if isinstance(inner, Query):
            yield from _compared(inner)
        elif isinstance(node, Value):
            if node.value is not None:
                yield node.value, node.output_field
        elif isinstance(node, Lookup):
            yield from _within([node.lhs, *([] if _is_plain_value(node.rhs) else [node.rhs])])
            if _is_plain_value(node.rhs):
                values = node.rhs if isinstance(node.rhs, list | tuple) else [node.rhs]
                yield from ((value, node.lhs.output_field) for value in values)
        else:
            yield from _within(getattr(node, "get_source_expressions", list)())


def _is_plain_value(side: Any) -> bool:
    return not hasattr(side, "as_sql")


def _stand_in(value: object, number: int) -> Any:
    """A value of the same type that stands nowhere else."""
    if isinstance(value, bool):
        raise TypeError("compiled() takes no flags: their text is another one")
    if isinstance(value, int):
        return _NUMBER + number
    if isinstance(value, str):
        return f"{_TEXT}{number}"  # the _ is written otherwise where it would mean any letter
    if isinstance(value, UUID):
        return UUID(int=number)
    if isinstance(value, datetime):
        return datetime(_YEAR, 1, 1, tzinfo=UTC) + timedelta(days=number)
    if isinstance(value, date):
        return date(_YEAR, 1, 1) + timedelta(days=number)
    raise TypeError(f"compiled() takes no {type(value).__name__}")


def _is_made_up(value: object) -> bool:
    """Whether this comes from a stand-in: nothing that anybody would ask for."""
    if isinstance(value, str):
        return _TEXT in value or value[:4] in (str(_YEAR - 1), str(_YEAR))
    if isinstance(value, date):
        return value.year in (_YEAR - 1, _YEAR)
    return isinstance(value, int) and value >= _NUMBER


def _in_shape(shape: Sequence[tuple[int | None, type]], values: Sequence[Any]) -> list[Any]:
    """`values`, one after the other, as arguments."""
    rest = iter(values)
    return [next(rest) if length is None else [next(rest) for _ in range(length)] for length, _ in shape]
