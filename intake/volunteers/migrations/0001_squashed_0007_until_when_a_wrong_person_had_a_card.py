"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('volunteers', '0001_initial'),
        ('volunteers', '0002_form_tokens'),
        ('volunteers', '0003_who_said_to_be_under_age'),
        ('volunteers', '0004_merges'),
        ('volunteers', '0005_sheet_and_leader_of_a_group'),
        ('volunteers', '0006_when_somebody_was_put_on_a_list'),
        ('volunteers', '0007_until_when_a_wrong_person_had_a_card'),
    ]

    initial = True

    dependencies = [
        ('operations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CardStock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('count', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField()),
                ('form_token', models.UUIDField(editable=False, null=True, unique=True)),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='card_stocks', to='operations.center')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('drill', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='団体名')),
                ('atomic', models.BooleanField(default=True, verbose_name='分けずに活動する')),
                ('min_part', models.PositiveIntegerField(default=2, verbose_name='分けるときの最少人数')),
                ('sheet_id', models.CharField(blank=True, editable=False, max_length=32)),
                ('sheet_token', models.CharField(blank=True, editable=False, max_length=147)),
                ('created_at', models.DateTimeField()),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='groups', to='operations.center')),
            ],
        ),
        migrations.CreateModel(
            name='Volunteer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family_name', models.CharField(max_length=40, verbose_name='姓')),
                ('given_name', models.CharField(blank=True, max_length=40, verbose_name='名')),
                ('family_kana', models.CharField(blank=True, max_length=60, verbose_name='せい')),
                ('given_kana', models.CharField(blank=True, max_length=60, verbose_name='めい')),
                ('name_key', models.CharField(db_index=True, editable=False, max_length=100)),
                ('kana_key', models.CharField(db_index=True, editable=False, max_length=140)),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='電話番号（携帯）')),
                ('phone_digits', models.CharField(db_index=True, editable=False, max_length=20)),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='メール')),
                ('birth_date', models.DateField(blank=True, null=True, verbose_name='生年月日')),
                ('gender', models.CharField(blank=True, choices=[('F', '女性'), ('M', '男性'), ('', '答えない')], max_length=1, verbose_name='性別（任意）')),
                ('postal_code', models.CharField(blank=True, max_length=8, verbose_name='郵便番号')),
                ('address', models.CharField(blank=True, max_length=120, verbose_name='住所')),
                ('emergency_name', models.CharField(blank=True, max_length=60, verbose_name='緊急連絡先の氏名')),
                ('emergency_phone', models.CharField(blank=True, max_length=20, verbose_name='緊急連絡先の電話')),
                ('emergency_relation', models.CharField(blank=True, max_length=20, verbose_name='続柄')),
                ('listed_at', models.DateTimeField(editable=False, help_text='when they were put on the list of their group', null=True)),
                ('guardian_consent', models.BooleanField(default=False, verbose_name='保護者の同意あり')),
                ('said_minor', models.BooleanField(default=False, help_text='asked at the desk of somebody whose birth date is not known', verbose_name='18歳未満と聞いた')),
                ('skills', models.JSONField(blank=True, default=list, verbose_name='資格・特技')),
                ('languages', models.JSONField(blank=True, default=list, verbose_name='話せる言葉')),
                ('experience', models.PositiveSmallIntegerField(default=0, help_text='0 first time … 3 can lead anywhere', verbose_name='活動経験')),
                ('stamina', models.PositiveSmallIntegerField(default=2, help_text='1 light work … 3 heavy work', verbose_name='体力')),
                ('vehicle', models.CharField(blank=True, choices=[('', 'なし'), ('car', '乗用車'), ('kei_truck', '軽トラック'), ('truck', 'トラック'), ('van', 'ワゴン車')], max_length=10, verbose_name='乗ってきた車')),
                ('vehicle_seats', models.PositiveSmallIntegerField(default=0, verbose_name='乗れる人数（運転者を含む）')),
                ('prefers', models.JSONField(blank=True, default=list, verbose_name='希望する活動')),
                ('avoids', models.JSONField(blank=True, default=list, verbose_name='できない作業')),
                ('source', models.CharField(choices=[('desk', '窓口（職員が入力）'), ('web', '本人（ウェブ）'), ('import', '取り込み'), ('drill', '訓練')], default='desk', max_length=10)),
                ('consented_at', models.DateTimeField(null=True, verbose_name='注意事項への同意')),
                ('blocked_reason', models.CharField(blank=True, max_length=200, verbose_name='受付を止める理由')),
                ('registered_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('form_token', models.UUIDField(editable=False, help_text='the form this came from: sent twice, registered once', null=True, unique=True)),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='volunteers', to='operations.center')),
                ('drill', models.ForeignKey(blank=True, help_text='the drill this invented person belongs to; empty for real people', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='volunteers', to='volunteers.group')),
                ('guardian', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='wards', to='volunteers.volunteer', verbose_name='付き添う保護者')),
                ('merged_into', models.ForeignKey(editable=False, help_text="the same person's other registration, which stands for this one", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='volunteers.volunteer')),
            ],
            options={
                'ordering': ['kana_key', 'id'],
            },
        ),
        migrations.CreateModel(
            name='InsurancePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan', models.CharField(choices=[('basic', '基本プラン'), ('quake', '天災・地震補償プラン'), ('infection', '特定感染症重点プラン')], default='basic', max_length=10, verbose_name='プラン')),
                ('valid_from', models.DateTimeField()),
                ('valid_to', models.DateTimeField()),
                ('evidence', models.CharField(blank=True, max_length=40, verbose_name='確認の方法')),
                ('recorded_at', models.DateTimeField()),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='policies', to='volunteers.volunteer')),
            ],
            options={
                'ordering': ['-valid_to'],
            },
        ),
        migrations.AddField(
            model_name='group',
            name='leader',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='volunteers.volunteer', verbose_name='代表の人'),
        ),
        migrations.CreateModel(
            name='Card',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('card_id', models.CharField(max_length=32, unique=True)),
                ('token', models.CharField(max_length=147, unique=True)),
                ('short_code', models.CharField(max_length=8)),
                ('state', models.CharField(choices=[('blank', '未使用'), ('bound', '使用中'), ('lost', '紛失'), ('replaced', '再発行済み')], default='blank', max_length=10)),
                ('issued_on', models.DateField()),
                ('expires_on', models.DateField(null=True)),
                ('mistaken_until', models.DateTimeField(null=True)),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cards', to='operations.center')),
                ('stock', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cards', to='volunteers.cardstock')),
                ('holder', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cards', to='volunteers.volunteer')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='CardKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kid', models.PositiveSmallIntegerField()),
                ('public_key', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='card_keys', to='operations.center')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('center', 'kid'), name='one_card_key_per_kid')],
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('moved', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('into', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer')),
                ('twin', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='volunteers.volunteer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('twin',), name='one_standing_merge_per_twin'), models.CheckConstraint(condition=models.Q(('twin', models.F('into')), _negated=True), name='nobody_is_merged_into_themself')],
            },
        ),
        migrations.CreateModel(
            name='CardBinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bound_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, max_length=20)),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bindings', to='volunteers.card')),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bindings', to='volunteers.volunteer')),
            ],
            options={
                'ordering': ['-bound_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('card',), name='one_live_binding_per_card')],
            },
        ),
        migrations.AddConstraint(
            model_name='card',
            constraint=models.UniqueConstraint(fields=('center', 'short_code'), name='one_card_per_short_code'),
        ),
        migrations.AddConstraint(
            model_name='card',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'bound')), fields=('holder',), name='one_live_card_per_volunteer'),
        ),
        migrations.AddConstraint(
            model_name='card',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('holder__isnull', True), ('state', 'blank')), models.Q(('state', 'blank'), _negated=True), _connector='OR'), name='a_blank_card_has_no_holder'),
        ),
    ]
