from __future__ import annotations

from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("proposals", "0002_overrule")]

    operations = [
        migrations.AddField(
            model_name="matchrun",
            name="asked_at",
            field=models.DateTimeField(auto_now_add=True, default=timezone.now),
            preserve_default=False,
        ),
    ]
