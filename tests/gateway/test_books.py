"""A book from snapshot and deltas is the engine's book (exchange/gateway/books.py)."""

from hypothesis import given
from hypothesis import strategies as st

from exchange.engine.units import BUY, SELL
from exchange.gateway.books import Book, Delta

Row = tuple[int, int, int]


def book_of(*rows: Row, change_id: int = 10) -> Book:
    book = Book()
    book.load(change_id, 0, rows)
    return book


def test_a_delta_says_what_happened_to_each_level() -> None:
    book = book_of((BUY, 100, 5), (BUY, 99, 3), (SELL, 101, 4))

    change = book.apply(Delta(11, 10, 7, [(BUY, 100, 6), (BUY, 98, 1), (SELL, 101, 0)]))

    assert change is not None
    assert change.bids == [("change", 100, 6), ("new", 98, 1)]
    assert change.asks == [("delete", 101, 0)]
    assert (book.best_bid(), book.best_ask()) == ((100, 6), None)


def test_a_gap_makes_the_book_stale_until_a_snapshot_heals_it() -> None:
    book = book_of((BUY, 100, 5))

    assert book.apply(Delta(13, 12, 0, [(BUY, 102, 1)])) is None
    assert book.is_stale

    book.load(12, 0, [(BUY, 101, 2)])

    assert not book.is_stale
    assert book.change_id == 13
    assert book.top_bids(5) == [(102, 1), (101, 2)]


def test_a_snapshot_behind_the_gap_leaves_the_book_stale() -> None:
    book = book_of((BUY, 100, 5))
    book.apply(Delta(13, 12, 0, [(BUY, 102, 1)]))

    book.load(11, 0, [(BUY, 100, 5)])

    assert book.is_stale


def test_an_old_delta_is_ignored() -> None:
    book = book_of((BUY, 100, 5), change_id=20)

    assert book.apply(Delta(20, 15, 0, [(BUY, 100, 9)])) is None
    assert not book.is_stale
    assert book.best_bid() == (100, 5)


def test_grouping_rounds_bids_down_and_asks_up() -> None:
    book = book_of(
        (BUY, 109, 1),
        (BUY, 105, 2),
        (BUY, 99, 4),
        (SELL, 111, 1),
        (SELL, 120, 3),
        (SELL, 121, 5),
    )

    assert book.top_bids(2, 10) == [(100, 3), (90, 4)]
    assert book.top_asks(2, 10) == [(120, 4), (130, 5)]


levels = st.dictionaries(st.integers(1, 60), st.integers(0, 5), max_size=8)


@given(st.lists(st.tuples(levels, levels), max_size=12))
def test_any_chain_of_deltas_gives_the_plain_book(
    deltas: list[tuple[dict[int, int], dict[int, int]]],
) -> None:
    book = book_of()
    plain: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}

    for step, (bids, asks) in enumerate(deltas):
        rows = [(BUY, p, n) for p, n in bids.items()] + [(SELL, p, n) for p, n in asks.items()]
        assert book.apply(Delta(11 + step, 10 + step, 0, rows)) is not None
        for side, price, lots in rows:
            plain[side][price] = lots

    bids_left = sorted(((p, n) for p, n in plain[BUY].items() if n), reverse=True)
    asks_left = sorted((p, n) for p, n in plain[SELL].items() if n)
    assert book.top_bids(100) == bids_left
    assert book.top_asks(100) == asks_left
