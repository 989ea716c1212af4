"""Reading what one has just written, from tables that follow the engine.

HISTORY-001  a caller's history holds everything that was acknowledged to them: a read waits, at
             most PROJECTION_SECONDS, for the projector to reach their last command.
"""

from exchange.gateway.accounts import Accounts
from exchange.gateway.projected import Projected

PROJECTION_SECONDS = 1.0


class OwnWrites:
    """Who asks for an account's history waits here first."""

    def __init__(self, accounts: Accounts, projected: Projected) -> None:
        self._accounts = accounts
        self._projected = projected

    async def reach(self, account: int) -> None:
        """Wait for the projections to hold the account's last command (HISTORY-001)."""
        sequence = await self._accounts.sequence(account)
        if sequence:
            await self._projected.reach(sequence, PROJECTION_SECONDS)
