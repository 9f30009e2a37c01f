"""Ordinary days go on as they were: one need per team, until somebody chooses otherwise."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def one(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("operations", "Operation").objects.filter(mode="ordinary").update(max_visits=1)


class Migration(migrations.Migration):
    dependencies = [
        ("operations", "0007_visits_in_a_row"),
    ]

    operations = [
        migrations.RunPython(one, migrations.RunPython.noop),
    ]
