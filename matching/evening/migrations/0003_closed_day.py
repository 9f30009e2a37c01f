"""What was closed before operations knew of it."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def say(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    standing = apps.get_model("evening", "DayClosing").objects.filter(reopened_at__isnull=True)
    for closing in standing.order_by("day"):
        apps.get_model("operations", "Operation").objects.filter(pk=closing.operation_id).update(
            closed_day=closing.day
        )


class Migration(migrations.Migration):
    dependencies = [
        ("evening", "0002_certificates_and_stamps"),
        ("operations", "0009_closed_day"),
    ]

    operations = [
        migrations.RunPython(say, migrations.RunPython.noop),
    ]
