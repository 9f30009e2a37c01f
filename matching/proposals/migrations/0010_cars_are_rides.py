from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0009_first_rides"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="proposal",
            name="driver",
        ),
        migrations.RemoveField(
            model_name="proposal",
            name="vehicle",
        ),
    ]
