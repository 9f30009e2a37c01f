"""JSON columns of rows that are written by the hundred."""

from __future__ import annotations

from typing import Any

from django.db import models


class JSONField(models.JSONField):
    """Django's, except that many rows are inserted as VALUES. Django would hand them to PostgreSQL as arrays, and inside
    an array each quotation mark of the JSON is escaped one by one: more work than all the rest of the insert."""

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s"

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs  # the same column: no migration
