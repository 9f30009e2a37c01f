"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import datetime
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('operations', '0001_initial'),
        ('operations', '0002_drill_clock'),
        ('operations', '0003_plain_reception'),
        ('operations', '0004_day_questions'),
        ('operations', '0005_when_the_notes_changed'),
        ('operations', '0006_posting'),
        ('operations', '0007_visits_in_a_row'),
        ('operations', '0008_one_need_on_ordinary_days'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Center',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='センター名')),
                ('city', models.CharField(max_length=40, verbose_name='市町村')),
                ('phone', models.CharField(max_length=20, verbose_name='電話番号')),
                ('issuer', models.PositiveIntegerField(unique=True)),
                ('lat', models.FloatField(default=38.2939)),
                ('lng', models.FloatField(default=141.0044)),
                ('plain_reception', models.BooleanField(default=False, verbose_name='暗号化なしの受付')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('issuer__gte', 1), ('issuer__lt', 16777216)), name='issuer_fits_three_bytes')],
            },
        ),
        migrations.CreateModel(
            name='Operation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='名称')),
                ('mode', models.CharField(choices=[('ordinary', '平常時'), ('drill', '訓練'), ('disaster', '災害')], max_length=10)),
                ('state', models.CharField(choices=[('preparing', '準備中'), ('open', '開設中'), ('closed', '閉所')], default='preparing', max_length=10)),
                ('insurance_required', models.BooleanField(default=True, verbose_name='保険を確認する')),
                ('insurance_special_rule', models.BooleanField(default=False, verbose_name='大規模災害特例（当日から補償）')),
                ('orientation_required', models.BooleanField(default=True, verbose_name='説明（オリエンテーション）を求める')),
                ('day_questions', models.JSONField(blank=True, default=list, verbose_name='今日の質問')),
                ('questions_stop', models.CharField(choices=[('never', 'だれも止めない（一覧に出すだけ）'), ('no', '体調がよくない人、装備が足りない人を止める'), ('unanswered', 'その人たちと、まだ答えていない人を止める')], default='no', max_length=10, verbose_name='質問で出発を止める人')),
                ('consent_since', models.DateTimeField(blank=True, help_text='whoever agreed before this is asked again', null=True, verbose_name='注意事項を改めた時刻')),
                ('max_visits', models.PositiveSmallIntegerField(default=3, help_text='most needs the engine gives one team in a row, 1 to 3', verbose_name='1チームが続けて行く件数')),
                ('auto_match', models.BooleanField(default=True, verbose_name='自動で提案を作る')),
                ('posting', models.BooleanField(default=False, verbose_name='掲示・挙手で組む')),
                ('recruiting', models.BooleanField(default=True, verbose_name='募集中')),
                ('notice', models.CharField(blank=True, max_length=300, verbose_name='お知らせ')),
                ('day_start', models.TimeField(default=datetime.time(9, 0), verbose_name='受付開始')),
                ('work_end', models.TimeField(default=datetime.time(15, 30), verbose_name='現地作業の終了')),
                ('capacity', models.PositiveIntegerField(blank=True, null=True, verbose_name='1日の定員')),
                ('opened_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('clock_reading', models.DateTimeField(editable=False, null=True)),
                ('clock_set_at', models.DateTimeField(editable=False, null=True)),
                ('clock_speed', models.FloatField(default=1, editable=False)),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='operations', to='operations.center')),
            ],
        ),
        migrations.CreateModel(
            name='OperationChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(blank=True, choices=[('preparing', '準備中'), ('open', '開設中'), ('closed', '閉所')], max_length=10)),
                ('to_state', models.CharField(choices=[('preparing', '準備中'), ('open', '開設中'), ('closed', '閉所')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='operations.operation')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='拠点名')),
                ('address', models.CharField(blank=True, max_length=120, verbose_name='住所')),
                ('lat', models.FloatField()),
                ('lng', models.FloatField()),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sites', to='operations.center')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='operation',
            constraint=models.UniqueConstraint(condition=models.Q(('mode', 'ordinary'), models.Q(('state', 'closed'), _negated=True)), fields=('center',), name='one_ordinary_operation_per_center'),
        ),
        migrations.AddConstraint(
            model_name='operation',
            constraint=models.CheckConstraint(condition=models.Q(('max_visits__gte', 1), ('max_visits__lte', 3)), name='one_to_three_visits_in_a_row'),
        ),
    ]
