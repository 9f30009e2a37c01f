from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0004_first_rides"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="team",
            name="one_live_team_per_vehicle",
        ),
        migrations.RemoveField(
            model_name="team",
            name="driver",
        ),
        migrations.RemoveField(
            model_name="team",
            name="vehicle",
        ),
    ]
