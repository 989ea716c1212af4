"""Who has an account and what moved on it: projections, and the one table that is not
(Membership).

LEDGER-001  a ledger entry is a posting with both its sides: `account` gets amount_units and
            `counter_account` gets -amount_units, so entries cannot fail to sum to zero.
LEDGER-002  balance_units is the account's cash after the entry.
LEDGER-003  a transfer between two users is two entries, so that each finds it in its own log;
            either counts for its own account only.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

LABEL_CHARACTERS_MAX = 40


class Account(models.Model):
    """An account of the engine, by its engine id."""

    id = models.IntegerField(primary_key=True)
    owner = models.IntegerField(
        help_text="Engine id of the main account; its own for a main account."
    )
    role = models.SmallIntegerField(
        help_text="Bits: trader 1, operator 2, reporter 4, maker 8."
    )
    external_id = models.BigIntegerField(help_text="The reference its opener gave.")
    opened_ns = models.BigIntegerField()
    opened_sequence = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=["owner", "id"], name="account_by_owner"),
            models.Index(fields=["external_id", "id"], name="account_by_external_id"),
        )

    def __str__(self) -> str:
        return f"account {self.id}"


class Membership(models.Model):
    """Which person may act for which engine account. Written by provision.py, not projected."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="memberships",
        help_text="Empty for a bot's account, which acts by API key only.",
    )
    name = models.CharField(max_length=150)
    label = models.CharField(
        max_length=LABEL_CHARACTERS_MAX,
        blank=True,
        default="",
        help_text="What its owner calls it; names themselves never change.",
    )
    account_id = models.IntegerField(unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["name"], name="bot_name_once", condition=Q(user__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["user", "name"],
                name="user_account_name_once",
                condition=Q(user__isnull=False),
            ),
        )

    @property
    def title(self) -> str:
        """What people read: their own name for it, or its place among their accounts."""
        number = self.name.rpartition("/")[2]
        is_numbered = "/" in self.name and number.isdigit()
        return self.label or (f"Sub-account {number}" if is_numbered else "Main account")

    def __str__(self) -> str:
        return f"{self.name} (account {self.account_id})"


class Balance(models.Model):
    """Cash of one account in one asset; id = account x units.ASSETS_MAX + asset."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    asset = models.SmallIntegerField()
    balance_units = models.BigIntegerField()
    sequence = models.BigIntegerField(help_text="The last command that moved it.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "asset"], name="balance_once"),
        )

    def __str__(self) -> str:
        return f"account {self.account}: {self.balance_units} units"


class LedgerKind(models.IntegerChoices):
    """Why money moved."""

    DEPOSIT = 1
    WITHDRAWAL_HOLD = 2
    WITHDRAWAL_PAID = 3
    WITHDRAWAL_RETURNED = 4
    FEE = 5
    VARIATION = 6
    LIQUIDATION_FEE = 7
    INSURANCE = 8
    BAD_DEBT = 9
    TRANSFER = 10


class LedgerEntry(models.Model):
    """One posting between two accounts; id follows the order of events in the journal."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    counter_account = models.IntegerField()
    asset = models.SmallIntegerField()
    kind = models.SmallIntegerField(choices=LedgerKind)
    amount_units = models.BigIntegerField()
    balance_units = models.BigIntegerField()
    contract = models.IntegerField(help_text="-1: none.")
    reference = models.BigIntegerField(help_text="Trade, transfer reference or withdrawal.")
    time_ns = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = (models.Index(fields=["account", "id"], name="ledger_by_account"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_units} of account {self.account}"


class TransferState(models.IntegerChoices):
    """Where a deposit or withdrawal stands."""

    PENDING = 1
    DONE = 2
    FAILED = 3


class Transfer(models.Model):
    """A deposit (amount > 0) or a withdrawal (amount < 0) of an account."""

    id = models.BigIntegerField(primary_key=True)
    account = models.IntegerField()
    asset = models.SmallIntegerField()
    amount_units = models.BigIntegerField()
    reference = models.BigIntegerField()
    withdrawal = models.BigIntegerField(help_text="The engine's number; 0 for a deposit.")
    state = models.SmallIntegerField(choices=TransferState)
    requested_ns = models.BigIntegerField()
    updated_ns = models.BigIntegerField()
    sequence = models.BigIntegerField(help_text="The last command that changed it.")

    class Meta:
        indexes = (
            models.Index(fields=["account", "id"], name="transfer_by_account"),
            models.Index(
                fields=["withdrawal"], name="transfer_by_withdrawal", condition=~Q(withdrawal=0)
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount_units} units, account {self.account}"


class Reporter(models.Model):
    """A price source and the public key its observations are signed with."""

    source = models.SmallIntegerField(primary_key=True)
    account = models.IntegerField()
    weight_ppm = models.IntegerField()
    public_key = models.BinaryField(max_length=32)
    sequence = models.BigIntegerField()

    def __str__(self) -> str:
        return f"source {self.source}"
