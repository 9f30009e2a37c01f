"""Queries whose SQL is written once. Django writes the SQL of a queryset anew each time it runs, which takes longer than
running it: a third of what a scan costs the laptop before nine. `compiled(queryset)` remembers the text for the next
queryset of the same shape; the values are taken anew each time.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)

# A text for each number of values in an IN would fill the memory with what is hardly ever asked again.
MOST_VALUES: Final = 16


def compiled(queryset: QuerySet[M]) -> QuerySet[M]:
    """The same queryset of whole rows, for the places that ask the same thing again and again. What it cannot remember
    (annotations, unions, more than MOST_VALUES values) is written anew each time, as Django does. Call values() after
    it, not before: raises `TypeError`."""
    if queryset.query.values_select:
        raise TypeError("compiled() is for whole rows; call values() on what it returns")
    chained = queryset.all()
    chained.query = chained.query.chain(klass=_RememberingQuery)
    return chained


@dataclass(frozen=True, slots=True)
class _Text:
    """What `SQLCompiler.as_sql` finds out about a shape, apart from the values."""

    sql: str
    select: Any
    klass_info: Any
    annotation_col_map: Any
    has_extra_select: bool
    converted: tuple[int, ...]  # the columns whose values Django changes after reading


_texts: dict[Hashable, _Text] = {}


class _RememberingQuery(Query):
    def get_compiler(
        self, using: str | None = None, connection: Any = None, elide_empty: bool = True
    ) -> SQLCompiler:
        if not _is_plain(self):
            plain: SQLCompiler = super().get_compiler(using, connection, elide_empty)
            return plain
        return _RememberingCompiler(self, connection or connections[using or "default"], using, elide_empty)


class _RememberingCompiler(SQLCompiler):
    text: _Text | None = None

    def as_sql(self, with_limits: bool = True, with_col_aliases: bool = False) -> tuple[str, Any]:
        query = self.query
        if with_col_aliases or not with_limits:  # as a part of another statement
            return super().as_sql(with_limits, with_col_aliases)
        if query.select_for_update and self.connection.get_autocommit():
            return super().as_sql()  # raises
        if not any(query.alias_refcount.values()):
            query.get_initial_alias()
        values: Sequence[Any]
        try:
            where, values = self.compile(query.where)  # type: ignore[arg-type]  # a WhereNode is compilable
        except EmptyResultSet:
            return super().as_sql()  # sets what the caller reads, and raises as well
        except FullResultSet:
            where, values = "", []
        shape = _shape(query, where, self.connection.vendor)
        text = _texts.get(shape)
        if text is not None:
            self.text = text
            self.select, self.klass_info = text.select, text.klass_info
            self.annotation_col_map, self.has_extra_select = text.annotation_col_map, text.has_extra_select
            self.col_count = len(text.select)
            return text.sql, tuple(values)
        sql, all_values = super().as_sql()
        if len(values) <= MOST_VALUES and list(all_values) == list(values):
            converted = tuple(super().get_converters([column[0] for column in self.select]))
            _texts[shape] = _Text(
                sql, self.select, self.klass_info, self.annotation_col_map, self.has_extra_select, converted
            )
        return sql, all_values

    def get_converters(self, expressions: Any) -> Any:
        if self.text is None:
            return super().get_converters(expressions)
        # The converters belong to this connection; which columns have any does not.
        return {
            i: super(_RememberingCompiler, self).get_converters([expressions[i]])[0]
            for i in self.text.converted
        }


def _is_plain(query: Query) -> bool:
    """Whether rows of a model are asked for, in a way `_shape` tells apart from every other."""
    return (
        not (query.annotations or query.extra or query.combinator or query.distinct_fields or query.subquery)
        and not (query.explain_info or query.extra_order_by or query.filter_is_sticky)
        and query.group_by is None
        and query.default_cols
        and all(isinstance(name, str) for name in query.order_by)
    )


def _shape(query: Query, where: str, vendor: str) -> Hashable:
    """Everything the text depends on."""
    # Two foreign keys to one table differ in nothing but the columns they join by.
    joins = tuple(
        (alias, join.join_type, getattr(join, "parent_alias", None), getattr(join, "join_cols", ()))
        for alias, join in query.alias_map.items()
    )
    locks = (
        query.select_for_update, query.select_for_update_nowait, query.select_for_update_skip_locked,
        query.select_for_update_of, query.select_for_no_key_update,
    )  # fmt: skip
    order = (query.order_by, query.default_ordering, query.standard_ordering)
    slices = (query.low_mark, query.high_mark, query.distinct)
    left_out, is_deferred = query.deferred_loading
    related, columns = repr(query.select_related), (frozenset(left_out), is_deferred)
    return (vendor, query.model, where, joins, related, columns, order, slices, locks)
