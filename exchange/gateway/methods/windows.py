"""Which rows a caller asks for, checked: trades by time, number or id, and pages of lists."""

from exchange.gateway.account_schemas import UserTrades, UserTradesByCurrency
from exchange.gateway.errors import invalid_params
from exchange.gateway.history import Window
from exchange.gateway.market_schemas import LastTrades, LastTradesByCurrency

Trades = LastTrades | LastTradesByCurrency | UserTrades | UserTradesByCurrency
_DIGITS_MAX = 18  # twice of it fits 63 bits


def window_of(params: Trades, *, needs_time: bool = False) -> Window:
    """Which trades are asked for; ids and numbers of trades are the same here."""
    start, end = _trade_range(params)
    since, until = params.start_timestamp, params.end_timestamp
    check_times(since, until)
    if needs_time and since is None and until is None:
        raise invalid_params("start_timestamp", "or end_timestamp is required")
    return Window(params.count, since, until, start, end, params.sorting)


def check_times(since: int | None, until: int | None) -> None:
    """Raises for a range that ends before it begins."""
    _check_order(("start_timestamp", "end_timestamp"), since, until)


def row_number(param: str, text: str | None) -> int | None:
    """The number of a trade or of a page's last row; raises for what can be neither."""
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        return int(text)
    raise invalid_params(param, "is not from an answer of this venue")


def _trade_range(params: Trades) -> tuple[int | None, int | None]:
    if isinstance(params, LastTrades | UserTrades):
        _check_order(("start_seq", "end_seq"), params.start_seq, params.end_seq)
        return params.start_seq, params.end_seq
    start = row_number("start_id", params.start_id)
    end = row_number("end_id", params.end_id)
    _check_order(("start_id", "end_id"), start, end)
    return start, end


def _check_order(names: tuple[str, ...], first: int | None, last: int | None) -> None:
    if first is not None and last is not None and first > last:
        raise invalid_params(names[0], f"must not be after {names[1]}")
