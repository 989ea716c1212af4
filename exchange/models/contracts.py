"""What is listed, by which rules it trades, and the history of its index and mark.

HIST-001  mark and index history keep one row a second, the last one of that second;
          id = subject << 40 | second, so that one key serves lookups by subject and time.
"""

from django.db import models

HISTORY_BITS = 40


class Underlying(models.Model):
    """What contracts are written on."""

    id = models.SmallIntegerField(primary_key=True)
    name = models.CharField(max_length=16, unique=True)
    index_e8 = models.BigIntegerField(default=0, help_text="USDC x 10^8; 0: no price yet.")
    index_ns = models.BigIntegerField(default=0)
    status = models.SmallIntegerField(default=0, help_text="units.ORACLE_*")
    fresh_sources = models.SmallIntegerField(default=0)
    listed_ns = models.BigIntegerField()

    def __str__(self) -> str:
        return self.name


class Contract(models.Model):
    """A listed contract, its governed parameters and where its market stood at the head."""

    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=32, unique=True)
    underlying = models.ForeignKey(
        Underlying, on_delete=models.DO_NOTHING, db_constraint=False, related_name="contracts"
    )
    kind = models.SmallIntegerField()
    state = models.SmallIntegerField(help_text="units.STATE_*")
    state_reason = models.IntegerField(default=0)
    state_sequence = models.BigIntegerField(
        default=0, help_text="The command that set the state; 0: its listing."
    )
    state_ns = models.BigIntegerField(default=0)
    tick_e8 = models.BigIntegerField(help_text="One tick in USDC x 10^8.")
    lot_e8 = models.BigIntegerField(help_text="One lot in the underlying x 10^8.")
    tick_value_units = models.BigIntegerField()
    reference_ticks = models.BigIntegerField()
    expiry_ns = models.BigIntegerField(help_text="0: never.")
    listed_ns = models.BigIntegerField()

    mark_ticks = models.BigIntegerField(default=0)
    mark_ns = models.BigIntegerField(default=0)
    index_ticks = models.BigIntegerField(default=0)
    last_ticks = models.BigIntegerField(default=0)
    open_interest_lots = models.BigIntegerField(default=0)
    funding_hour = models.BigIntegerField(
        default=0, help_text="Clock hour since the epoch of the last conversion."
    )

    initial_margin_ppm = models.BigIntegerField(default=0)
    margin_floor_units = models.BigIntegerField(default=0)
    maker_fee_ppm = models.BigIntegerField(default=0)
    taker_fee_ppm = models.BigIntegerField(default=0)
    mark_band_ppm = models.BigIntegerField(default=0)
    order_band_ppm = models.BigIntegerField(default=0)
    passive_band_ppm = models.BigIntegerField(default=0)
    min_notional_units = models.BigIntegerField(default=0)
    position_limit_units = models.BigIntegerField(default=0)
    liquidation_fee_ppm = models.BigIntegerField(default=0)
    insurance_cap_units = models.BigIntegerField(default=0)
    impact_margin_units = models.BigIntegerField(default=0)
    interest_ppb = models.BigIntegerField(default=0)
    funding_damper_ppb = models.BigIntegerField(default=0)
    funding_rate_max_ppb = models.BigIntegerField(default=0)
    basis_seconds = models.BigIntegerField(default=0)
    mark_rate_ppm = models.BigIntegerField(default=0)
    open_interest_lower_units = models.BigIntegerField(default=0)
    open_interest_upper_units = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Parameter(models.Model):
    """One change of one governed parameter."""

    id = models.BigIntegerField(primary_key=True)
    contract = models.ForeignKey(
        Contract, on_delete=models.DO_NOTHING, db_constraint=False, related_name="parameters"
    )
    parameter = models.SmallIntegerField(help_text="state.ContractParameter")
    value = models.BigIntegerField()
    previous_value = models.BigIntegerField()
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    def __str__(self) -> str:
        return f"parameter {self.parameter} = {self.value}"


class MarkHistory(models.Model):
    """The last mark of one second."""

    id = models.BigIntegerField(primary_key=True)
    contract = models.IntegerField()
    mark_ticks = models.BigIntegerField()
    index_ticks = models.BigIntegerField()
    bid_ticks = models.BigIntegerField()
    ask_ticks = models.BigIntegerField()
    open_interest_lots = models.BigIntegerField()
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "mark history"

    def __str__(self) -> str:
        return f"mark {self.mark_ticks} of contract {self.contract}"


class IndexHistory(models.Model):
    """The last index of one second."""

    id = models.BigIntegerField(primary_key=True)
    underlying = models.SmallIntegerField()
    index_e8 = models.BigIntegerField()
    confidence_e8 = models.BigIntegerField()
    status = models.SmallIntegerField()
    fresh_sources = models.SmallIntegerField()
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "index history"

    def __str__(self) -> str:
        return f"index {self.index_e8} of underlying {self.underlying}"
