"""Every table, one module a subject.

`journal` is the truth. `accounts`, `contracts`, `funding`, `trading` and `vaults` are
projections of it: any of their rows can be thrown away and computed again (`manage.py replay
--rebuild`), and only `exchange.pipeline.projections` writes them. `accounts.Membership` and
`keys` are not projected: they say which person may act for which engine account. `sweeps` is
what the Celery tasks found and how far they came, `profit` what they added up.
`recorded` is what a demonstration's charts
show of the time before it.

MODEL-001  money, prices, sizes and times are integers in the engine's units, never decimals.
MODEL-002  projected tables carry no database foreign keys: a row may not wait for another's
           table.
MODEL-003  primary keys of projected rows follow from the journal alone, so that a rebuild gives
           the same bytes.
"""

from exchange.models.accounts import (
    Account,
    Balance,
    LedgerEntry,
    Membership,
    Reporter,
    Transfer,
)
from exchange.models.contracts import Contract, IndexHistory, MarkHistory, Parameter, Underlying
from exchange.models.funding import FundingHour, FundingPayment, FundingSample
from exchange.models.journal import JournalAnchor, JournalBatch
from exchange.models.keys import ApiKey, OrderLabel
from exchange.models.maintenance import Maintenance
from exchange.models.profit import AccountQuarter, QuarterHead
from exchange.models.recorded import RecordedMinute
from exchange.models.sweeps import Alarm, CandleHead, MarginSweep, ProjectionHead
from exchange.models.trading import Candle, Fill, Liquidation, LiquidationStep, Order
from exchange.models.vaults import BadDebt, InsurancePayment, Vault

__all__ = [
    "Account",
    "AccountQuarter",
    "Alarm",
    "ApiKey",
    "BadDebt",
    "Balance",
    "Candle",
    "CandleHead",
    "Contract",
    "Fill",
    "FundingHour",
    "FundingPayment",
    "FundingSample",
    "IndexHistory",
    "InsurancePayment",
    "JournalAnchor",
    "JournalBatch",
    "LedgerEntry",
    "Liquidation",
    "LiquidationStep",
    "Maintenance",
    "MarginSweep",
    "MarkHistory",
    "Membership",
    "Order",
    "OrderLabel",
    "Parameter",
    "ProjectionHead",
    "QuarterHead",
    "RecordedMinute",
    "Reporter",
    "Transfer",
    "Underlying",
    "Vault",
]
