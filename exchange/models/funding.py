"""Funding as it was published: samples, clock hours, and what each account paid or received.

FUNDROW-001  id = contract << 40 | number, where the number counts samples of 5 s or clock hours
             since the epoch, so that one key serves lookups by contract and time.
FUNDROW-002  an hour is computed from its samples; both stand in one transaction.
"""

from django.db import models


class FundingSample(models.Model):
    """One sample that was measured; a missing one has no row. Positive: longs pay."""

    id = models.BigIntegerField(primary_key=True)
    contract = models.IntegerField()
    end_ns = models.BigIntegerField()
    premium_ppb = models.BigIntegerField(help_text="Time-weighted over measured_ms.")
    measured_ms = models.BigIntegerField()
    average_ppb = models.BigIntegerField(help_text="Of the hour before end_ns.")
    rate_ppb = models.BigIntegerField(help_text="Of eight hours.")
    growth = models.BigIntegerField(help_text="Of the index, 10^-9 units a lot.")
    cumulative_units = models.BigIntegerField(help_text="The index since the listing, whole.")
    cumulative_nano = models.BigIntegerField(help_text="Its rest, 10^-9 units.")
    mark_ticks = models.BigIntegerField()
    index_e8 = models.BigIntegerField()
    sequence = models.BigIntegerField()

    def __str__(self) -> str:
        return f"funding {self.rate_ppb} ppb of contract {self.contract}"


class FundingHour(models.Model):
    """What a clock hour came to, so far."""

    id = models.BigIntegerField(primary_key=True)
    contract = models.IntegerField()
    start_ns = models.BigIntegerField()
    samples = models.IntegerField()
    measured_ms = models.BigIntegerField()
    rate_ppb_ms = models.DecimalField(
        max_digits=24, decimal_places=0, help_text="Sum of rate_ppb x measured_ms."
    )
    growth = models.BigIntegerField(help_text="Of the index, 10^-9 units a lot.")
    rate_ppb = models.BigIntegerField(help_text="Of eight hours, at the last sample.")
    mark_ticks = models.BigIntegerField()
    index_e8 = models.BigIntegerField()

    def __str__(self) -> str:
        return f"funding hour {self.start_ns} of contract {self.contract}"


class FundingPayment(models.Model):
    """Funding of one account that became profit or loss; negative: it paid."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    contract = models.IntegerField()
    amount_units = models.BigIntegerField()
    unsettled_units = models.BigIntegerField(help_text="What waits for cash after it.")
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=["account", "id"], name="funding_by_account"),)

    def __str__(self) -> str:
        return f"{self.amount_units} units for account {self.account}"
