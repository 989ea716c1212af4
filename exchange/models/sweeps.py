"""How far each follower of the journal came, and what the sweeps found."""

from django.db import models


class ProjectionHead(models.Model):
    """The one row that says which command the projections stand at (id 1)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    events = models.BigIntegerField(
        default=0, help_text="Events folded since the first command."
    )
    time_ns = models.BigIntegerField(default=0, help_text="Venue time of the last command.")

    def __str__(self) -> str:
        return f"projected to {self.sequence}"


class CandleHead(models.Model):
    """The one row that says which fill the candles stand at (id 1)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    fill = models.BigIntegerField(
        default=0, help_text="Fills up to this id are in the candles."
    )

    def __str__(self) -> str:
        return f"candles to fill {self.fill}"


class MarginSweep(models.Model):
    """A look at a range of accounts at one sequence, by arithmetic of its own."""

    sequence = models.BigIntegerField()
    first_account = models.IntegerField()
    last_account = models.IntegerField()
    accounts = models.IntegerField(help_text="With money or positions.")
    under_water = models.IntegerField(help_text="Equity below maintenance margin.")
    proposed = models.IntegerField(help_text="Liquidations proposed to the engine.")
    disagreements = models.IntegerField()
    equity_units = models.DecimalField(max_digits=40, decimal_places=0)
    maintenance_units = models.DecimalField(max_digits=40, decimal_places=0)
    started = models.DateTimeField(auto_now_add=True)
    duration_us = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=["sequence", "id"], name="sweep_by_sequence"),)

    def __str__(self) -> str:
        return f"sweep at {self.sequence}"


class Alarm(models.Model):
    """Something that must not happen, happened. Stays until a person has looked at it."""

    kind = models.CharField(max_length=32)
    account = models.IntegerField(default=-1)
    sequence = models.BigIntegerField()
    details = models.JSONField()
    raised = models.DateTimeField(auto_now_add=True)
    resolved = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["kind", "account", "sequence"], name="alarm_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} at {self.sequence}"
