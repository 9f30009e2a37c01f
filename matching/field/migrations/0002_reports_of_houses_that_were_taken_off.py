"""What was done at a house that the desk had taken off the team is told as well, in as many words as a report has."""

from __future__ import annotations

from django.db import migrations, models

SAID = [
    ("sos", "助けが必要"), ("injury", "けが・体調不良"), ("visit_done", "取りやめたお宅の報告"), ("extra", "ほかの作業を頼まれた"),
    ("later", "時間をのばしたい"), ("people", "人を増やしてほしい"), ("tools", "資機材がほしい"), ("near_miss", "ヒヤリとした"),
    ("photo", "写真"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("field", "0001_initial"),
    ]

    operations = [
        migrations.AlterField("fieldnote", "said", models.CharField(choices=SAID, max_length=10)),
        migrations.AlterField(
            "fieldnote", "text", models.CharField(blank=True, max_length=6000, verbose_name="内容")
        ),
    ]
