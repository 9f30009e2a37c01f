"""The way of a database that was made by an older release: one migration after the other."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


class _StepByStep(MigrationLoader):
    """As Django does it for a database that has some of the steps: the squashed ones make room for what they replace."""

    def build_graph(self) -> None:
        self.replace_migrations = False
        super().build_graph()
        for name, migration in self.disk_migrations.items():
            if migration.replaces:
                self.graph.remove_replacement_node(name, migration.replaces)
                self.applied_migrations.pop(name, None)


def step_by_step(connection: BaseDatabaseWrapper) -> MigrationExecutor:
    """An executor that can go to any single step, back and forth."""
    executor = MigrationExecutor(connection)
    executor.loader = _StepByStep(connection)
    return executor
