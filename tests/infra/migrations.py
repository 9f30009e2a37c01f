"""The way of a database that was made by an older release: one migration after the other."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
import pytest
from django.core.management import call_command
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.models import Field

from dvc.runtime.steps import WholeSteps


class _StepByStep(MigrationLoader):
    """As Django does it for a database that has some of the steps: the squashed ones make room for what they replace."""

    def build_graph(self) -> None:
        self.replace_migrations = False
        super().build_graph()
        for name, migration in self.disk_migrations.items():
            if migration.replaces:
                self.graph.remove_replacement_node(name, migration.replaces)
                self.applied_migrations.pop(name, None)


class _Walk(WholeSteps):
    def migrate(self, *what: Any, **how: Any) -> Any:
        with fields_are_copied():
            return super().migrate(*what, **how)


@contextmanager
def fields_are_copied() -> Iterator[None]:
    """Models are made anew at every step, with fields that Django takes apart and builds again: nearly half of a walk. A
    field that belongs to no model yet can as well be copied."""

    def copied(self: Field[Any, Any]) -> Field[Any, Any]:
        field = copy.deepcopy(self)
        field.creation_counter = Field.creation_counter  # in the order of the model, as a new one
        Field.creation_counter += 1
        return field

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Field, "clone", copied)
        yield


def step_by_step(connection: BaseDatabaseWrapper) -> WholeSteps:
    """An executor that can go to any single step, back and forth."""
    executor = _Walk(connection)
    executor.loader = _StepByStep(connection)
    return executor


def main() -> None:
    """`manage.py migrate` in half the time, for a database that is only copied (tests.infra.template)."""
    django.setup()
    with fields_are_copied():
        call_command("migrate", verbosity=0, skip_checks=True)


if __name__ == "__main__":
    main()
