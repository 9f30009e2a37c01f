from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("queue", "0004_first_rides"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="pin",
            name="driver",
        ),
        migrations.RemoveField(
            model_name="pin",
            name="vehicle",
        ),
    ]
