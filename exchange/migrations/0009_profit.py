from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0008_key_limits'),
    ]

    operations = [
        migrations.CreateModel(
            name='QuarterHead',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('fill', models.BigIntegerField(default=0)),
                ('funding', models.BigIntegerField(default=0)),
                ('step', models.BigIntegerField(default=0)),
                ('entry', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='membership',
            name='label',
            field=models.CharField(blank=True, default='', help_text='What its owner calls it; names themselves never change.', max_length=40),
        ),
        migrations.CreateModel(
            name='AccountQuarter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.IntegerField()),
                ('contract', models.IntegerField()),
                ('start_ns', models.BigIntegerField()),
                ('lots', models.BigIntegerField(help_text='Bought less sold.')),
                ('price_lots', models.DecimalField(decimal_places=0, help_text='Sum of price_ticks x lots bought less sold.', max_digits=40)),
                ('volume_price_lots', models.DecimalField(decimal_places=0, max_digits=40)),
                ('trades', models.BigIntegerField()),
                ('fee_units', models.BigIntegerField(help_text='Positive: paid.')),
                ('funding_units', models.BigIntegerField(help_text='Negative: paid.')),
                ('forced_units', models.BigIntegerField(help_text='Liquidation fees (negative), insurance and bad debt taken over (positive).')),
                ('outside_units', models.BigIntegerField(help_text='Deposits, withdrawals, transfers between accounts.')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'contract', 'start_ns'), name='account_quarter_once')],
            },
        ),
        migrations.CreateModel(
            name='Maintenance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begins', models.DateTimeField(help_text='UTC.')),
                ('ends', models.DateTimeField(help_text='UTC.')),
                ('words', models.CharField(help_text='What is done, and what people notice.', max_length=200)),
            ],
            options={
                'verbose_name_plural': 'maintenance',
                'constraints': [models.CheckConstraint(condition=models.Q(('ends__gt', models.F('begins'))), name='maintenance_ends_after_it_begins')],
            },
        ),
    ]
