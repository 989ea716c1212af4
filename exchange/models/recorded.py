"""Prices from before a venue's first trade: recorded elsewhere, shown as such, never traded on.

Only the demonstration has them, so that its charts have a past. They are no projection: no
journal knows them, no rebuild touches them, and no statistic of the venue counts them.
"""

from django.db import models


class RecordedMinute(models.Model):
    """One minute of a contract's chart that ended before anything traded here."""

    contract_id = models.IntegerField()
    start_ns = models.BigIntegerField()
    open_ticks = models.BigIntegerField()
    high_ticks = models.BigIntegerField()
    low_ticks = models.BigIntegerField()
    close_ticks = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["contract_id", "start_ns"], name="recorded_minute_once"
            ),
        )

    def __str__(self) -> str:
        return f"contract {self.contract_id} at {self.start_ns}"
