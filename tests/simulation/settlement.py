"""The reference SettleVariation: losers pay what cash they have, winners share it pro rata.

Every position is marked first. Shares are floors of the exact quotas; the units left over go to
the largest fractions, ties to the lowest account, and last to what the house is owed.
"""

from fractions import Fraction
from math import floor

from tests.simulation.accounts import CLEARING, FEES, Position
from tests.simulation.holdings import Holdings

HOUSE = -1  # the claim of the house: fees charged but not yet paid

Settled = tuple[int, int, int, int]  # account, cash moved, still unsettled, balance


def settle(venue: Holdings, contract: int) -> list[Settled]:
    """Turns profit and loss in one contract into cash; who got or paid what, by account."""
    market = venue.markets[contract]
    lot = market.terms.mark * market.terms.tick_value
    held = _holders(venue, contract)
    moved: dict[int, int] = {}
    for account, position in held.items():
        position.unsettled += position.lots * lot - position.cost
        position.cost = position.lots * lot
        pays = min(-position.unsettled, venue.ledger.cash(account))
        if pays > 0:
            venue.ledger.move(account, CLEARING, pays)
            position.unsettled += pays
            moved[account] = -pays
    claims = {a: p.unsettled for a, p in held.items() if p.unsettled > 0}
    claims[HOUSE] = market.fees_owed
    for account, share in pro_rata(claims, venue.ledger.cash(CLEARING)).items():
        if share and account == HOUSE:
            venue.ledger.move(CLEARING, FEES, share)
            market.fees_owed -= share
        elif share:
            venue.ledger.move(CLEARING, account, share)
            held[account].unsettled -= share
            moved[account] = share
    settled = [
        (account, moved[account], held[account].unsettled, venue.ledger.cash(account))
        for account in sorted(moved)
    ]
    for account in held:
        venue.release(account)
    return settled


def pro_rata(claims: dict[int, int], amount: int) -> dict[int, int]:
    """Whole shares of an amount by claim that sum to it: largest remainder, ties in order."""
    total = sum(claims.values())
    if not amount or not total:
        return dict.fromkeys(claims, 0)
    quotas = {name: Fraction(claim * amount, total) for name, claim in claims.items()}
    shares = {name: floor(quota) for name, quota in quotas.items()}
    left = amount - sum(shares.values())
    by_fraction = sorted(claims, key=lambda name: shares[name] - quotas[name])
    for name in by_fraction[:left]:
        shares[name] += 1
    return shares


def _holders(venue: Holdings, contract: int) -> dict[int, Position]:
    return {
        account: venue.positions[account][contract]
        for account in sorted(venue.positions)
        if contract in venue.positions[account]
    }
