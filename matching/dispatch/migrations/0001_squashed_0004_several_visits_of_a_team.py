"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('dispatch', '0001_initial'),
        ('dispatch', '0002_a_team_on_its_way_back_holds_no_need'),
        ('dispatch', '0003_later_reports'),
        ('dispatch', '0004_several_visits_of_a_team'),
    ]

    initial = True

    dependencies = [
        ('help_requests', '0001_initial'),
        ('operations', '0001_initial'),
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Dispatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('serial', models.PositiveIntegerField()),
                ('position', models.PositiveSmallIntegerField(default=1, verbose_name='何軒目')),
                ('leg_minutes', models.PositiveSmallIntegerField(null=True, verbose_name='移動の時間（分）')),
                ('state', models.CharField(choices=[('accepted', '出発前'), ('next', 'このあと'), ('departed', '移動中'), ('on_site', '作業中'), ('leaving', '帰り道'), ('visited', '訪問ずみ'), ('back', '帰着'), ('cancelled', '取りやめ')], default='accepted', max_length=10)),
                ('token_nonce', models.CharField(max_length=32)),
                ('leader_token_hash', models.CharField(max_length=64, unique=True)),
                ('genuine_token_hash', models.CharField(max_length=64, unique=True)),
                ('checks', models.JSONField(default=list, verbose_name='出発前の確認')),
                ('sheets_printed', models.PositiveIntegerField(default=0)),
                ('accepted_at', models.DateTimeField()),
                ('departed_at', models.DateTimeField(null=True)),
                ('due_back_at', models.DateTimeField(null=True)),
                ('planned_from', models.DateTimeField(null=True)),
                ('planned_until', models.DateTimeField(null=True)),
                ('on_site_at', models.DateTimeField(null=True)),
                ('returned_at', models.DateTimeField(null=True)),
                ('accepted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispatches', to='help_requests.need')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispatches', to='operations.operation')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispatches', to='teams.team')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ActivityReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('completed', '完了（終わった）'), ('continuing', '継続（まだ残っている）'), ('stopped', '中止（天候・体調・危険など）'), ('absent', '不在で入れなかった')], max_length=10, verbose_name='結果')),
                ('people', models.PositiveSmallIntegerField(verbose_name='活動した人数')),
                ('text', models.TextField(blank=True, max_length=4000, verbose_name='やったこと')),
                ('remaining', models.TextField(blank=True, max_length=2000, verbose_name='残っていること')),
                ('people_next', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='次に必要な人数')),
                ('injury', models.CharField(blank=True, max_length=500, verbose_name='けが・体調不良')),
                ('near_miss', models.CharField(blank=True, max_length=500, verbose_name='ヒヤリハット')),
                ('watch', models.BooleanField(default=False, verbose_name='見守りが必要')),
                ('by_leader', models.BooleanField(default=True)),
                ('reported_at', models.DateTimeField()),
                ('dispatch', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='report', to='dispatch.dispatch')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LaterReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('completed', '完了（終わった）'), ('continuing', '継続（まだ残っている）'), ('stopped', '中止（天候・体調・危険など）'), ('absent', '不在で入れなかった')], max_length=10, verbose_name='結果')),
                ('people', models.PositiveSmallIntegerField(verbose_name='活動した人数')),
                ('text', models.TextField(blank=True, max_length=4000, verbose_name='やったこと')),
                ('remaining', models.TextField(blank=True, max_length=2000, verbose_name='残っていること')),
                ('people_next', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='次に必要な人数')),
                ('injury', models.CharField(blank=True, max_length=500, verbose_name='けが・体調不良')),
                ('near_miss', models.CharField(blank=True, max_length=500, verbose_name='ヒヤリハット')),
                ('watch', models.BooleanField(default=False, verbose_name='見守りが必要')),
                ('by_leader', models.BooleanField(default=True)),
                ('reported_at', models.DateTimeField()),
                ('digest', models.CharField(max_length=64)),
                ('dispatch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='later_reports', to='dispatch.dispatch')),
            ],
            options={
                'ordering': ['reported_at', 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='dispatch',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['accepted', 'next', 'departed', 'on_site'])), fields=('need',), name='one_live_team_per_need'),
        ),
        migrations.AddConstraint(
            model_name='dispatch',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['accepted', 'departed', 'on_site', 'leaving'])), fields=('team',), name='one_live_need_per_team'),
        ),
        migrations.AddConstraint(
            model_name='dispatch',
            constraint=models.UniqueConstraint(fields=('team', 'position'), name='one_visit_per_position'),
        ),
        migrations.AddConstraint(
            model_name='dispatch',
            constraint=models.UniqueConstraint(fields=('operation', 'serial'), name='one_work_order_per_serial'),
        ),
        migrations.AddConstraint(
            model_name='laterreport',
            constraint=models.UniqueConstraint(fields=('dispatch', 'digest'), name='one_later_report_per_text'),
        ),
    ]
