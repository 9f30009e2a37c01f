"""An exception speaks of so many, and of a team before or after it left. Those of before speak of whatever there is."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evening", "0003_closed_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="namedexception", name="count", field=models.PositiveIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="namedexception",
            name="stage",
            field=models.CharField(blank=True, default="", max_length=10),
            preserve_default=False,
        ),
    ]
