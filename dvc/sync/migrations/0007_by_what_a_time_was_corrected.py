"""By which of a tablet's clocks the time of an op was corrected."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0006_where_the_register_was_read")]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="corrected_by",
            field=models.CharField(blank=True, help_text="clocks.Told.by", max_length=10, default=""),
            preserve_default=False,
        ),
    ]
