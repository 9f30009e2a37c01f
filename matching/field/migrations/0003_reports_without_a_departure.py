"""A report is also kept of a team whose departure nobody wrote down, or somebody took back."""

from __future__ import annotations

from django.db import migrations, models

SAID = [
    ("sos", "助けが必要"), ("injury", "けが・体調不良"), ("visit_done", "行っていないはずのお宅の報告"), ("extra", "ほかの作業を頼まれた"),
    ("later", "時間をのばしたい"), ("people", "人を増やしてほしい"), ("tools", "資機材がほしい"), ("near_miss", "ヒヤリとした"),
    ("photo", "写真"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("field", "0002_reports_of_houses_that_were_taken_off"),
    ]

    operations = [
        migrations.AlterField("fieldnote", "said", models.CharField(choices=SAID, max_length=10)),
    ]
