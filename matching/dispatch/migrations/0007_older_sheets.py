"""Sheets of teams that were back before sheets were counted on the order: what was told at the return stands in the log.
Where nothing was told, nobody had been asked, and nobody can count them any more: they keep no later day from closing."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F, Q


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    applied = MigrationRecorder(schema_editor.connection).migration_qs.filter(
        app="dispatch", name="0005_sheets_counted_in"
    )
    since = applied.values_list("applied", flat=True).first()
    dispatches = apps.get_model("dispatch", "Dispatch").objects
    over = Q(state="back") | Q(state="cancelled", accepted_at__lt=since)
    uncounted = dispatches.filter(over, sheets_printed__gt=0, sheets_back=0, sheets_lost=0)
    older = uncounted.filter(Q(returned_at__lt=since) | Q(returned_at__isnull=True, state="cancelled"))
    teams: dict[int, list[tuple[int, int]]] = {}
    for pk, team, printed in older.order_by("pk").values_list("pk", "team_id", "sheets_printed"):
        teams.setdefault(team, []).append((pk, printed))
    told = dict[int, int]()
    entries = apps.get_model("audit", "Entry").objects.filter(action="dispatch.back")
    for details in entries.order_by("pk").values_list("details", flat=True):
        if details.get("sheets_back") is not None and details.get("team") in teams:
            told[details["team"]] = details["sheets_back"]
    for team, rows in teams.items():
        left = told.get(team)
        for pk, printed in rows:
            back = printed if left is None else min(left, printed)
            left = None if left is None else left - back
            dispatches.filter(pk=pk).update(sheets_back=F("sheets_back") + back)


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0006_last_sign_of_life"),
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
