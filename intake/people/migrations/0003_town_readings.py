from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0002_people_of_a_drill")]

    operations = [
        migrations.AddField(
            model_name="town",
            name="kana",
            field=models.CharField(blank=True, max_length=120),
        ),
    ]
