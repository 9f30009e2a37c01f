"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('paper', '0001_initial'),
        ('paper', '0002_request_sheets'),
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
            name='PaperPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(verbose_name='紙にした時刻')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='紙をやめた時刻')),
                ('reason', models.CharField(max_length=120, verbose_name='理由')),
                ('recorded_at', models.DateTimeField()),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='paper_periods', to='operations.operation')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-started_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='PaperSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('serial', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('form', '受付票'), ('roster', '名簿'), ('list', '一覧'), ('request', '困りごとの受付票')], max_length=10)),
                ('title', models.CharField(blank=True, max_length=40)),
                ('printed_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('out', 'まだ戻っていない'), ('in', '戻った'), ('unused', '使わなかった'), ('lost', '失くした')], default='out', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=120)),
                ('settled_at', models.DateTimeField(null=True)),
                ('need', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='paper_sheets', to='help_requests.need')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='paper_sheets', to='operations.operation')),
                ('period', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sheets', to='paper.paperperiod')),
                ('printed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['serial'],
            },
        ),
        migrations.CreateModel(
            name='PaperLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveSmallIntegerField()),
                ('who', models.CharField(blank=True, max_length=60)),
                ('arrive', models.CharField(blank=True, max_length=20)),
                ('leave', models.CharField(blank=True, max_length=20)),
                ('arrived_at', models.DateTimeField(null=True)),
                ('left_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=20)),
                ('known_at', models.DateTimeField(null=True)),
                ('keyed_at', models.DateTimeField()),
                ('keyed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('volunteer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.volunteer')),
                ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='paper.papersheet')),
            ],
            options={
                'ordering': ['sheet_id', 'line'],
            },
        ),
        migrations.AddConstraint(
            model_name='paperperiod',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='paper_does_not_end_before_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='papersheet',
            constraint=models.UniqueConstraint(fields=('operation', 'serial'), name='one_sheet_per_serial'),
        ),
        migrations.AddConstraint(
            model_name='paperline',
            constraint=models.UniqueConstraint(fields=('sheet', 'line'), name='one_entry_per_line'),
        ),
    ]
