
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0004_what_is_backed_up'),
        ('equipment', '0002_what_is_out_and_numbered_pieces'),
        ('operations', '0008_one_need_on_ordinary_days'),
        ('teams', '0005_cars_are_rides'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Loan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tool', models.CharField(choices=[('shovel', '角スコップ'), ('spade', '剣スコップ'), ('wheelbarrow', '一輪車'), ('sandbag', '土のう袋（10枚）'), ('brush', 'デッキブラシ'), ('crowbar', 'バール'), ('washer', '高圧洗浄機'), ('sheet', 'ブルーシート'), ('rope', 'ロープ'), ('ladder', 'はしご'), ('cart', '台車'), ('blower', '送風機'), ('generator', '発電機'), ('chainsaw', 'チェーンソー')], max_length=12, verbose_name='資機材')),
                ('count', models.PositiveIntegerField(default=1, verbose_name='貸した数')),
                ('back', models.PositiveIntegerField(default=0, verbose_name='返った数')),
                ('left', models.PositiveIntegerField(default=0, verbose_name='置いてきた数')),
                ('person', models.CharField(blank=True, max_length=60, verbose_name='借りた人')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='電話')),
                ('reason', models.CharField(blank=True, max_length=120, verbose_name='何に使うか')),
                ('lent_at', models.DateTimeField()),
                ('op', models.UUIDField(null=True, unique=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('disputed', models.BooleanField(default=False)),
                ('annulled', models.BooleanField(default=False, verbose_name='まちがいだった')),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('item', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='loans', to='equipment.toolitem')),
                ('lent_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='loans', to='operations.operation')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.site')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='loans', to='teams.team')),
            ],
            options={
                'ordering': ['lent_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='GiveBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tool', models.CharField(choices=[('shovel', '角スコップ'), ('spade', '剣スコップ'), ('wheelbarrow', '一輪車'), ('sandbag', '土のう袋（10枚）'), ('brush', 'デッキブラシ'), ('crowbar', 'バール'), ('washer', '高圧洗浄機'), ('sheet', 'ブルーシート'), ('rope', 'ロープ'), ('ladder', 'はしご'), ('cart', '台車'), ('blower', '送風機'), ('generator', '発電機'), ('chainsaw', 'チェーンソー')], max_length=12)),
                ('count', models.PositiveIntegerField(default=1)),
                ('outcome', models.CharField(choices=[('fine', '返った'), ('left', '置いてきた'), ('broken', 'こわれた'), ('lost', 'なくした')], default='fine', max_length=8)),
                ('note', models.CharField(blank=True, max_length=120)),
                ('at', models.DateTimeField()),
                ('op', models.UUIDField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='given_back', to='equipment.toolitem')),
                ('operation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                ('loan', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='given_back', to='loans.loan')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='loan',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['operation', 'tool'], name='open_loans'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True), ('disputed', False), ('item__isnull', False)), fields=('item',), name='one_open_loan_per_item'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.CheckConstraint(condition=models.Q(('count__gte', 1), ('back__lte', models.F('count')), ('left__lte', django.db.models.expressions.CombinedExpression(models.F('count'), '-', models.F('back')))), name='no_more_back_than_lent'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.CheckConstraint(condition=models.Q(('item__isnull', True), ('count', 1), _connector='OR'), name='a_piece_is_one'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('person', ''), ('team__isnull', False)), models.Q(('team__isnull', True), models.Q(('person', ''), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='a_loan_is_to_a_team_or_a_person_with_reason'),
        ),
        migrations.AddIndex(
            model_name='giveback',
            index=models.Index(fields=['op'], name='give_backs_by_op'),
        ),
    ]
