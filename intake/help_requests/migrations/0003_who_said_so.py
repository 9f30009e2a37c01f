from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("help_requests", "0002_form_tokens")]

    operations = [
        migrations.AddField(
            model_name="need",
            name="hazards_cleared_note",
            field=models.CharField(blank=True, max_length=120, verbose_name="だれが何を確認したか"),
        ),
        migrations.AddField(
            model_name="needchange",
            name="told",
            field=models.CharField(blank=True, max_length=80, verbose_name="だれに伝えたか"),
        ),
    ]
