"""The venue's own funds: what they hold, what insurance paid, and debts nobody has paid yet.

VAULT-001  a vault's balance is the sum of the ledger's postings to it, and equals the engine's.
"""

from django.db import models


class Vault(models.Model):
    """A house account's balance in one asset; id = account x units.ASSETS_MAX + asset."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    name = models.CharField(max_length=16)
    asset = models.SmallIntegerField()
    balance_units = models.BigIntegerField()
    sequence = models.BigIntegerField(help_text="The last command that moved it.")

    def __str__(self) -> str:
        return self.name


class InsurancePayment(models.Model):
    """What the insurance fund paid for an account's loss."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    contract = models.IntegerField()
    amount_units = models.BigIntegerField()
    insurance_balance_units = models.BigIntegerField()
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=["contract", "id"], name="insurance_by_contract"),)

    def __str__(self) -> str:
        return f"{self.amount_units} units for account {self.account}"


class BadDebt(models.Model):
    """A loss that nobody has paid yet, by name."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    contract = models.IntegerField()
    amount_units = models.BigIntegerField()
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.amount_units} units of account {self.account}"
