"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('proposals', '0001_initial'),
        ('proposals', '0002_overrule'),
        ('proposals', '0003_run_asked_at'),
        ('proposals', '0004_run_record'),
        ('proposals', '0005_weighting_and_what_if'),
        ('proposals', '0006_visits_of_a_proposal'),
        ('proposals', '0007_one_visit_of_older_proposals'),
        ('proposals', '0008_rides'),
        ('proposals', '0009_first_rides'),
        ('proposals', '0010_cars_are_rides'),
        ('proposals', '0011_what_helps'),
    ]

    initial = True

    dependencies = [
        ('help_requests', '0001_initial'),
        ('operations', '0001_initial'),
        ('teams', '0001_initial'),
        ('volunteers', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MatchRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', '待ち'), ('done', '済み'), ('failed', '失敗'), ('cancelled', '取りやめ'), ('superseded', '新しい計算に交代')], default='requested', max_length=10)),
                ('why', models.CharField(max_length=40)),
                ('seed', models.PositiveIntegerField(default=0)),
                ('requested_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(auto_now_add=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('based_on', models.BigIntegerField(default=0)),
                ('problem', models.JSONField(null=True)),
                ('plan', models.JSONField(null=True)),
                ('score', models.FloatField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('worker', models.CharField(blank=True, max_length=80)),
                ('version', models.CharField(blank=True, max_length=20)),
                ('effort', models.PositiveIntegerField(default=0)),
                ('done', models.FloatField(default=0)),
                ('seconds', models.FloatField(null=True)),
                ('previous', models.JSONField(null=True)),
                ('bound', models.FloatField(null=True)),
                ('gap', models.FloatField(null=True)),
                ('helps', models.JSONField(null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='match_runs', to='operations.operation')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Overrule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('codes', models.JSONField(default=list)),
                ('reason', models.CharField(max_length=120, verbose_name='理由')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='overrule', to='teams.team')),
            ],
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('members', models.JSONField()),
                ('mode', models.CharField(max_length=8)),
                ('rides', models.JSONField(default=list)),
                ('reasons', models.JSONField(default=list)),
                ('need_version', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('offered', '提案中'), ('accepted', '決定'), ('rejected', '見送り'), ('superseded', '新しい提案あり')], default='offered', max_length=10)),
                ('offered_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('reject_reason', models.CharField(blank=True, max_length=120)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('leader', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer')),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='help_requests.need')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='operations.operation')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='proposals.matchrun')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ProposalVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('need_version', models.PositiveIntegerField()),
                ('planned_from', models.DateTimeField(null=True)),
                ('planned_until', models.DateTimeField(null=True)),
                ('offered', models.BooleanField(default=True)),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='help_requests.need')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='visits', to='proposals.proposal')),
            ],
            options={
                'ordering': ['proposal', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Weighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('steps', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('operation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='weighting', to='operations.operation')),
            ],
        ),
        migrations.CreateModel(
            name='WhatIf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('requested', '待ち'), ('done', '済み'), ('failed', '失敗'), ('cancelled', '取りやめ'), ('superseded', '新しい計算に交代')], default='requested', max_length=10)),
                ('change', models.JSONField()),
                ('result', models.JSONField(null=True)),
                ('requested_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(auto_now_add=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('done', models.FloatField(default=0)),
                ('score', models.FloatField(null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='what_ifs', to='operations.operation')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='matchrun',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'requested')), fields=('operation',), name='one_waiting_run_per_operation'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.UniqueConstraint(fields=('run', 'need'), name='one_proposal_per_run_and_need'),
        ),
        migrations.AddConstraint(
            model_name='proposalvisit',
            constraint=models.UniqueConstraint(fields=('proposal', 'position'), name='one_need_per_place_in_a_proposal'),
        ),
        migrations.AddConstraint(
            model_name='proposalvisit',
            constraint=models.UniqueConstraint(condition=models.Q(('offered', True)), fields=('need',), name='one_offer_per_need'),
        ),
        migrations.AddConstraint(
            model_name='whatif',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'requested')), fields=('operation',), name='one_waiting_what_if_per_operation'),
        ),
    ]
