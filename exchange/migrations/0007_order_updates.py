"""Orders change in place: no index on what changes, and room on each page for the new row."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("exchange", "0006_operations")]

    operations = [
        migrations.RemoveIndex(model_name="order", name="order_open"),
        migrations.RunSQL(
            "ALTER TABLE exchange_order SET (fillfactor = 80)",
            "ALTER TABLE exchange_order RESET (fillfactor)",
        ),
    ]
