"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('queue', '0001_initial'),
        ('queue', '0002_coordinators_hand'),
        ('queue', '0003_rides'),
        ('queue', '0004_first_rides'),
        ('queue', '0005_cars_are_rides'),
    ]

    initial = True

    dependencies = [
        ('help_requests', '0001_initial'),
        ('operations', '0001_initial'),
        ('volunteers', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=120, verbose_name='理由')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='hold', to='help_requests.need')),
            ],
        ),
        migrations.CreateModel(
            name='Ban',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, max_length=120, verbose_name='理由')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bans', to='help_requests.need')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bans', to='operations.operation')),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('need', 'volunteer'), name='one_ban_per_pair')],
            },
        ),
        migrations.CreateModel(
            name='Lock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='いつ')),
                ('reason', models.CharField(max_length=120, verbose_name='理由')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.group')),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='locks', to='help_requests.need')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='locks', to='operations.operation')),
                ('volunteer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('volunteer__isnull', False)), fields=('operation', 'volunteer', 'day'), name='one_destination_per_person_and_day'), models.UniqueConstraint(condition=models.Q(('group__isnull', False)), fields=('operation', 'group', 'day'), name='one_destination_per_group_and_day'), models.CheckConstraint(condition=models.Q(models.Q(('group__isnull', True), ('volunteer__isnull', False)), models.Q(('group__isnull', False), ('volunteer__isnull', True)), _connector='OR'), name='a_lock_is_of_a_person_or_of_a_group')],
            },
        ),
        migrations.CreateModel(
            name='Pin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('visits', models.JSONField()),
                ('members', models.JSONField()),
                ('rides', models.JSONField(default=list)),
                ('day', models.DateField(verbose_name='いつ')),
                ('reason', models.CharField(max_length=120, verbose_name='理由')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('leader', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer')),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pins', to='help_requests.need')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pins', to='operations.operation')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('need', 'day'), name='one_fixed_team_per_need_and_day')],
            },
        ),
    ]
