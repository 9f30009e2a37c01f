
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sync', '0012_two_surveys'),
    ]

    operations = [
        migrations.AlterField(
            model_name='inboxitem',
            name='kind',
            field=models.CharField(choices=[('two_gates', '2か所で受付'), ('no_arrival', '到着の記録がない'), ('unreturned', '帰りの記録がない'), ('old_card', '使えないカードで受付'), ('card_never_bound', '名前のないカードで受付'), ('never_arrived', '保険・説明だけの記録'), ('same_person', '同じ人が2回登録'), ('need_edit', '困りごとの直しが重なった'), ('two_surveys', '調査の結果が重なった'), ('two_reports', '活動報告が2つある'), ('two_teams', '1人に2つの班'), ('late_facts', 'あとから届いた記録'), ('quarantine', '使用停止の端末からの記録'), ('broken_op', '取り込めなかった記録'), ('unclear_name', '名前だけの記録'), ('tool_twice', '1台の資機材を2か所で貸出'), ('card_taken_back', '渡しまちがえたカードの記録')], max_length=20),
        ),
    ]
