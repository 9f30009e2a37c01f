import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial"), ("people", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="household",
            name="drill",
            field=models.ForeignKey(
                blank=True,
                help_text="the drill this invented house belongs to; empty for real ones",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="operations.operation",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="drill",
            field=models.ForeignKey(
                blank=True,
                help_text="the drill this invented person belongs to; empty for real people",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="operations.operation",
            ),
        ),
    ]
