import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("equipment", "0001_initial"),
        ("teams", "0002_clashes"),
        ("volunteers", "0007_until_when_a_wrong_person_had_a_card"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("over_at", models.DateTimeField(null=True)),
                (
                    "driver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="volunteers.volunteer",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rides", to="teams.team"
                    ),
                ),
                (
                    "vehicle",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="equipment.vehicle",
                    ),
                ),
            ],
            options={
                "ordering": ["team", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("team", "position"), name="one_ride_per_place_in_a_team"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("over_at__isnull", True), ("vehicle__isnull", False)),
                        fields=("vehicle",),
                        name="one_live_ride_per_vehicle",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("over_at__isnull", True)),
                        fields=("driver",),
                        name="one_live_ride_per_driver",
                    ),
                ],
            },
        ),
    ]
