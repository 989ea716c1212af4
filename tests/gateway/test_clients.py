"""The real ccxt against a venue, in short: `python -m tests.conformance` is the whole.

Every check of what is asked and answered runs with one of ccxt's three builds and one of the
two servers, by turns; of the streams, those that say most.
"""

import pytest

from tests.conformance import checks
from tests.conformance.clients import PYTHON_KINDS
from tests.conformance.registry import CHECKS, Check
from tests.conformance.run import Table, run_one
from tests.gateway.venue import Key, Venue

STREAMS = ("watch_ticker", "watch_my_trades", "watch_orders", "watch_order_book_for_symbols",
           "watch_balance")  # fmt: skip
SHORT = [check for check in CHECKS if not check.streams or check.name in STREAMS]

# ccxt closes its sessions itself, and some of its sockets late.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def keys(venue: Venue) -> tuple[Key, Key]:
    """Accounts of their own: some checks want to begin without a position."""
    assert checks is not None
    return venue.account(), venue.account()


@pytest.mark.parametrize("check", SHORT, ids=lambda check: check.name)
async def test_ccxt(venue: Venue, keys: tuple[Key, Key], check: Check) -> None:
    turn = SHORT.index(check)
    kind = "pro" if check.streams else PYTHON_KINDS[turn % 3]
    port = list(venue.ports.values())[turn % 2]

    async with Table(venue, port, kind, keys).desk() as desk:
        outcome = await run_one(desk, check)

    assert not outcome.problem
