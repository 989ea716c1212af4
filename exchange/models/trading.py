"""Orders, fills and what they add up to: candles and liquidations.

ORD-001  quantity = filled + remaining + cancelled, but for what an amendment took away.
ORD-002  no index covers what changes during an order's life (open orders are read from the
         views): PostgreSQL then writes its new version beside the old one and no index at all.
FILL-001 id = 2 x trade + (1 for the taker's side): both sides of a trade stand side by side.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from exchange.models.contracts import Contract


class OrderState(models.IntegerChoices):
    """An order's life ends in FILLED or CANCELLED."""

    OPEN = 1
    FILLED = 2
    CANCELLED = 3


class Order(models.Model):
    """An accepted order, by its engine id (newer orders have greater ids)."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    contract = models.ForeignKey(
        Contract, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    side = models.SmallIntegerField(help_text="1 buy, -1 sell.")
    flags = models.IntegerField(help_text="units.TYPE_*, TIF_*, TRIGGER_*, FLAG_*")
    state = models.SmallIntegerField(choices=OrderState)
    cancel_reason = models.SmallIntegerField(help_text="events.CancelReason; 0: none.")
    reject_reason = models.SmallIntegerField(
        default=0,
        help_text="rejects.RejectReason of an order that was refused when it fired; 0: none.",
    )
    price_ticks = models.BigIntegerField()
    trigger_ticks = models.BigIntegerField(default=0, help_text="0: waits for no price.")
    offset_ticks = models.BigIntegerField(default=0, help_text="Of a trailing stop; else 0.")
    quantity_lots = models.BigIntegerField()
    remaining_lots = models.BigIntegerField()
    filled_lots = models.BigIntegerField()
    cancelled_lots = models.BigIntegerField()
    filled_price_lots = models.BigIntegerField(
        help_text="Sum of price_ticks x lots of its fills."
    )
    fee_units = models.BigIntegerField()
    realised_units = models.BigIntegerField()
    label = models.BigIntegerField(help_text="Hash of the label; 0: none.")
    created_ns = models.BigIntegerField()
    updated_ns = models.BigIntegerField()
    sequence = models.BigIntegerField(help_text="The last command that changed it.")

    class Meta:
        indexes = (
            models.Index(fields=["account", "id"], name="order_by_account"),
            models.Index(
                fields=["account", "id"], name="order_trigger", condition=Q(trigger_ticks__gt=0)
            ),
        )

    def __str__(self) -> str:
        return f"order {self.id}"


class Fill(models.Model):
    """One account's side of a trade."""

    id = models.BigIntegerField(primary_key=True)
    trade = models.BigIntegerField()
    account = models.IntegerField()
    contract = models.ForeignKey(
        Contract, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    order = models.BigIntegerField()
    side = models.SmallIntegerField()
    flags = models.IntegerField(
        help_text="The order's, with units.FLAG_MAKER on the resting side."
    )
    is_taker = models.BooleanField()
    price_ticks = models.BigIntegerField()
    quantity_lots = models.BigIntegerField()
    remaining_lots = models.BigIntegerField(help_text="Of the order, after this fill.")
    fee_units = models.BigIntegerField(help_text="Positive: paid by the account.")
    realised_units = models.BigIntegerField()
    position_lots = models.BigIntegerField(help_text="After this fill, long positive.")
    entry_units = models.BigIntegerField()
    mark_ticks = models.BigIntegerField(help_text="The mark at the time; 0: none.")
    index_ticks = models.BigIntegerField()
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=["account", "id"], name="fill_by_account"),
            models.Index(fields=["order", "id"], name="fill_by_order"),
            # Fills are appended in the order of time: a few pages of index serve any range.
            BrinIndex(fields=["time_ns"], name="fill_by_time"),
            models.Index(
                fields=["contract", "id"], name="fill_tape", condition=Q(is_taker=True)
            ),
        )

    def __str__(self) -> str:
        return f"trade {self.trade}, account {self.account}"


class Candle(models.Model):
    """What traded in one interval; written by exchange.tasks from fills, exactly once each."""

    contract = models.ForeignKey(
        Contract, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    minutes = models.SmallIntegerField()
    start_ns = models.BigIntegerField()
    open_ticks = models.BigIntegerField()
    high_ticks = models.BigIntegerField()
    low_ticks = models.BigIntegerField()
    close_ticks = models.BigIntegerField()
    volume_lots = models.BigIntegerField()
    volume_price_lots = models.DecimalField(
        max_digits=40, decimal_places=0, help_text="Sum of price_ticks x lots: passes 63 bits."
    )
    trades = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["contract", "minutes", "start_ns"], name="candle_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.minutes} min candle of contract {self.contract_id}"


class Liquidation(models.Model):
    """An account's way from below maintenance margin to the end of it."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    equity_units = models.BigIntegerField(help_text="When it started.")
    maintenance_units = models.BigIntegerField(help_text="When it started.")
    cancelled_orders = models.IntegerField()
    started_ns = models.BigIntegerField()
    ended_ns = models.BigIntegerField(default=0, help_text="0: still under way.")
    end_equity_units = models.BigIntegerField(default=0)
    end_maintenance_units = models.BigIntegerField(default=0)
    end_reason = models.IntegerField(default=0)
    sequence = models.BigIntegerField(help_text="The last command that changed it.")

    class Meta:
        indexes = (models.Index(fields=["account", "id"], name="liquidation_by_account"),)

    def __str__(self) -> str:
        return f"liquidation of account {self.account}"


class LiquidationStep(models.Model):
    """One step down the waterfall, with the numbers that bound it."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    contract = models.ForeignKey(
        Contract, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    stage = models.SmallIntegerField(help_text="events.LiquidationStage")
    equity_units = models.BigIntegerField()
    maintenance_units = models.BigIntegerField()
    mark_ticks = models.BigIntegerField()
    side = models.SmallIntegerField()
    limit_ticks = models.BigIntegerField()
    wanted_lots = models.BigIntegerField()
    filled_lots = models.BigIntegerField()
    zero_price_ticks = models.BigIntegerField()
    fee_units = models.BigIntegerField()
    insurance_units = models.BigIntegerField()
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=["account", "id"], name="step_by_account"),
            models.Index(fields=["contract", "id"], name="step_by_contract"),
        )

    def __str__(self) -> str:
        return f"liquidation step of account {self.account}"
