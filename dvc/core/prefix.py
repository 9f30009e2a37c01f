"""A condition that both databases answer from an index: this column begins with that text."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import F, Lookup

_LAST: Final = "\U0010ffff"  # comes after every letter, in bytes as in code points


class Begins(Lookup):
    """`Q(Begins("name_key", "高橋"))`: the column's text, byte by byte, begins with the prefix.

    A range instead of LIKE. SQLite takes no index for Django's LIKE … ESCAPE; PostgreSQL orders Japanese by the
    server's locale, so it compares with the operators of the `_like` index that Django makes for `db_index=True`, which
    also a prepared statement can use.
    """

    lookup_name = "begins"
    prepare_rhs = False

    def __init__(self, column: Any, prefix: str) -> None:
        super().__init__(F(column) if isinstance(column, str) else column, prefix)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return self._range(compiler, connection, ">=", "<")

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return self._range(compiler, connection, "~>=~", "~<~")

    def _range(self, compiler: Any, connection: Any, from_: str, until: str) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        sql = f"({column} {from_} %s AND {column} {until} %s)"
        return sql, (*params, self.rhs, *params, f"{self.rhs}{_LAST}")
