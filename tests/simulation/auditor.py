"""The auditor: recomputes every invariant that a state alone can show, from scratch.

It reads the arrays into plain Python rows, so that no sum can wrap and no kernel is trusted,
and raises AssertionError whose text begins with the invariant's number (spec: invariants).

    I-01  balances of an asset sum to zero; EXTERNAL holds minus the net deposits
    I-04  lots of a contract sum to zero          I-05  open interest = longs = shorts
    I-07  no negative balance; sum(unsettled - cost) + what the house is owed = 0 a contract
    I-10  holds = pending withdrawals; order sums of a position = its open orders
    I-11  the book is neither crossed nor locked  I-12  a level's queue stands in its order
    I-13  0 < remaining <= quantity               I-14  level sums = recomputed
    I-16  a resting order is a limit order that may rest, inside its contract's ceiling; one
          that waits for a trigger stands in the list of its source and direction, which the
          price has not passed unless the contract is due, and is in no book; one that is
          dormant stands in neither
    I-18  keys: per account the last ones, each found once in its chain and in the age list
    I-27  funding settled since the conversion sums to less than one unit a settlement
    I-20  initial margin >= maintenance > 0 for a position
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from exchange.engine import units
from exchange.engine.state import Counter, State
from exchange.engine.units import (
    ACCOUNTS_MAX,
    BAD_DEBT,
    BUY,
    EXTERNAL,
    HOLDS,
    LEVEL_HEIGHT_MAX,
    ORDER_SLOT_BITS,
    SELL,
)
from tests.simulation.client_audit import check_clients
from tests.simulation.link_audit import check_links, is_dormant
from tests.simulation.trigger_audit import check_days, check_triggers, is_waiting

Row = dict[str, int]


def audit(state: State) -> None:
    """Checks the whole state; the message of the first failure names its invariant."""
    Audit(state).run()


def rows(table: "np.ndarray[Any, np.dtype[np.void]]") -> list[Row]:
    """Records as dicts of Python integers, which cannot overflow."""
    names = table.dtype.names
    assert names is not None
    return [dict(zip(names, record, strict=True)) for record in table.tolist()]


@dataclass(slots=True)
class Held:
    """One used position slot."""

    slot: int
    account: int
    row: Row


class Audit:
    """One audit of one state: tables are read once, then each rule looks at plain rows."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.count: dict[Counter, int] = {c: int(state.counters[c]) for c in COUNTERS}
        self.accounts = rows(state.accounts[: self.count[Counter.ACCOUNTS]])
        self.contracts = rows(state.contracts[: self.count[Counter.CONTRACTS]])
        self.funding = rows(state.funding[: self.count[Counter.CONTRACTS]])
        self.orders = rows(state.orders[: self.count[Counter.ORDERS_HIGH]])
        self.conditions = rows(state.conditions[: self.count[Counter.ORDERS_HIGH]])
        self.links = rows(state.links[: self.count[Counter.ORDERS_HIGH]])
        self.balances = state.balances[: len(self.accounts)].tolist()
        self.held = list(self._read_positions())

    def run(self) -> None:
        """Every rule in turn."""
        self.check_balances()
        self.check_unused_rows()
        self.check_positions()
        self.check_funding()
        self.check_holders()
        self.check_orders()
        self.check_account_lists()
        check_days(self)
        check_links(self)
        self.check_free_lists()
        self.check_books()
        self.check_withdrawals()
        self.check_margins()
        check_clients(self.state, self.accounts)

    # --- money ------------------------------------------------------------------------------

    def check_balances(self) -> None:
        """I-01, I-07: conservation of every asset, and nobody below zero."""
        for asset in range(units.ASSETS_MAX):
            column = [row[asset] for row in self.balances]
            assert sum(column) == 0, f"I-01 asset {asset} sums to {sum(column)}"
            for account, balance in enumerate(column):
                allowed = account in (EXTERNAL, BAD_DEBT)
                assert allowed or balance >= 0, f"I-07 account {account} has {balance}"
        deposited = sum(account["deposited_units"] for account in self.accounts)
        external = self.balances[EXTERNAL][units.USDC]
        assert external == -deposited, f"I-01 external {external}, net deposits {deposited}"

    def check_withdrawals(self) -> None:
        """I-10: what is held is what was requested and not yet paid."""
        pending: dict[int, int] = defaultdict(int)
        table = self.state.withdrawals[: self.count[Counter.WITHDRAWALS_HIGH]]
        for row in rows(table):
            if row["id"]:
                assert row["amount_units"] > 0, f"I-10 withdrawal {row}"
                pending[row["asset"]] += row["amount_units"]
        for asset in range(units.ASSETS_MAX):
            held = self.balances[HOLDS][asset]
            assert held == pending[asset], f"I-10 holds {held}, pending {pending[asset]}"

    # --- positions --------------------------------------------------------------------------

    def check_positions(self) -> None:
        """I-04, I-05, I-07: each contract is a closed circle of lots and money."""
        for contract, row in enumerate(self.contracts):
            held = [h.row for h in self.held if h.row["contract"] == contract + 1]
            lots = [h["lots"] for h in held]
            assert sum(lots) == 0, f"I-04 contract {contract} sums to {sum(lots)}"
            long = sum(lot for lot in lots if lot > 0)
            stated = row["open_interest_lots"]
            assert long == stated, f"I-05 contract {contract}: {long} long, {stated} stated"
            circle = sum(h["unsettled_units"] - h["cost_units"] for h in held)
            house = row["fees_unsettled_units"] + row["insurance_unsettled_units"]
            assert circle + house == 0, f"I-07 contract {contract}: {circle} + house {house}"
            for h in held:
                flat = h["lots"] == 0
                assert not flat or h["cost_units"] == 0, f"I-07 cost without lots: {h}"

        reference = sum(
            row["open_interest_lots"] * row["reference_ticks"] * row["tick_value_units"]
            for row in self.contracts
        )
        stated = self.count[Counter.OPEN_INTEREST_UNITS]
        assert stated == reference, f"I-05 venue: {stated} stated, {reference} summed"

    def check_funding(self) -> None:
        """I-27: what was settled since the conversion sums to the roundings alone."""
        for contract, row in enumerate(self.contracts):
            held = [h.row for h in self.held if h.row["contract"] == contract + 1]
            paid = sum(h["funding_units"] for h in held) * 10**9
            due = sum(h["lots"] * (row["funding_index"] - h["funding_index"]) for h in held)
            residue, settlements = due - paid, self.funding[contract]["settlements"]
            is_sound = residue == 0 or 0 < residue < settlements * 10**9
            assert is_sound, f"I-27 contract {contract}: {residue} nano after {settlements}"
            samples = rows(self.state.funding_samples[contract])
            for name in ("premium_ppb_ms", "measured_ms"):
                kept = sum(sample[name] for sample in samples)
                stated = self.funding[contract][f"hour_{name}"]
                assert kept == stated, f"I-27 {name} of {contract}: {stated}, kept {kept}"

    def check_holders(self) -> None:
        """The list of a contract's holders names each used slot once, linked both ways."""
        for contract, row in enumerate(self.contracts):
            expected = {h.slot for h in self.held if h.row["contract"] == contract + 1}
            found: list[int] = []
            previous, link = 0, row["first_holder"]
            while link:
                slot = self.state.positions[link - 1]
                assert int(slot["previous_holder"]) == previous, f"I-05 holder {link - 1}"
                assert len(found) < len(expected), f"I-05 holders of {contract} loop"
                found.append(link - 1)
                previous, link = link, int(slot["next_holder"])
            assert set(found) == expected, f"I-05 holders of {contract}: {found}"
            assert row["holder_count"] == len(found), f"I-05 holder count of {contract}"

    def check_margins(self) -> None:
        """I-20: a position has a maintenance margin, and the initial one is no smaller."""
        for h in self.held:
            contract = self.contracts[h.row["contract"] - 1]
            if h.row["lots"] == 0 or contract["mark_ticks"] == 0:
                continue
            notional = (
                abs(h.row["lots"]) * contract["mark_ticks"] * contract["tick_value_units"]
            )
            initial = initial_margin(notional, contract)
            maintenance = -(-initial // 2)
            assert notional >= initial >= maintenance > 0, f"I-20 {h} {initial}"

    # --- orders -----------------------------------------------------------------------------

    def check_orders(self) -> None:
        """I-10, I-13, I-16: live orders are well formed and counted in their position."""
        sums: dict[int, Row] = defaultdict(lambda: defaultdict(int))
        reducing: dict[int, int] = defaultdict(int)
        counts: dict[int, int] = defaultdict(int)
        live = [(slot, row) for slot, row in enumerate(self.orders) if row["id"]]
        for slot, row in live:
            assert row["id"] & ((1 << ORDER_SLOT_BITS) - 1) == slot, f"I-13 id of {row}"
            assert 0 < row["remaining_lots"] <= row["quantity_lots"], f"I-13 {row}"
            ceiling = self.contracts[row["contract"]]["price_ceiling_ticks"]
            is_market = row["flags"] & units.TYPE_MARKET != 0
            if is_waiting(row) or is_dormant(row):
                assert (row["price_ticks"] == 0) == is_market, f"I-16 {row}"
            else:
                assert row["price_ticks"] > 0, f"I-15 {row}"
                assert not is_market, f"I-16 a market order rests: {row}"
                may_rest = row["flags"] & units.TIF_NEVER_RESTS == 0
                assert may_rest, f"I-16 an order that may not rest does: {row}"
            assert row["price_ticks"] <= ceiling, f"I-15 {row}"
            position = self.state.positions[row["position"]]
            assert row["position"] % ACCOUNTS_MAX == row["account"], f"I-10 {row}"
            assert int(position["contract"]) == row["contract"] + 1, f"I-10 {row}"
            self._count(sums[row["position"]], row)
            is_resting = not is_waiting(row) and not is_dormant(row)
            if row["flags"] & units.FLAG_REDUCE_ONLY and is_resting:
                reducing[row["position"]] += row["remaining_lots"]
                counts[row["account"]] += 1
                assert int(position["lots"]) * row["side"] < 0, f"I-16 {row} reduces nothing"
        for slot, lots in reducing.items():
            held = abs(int(self.state.positions[slot]["lots"]))
            assert lots <= held, f"I-16 {lots} lots reduce {held} of slot {slot}"
        for account, account_row in enumerate(self.accounts):
            stated = account_row["reduce_only_count"]
            assert stated == counts[account], f"I-16 {account} has {counts[account]}"
        assert len(live) == self.count[Counter.ORDERS_OPEN], f"I-13 {len(live)} live"
        for h in self.held:
            for name in ORDER_SUMS:
                stated, counted = h.row[name], sums[h.slot][name]
                assert stated == counted, f"I-10 {name} of slot {h.slot}: {stated}/{counted}"

    def check_account_lists(self) -> None:
        """I-10: an account's list of orders is exactly its live orders, linked both ways."""
        owned: dict[int, set[int]] = defaultdict(set)
        for slot, row in enumerate(self.orders):
            if row["id"]:
                owned[row["account"]].add(slot)
        for account, row in enumerate(self.accounts):
            found: set[int] = set()
            previous, link = 0, row["first_order"]
            while link:
                order = self.orders[link - 1]
                assert order["previous_of_account"] == previous, f"I-10 order {order}"
                assert link - 1 not in found, f"I-10 orders of {account} loop"
                found.add(link - 1)
                previous, link = link, order["next_of_account"]
            assert found == owned[account], f"I-10 orders of {account}: {found}"
            assert row["order_count"] == len(found), f"I-10 order count of {account}"

    def check_free_lists(self) -> None:
        """STATE-001: each slot ever used is either live or on the free list, once."""
        used = {slot for slot, row in enumerate(self.orders) if row["id"]}
        free = self._free("orders", "next", Counter.ORDERS_FREE)
        assert used.isdisjoint(free), "STATE-001 a live order is on the free list"
        assert len(used) + len(free) == len(self.orders), "STATE-001 an order slot is lost"
        first = units.LEVEL_HEADS
        levels = rows(self.state.levels[first : self.count[Counter.LEVELS_HIGH]])
        live = {first + i for i, row in enumerate(levels) if row["count"]}
        free = self._free("levels", "next_free", Counter.LEVELS_FREE)
        assert live.isdisjoint(free), "STATE-001 a live level is on the free list"
        assert len(live) + len(free) == len(levels), "STATE-001 a level slot is lost"

    def check_unused_rows(self) -> None:
        """STATE-001: beyond the counters every table is zero."""
        pairs = [
            (self.state.orders, Counter.ORDERS_HIGH),
            (self.state.levels, Counter.LEVELS_HIGH),
            (self.state.contracts, Counter.CONTRACTS),
            (self.state.accounts, Counter.ACCOUNTS),
        ]
        for table, counter in pairs:
            # A sample of the rows just beyond: the whole capacity would cost seconds.
            beyond = table[self.count[counter] : self.count[counter] + 64]
            assert not np.any(beyond.view(np.int64)), f"STATE-001 {counter.name} rows in use"

    # --- the book ---------------------------------------------------------------------------

    def check_books(self) -> None:
        """I-11, I-12, I-14: both sides sorted, levels and queues sound, best prices apart."""
        queued: set[int] = set()
        for slot, order in enumerate(self.orders):
            assert order["id"] or not any(self.conditions[slot].values()), f"STATE-001 {slot}"
        for contract in range(len(self.contracts)):
            bids = self._check_side(contract, BUY, queued)
            asks = self._check_side(contract, SELL, queued)
            if bids and asks:
                assert bids[0] < asks[0], f"I-11 contract {contract}: {bids[0]} / {asks[0]}"
            check_triggers(self, contract, queued)
        awake = [row["id"] != 0 and not is_dormant(row) for row in self.orders]
        live = {slot for slot, is_awake in enumerate(awake) if is_awake}
        assert queued == live, f"I-14 orders in no queue: {live - queued}"

    def _check_side(self, contract: int, side: int, queued: set[int]) -> list[int]:
        prices: list[int] = []
        levels = list(self.level_slots(book_head(contract, side), 0))
        for level in levels:
            row = rows(self.state.levels[level : level + 1])[0]
            prices.append(row["price_ticks"])
            queue = list(self.queue(row))
            assert queue, f"I-14 an empty level: {row}"
            assert len(queue) == row["count"], f"I-14 level {row}"
            assert sum(q["remaining_lots"] for _, q in queue) == row["lots"], f"I-14 {row}"
            for slot, order in queue:
                agrees = (order["contract"], order["side"], order["price_ticks"])
                assert agrees == (contract, side, row["price_ticks"]), f"I-14 {order}"
                is_resting = not is_waiting(order) and not is_dormant(order)
                assert is_resting, f"I-16 a waiting order in the book: {order}"
                assert order["level"] == level, f"I-14 {order}"
                assert slot not in queued, f"I-12 order {slot} queues twice"
                queued.add(slot)
        best_first = sorted(set(prices), reverse=side == BUY)
        assert prices == best_first, f"I-11 side {side} of {contract}: {prices}"
        self.check_towers(book_head(contract, side), levels)
        return prices

    def check_towers(self, head: int, levels: list[int]) -> None:
        for height in range(1, LEVEL_HEIGHT_MAX):
            expected = [v for v in levels if int(self.state.levels[v]["height"]) > height]
            found = list(self.level_slots(head, height))
            assert found == expected, f"I-14 express lane {height} of list {head}: {found}"

    def level_slots(self, head: int, height: int) -> Iterator[int]:
        link, steps = int(self.state.level_next[head, height]), 0
        while link:
            yield link - 1
            steps += 1
            assert steps <= units.LEVELS_MAX, f"I-14 list {head} loops"
            link = int(self.state.level_next[link - 1, height])

    def level(self, slot: int) -> Row:
        """One price level."""
        return rows(self.state.levels[slot : slot + 1])[0]

    def queue(self, level: Row) -> Iterator[tuple[int, Row]]:
        previous, link, steps = 0, level["first"], 0
        while link:
            order = self.orders[link - 1]
            assert order["previous"] == previous, f"I-12 {order}"
            yield link - 1, order
            steps += 1
            assert steps <= level["count"], f"I-12 queue of {level} loops"
            previous, link = link, order["next"]
        assert previous == level["last"], f"I-12 last of {level}"

    # --- reading ----------------------------------------------------------------------------

    def _read_positions(self) -> Iterator[Held]:
        for account, row in enumerate(self.accounts):
            seen: set[int] = set()
            table = self.state.positions[account::ACCOUNTS_MAX][: row["slot_count"]]
            for i, position in enumerate(rows(table)):
                if position["contract"] == 0:
                    assert not any(position.values()), f"STATE-001 free slot {position}"
                    continue
                assert position["contract"] not in seen, f"I-04 {account} holds it twice"
                seen.add(position["contract"])
                yield Held(account + i * ACCOUNTS_MAX, account, position)

    def _free(self, table: str, field: str, counter: Counter) -> set[int]:
        found: set[int] = set()
        link = self.count[counter]
        while link:
            assert link - 1 not in found, f"STATE-001 free list of {table} loops"
            found.add(link - 1)
            link = int(getattr(self.state, table)[link - 1][field])
        return found

    @staticmethod
    def _count(sums: Row, order: Row) -> None:
        sums["order_count"] += 1
        if is_waiting(order) or is_dormant(order):
            return
        side = "buy" if order["side"] == BUY else "sell"
        sums[f"{side}_lots"] += order["remaining_lots"]
        sums[f"{side}_price_lots"] += order["remaining_lots"] * order["price_ticks"]
        sums["resting_count"] += 1


def book_head(contract: int, side: int) -> int:
    return 2 * contract + (0 if side == BUY else 1)


COUNTERS = tuple(counter for counter in Counter if counter.name != "COUNT")


ORDER_SUMS = (
    "buy_lots",
    "buy_price_lots",
    "sell_lots",
    "sell_price_lots",
    "resting_count",
    "order_count",
)


def initial_margin(notional: int, contract: Row) -> int:
    """imf0 (1 + max(0, N - floor) / (9 floor)) of N, each step rounded up, at most N."""
    rate, floor = contract["initial_margin_ppm"], contract["margin_floor_units"]
    base = -(-notional * rate // 1_000_000)
    base += -(-base * max(0, notional - floor) // (9 * floor))
    return min(base, notional)
