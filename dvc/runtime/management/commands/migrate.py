"""`manage.py migrate`: Django's own, with steps that are whole."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from dvc.runtime.steps import WholeSteps


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        migrate.MigrationExecutor = WholeSteps  # type: ignore[attr-defined]  # there is no other way in
        super().handle(*args, **options)
