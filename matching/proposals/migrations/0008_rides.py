from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0007_one_visit_of_older_proposals"),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="rides",
            field=models.JSONField(default=list),
        ),
    ]
