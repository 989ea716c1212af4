"""What an account traded since a moment: the ingredients of a day's profit or loss."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import BigIntegerField, ExpressionWrapper, F, Sum

from exchange.models import Fill, FundingPayment, LedgerEntry, MarkHistory
from exchange.models.accounts import LedgerKind
from exchange.models.contracts import HISTORY_BITS

SECOND_NS = 1_000_000_000


class Traded(NamedTuple):
    """Sums over an account's fills, charges and funding: units, and lots long positive."""

    lots: dict[int, int]  # by contract: bought less sold
    price_lots: dict[int, int]  # by contract: sum of price_ticks x lots bought, less sold
    fees_units: int  # of trades and liquidations, positive: paid
    funding_units: int  # positive: received


def traded(account: int, since_ns: int, through_sequence: int) -> Traded:
    """What commands up to through_sequence did to the account since a moment."""
    known = {"account": account, "time_ns__gte": since_ns, "sequence__lte": through_sequence}
    lots = ExpressionWrapper(F("side") * F("quantity_lots"), BigIntegerField())
    price_lots = ExpressionWrapper(
        F("side") * F("quantity_lots") * F("price_ticks"), BigIntegerField()
    )
    fills = list(
        Fill.objects.filter(**known)
        .order_by("contract_id")
        .values("contract_id")
        .annotate(lots=Sum(lots), price_lots=Sum(price_lots), fees=Sum("fee_units"))
    )
    charged = LedgerEntry.objects.filter(**known, kind=LedgerKind.LIQUIDATION_FEE)
    charges = charged.aggregate(sum=Sum("amount_units"))["sum"] or 0
    funding = FundingPayment.objects.filter(**known).aggregate(sum=Sum("amount_units"))["sum"]
    return Traded(
        {row["contract_id"]: int(row["lots"]) for row in fills},
        {row["contract_id"]: int(row["price_lots"]) for row in fills},
        sum(int(row["fees"]) for row in fills) - int(charges),
        int(funding or 0),
    )


def marks_at(contracts: Iterable[int], time_ns: int) -> dict[int, int]:
    """The last mark of each contract before a moment; the first one after it if none was.

    A contract without any mark is left out.
    """
    marks: dict[int, int] = {}
    for contract in contracts:
        base = contract << HISTORY_BITS
        rows = MarkHistory.objects.filter(pk__gte=base, pk__lt=base + (1 << HISTORY_BITS))
        moment = base + time_ns // SECOND_NS
        row = (
            rows.filter(pk__lt=moment).order_by("-pk").first()
            or rows.filter(pk__gte=moment).order_by("pk").first()
        )
        if row is not None:
            marks[contract] = row.mark_ticks
    return marks
