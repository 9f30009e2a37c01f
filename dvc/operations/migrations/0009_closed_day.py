from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("operations", "0001_squashed_0008_one_need_on_ordinary_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="operation",
            name="closed_day",
            field=models.DateField(editable=False, null=True),
        ),
    ]
