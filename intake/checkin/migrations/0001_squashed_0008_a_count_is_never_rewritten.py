"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('checkin', '0001_initial'),
        ('checkin', '0002_what_was_seen_of_a_visit'),
        ('checkin', '0003_how_a_failed_scan_was_read'),
        ('checkin', '0004_people_without_names_of_a_group'),
        ('checkin', '0005_people_counted_without_a_group'),
        ('checkin', '0006_what_was_said_of_nameless_people'),
        ('checkin', '0007_a_leaving_stands_beside_the_count'),
        ('checkin', '0008_a_count_is_never_rewritten'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0002_initial'),
        ('operations', '0001_initial'),
        ('volunteers', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FailedScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('raw', models.CharField(max_length=200)),
                ('code', models.CharField(max_length=30)),
                ('input', models.CharField(blank=True, help_text='camera, reader or typed', max_length=10)),
                ('at', models.DateTimeField()),
                ('handled_at', models.DateTimeField(null=True)),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('handled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='failed_scans', to='operations.operation')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='GroupArrival',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('came', '来た'), ('went', '帰った'), ('corrected', '人数を直した')], max_length=10)),
                ('day', models.DateField()),
                ('extra', models.PositiveSmallIntegerField()),
                ('arrived_at', models.DateTimeField(help_text='when they came or went, or when the number was corrected')),
                ('since', models.DateTimeField(help_text="of a group's leaving: it takes home who came from then on", null=True)),
                ('annulled_at', models.DateTimeField(null=True)),
                ('op', models.CharField(blank=True, help_text="the tablet's operation that told it", max_length=36)),
                ('group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='arrivals', to='volunteers.group')),
                ('of', models.ForeignKey(help_text='the count this is about', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='said', to='checkin.grouparrival')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='group_arrivals', to='operations.operation')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['group', 'arrived_at'], name='what_was_told_of_a_group')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('extra__gt', 0), ('kind', 'came'), ('of__isnull', True)), models.Q(('extra', 0), ('kind', 'went')), models.Q(('kind', 'corrected'), ('of__isnull', False)), _connector='OR'), name='somebody_comes_nobody_goes_and_a_correction_is_of_a_count')],
            },
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('arrived_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(null=True)),
                ('oriented_at', models.DateTimeField(null=True)),
                ('insurance_seen_at', models.DateTimeField(null=True)),
                ('available_until', models.TimeField(null=True)),
                ('closed_reason', models.CharField(blank=True, max_length=120)),
                ('annulled_at', models.DateTimeField(null=True)),
                ('unreturned_at', models.DateTimeField(null=True)),
                ('flags', models.JSONField(default=list)),
                ('facts', models.JSONField(default=list)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='operations.operation')),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.site')),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='volunteers.volunteer')),
            ],
            options={
                'ordering': ['arrived_at', 'id'],
                'indexes': [models.Index(fields=['operation', 'day'], name='visits_of_the_day')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('annulled_at__isnull', True), ('left_at__isnull', True), ('unreturned_at__isnull', True)), fields=('operation', 'volunteer'), name='one_open_visit_per_volunteer'), models.CheckConstraint(condition=models.Q(('left_at__isnull', True), ('left_at__gte', models.F('arrived_at')), _connector='OR'), name='nobody_leaves_before_arriving')],
            },
        ),
    ]
