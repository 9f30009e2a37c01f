"""The way of a database that was made by an older release: one migration after the other."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


class _StepByStep(MigrationLoader):
    """Without the squashed ones, which are for a database that has nothing yet and hide the steps they replace."""

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations = {
            name: migration for name, migration in self.disk_migrations.items() if not migration.replaces
        }


def step_by_step(connection: BaseDatabaseWrapper) -> MigrationExecutor:
    """An executor that can go to any single step, back and forth."""
    executor = MigrationExecutor(connection)
    executor.loader = _StepByStep(connection)
    return executor
