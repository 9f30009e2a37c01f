from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('checkin', '0007_a_leaving_stands_beside_the_count'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='grouparrival',
            name='left_at',
        ),
        migrations.AddConstraint(
            model_name='grouparrival',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('extra__gt', 0), ('kind', 'came'), ('of__isnull', True)), models.Q(('extra', 0), ('kind', 'went')), models.Q(('kind', 'corrected'), ('of__isnull', False)), _connector='OR'), name='somebody_comes_nobody_goes_and_a_correction_is_of_a_count'),
        ),
    ]
