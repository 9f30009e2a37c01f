"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('devices', '0001_initial'),
        ('devices', '0002_paired_on_the_plain_line'),
        ('devices', '0003_todays_visits'),
        ('devices', '0004_tool_desk'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0002_initial'),
        ('operations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Pairing',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=40, verbose_name='端末名')),
                ('profile', models.CharField(choices=[('reception', '受付'), ('survey', '現地調査'), ('matching', 'マッチング'), ('field', '現場'), ('wall', '掲示'), ('kiosk', '自分で受付'), ('tools', '資機材')], max_length=10)),
                ('state', models.CharField(choices=[('waiting', '端末を待っています'), ('asking', '端末が許可を待っています'), ('approved', '登録しました'), ('refused', '断りました')], default='waiting', max_length=10)),
                ('code_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(null=True)),
                ('number', models.CharField(blank=True, max_length=4)),
                ('secret_hash', models.CharField(blank=True, max_length=64)),
                ('capabilities', models.JSONField(default=dict)),
                ('plain_line', models.BooleanField(default=False, help_text='asked without encryption: its secret may have been overheard since')),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pairings', to='operations.center')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('device', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pairing', to='accounts.device')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Holding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('cards', 'カードと名前'), ('operators', '担当者の照合データ'), ('visits', '今日の調査先')], max_length=10)),
                ('newest', models.PositiveIntegerField()),
                ('most', models.PositiveIntegerField()),
                ('people', models.JSONField(default=list)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holdings', to='accounts.device')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
            ],
            options={
                'ordering': ['kind', '-last_at'],
                'constraints': [models.UniqueConstraint(fields=('device', 'operation', 'kind'), name='one_holding_per_device_operation_and_kind')],
            },
        ),
    ]
