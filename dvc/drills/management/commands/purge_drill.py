"""`manage.py purge_drill [OPERATION]`: wipe one drill, or every drill."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.drills.purge import purge
from dvc.operations.models import Mode, Operation


class Command(BaseCommand):
    help = "Delete everything a drill made (or all drills did). The audit keeps ids only and stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "operation", nargs="?", type=int, help="id of the drill's operation; all drills without it"
        )

    def handle(self, *args: Any, operation: int | None, **options: Any) -> None:
        drills = Operation.objects.filter(mode=Mode.DRILL)
        if operation is not None:
            drills = Operation.objects.filter(pk=operation)
            if not drills:
                raise CommandError(f"There is no operation {operation}.")
        for drill in drills:
            try:
                counts = purge(drill, by=By(via="command"), at=timezone.now())
            except Refused as refusal:
                raise CommandError(refusal.text) from None
            self.stdout.write(f"{drill.name} ({drill.pk}): {sum(counts.values())} rows deleted")
