from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("help_requests", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="need",
            name="form_token",
            field=models.UUIDField(
                editable=False, help_text="the form this came from: sent twice, received once", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="need",
            constraint=models.UniqueConstraint(fields=("operation", "form_token"), name="one_need_per_form"),
        ),
    ]
