"""How much of an order that was refused for its margin the engine would accept.

AFFORD-001  what is answered was accepted by the engine itself (what_if), never reckoned. Not
            every count is tried: the first that is refused lies at most a hundredth above it.
"""

from exchange.engine.commands import PLACE_ORDER
from exchange.engine.rejects import RejectReason
from exchange.pipeline.codec import Records
from exchange.pipeline.views import AccountView
from exchange.pipeline.what_if import Preview, preview_order

_TRIALS_MAX = 12


def affordable_lots(
    refused: Preview,
    view: AccountView,
    contract_rows: Records,
    book_levels: Records,
    order: Records,
    underlying_rows: Records | None = None,
) -> int:
    """Lots of the order that would be accepted; 0: none. Further arguments: preview_order's."""
    trial = order.view(PLACE_ORDER).copy()
    accepted, too_many = 0, int(trial["quantity_lots"][0])
    funds, missing = refused.before.available_units, refused.missing_units
    is_first = True
    for _ in range(_TRIALS_MAX):
        if too_many - accepted <= max(1, accepted // 100):
            break
        guess = _next_guess(accepted, too_many, funds, funds + missing, is_first=is_first)
        is_first = is_first and not accepted
        if guess <= 0:
            break
        trial["quantity_lots"] = guess
        outcome = preview_order(
            view, contract_rows, book_levels, trial.view(order.dtype), underlying_rows
        )
        if outcome.reason == RejectReason.ACCEPTED:
            accepted = guess
        else:
            too_many, missing = guess, outcome.missing_units
    return accepted


def _next_guess(accepted: int, too_many: int, funds: int, asked: int, *, is_first: bool) -> int:
    """Margin is nearly proportional to the size: what the funds would just do, then a little
    more, then halves of what is left between the two.
    """
    if not accepted:
        return min(too_many - 1, too_many * funds // max(1, asked))
    return accepted + max(1, accepted // 100) if is_first else (accepted + too_many) // 2
