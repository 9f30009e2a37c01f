"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('outbox', '0001_initial'),
        ('outbox', '0002_due_at_once'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Row',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('object_id', models.CharField(max_length=40)),
                ('dedupe_key', models.CharField(max_length=120)),
                ('state', models.CharField(choices=[('pending', '待ち'), ('running', '実行中'), ('done', '済み'), ('parked', '要確認')], default='pending', max_length=10)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('run_after', models.DateTimeField(null=True)),
                ('published_at', models.DateTimeField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('lease_epoch', models.PositiveIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['state', 'run_after'], name='outbox_due')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'dedupe_key'), name='one_outbox_row_per_kind_and_key')],
            },
        ),
    ]
