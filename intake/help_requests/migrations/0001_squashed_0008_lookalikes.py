"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import datetime
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('help_requests', '0001_initial'),
        ('help_requests', '0002_form_tokens'),
        ('help_requests', '0003_who_said_so'),
        ('help_requests', '0004_long_caller_notes'),
        ('help_requests', '0005_what_could_not_be_saved'),
        ('help_requests', '0006_unconfirmed_needs'),
        ('help_requests', '0007_phone_desk'),
        ('help_requests', '0008_lookalikes'),
    ]

    initial = True

    dependencies = [
        ('operations', '0001_initial'),
        ('people', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CallBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(max_length=120)),
                ('due_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['due_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CallTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('reached', 'つながった'), ('absent', '不在'), ('wrong_number', '番号違い')], max_length=12)),
                ('note', models.CharField(blank=True, max_length=150)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('call_back', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='help_requests.callback')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Need',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('relation', models.CharField(blank=True, max_length=20, verbose_name='本人との関係')),
                ('method', models.CharField(choices=[('phone', '電話'), ('counter', '窓口'), ('visit', '訪問'), ('web', 'ウェブ'), ('fax', 'FAX'), ('outreach', '巡回'), ('partner', '他機関'), ('other', 'その他')], default='phone', max_length=10, verbose_name='受付方法')),
                ('state', models.CharField(choices=[('received', '受付'), ('triage', '確認中'), ('survey_wait', '調査待ち'), ('surveyed', '調査済'), ('ready', 'マッチング待ち'), ('assigned', '派遣予定'), ('in_progress', '活動中'), ('continuing', '継続'), ('completed', '完了'), ('on_hold', '保留'), ('declined', '対応不可'), ('referred', '他機関へ'), ('withdrawn', '取下げ'), ('unreachable', '連絡不通'), ('done_others', 'ほかで済んだ'), ('duplicate', '重複')], default='received', max_length=12)),
                ('summary', models.CharField(blank=True, max_length=80, verbose_name='ひとことで')),
                ('description', models.TextField(blank=True, max_length=4000, verbose_name='依頼の内容')),
                ('health_note', models.CharField(blank=True, max_length=300, verbose_name='体の具合・持病')),
                ('lifelines', models.JSONField(blank=True, default=list, verbose_name='使えないもの（水道・電気など）')),
                ('damage_kinds', models.JSONField(blank=True, default=list, verbose_name='被災の状況')),
                ('hazards', models.JSONField(blank=True, default=list, verbose_name='危険なもの')),
                ('hazards_cleared', models.BooleanField(default=False, verbose_name='危険は確認済み・入ってよい')),
                ('hazards_cleared_note', models.CharField(blank=True, max_length=120, verbose_name='だれが何を確認したか')),
                ('parking', models.CharField(blank=True, max_length=120, verbose_name='駐車・搬入')),
                ('attendance', models.CharField(blank=True, max_length=120, verbose_name='立ち会う人・希望日')),
                ('open_from', models.TimeField(default=datetime.time(9, 0), verbose_name='作業できる時刻（から）')),
                ('open_until', models.TimeField(default=datetime.time(15, 30), verbose_name='作業できる時刻（まで）')),
                ('unconfirmed', models.BooleanField(default=False, help_text='came without a conversation; nobody is sent before one', verbose_name='電話での確認がまだ')),
                ('needs_crisis', models.BooleanField(default=False, verbose_name='危機介入が必要')),
                ('needs_watch', models.BooleanField(default=False, verbose_name='完了後も見守る')),
                ('consent_to_share', models.BooleanField(default=False, verbose_name='情報共有の同意')),
                ('held_reason', models.CharField(blank=True, max_length=120, verbose_name='保留の理由')),
                ('closed_reason', models.CharField(blank=True, max_length=200, verbose_name='終了の理由')),
                ('carried', models.JSONField(blank=True, default=dict, editable=False, help_text='what the first took over from this duplicate: {version it had then, before: {field: its own value}}')),
                ('received_at', models.DateTimeField()),
                ('ready_at', models.DateTimeField(null=True)),
                ('touched_at', models.DateTimeField()),
                ('form_token', models.UUIDField(editable=False, help_text='the form this came from: sent twice, received once', null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('duplicate_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='help_requests.need')),
                ('household', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='needs', to='people.household')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='needs', to='operations.operation')),
                ('received_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requester', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requested', to='people.person')),
                ('resident', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='needs', to='people.person')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Lookalike',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('points', models.FloatField()),
                ('reasons', models.JSONField(default=list)),
                ('found_at', models.DateTimeField()),
                ('opinion', models.CharField(blank=True, choices=[('', 'まだ'), ('same', '同じ依頼'), ('two', '別の依頼')], default='', max_length=4)),
                ('at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lookalikes', to='help_requests.need')),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='help_requests.need')),
            ],
            options={
                'ordering': ['-points', '-id'],
            },
        ),
        migrations.CreateModel(
            name='CrisisAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('raised_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('raised_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='crisis_alerts', to='help_requests.need')),
            ],
            options={
                'ordering': ['raised_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='CallerNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('relation', models.CharField(blank=True, max_length=20)),
                ('note', models.TextField(blank=True, max_length=6000)),
                ('at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.person')),
                ('merged_from', models.ForeignKey(editable=False, help_text='the duplicate this call was taken over from; it goes back when that was none', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='help_requests.need')),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='callers', to='help_requests.need')),
            ],
            options={
                'ordering': ['at'],
            },
        ),
        migrations.CreateModel(
            name='CallDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form_token', models.UUIDField(editable=False)),
                ('fields', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=1)),
                ('started_at', models.DateTimeField()),
                ('saved_at', models.DateTimeField()),
                ('dropped_at', models.DateTimeField(null=True)),
                ('dropped_reason', models.CharField(blank=True, max_length=80)),
                ('copy_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='copies', to='help_requests.calldraft')),
                ('dropped_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_drafts', to='operations.operation')),
                ('saved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='help_requests.need')),
            ],
            options={
                'ordering': ['saved_at', 'id'],
            },
        ),
        migrations.AddField(
            model_name='callback',
            name='need',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='call_backs', to='help_requests.need'),
        ),
        migrations.CreateModel(
            name='NeedChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(blank=True, choices=[('received', '受付'), ('triage', '確認中'), ('survey_wait', '調査待ち'), ('surveyed', '調査済'), ('ready', 'マッチング待ち'), ('assigned', '派遣予定'), ('in_progress', '活動中'), ('continuing', '継続'), ('completed', '完了'), ('on_hold', '保留'), ('declined', '対応不可'), ('referred', '他機関へ'), ('withdrawn', '取下げ'), ('unreachable', '連絡不通'), ('done_others', 'ほかで済んだ'), ('duplicate', '重複')], max_length=12)),
                ('to_state', models.CharField(choices=[('received', '受付'), ('triage', '確認中'), ('survey_wait', '調査待ち'), ('surveyed', '調査済'), ('ready', 'マッチング待ち'), ('assigned', '派遣予定'), ('in_progress', '活動中'), ('continuing', '継続'), ('completed', '完了'), ('on_hold', '保留'), ('declined', '対応不可'), ('referred', '他機関へ'), ('withdrawn', '取下げ'), ('unreachable', '連絡不通'), ('done_others', 'ほかで済んだ'), ('duplicate', '重複')], max_length=12)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('code', models.CharField(blank=True, max_length=20, verbose_name='理由の区分')),
                ('told', models.CharField(blank=True, max_length=80, verbose_name='だれに伝えたか')),
                ('told_at', models.DateTimeField(null=True, verbose_name='伝えた時刻')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='help_requests.need')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='TriageRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(max_length=40)),
                ('revision', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=60, verbose_name='何のこと')),
                ('verdict', models.CharField(choices=[('decline', 'お受けできない'), ('refer', 'ほかの機関へつなぐ'), ('ask', '班長に相談する'), ('care', '気をつけて受ける')], default='decline', max_length=8, verbose_name='どうするか')),
                ('signs', models.JSONField(blank=True, default=list, verbose_name='印')),
                ('words', models.JSONField(blank=True, default=list, verbose_name='話の中の言葉')),
                ('say', models.TextField(max_length=500, verbose_name='電話での言い方')),
                ('refer', models.CharField(blank=True, max_length=120, verbose_name='つなぎ先')),
                ('is_used', models.BooleanField(default=True, verbose_name='使う')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='triage_rules', to='operations.center')),
            ],
            options={
                'ordering': ['rule', '-revision'],
            },
        ),
        migrations.CreateModel(
            name='UnsavedEdit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('saved_at', models.DateTimeField(null=True)),
                ('said', models.JSONField(default=list)),
                ('digest', models.CharField(max_length=64)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unsaved_edits', to='help_requests.need')),
                ('saved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['at'],
            },
        ),
        migrations.CreateModel(
            name='WorkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(choices=[('furniture_out', '家財の運び出し'), ('mud_removal', '泥かき（土砂の撤去）'), ('under_floor', '床下の作業'), ('cleaning', '清掃・洗浄'), ('debris', '災害ごみの運搬'), ('tidy_up', '片付け'), ('moving', '引越しの手伝い'), ('supplies', '物資の仕分け'), ('meals', '炊き出し・配食'), ('company', '見守り・話し相手'), ('children', '子どもの見守り'), ('paperwork', '申請・情報の手伝い'), ('center_staff', 'センターの手伝い'), ('other', 'その他')], max_length=14, verbose_name='依頼分類')),
                ('detail', models.CharField(blank=True, max_length=120, verbose_name='量・場所')),
                ('people_min', models.PositiveSmallIntegerField(default=2, verbose_name='最少の人数')),
                ('people_ideal', models.PositiveSmallIntegerField(default=4, verbose_name='ほしい人数')),
                ('people_max', models.PositiveSmallIntegerField(default=8, verbose_name='多くても')),
                ('minutes', models.PositiveSmallIntegerField(default=120, verbose_name='作業の時間（分）')),
                ('skills', models.JSONField(blank=True, default=dict, help_text='{skill code: people}', verbose_name='必要な技能')),
                ('tools', models.JSONField(blank=True, default=dict, help_text='{tool code: count}', verbose_name='必要な資機材')),
                ('needs_truck', models.BooleanField(default=False, verbose_name='軽トラックが要る')),
                ('women_min', models.PositiveSmallIntegerField(default=0, verbose_name='女性の人数')),
                ('women_only', models.BooleanField(default=False, verbose_name='女性だけで')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='言葉')),
                ('minors_ok', models.BooleanField(default=True, verbose_name='未成年も可')),
                ('stamina_min', models.PositiveSmallIntegerField(default=1, verbose_name='体力')),
                ('visits', models.PositiveSmallIntegerField(default=1, verbose_name='何回伺うことになりそうか')),
                ('open_from', models.TimeField(blank=True, null=True, verbose_name='この作業の時刻（から）')),
                ('open_until', models.TimeField(blank=True, null=True, verbose_name='この作業の時刻（まで）')),
                ('hazards', models.JSONField(blank=True, default=list, verbose_name='この作業で危ないもの')),
                ('hazards_cleared_note', models.CharField(blank=True, max_length=120, verbose_name='だれが何を確認したか')),
                ('state', models.CharField(choices=[('open', 'これから'), ('leased', 'チームあり'), ('working', '作業中'), ('done', '済み'), ('not_possible', 'できなかった'), ('blocked', '止まっている')], default='open', max_length=12)),
                ('estimate_reason', models.CharField(blank=True, max_length=200, verbose_name='見立ての理由')),
                ('need', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='help_requests.need')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='CrisisAck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_as', models.CharField(choices=[('lead', '班長'), ('chief', 'センター長')], max_length=5)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acks', to='help_requests.crisisalert')),
            ],
            options={
                'ordering': ['at'],
                'constraints': [models.UniqueConstraint(fields=('alert', 'seen_as'), name='one_ack_per_side')],
            },
        ),
        migrations.AddIndex(
            model_name='need',
            index=models.Index(fields=['operation', 'state'], name='needs_by_state'),
        ),
        migrations.AddConstraint(
            model_name='need',
            constraint=models.UniqueConstraint(fields=('operation', 'number'), name='one_need_per_number'),
        ),
        migrations.AddConstraint(
            model_name='need',
            constraint=models.UniqueConstraint(fields=('operation', 'form_token'), name='one_need_per_form'),
        ),
        migrations.AddConstraint(
            model_name='lookalike',
            constraint=models.UniqueConstraint(fields=('need', 'other'), name='one_lookalike_per_pair'),
        ),
        migrations.AddConstraint(
            model_name='lookalike',
            constraint=models.CheckConstraint(condition=models.Q(('need', models.F('other')), _negated=True), name='no_need_looks_like_itself'),
        ),
        migrations.AddConstraint(
            model_name='crisisalert',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('need',), name='one_open_alert_per_need'),
        ),
        migrations.AddConstraint(
            model_name='calldraft',
            constraint=models.UniqueConstraint(fields=('operation', 'form_token'), name='one_draft_per_form'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('need',), name='one_open_call_back_per_need'),
        ),
        migrations.AddConstraint(
            model_name='triagerule',
            constraint=models.UniqueConstraint(fields=('center', 'rule', 'revision'), name='one_rule_per_revision'),
        ),
        migrations.AddConstraint(
            model_name='unsavededit',
            constraint=models.UniqueConstraint(fields=('need', 'digest'), name='one_unsaved_edit_per_text'),
        ),
        migrations.AddConstraint(
            model_name='workitem',
            constraint=models.CheckConstraint(condition=models.Q(('people_min__gte', 1), ('people_min__lte', models.F('people_ideal')), ('people_ideal__lte', models.F('people_max'))), name='head_counts_in_order'),
        ),
    ]
