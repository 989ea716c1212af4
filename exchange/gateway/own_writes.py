"""Reading what one has just written, from tables that follow the engine.

HISTORY-001  a caller's history holds everything that was acknowledged to them: a read waits, at
             most PROJECTION_SECONDS, for the projector to reach their last command, and is
             refused in words when it does not (RPC-008).
"""

from exchange import selectors
from exchange.gateway.accounts import Accounts
from exchange.gateway.database import in_database
from exchange.gateway.errors import behind
from exchange.gateway.projected import Projected

PROJECTION_SECONDS = 1.0


class OwnWrites:
    """Who asks for an account's history waits here first."""

    def __init__(self, accounts: Accounts, projected: Projected) -> None:
        self._accounts = accounts
        self._projected = projected

    async def reach(self, account: int) -> None:
        """Wait for the projections to hold the account's last command (HISTORY-001).

        Raises the error that says how far they are behind it.
        """
        sequence = await self._accounts.sequence(account)
        if not sequence or await self._projected.reach(sequence, PROJECTION_SECONDS):
            return
        # A word of the projector's may be lost, and to a new process it has not spoken yet.
        stand = (await in_database(selectors.projected_head)).sequence
        self._projected.stand(stand)
        if stand < sequence:
            raise behind(sequence - stand)
