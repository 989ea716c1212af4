"""Events of the engine → the tables that pages and histories read.

`follow` is the loop of `manage.py run_projector`; `rebuild` throws the tables away and computes
them again from the journal. Both take events from a Replica, which recomputes them: nothing
that Valkey loses can be missing here. The folds, one module a subject, are NumPy over a whole
batch:

  batch     events cut by kind          orders    Order, Fill
  table     rows by binary COPY         money     LedgerEntry, Balance, Vault, Transfer
  projector one transaction a batch     market    MarkHistory, IndexHistory
  registry  accounts and listings       clearing  Liquidation, LiquidationStep, …
  gauges    metrics of the replica      funding   FundingSample, FundingHour, …
  folds     one written, one growing
"""

from exchange.pipeline.projections.follow import (
    RebuildUnderWay,
    follow,
    journal_head,
    project,
    rebuild,
)
from exchange.pipeline.projections.projector import (
    PROJECTED,
    ProjectionGap,
    Projector,
    truncate,
)

__all__ = [
    "PROJECTED",
    "ProjectionGap",
    "Projector",
    "RebuildUnderWay",
    "follow",
    "journal_head",
    "project",
    "rebuild",
    "truncate",
]
