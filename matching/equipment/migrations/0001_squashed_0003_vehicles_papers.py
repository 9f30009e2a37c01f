"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('equipment', '0001_initial'),
        ('equipment', '0002_what_is_out_and_numbered_pieces'),
        ('equipment', '0003_vehicles_papers'),
    ]

    initial = True

    dependencies = [
        ('operations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Vehicle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, verbose_name='呼び名')),
                ('kind', models.CharField(choices=[('', 'なし'), ('car', '乗用車'), ('kei_truck', '軽トラック'), ('truck', 'トラック'), ('van', 'ワゴン車')], max_length=10, verbose_name='種類')),
                ('seats', models.PositiveSmallIntegerField(verbose_name='乗れる人数（運転者を含む）')),
                ('available', models.BooleanField(default=True, verbose_name='使える')),
                ('licence', models.CharField(blank=True, choices=[('at', '普通免許（AT限定でもよい）'), ('ordinary', '普通免許（AT限定は不可）'), ('semi', '準中型免許'), ('medium', '中型免許'), ('large', '大型免許')], max_length=10, verbose_name='要る免許')),
                ('inspection_until', models.DateField(null=True, verbose_name='車検の満了日')),
                ('owner', models.CharField(blank=True, max_length=60, verbose_name='借りた先')),
                ('return_by', models.DateField(null=True, verbose_name='返す日')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='vehicles', to='operations.operation')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.site')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ToolItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tool', models.CharField(choices=[('shovel', '角スコップ'), ('spade', '剣スコップ'), ('wheelbarrow', '一輪車'), ('sandbag', '土のう袋（10枚）'), ('brush', 'デッキブラシ'), ('crowbar', 'バール'), ('washer', '高圧洗浄機'), ('sheet', 'ブルーシート'), ('rope', 'ロープ'), ('ladder', 'はしご'), ('cart', '台車'), ('blower', '送風機'), ('generator', '発電機'), ('chainsaw', 'チェーンソー')], max_length=12, verbose_name='資機材')),
                ('number', models.PositiveIntegerField(verbose_name='号')),
                ('about', models.CharField(blank=True, max_length=60, verbose_name='型・持ち主')),
                ('card_id', models.CharField(max_length=32, unique=True)),
                ('token', models.CharField(max_length=160)),
                ('short_code', models.CharField(max_length=8)),
                ('condition', models.CharField(choices=[('fine', '使える'), ('broken', 'こわれている'), ('lost', '見つからない'), ('retired', 'もう使わない')], default='fine', max_length=8)),
                ('condition_note', models.CharField(blank=True, max_length=120, verbose_name='ようす')),
                ('added_at', models.DateTimeField()),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tool_items', to='operations.operation')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.site')),
            ],
            options={
                'ordering': ['tool', 'number'],
                'constraints': [models.UniqueConstraint(fields=('operation', 'tool', 'number'), name='one_tool_item_per_number'), models.UniqueConstraint(fields=('operation', 'short_code'), name='one_tool_item_per_short_code')],
            },
        ),
        migrations.CreateModel(
            name='ToolStock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tool', models.CharField(choices=[('shovel', '角スコップ'), ('spade', '剣スコップ'), ('wheelbarrow', '一輪車'), ('sandbag', '土のう袋（10枚）'), ('brush', 'デッキブラシ'), ('crowbar', 'バール'), ('washer', '高圧洗浄機'), ('sheet', 'ブルーシート'), ('rope', 'ロープ'), ('ladder', 'はしご'), ('cart', '台車'), ('blower', '送風機'), ('generator', '発電機'), ('chainsaw', 'チェーンソー')], max_length=12)),
                ('count', models.PositiveIntegerField(verbose_name='在庫')),
                ('out', models.PositiveIntegerField(default=0, verbose_name='貸出中')),
                ('broken', models.PositiveIntegerField(default=0, verbose_name='こわれている')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tool_stock', to='operations.operation')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.site')),
            ],
            options={
                'ordering': ['site_id', 'tool'],
                'constraints': [models.UniqueConstraint(fields=('operation', 'site', 'tool'), name='one_stock_row_per_tool'), models.CheckConstraint(condition=models.Q(('count__gte', django.db.models.expressions.CombinedExpression(models.F('out'), '+', models.F('broken')))), name='a_site_lends_no_more_than_it_has')],
            },
        ),
    ]
