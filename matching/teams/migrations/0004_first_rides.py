"""Teams from before a team could go in several cars: the one that was named is its first ride."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

LIVE = ("forming", "ready", "out")


def one_ride_each(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rides = apps.get_model("teams", "Ride").objects
    members = apps.get_model("teams", "Member").objects
    there = set(members.filter(left_at__isnull=True).values_list("team", "volunteer"))
    teams = apps.get_model("teams", "Team").objects.filter(
        Q(vehicle__isnull=False) | Q(driver__isnull=False), rides__isnull=True
    )
    columns = ("pk", "vehicle", "driver", "leader", "state", "formed_at", "ended_at")
    rides.bulk_create(
        (
            rides.model(
                team_id=pk, position=1, vehicle_id=vehicle, driver_id=driver or leader,
                over_at=None if state in LIVE else ended_at or formed_at,
            )
            for pk, vehicle, driver, leader, state, formed_at, ended_at in teams.order_by("pk").values_list(*columns)
            # Who was taken out of a team that has not left drove off in their own car.
            if (driver or leader) and (vehicle or state not in LIVE or (pk, driver) in there)
        ),
        batch_size=500,
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0003_rides"),
    ]

    operations = [
        migrations.RunPython(one_ride_each, migrations.RunPython.noop),
    ]
