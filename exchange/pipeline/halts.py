"""An operator stops a market, and lets it go on: by commands in the journal, like all else.

HALT-001  while a contract is halted orders are refused (CONTRACT_NOT_OPEN) and its funding
          stands still; cancels, marks, liquidations and withdrawals go on. All contracts halted
          is the venue halted: there is no other switch that could disagree with it.
HALT-002  the operator's words ride beside the command in the journal; who reads them finds the
          command by the sequence that its event left in the contract's row.
"""

from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import StateReason
from exchange.engine.rejects import RejectReason
from exchange.engine.units import OPERATOR, STATE_HALTED, STATE_PRE_LAUNCH
from exchange.models import Contract
from exchange.pipeline import codec, journal
from exchange.pipeline.bus import Bus

BY_OPERATOR = 1  # of the numbers below 1,000, which are an operator's own
WORDS_BYTES_MAX = 400


class UnknownContract(Exception):
    """There is no such contract."""


class Outcome(NamedTuple):
    """What became of one contract."""

    contract: str
    sequence: int
    reason: RejectReason


class Halt(NamedTuple):
    """A contract that is halted now."""

    contract: str
    time_ns: int
    sequence: int
    words: str


def set_state(url: str, names: Sequence[str], state: int, words: str) -> list[Outcome]:
    """Ask the engine to put contracts into a state; an empty list of names means all of them.

    Raises UnknownContract, ValueError, and what Bus.submit raises.
    """
    text = words.encode()
    if not 0 < len(text) <= WORDS_BYTES_MAX:
        raise ValueError(f"Expected a reason of 1 to {WORDS_BYTES_MAX} bytes.")
    contracts = _contracts(names)
    if not contracts:
        return []
    commands = [
        make(
            CommandKind.SET_CONTRACT_STATE,
            OPERATOR,
            contract=contract.id,
            state=state,
            reason=BY_OPERATOR,
        )
        for contract in contracts
    ]
    sides = dict.fromkeys(range(len(commands)), text)
    with closing(Bus.connect(url)) as bus:
        results = bus.submit(np.concatenate(commands), sides)
    return [
        Outcome(contract.name, result.sequence, RejectReason(result.reason))
        for contract, result in zip(contracts, results, strict=True)
    ]


def halts() -> list[Halt]:
    """Every contract that is halted, with the reason that was given."""
    halted = Contract.objects.filter(state=STATE_HALTED).order_by("id")
    found = []
    for contract in halted:
        words = (
            "Its mark passed ten times the listing reference."
            if contract.state_reason == StateReason.PRICE_CEILING
            else words_beside(contract.state_sequence)
        )
        found.append(Halt(contract.name, contract.state_ns, contract.state_sequence, words))
    return found


def words_beside(sequence: int) -> str:
    """The text that rides beside a command in the journal; empty if it has none."""
    with closing(journal.connect()) as connection:
        row = journal.row_holding(connection, sequence)
    if row is None:  # It is archived.
        return ""
    text = codec.decode_sides(row.side).get(sequence - row.first_sequence, b"")
    return text.decode(errors="replace")


def _contracts(names: Sequence[str]) -> list[Contract]:
    listed = Contract.objects.exclude(state=STATE_PRE_LAUNCH).order_by("id")
    if not names:
        return list(listed)
    by_name = {contract.name: contract for contract in listed}
    if missing := [name for name in names if name not in by_name]:
        raise UnknownContract(f"No contract trades as {', '.join(missing)}.")
    return [by_name[name] for name in dict.fromkeys(names)]
