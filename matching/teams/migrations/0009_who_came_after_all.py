"""Somebody who did not come back with their team is here after all."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0008_who_did_not_come_back"),
    ]

    operations = [
        migrations.AddField("member", "came_after_at", models.DateTimeField(null=True)),
    ]
