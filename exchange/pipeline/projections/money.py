"""Events that move money → LedgerEntry, Balance, Vault and Transfer.

FOLD-010  the projector keeps the balances it has written; an event that states a balance must
          state the same one, or the projector stops: it never serves a number the engine does
          not hold.
FOLD-011  a charge takes cash as far as cash goes (engine LEDG-002); the rest is owed through
          unsettled P&L and is no posting yet.
"""

from typing import NamedTuple

import numpy as np
from django.db.backends.utils import CursorWrapper

from exchange.engine.events import EventKind
from exchange.engine.units import (
    ASSETS_MAX,
    BAD_DEBT,
    CLEARING,
    EXTERNAL,
    FEES,
    FIRST_USER_ACCOUNT,
    HOLDS,
    INSURANCE,
    OPERATOR,
    RESIDUE,
    USDC,
)
from exchange.models.accounts import Balance, LedgerEntry, LedgerKind, Transfer, TransferState
from exchange.pipeline.projections.batch import Batch, Integers, last_of_each
from exchange.pipeline.projections.table import Columns, Table, change, rows_of

_LEDGER = Table.of(LedgerEntry)
_BALANCES = Table.of(Balance)
_TRANSFERS = Table.of(Transfer)
_SETTLEMENT = {"withdrawal": "i8", "state": "i2", "updated_ns": "i8", "sequence": "i8"}
_SETTLE = (
    "UPDATE exchange_transfer t SET state = p.state, updated_ns = p.updated_ns, "  # noqa: S608
    f"sequence = p.sequence FROM {rows_of(_SETTLEMENT)} "
    "WHERE t.withdrawal = p.withdrawal AND t.withdrawal <> 0"
)
_VAULT = (
    "INSERT INTO exchange_vault (id, account, name, asset, balance_units, sequence) "
    "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
    "balance_units = excluded.balance_units, sequence = excluded.sequence"
)
# One event makes at most two postings; their ids leave room for four.
_POSTINGS_PER_EVENT = 4

HOUSE_NAMES = {
    EXTERNAL: "external",
    FEES: "fees",
    INSURANCE: "insurance",
    CLEARING: "clearing",
    BAD_DEBT: "bad debt",
    RESIDUE: "residue",
    HOLDS: "holds",
    OPERATOR: "operator",
}


class Postings(NamedTuple):
    """Movements of money in the order of the journal, one row each, all (n,) int64."""

    id: Integers
    position: Integers
    account: Integers
    counter_account: Integers
    asset: Integers
    kind: Integers
    amount_units: Integers
    contract: Integers
    reference: Integers
    stated_units: Integers  # the balance after it that the event states; UNSTATED if none

    def keys(self) -> Integers:
        return self.account * ASSETS_MAX + self.asset

    def counter_keys(self) -> Integers:
        return self.counter_account * ASSETS_MAX + self.asset


UNSTATED = np.iinfo(np.int64).min
_CHARGES = (LedgerKind.FEE, LedgerKind.LIQUIDATION_FEE)


def write_money(
    cursor: CursorWrapper, batch: Batch, balances: Integers
) -> tuple[Integers, Integers]:
    """Writes the batch's postings and transfers.

    balances : (ACCOUNTS_MAX x ASSETS_MAX,) units, as they stood before the batch; not changed
               here.

    Returns the flat indices of the balances that moved and their new values: the caller takes
    them over once the transaction is committed.
    """
    _write_transfers(cursor, batch)
    postings = clamp_charges(gather_postings(batch), balances)
    if postings.id.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    after, keys, totals = running_balances(postings, balances)
    stated = postings.stated_units != UNSTATED
    if (after[stated] != postings.stated_units[stated]).any():
        wrong = int(np.flatnonzero(stated & (after != postings.stated_units))[0])
        raise AssertionError(
            f"Expected a balance of {postings.stated_units[wrong]} units for account "
            f"{postings.account[wrong]}, was {after[wrong]} (kind {postings.kind[wrong]})"
        )
    events = batch.events[postings.position]
    columns: Columns = {name: getattr(postings, name) for name in _SHARED}
    columns |= {"balance_units": after, "time_ns": events["time_ns"]}
    columns |= {"sequence": events["sequence"]}
    _LEDGER.copy(cursor, columns, after.size)
    _write_balances(cursor, postings, events["sequence"], keys, totals)
    return keys, totals


_SHARED = [name for name in Postings._fields if name in _LEDGER.formats]


def gather_postings(batch: Batch) -> Postings:
    """Every posting the events stand for, charges still at their full amount."""
    deposited = batch.of(EventKind.DEPOSITED)
    requested = batch.of(EventKind.WITHDRAWAL_REQUESTED)
    confirmed = batch.of(EventKind.WITHDRAWAL_CONFIRMED)
    failed = batch.of(EventKind.WITHDRAWAL_FAILED)
    filled = batch.of(EventKind.ORDER_FILLED)
    settled = batch.of(EventKind.VARIATION_SETTLED)
    stepped = batch.of(EventKind.LIQUIDATION_STEPPED)
    insured = batch.of(EventKind.INSURANCE_PAID)
    indebted = batch.of(EventKind.BAD_DEBT_RECORDED)
    transferred = batch.of(EventKind.TRANSFERRED)
    parts = [
        _part(batch, EventKind.DEPOSITED, LedgerKind.DEPOSIT, deposited["account"], EXTERNAL,
              deposited["amount_units"], asset=deposited["asset"],
              reference=deposited["reference"], stated=deposited["balance_units"]),
        _part(batch, EventKind.WITHDRAWAL_REQUESTED, LedgerKind.WITHDRAWAL_HOLD,
              requested["account"], HOLDS, -requested["amount_units"], asset=requested["asset"],
              reference=requested["withdrawal"], stated=requested["balance_units"]),
        _part(batch, EventKind.WITHDRAWAL_CONFIRMED, LedgerKind.WITHDRAWAL_PAID, HOLDS,
              EXTERNAL, -confirmed["amount_units"], asset=confirmed["asset"],
              reference=confirmed["withdrawal"]),
        _part(batch, EventKind.WITHDRAWAL_FAILED, LedgerKind.WITHDRAWAL_RETURNED,
              failed["account"], HOLDS, failed["amount_units"], asset=failed["asset"],
              reference=failed["withdrawal"], stated=failed["balance_units"]),
        _part(batch, EventKind.ORDER_FILLED, LedgerKind.FEE, filled["account"], FEES,
              -filled["fee_units"], contract=filled["contract"], reference=filled["trade"]),
        _part(batch, EventKind.VARIATION_SETTLED, LedgerKind.VARIATION, settled["account"],
              CLEARING, settled["cash_units"], contract=settled["contract"],
              stated=settled["balance_units"]),
        _part(batch, EventKind.LIQUIDATION_STEPPED, LedgerKind.LIQUIDATION_FEE,
              stepped["account"], INSURANCE, -stepped["fee_units"],
              contract=stepped["contract"]),
        _part(batch, EventKind.INSURANCE_PAID, LedgerKind.INSURANCE, insured["account"],
              INSURANCE, insured["amount_units"], contract=insured["contract"]),
        _part(batch, EventKind.BAD_DEBT_RECORDED, LedgerKind.BAD_DEBT, indebted["account"],
              BAD_DEBT, indebted["amount_units"]),
        _part(batch, EventKind.TRANSFERRED, LedgerKind.TRANSFER, transferred["account"],
              transferred["counterparty"], transferred["amount_units"],
              asset=transferred["asset"], reference=transferred["reference"],
              stated=transferred["balance_units"]),
    ]  # fmt: skip
    joined = Postings(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    keep = joined.amount_units != 0
    order = np.argsort(joined.id[keep], kind="stable")
    return Postings(*(column[keep][order] for column in joined))


def _part(
    batch: Batch,
    event: EventKind,
    kind: LedgerKind,
    account: Integers | int,
    counter_account: Integers | int,
    amount_units: Integers,
    *,
    asset: Integers | int = USDC,
    contract: Integers | int = -1,
    reference: Integers | int = 0,
    stated: Integers | int = UNSTATED,
    nth: int = 0,
) -> Postings:
    position = batch.positions(event)
    columns = (
        account,
        counter_account,
        asset,
        int(kind),
        amount_units,
        contract,
        reference,
        stated,
    )
    return Postings(
        batch.ordinals(event) * _POSTINGS_PER_EVENT + nth,
        position,
        *(np.broadcast_to(np.asarray(c, np.int64), position.shape) for c in columns),
    )


def clamp_charges(postings: Postings, balances: Integers) -> Postings:
    """The same postings with every charge cut to the cash that was there (FOLD-011)."""
    keys = postings.keys()
    order, group, base = _grouped(keys, balances)
    is_charge = np.isin(postings.kind, _CHARGES) & (postings.amount_units < 0)
    running = _running(postings.amount_units[order], group, base)
    short = np.unique(keys[order][is_charge[order] & (running < 0)])
    if short.size == 0:
        return postings
    amounts = postings.amount_units.copy()
    for key in short:
        cash = int(balances[key])
        for row in np.flatnonzero(keys == key):
            if is_charge[row]:
                amounts[row] = -min(-int(amounts[row]), max(0, cash))
            cash += int(amounts[row])
    keep = amounts != 0
    return Postings(*(c[keep] for c in postings._replace(amount_units=amounts)))


def running_balances(
    postings: Postings, balances: Integers
) -> tuple[Integers, Integers, Integers]:
    """Cash after each posting; then the flat indices that moved and their final values."""
    count = postings.id.size
    keys = np.empty(2 * count, np.int64)
    amounts = np.empty(2 * count, np.int64)
    keys[0::2], keys[1::2] = postings.keys(), postings.counter_keys()
    # A transfer has an entry of its own on either side (LEDGER-003).
    is_two_sided = postings.kind != LedgerKind.TRANSFER
    amounts[0::2], amounts[1::2] = postings.amount_units, -postings.amount_units * is_two_sided
    order, group, base = _grouped(keys, balances)
    after = np.empty(2 * count, np.int64)
    after[order] = _running(amounts[order], group, base)
    last = last_of_each(keys)
    return after[0::2], keys[last], after[last]


def _grouped(keys: Integers, balances: Integers) -> tuple[Integers, Integers, Integers]:
    """A stable order by key; for each row in it, where its group starts and its old balance."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    starts = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]]) if keys.size else order
    lengths = np.diff(np.r_[starts, keys.size])
    return order, np.repeat(starts, lengths), balances[in_order]


def _running(amounts: Integers, group_start: Integers, base: Integers) -> Integers:
    total = np.cumsum(amounts)
    return base + total - (total - amounts)[group_start]


def _write_balances(
    cursor: CursorWrapper,
    postings: Postings,
    sequence: Integers,
    keys: Integers,
    totals: Integers,
) -> None:
    both = np.stack([postings.keys(), postings.counter_keys()], axis=1).ravel()
    moved_at = np.repeat(sequence, 2)[last_of_each(both)]
    account, asset = keys // ASSETS_MAX, keys % ASSETS_MAX
    user = account >= FIRST_USER_ACCOUNT
    columns = {"id": keys, "account": account, "asset": asset}
    columns |= {"balance_units": totals, "sequence": moved_at}
    users: Columns = {name: values[user] for name, values in columns.items()}
    _BALANCES.upsert(cursor, users, int(user.sum()))
    house = [
        (key, owner, HOUSE_NAMES[owner], held, units, at)
        for key, owner, held, units, at in zip(
            *(values[~user].tolist() for values in columns.values()), strict=True
        )
    ]
    cursor.executemany(_VAULT, house)


def _write_transfers(cursor: CursorWrapper, batch: Batch) -> None:
    for event, sign, state in (
        (EventKind.DEPOSITED, 1, TransferState.DONE),
        (EventKind.WITHDRAWAL_REQUESTED, -1, TransferState.PENDING),
    ):
        rows = batch.of(event)
        columns: Columns = {
            name: rows[name] for name in ("account", "asset", "reference", "sequence")
        }
        columns |= {
            "id": batch.ordinals(event),
            "amount_units": sign * rows["amount_units"],
            "withdrawal": rows["withdrawal"] if sign < 0 else 0,
            "state": state.value,
            "requested_ns": rows["time_ns"],
            "updated_ns": rows["time_ns"],
        }
        _TRANSFERS.copy(cursor, columns, rows.size)
    for event, state in (
        (EventKind.WITHDRAWAL_CONFIRMED, TransferState.DONE),
        (EventKind.WITHDRAWAL_FAILED, TransferState.FAILED),
    ):
        _settle_withdrawals(cursor, batch, event, state)


def _settle_withdrawals(
    cursor: CursorWrapper, batch: Batch, event: EventKind, state: TransferState
) -> None:
    rows = batch.of(event)
    columns: Columns = {
        "withdrawal": rows["withdrawal"],
        "state": state.value,
        "updated_ns": rows["time_ns"],
        "sequence": rows["sequence"],
    }
    settled = change(cursor, _SETTLE, _SETTLEMENT, columns, rows.size)
    assert settled == rows.size, "a withdrawal was settled that was never requested"
