import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('checkin', '0005_people_counted_without_a_group'),
    ]

    operations = [
        migrations.AddField(
            model_name='grouparrival',
            name='kind',
            field=models.CharField(choices=[('came', '来た'), ('went', '帰った'), ('corrected', '人数を直した')], default='came', max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='grouparrival',
            name='of',
            field=models.ForeignKey(help_text='the count this is about', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='said', to='checkin.grouparrival'),
        ),
        migrations.AddField(
            model_name='grouparrival',
            name='since',
            field=models.DateTimeField(help_text="of a group's leaving: it takes home who came from then on", null=True),
        ),
        migrations.AlterField(
            model_name='grouparrival',
            name='arrived_at',
            field=models.DateTimeField(help_text='when they came or went, or when the number was corrected'),
        ),
        migrations.AddIndex(
            model_name='grouparrival',
            index=models.Index(fields=['group', 'arrived_at'], name='what_was_told_of_a_group'),
        ),
    ]
