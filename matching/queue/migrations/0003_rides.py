from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("queue", "0002_coordinators_hand"),
    ]

    operations = [
        migrations.AddField(
            model_name="pin",
            name="rides",
            field=models.JSONField(default=list),
        ),
    ]
