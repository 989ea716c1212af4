from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0005_funding'),
    ]

    operations = [
        migrations.CreateModel(
            name='JournalAnchor',
            fields=[
                ('sequence', models.BigIntegerField(primary_key=True, serialize=False)),
                ('hash', models.BinaryField()),
                ('time_ns', models.BigIntegerField()),
                ('stream_epoch', models.BigIntegerField()),
                ('stream_id', models.CharField(max_length=41)),
                ('state_hash', models.BinaryField()),
                ('archive', models.CharField(help_text="The archive's file, rows up to here.", max_length=64)),
                ('archive_hash', models.BinaryField()),
            ],
            options={
                'db_table': 'exchange_journalanchor',
                'ordering': ('sequence',),
            },
        ),
        migrations.AddField(
            model_name='contract',
            name='state_sequence',
            field=models.BigIntegerField(default=0, help_text='The command that set the state; 0: its listing.'),
        ),
        migrations.AddField(
            model_name='contract',
            name='state_ns',
            field=models.BigIntegerField(default=0),
        ),
    ]
