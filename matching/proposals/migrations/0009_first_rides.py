"""Proposals from before a team could go in several cars: the one that was named is their first."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def one_ride_each(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("proposals", "Proposal").objects.filter(driver__isnull=False, rides=[])
    for pk, vehicle, driver in list(rows.order_by("pk").values_list("pk", "vehicle", "driver")):
        rows.model.objects.filter(pk=pk).update(rides=[{"vehicle": vehicle, "driver": driver}])


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0008_rides"),
    ]

    operations = [
        migrations.RunPython(one_ride_each, migrations.RunPython.noop),
    ]
