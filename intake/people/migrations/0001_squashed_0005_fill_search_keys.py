"""All of the steps below in one, for a database that has none of them: a first start is sooner done. One that has some
goes on with the rest of them one by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('people', '0001_initial'),
        ('people', '0002_people_of_a_drill'),
        ('people', '0003_town_readings'),
        ('people', '0004_search_keys_and_merges'),
        ('people', '0005_fill_search_keys'),
    ]

    initial = True

    dependencies = [
        ('operations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Household',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(blank=True, max_length=120, verbose_name='住所')),
                ('address_key', models.CharField(db_index=True, editable=False, max_length=160)),
                ('unit_key', models.CharField(db_index=True, default='', editable=False, help_text='building and room, folded; empty for a house', max_length=80)),
                ('landmark', models.CharField(blank=True, max_length=120, verbose_name='目印・行き方')),
                ('lat', models.FloatField(null=True)),
                ('lng', models.FloatField(null=True)),
                ('precision', models.CharField(choices=[('pin', '地図で指定'), ('town', '町丁目の中心'), ('none', '場所未定')], default='none', max_length=4)),
                ('lives_alone', models.BooleanField(default=False, verbose_name='一人暮らし')),
                ('members', models.CharField(blank=True, max_length=120, verbose_name='同居の人')),
                ('created_at', models.DateTimeField()),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='households', to='operations.center')),
                ('drill', models.ForeignKey(blank=True, help_text='the drill this invented house belongs to; empty for real ones', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
                ('merged_into', models.ForeignKey(editable=False, help_text='the other entry of the same house, which stands for this one', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='people.household')),
            ],
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=80, verbose_name='氏名')),
                ('kana', models.CharField(blank=True, max_length=120, verbose_name='ふりがな')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='電話番号')),
                ('name_key', models.CharField(db_index=True, editable=False, max_length=100)),
                ('kana_key', models.CharField(db_index=True, editable=False, max_length=140)),
                ('given_key', models.CharField(db_index=True, default='', editable=False, max_length=100)),
                ('given_kana_key', models.CharField(db_index=True, default='', editable=False, max_length=140)),
                ('phone_digits', models.CharField(db_index=True, editable=False, max_length=20)),
                ('phone_reversed', models.CharField(db_index=True, default='', editable=False, help_text='from the last digit: 下4けた is a beginning', max_length=20)),
                ('birth_year', models.PositiveIntegerField(blank=True, null=True, verbose_name='生まれた年')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='配慮すること')),
                ('created_at', models.DateTimeField()),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='people', to='operations.center')),
                ('drill', models.ForeignKey(blank=True, help_text='the drill this invented person belongs to; empty for real people', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.operation')),
                ('household', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='people.household')),
                ('merged_into', models.ForeignKey(editable=False, help_text='the other entry of the same person, which stands for this one', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='people.person')),
            ],
        ),
        migrations.CreateModel(
            name='Town',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('koaza', models.CharField(blank=True, max_length=60)),
                ('kana', models.CharField(blank=True, max_length=120)),
                ('lat', models.FloatField()),
                ('lng', models.FloatField()),
                ('center', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='towns', to='operations.center')),
            ],
            options={
                'ordering': ['name', 'koaza'],
            },
        ),
        migrations.AddField(
            model_name='household',
            name='town',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='people.town'),
        ),
        migrations.CreateModel(
            name='HouseholdMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('moved', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('into', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='took_in', to='people.household')),
                ('twin', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='people.household')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('twin',), name='one_standing_merge_per_house'), models.CheckConstraint(condition=models.Q(('twin', models.F('into')), _negated=True), name='no_house_is_merged_into_itself')],
            },
        ),
        migrations.CreateModel(
            name='PersonMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('moved', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('into', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='took_in', to='people.person')),
                ('twin', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='people.person')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('twin',), name='one_standing_merge_per_person'), models.CheckConstraint(condition=models.Q(('twin', models.F('into')), _negated=True), name='no_person_is_merged_into_themself')],
            },
        ),
        migrations.AddConstraint(
            model_name='town',
            constraint=models.UniqueConstraint(fields=('center', 'name', 'koaza'), name='one_town_per_name'),
        ),
    ]
