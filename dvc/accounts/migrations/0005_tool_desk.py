
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_what_is_backed_up'),
    ]

    operations = [
        migrations.AlterField(
            model_name='device',
            name='profile',
            field=models.CharField(choices=[('reception', '受付'), ('survey', '現地調査'), ('matching', 'マッチング'), ('field', '現場'), ('wall', '掲示'), ('kiosk', '自分で受付'), ('tools', '資機材')], max_length=10),
        ),
    ]
