
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('equipment', '0002_what_is_out_and_numbered_pieces'),
    ]

    operations = [
        migrations.AddField(
            model_name='vehicle',
            name='inspection_until',
            field=models.DateField(null=True, verbose_name='車検の満了日'),
        ),
        migrations.AddField(
            model_name='vehicle',
            name='licence',
            field=models.CharField(blank=True, choices=[('at', '普通免許（AT限定でもよい）'), ('ordinary', '普通免許（AT限定は不可）'), ('semi', '準中型免許'), ('medium', '中型免許'), ('large', '大型免許')], max_length=10, verbose_name='要る免許'),
        ),
        migrations.AddField(
            model_name='vehicle',
            name='owner',
            field=models.CharField(blank=True, max_length=60, verbose_name='借りた先'),
        ),
        migrations.AddField(
            model_name='vehicle',
            name='return_by',
            field=models.DateField(null=True, verbose_name='返す日'),
        ),
    ]
