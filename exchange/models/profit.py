"""What an account's trades, funding and movements of money came to, quarter of an hour by
quarter of an hour: the history behind equity curves and profit by contract.

Written by exchange.tasks from projected rows, exactly once each; it can be thrown away and
computed again, as candles can.
"""

from django.db import models


class AccountQuarter(models.Model):
    """One account in one contract in one quarter of an hour; contract -1: none."""

    account = models.IntegerField()
    contract = models.IntegerField()
    start_ns = models.BigIntegerField()
    lots = models.BigIntegerField(help_text="Bought less sold.")
    price_lots = models.DecimalField(
        max_digits=40, decimal_places=0, help_text="Sum of price_ticks x lots bought less sold."
    )
    volume_price_lots = models.DecimalField(max_digits=40, decimal_places=0)
    trades = models.BigIntegerField()
    fee_units = models.BigIntegerField(help_text="Positive: paid.")
    funding_units = models.BigIntegerField(help_text="Negative: paid.")
    forced_units = models.BigIntegerField(
        help_text="Liquidation fees (negative), insurance and bad debt taken over (positive)."
    )
    outside_units = models.BigIntegerField(
        help_text="Deposits, withdrawals, transfers between accounts."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "contract", "start_ns"], name="account_quarter_once"
            ),
        )

    def __str__(self) -> str:
        return f"account {self.account}, contract {self.contract}, {self.start_ns}"


class QuarterHead(models.Model):
    """The one row that says which rows the quarters hold (id 1): all up to these ids."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    fill = models.BigIntegerField(default=0)
    funding = models.BigIntegerField(default=0)
    step = models.BigIntegerField(default=0)
    entry = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"quarters to fill {self.fill}"
