"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('sync', '0001_initial'),
        ('sync', '0002_receipts_of_refused_ops'),
        ('sync', '0003_inbox_and_held_ops'),
        ('sync', '0004_quarantine_and_dismissals'),
        ('sync', '0005_sweep_the_register'),
        ('sync', '0006_where_the_register_was_read'),
        ('sync', '0007_by_what_a_time_was_corrected'),
        ('sync', '0008_what_an_op_waits_for'),
        ('sync', '0009_ops_that_broke'),
        ('sync', '0010_typed_names_for_the_inbox'),
        ('sync', '0011_what_a_wrong_card_told'),
        ('sync', '0012_two_surveys'),
        ('sync', '0013_tool_desk'),
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
            name='InboxSweep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.BigIntegerField(default=0)),
                ('receipt', models.BigIntegerField(default=0)),
                ('volunteer', models.BigIntegerField(default=0)),
                ('place', models.BigIntegerField(default=0)),
                ('day', models.DateField(null=True)),
                ('at', models.DateTimeField()),
                ('operation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='operations.operation')),
            ],
        ),
        migrations.CreateModel(
            name='QuarantinedOp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('op_id', models.UUIDField(unique=True)),
                ('epoch', models.PositiveIntegerField()),
                ('seq', models.PositiveIntegerField()),
                ('op', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('clock_error_ms', models.BigIntegerField(default=0)),
                ('happened_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'まだ'), ('taken_in', '取り込んだ'), ('refused', '取り込まなかった')], default='waiting', max_length=10)),
                ('decided_at', models.DateTimeField(null=True)),
                ('broken', models.CharField(blank=True, max_length=40)),
                ('tried_at', models.DateTimeField(null=True)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quarantined', to='accounts.device')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
            ],
            options={
                'ordering': ['epoch', 'seq', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('op_id', models.UUIDField(unique=True)),
                ('epoch', models.PositiveIntegerField()),
                ('seq', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=30)),
                ('lane', models.CharField(blank=True, max_length=60)),
                ('mode', models.CharField(max_length=10)),
                ('payload', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('happened_at', models.DateTimeField()),
                ('clock_error_ms', models.IntegerField(default=0)),
                ('corrected_by', models.CharField(blank=True, help_text='clocks.Told.by', max_length=10)),
                ('received_at', models.DateTimeField()),
                ('result', models.JSONField()),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='accounts.device')),
                ('operation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Dismissal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('receipt', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='dismissal', to='sync.receipt')),
            ],
        ),
        migrations.CreateModel(
            name='HeldOp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('op_id', models.UUIDField(unique=True)),
                ('target', models.UUIDField(null=True)),
                ('asked', models.BooleanField(default=False)),
                ('op', models.JSONField()),
                ('epoch', models.PositiveIntegerField()),
                ('clock_error_ms', models.BigIntegerField(default=0)),
                ('happened_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', '待っている'), ('folded', '記録した'), ('dropped', '使わない')], default='waiting', max_length=10)),
                ('settled_at', models.DateTimeField(null=True)),
                ('result', models.JSONField(null=True)),
                ('card', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.card')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
                ('volunteer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.volunteer')),
            ],
            options={
                'ordering': ['happened_at', 'id'],
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['card'], name='ops_waiting_for_a_card')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('card__isnull', False), ('target__isnull', True), ('volunteer__isnull', True)), models.Q(('card__isnull', True), ('target__isnull', True), ('volunteer__isnull', False)), models.Q(('card__isnull', True), ('target__isnull', False), ('volunteer__isnull', True)), _connector='OR'), name='a_held_op_waits_for_one_thing')],
            },
        ),
        migrations.CreateModel(
            name='InboxItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('two_gates', '2か所で受付'), ('no_arrival', '到着の記録がない'), ('unreturned', '帰りの記録がない'), ('old_card', '使えないカードで受付'), ('card_never_bound', '名前のないカードで受付'), ('never_arrived', '保険・説明だけの記録'), ('same_person', '同じ人が2回登録'), ('need_edit', '困りごとの直しが重なった'), ('two_surveys', '調査の結果が重なった'), ('two_reports', '活動報告が2つある'), ('two_teams', '1人に2つの班'), ('late_facts', 'あとから届いた記録'), ('quarantine', '使用停止の端末からの記録'), ('broken_op', '取り込めなかった記録'), ('unclear_name', '名前だけの記録'), ('tool_twice', '1台の資機材を2か所で貸出'), ('card_taken_back', '渡しまちがえたカードの記録')], max_length=20)),
                ('key', models.CharField(max_length=80)),
                ('subjects', models.JSONField(default=dict)),
                ('views', models.JSONField(default=list)),
                ('fix', models.CharField(max_length=20)),
                ('state', models.CharField(choices=[('open', 'まだ'), ('resolved', '済み')], default='open', max_length=10)),
                ('happened_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
                ('choice', models.CharField(blank=True, max_length=20)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inbox_items', to='operations.operation')),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-opened_at', '-id'],
                'indexes': [models.Index(fields=['operation', 'state'], name='inbox_of_operation')],
                'constraints': [models.UniqueConstraint(fields=('operation', 'kind', 'key'), name='one_inbox_item_per_conflict'), models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', True), ('state', 'open')), models.Q(('resolved_at__isnull', False), ('state', 'resolved')), _connector='OR'), name='a_resolved_item_says_when')],
            },
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(fields=('device', 'epoch', 'seq'), name='one_receipt_per_device_and_seq'),
        ),
    ]
