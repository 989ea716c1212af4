from django.db import migrations, models

# Numbers in the order in which an account's keys were made.
NUMBER = """
    UPDATE exchange_apikey AS k SET number = n.number
    FROM (SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY created, id) AS number
          FROM exchange_apikey) AS n
    WHERE n.id = k.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0007_order_updates'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='number',
            field=models.IntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
        migrations.AddField(
            model_name='apikey',
            name='contracts',
            field=models.JSONField(blank=True, default=list, help_text='Empty: any contract.'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='daily_loss_units',
            field=models.BigIntegerField(default=0, help_text='0: no limit.'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='is_enabled',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='generation',
            field=models.IntegerField(default=1),
        ),
        migrations.AddField(
            model_name='apikey',
            name='changed',
            field=models.DateTimeField(auto_now=True),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='scopes',
            field=models.JSONField(help_text='Some of read, trade, withdraw, account.'),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.UniqueConstraint(fields=('account_id', 'number'), name='key_number_once'),
        ),
    ]
