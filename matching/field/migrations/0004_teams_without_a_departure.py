"""A leader is heard of whose team, as the desk has it, has not left."""

from __future__ import annotations

from django.db import migrations, models

SAID = [
    ("sos", "助けが必要"), ("injury", "けが・体調不良"), ("visit_done", "行っていないはずのお宅の報告"),
    ("gone", "出発の記録がない班から"), ("extra", "ほかの作業を頼まれた"), ("later", "時間をのばしたい"),
    ("people", "人を増やしてほしい"), ("tools", "資機材がほしい"), ("near_miss", "ヒヤリとした"), ("photo", "写真"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("field", "0003_reports_without_a_departure"),
    ]

    operations = [
        migrations.AlterField("fieldnote", "said", models.CharField(choices=SAID, max_length=10)),
    ]
