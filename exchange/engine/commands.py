"""Every input of the engine: fixed 128-byte records of sixteen int64, one layout a kind.

All layouts share the first six fields, so a batch of mixed commands is one array of `HEADER`
records and `records.view(LAYOUTS[kind])` reads the rest. Unused fields are zero.

  sequence          position in the journal, from 1, without gaps; given by the runner
  time_ns           ns since the epoch, never backwards; given by the runner
  kind              CommandKind
  principal         the account that acts; its role is checked by the engine itself
  gateway_id        the process that submitted (0: the runner itself)
  gateway_sequence  its counter, from 1: a repeated pair changes nothing (CMD-001)

Texts and signatures do not fit in integers: they ride beside the records (pipeline.codec) and
never influence the engine.
"""

from enum import IntEnum

import numpy as np

from exchange.engine.records import RECORD_BYTES, Layout, column, record_layout

__all__ = ["RECORD_BYTES"]

Records = np.ndarray[tuple[int], np.dtype[np.void]]

COMMAND_VERSION = 1
# Rises with every change after which some command would give other events or another state.
ENGINE_VERSION = 1

_COMMON = ("sequence", "time_ns", "kind", "principal", "gateway_id", "gateway_sequence")


class CommandKind(IntEnum):
    """Permanent numbers: a journal written today is read by every later engine."""

    OPEN_ACCOUNT = 1
    SET_ROLE = 2
    REGISTER_REPORTER = 3
    PLACE_ORDER = 10
    AMEND_ORDER = 11
    CANCEL_ORDER = 12
    CANCEL_ALL = 13
    SET_SELF_TRADE_MODE = 14
    SET_CANCEL_ON_DISCONNECT = 15
    HEARTBEAT = 16
    PLACE_BATCH = 17
    DEPOSIT = 20
    REQUEST_WITHDRAWAL = 21
    CONFIRM_WITHDRAWAL = 22
    FAIL_WITHDRAWAL = 23
    TRANSFER = 24
    SUBMIT_OBSERVATION = 30
    TICK = 31
    SETTLE_VARIATION = 40
    LIQUIDATE = 41
    SETTLE_FUNDING = 42
    LIST_UNDERLYING = 50
    LIST_CONTRACT = 51
    SET_PARAMETER = 52
    SET_CONTRACT_STATE = 53
    QUARANTINE = 60


def _layout(*payload: str) -> Layout:
    return record_layout(_COMMON, payload)


HEADER = _layout()

# account: the new account belongs to the owner of this one; -1 makes it its own owner.
# role: ROLE_* bits. external_id: the caller's reference, echoed in AccountOpened.
OPEN_ACCOUNT = _layout("account", "role", "external_id")
SET_ROLE = _layout("account", "role")
# source: 0..SOURCES_MAX-1. key_0..3: the Ed25519 public key, little endian; the runner uses it.
REGISTER_REPORTER = _layout(
    "account", "source", "weight_ppm", "key_0", "key_1", "key_2", "key_3"
)

# side: BUY or SELL. flags: units.TYPE_*, TIF_*, TRIGGER_*, FLAG_*. price_ticks: 0 for a market
# order. trigger_ticks: of a stop or take; the distance of a trailing stop; else 0.
# label, idempotency_key: 63-bit hashes made by the gateway (0: none). valid_until_ns: 0, none.
PLACE_ORDER = _layout(
    "account",
    "contract",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "trigger_ticks",
    "label",
    "idempotency_key",
    "valid_until_ns",
)
# The order fields stand where PLACE_ORDER has them; contract, side and flags are its own
# and are not read here. quantity_lots: the new total, filled included. trigger_ticks: of an
# order that waits for it; 0 keeps it as it is.
AMEND_ORDER = _layout(
    "account",
    "contract",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "order",
    "trigger_ticks",
    "idempotency_key",
    "valid_until_ns",
)
# flags: FLAG_DISCONNECTED when the client did not ask but is gone.
CANCEL_ORDER = _layout(
    "account", "contract", "side", "flags", "price_ticks", "quantity_lots", "order"
)
# contract: -1 for all. label: 0 for all.
CANCEL_ALL = _layout(
    "account", "contract", "side", "flags", "price_ticks", "quantity_lots", "order", "label"
)

# account: any of the owner for all of whose accounts it counts. mode: units.SELF_TRADE_*.
SET_SELF_TRADE_MODE = _layout("account", "mode")
# count: how many of the records that follow are its members, 1..BATCH_MAX. link: units.LINK_*,
# how they are linked; then they are two or three PLACE_ORDER, what is stored dormant first.
PLACE_BATCH = _layout(
    "account",
    "count",
    "link",
    "unused_9",
    "unused_10",
    "unused_11",
    "unused_12",
    "unused_13",
    "unused_14",
    "valid_until_ns",
)
# is_enabled: 0 or 1: sessions begin with it. timeout_ns: all orders go, once, when no heartbeat
# came for so long; 0: never. -1 leaves either as it is.
SET_CANCEL_ON_DISCONNECT = _layout("account", "is_enabled", "timeout_ns")
HEARTBEAT = _layout("account")

# reference: the caller's id of the transfer, echoed in the event.
DEPOSIT = _layout("account", "asset", "amount_units", "reference")
# The key and the deadline stand where PLACE_ORDER has them.
REQUEST_WITHDRAWAL = _layout(
    "account",
    "asset",
    "amount_units",
    "reference",
    "unused_10",
    "unused_11",
    "unused_12",
    "unused_13",
    "idempotency_key",
    "valid_until_ns",
)
# From account to target, both of one owner.
TRANSFER = _layout(
    "account",
    "asset",
    "amount_units",
    "reference",
    "target",
    "unused_11",
    "unused_12",
    "unused_13",
    "idempotency_key",
    "valid_until_ns",
)
CONFIRM_WITHDRAWAL = _layout("withdrawal")
FAIL_WITHDRAWAL = _layout("withdrawal")

# price_e8, confidence_e8: quote per unit of the underlying x 10^8.
SUBMIT_OBSERVATION = _layout(
    "source", "underlying", "price_e8", "confidence_e8", "publish_time_ns"
)
TICK = _layout()

SETTLE_VARIATION = _layout("contract")
LIQUIDATE = _layout("account")
SETTLE_FUNDING = _layout("contract")

# name_0..: ASCII, eight characters an integer (pack_name). tick_e8, lot_e8: size of one tick
# in quote x 10^8 and of one lot in underlying x 10^8. reference_ticks: a price near today's.
LIST_UNDERLYING = _layout("name_0", "name_1")
LIST_CONTRACT = _layout(
    "name_0",
    "name_1",
    "name_2",
    "name_3",
    "underlying",
    "contract_kind",
    "tick_e8",
    "lot_e8",
    "reference_ticks",
    "expiry_ns",
)
# parameter: state.ContractParameter.
SET_PARAMETER = _layout("contract", "parameter", "value")
SET_CONTRACT_STATE = _layout("contract", "state", "reason")
# target_sequence: the command that must be skipped from now on, at every replay.
QUARANTINE = _layout("target_sequence")

LAYOUTS: dict[int, Layout] = {kind: globals()[kind.name] for kind in CommandKind}

# Positions of the fields that kernels read.
KIND = column(HEADER, "kind")
SEQUENCE = column(HEADER, "sequence")
TIME_NS = column(HEADER, "time_ns")
PRINCIPAL = column(HEADER, "principal")
GATEWAY_ID = column(HEADER, "gateway_id")
GATEWAY_SEQUENCE = column(HEADER, "gateway_sequence")
ACCOUNT = column(PLACE_ORDER, "account")
CONTRACT = column(PLACE_ORDER, "contract")
SIDE = column(PLACE_ORDER, "side")
FLAGS = column(PLACE_ORDER, "flags")
PRICE_TICKS = column(PLACE_ORDER, "price_ticks")
QUANTITY_LOTS = column(PLACE_ORDER, "quantity_lots")
ORDER = column(AMEND_ORDER, "order")
TRIGGER_TICKS = column(PLACE_ORDER, "trigger_ticks")
NEW_TRIGGER_TICKS = column(AMEND_ORDER, "trigger_ticks")
LABEL = column(PLACE_ORDER, "label")
IDEMPOTENCY_KEY = column(PLACE_ORDER, "idempotency_key")
VALID_UNTIL_NS = column(PLACE_ORDER, "valid_until_ns")
for _keyed in (AMEND_ORDER, REQUEST_WITHDRAWAL, TRANSFER):
    assert column(_keyed, "account") == ACCOUNT
    assert column(_keyed, "idempotency_key") == IDEMPOTENCY_KEY
    assert column(_keyed, "valid_until_ns") == VALID_UNTIL_NS
assert column(PLACE_BATCH, "valid_until_ns") == VALID_UNTIL_NS


def pack_name(name: str, words: int) -> list[int]:
    """ASCII text as little-endian int64 words, eight characters each, NUL padded.

    Raises ValueError when the name is not 1..8*words printable ASCII characters.

    >>> pack_name("BTC", 2)
    [4412482, 0]
    """
    raw = name.encode("ascii")
    if not 0 < len(raw) <= 8 * words or any(not 33 <= byte <= 126 for byte in raw):
        raise ValueError(f"Expected 1 to {8 * words} printable ASCII characters, was {name!r}")
    raw = raw.ljust(8 * words, b"\0")
    return [int.from_bytes(raw[i : i + 8], "little") for i in range(0, len(raw), 8)]


def unpack_name(words: "list[int] | tuple[int, ...]") -> str:
    """The text that pack_name packed.

    >>> unpack_name([4412482, 0])
    'BTC'
    """
    return (
        b"".join(int(word).to_bytes(8, "little") for word in words)
        .rstrip(b"\0")
        .decode("ascii")
    )


def make(kind: CommandKind, principal: int, **fields: int) -> Records:
    """One command as an array of one HEADER record; unknown field names raise ValueError."""
    record = np.zeros(1, LAYOUTS[kind])
    record["kind"] = kind
    record["principal"] = principal
    for name, value in fields.items():
        record[name] = value
    return record.view(HEADER)
