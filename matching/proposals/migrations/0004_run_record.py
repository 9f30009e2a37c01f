from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proposals", "0003_run_asked_at")]

    operations = [
        migrations.AddField("matchrun", "started_at", models.DateTimeField(null=True)),
        migrations.AddField("matchrun", "attempts", models.PositiveIntegerField(default=0)),
        migrations.AddField("matchrun", "worker", models.CharField(blank=True, max_length=80)),
        migrations.AddField("matchrun", "version", models.CharField(blank=True, max_length=20)),
        migrations.AddField("matchrun", "effort", models.PositiveIntegerField(default=0)),
        migrations.AddField("matchrun", "done", models.FloatField(default=0)),
        migrations.AddField("matchrun", "seconds", models.FloatField(null=True)),
        migrations.AddField("matchrun", "previous", models.JSONField(null=True)),
        migrations.AddField("matchrun", "bound", models.FloatField(null=True)),
        migrations.AddField("matchrun", "gap", models.FloatField(null=True)),
        migrations.AlterField(
            "matchrun",
            "state",
            models.CharField(
                choices=[
                    ("requested", "待ち"),
                    ("done", "済み"),
                    ("failed", "失敗"),
                    ("cancelled", "取りやめ"),
                    ("superseded", "新しい計算に交代"),
                ],
                default="requested",
                max_length=10,
            ),
        ),
    ]
