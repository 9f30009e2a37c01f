
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('equipment', '0001_initial'),
        ('operations', '0008_one_need_on_ordinary_days'),
    ]

    operations = [
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
            ],
            options={
                'ordering': ['tool', 'number'],
            },
        ),
        migrations.AddField(
            model_name='toolstock',
            name='broken',
            field=models.PositiveIntegerField(default=0, verbose_name='こわれている'),
        ),
        migrations.AddField(
            model_name='toolstock',
            name='out',
            field=models.PositiveIntegerField(default=0, verbose_name='貸出中'),
        ),
        migrations.AddConstraint(
            model_name='toolstock',
            constraint=models.CheckConstraint(condition=models.Q(('count__gte', django.db.models.expressions.CombinedExpression(models.F('out'), '+', models.F('broken')))), name='a_site_lends_no_more_than_it_has'),
        ),
        migrations.AddField(
            model_name='toolitem',
            name='operation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tool_items', to='operations.operation'),
        ),
        migrations.AddField(
            model_name='toolitem',
            name='site',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.site'),
        ),
        migrations.AddConstraint(
            model_name='toolitem',
            constraint=models.UniqueConstraint(fields=('operation', 'tool', 'number'), name='one_tool_item_per_number'),
        ),
        migrations.AddConstraint(
            model_name='toolitem',
            constraint=models.UniqueConstraint(fields=('operation', 'short_code'), name='one_tool_item_per_short_code'),
        ),
    ]
