"""The whole state of the venue: a struct of arrays, one table an entity, int64 in every field.

Tables (their rows: tables.py) are reserved at full capacity with np.zeros: untouched pages cost
nothing. A row is named by its index ("slot"). Nothing here decides; it only says where things
stand.

STATE-001  every field is int64; a row that is not in use is all zero.
STATE-002  capacities are fixed (units.py); a full table rejects, it never grows.
STATE-003  an order's public id is (number << 20) | slot, the number counting all orders ever
           made: looked up without a hash table, and never used twice.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit, types
from numba.core.dispatcher import Dispatcher

from exchange.engine.tables import (
    ACCOUNT,
    BATCH,
    CONDITION,
    CONTRACT,
    FUNDING,
    FUNDING_SAMPLE,
    GATEWAY,
    KEY,
    LEVEL,
    LINK,
    OBSERVATION,
    ORDER,
    POSITION,
    REPORTER,
    SAFEGUARD,
    UNDERLYING,
    WITHDRAWAL,
    ContractParameter,
    Counter,
)
from exchange.engine.units import (
    ACCOUNTS_MAX,
    ASSETS_MAX,
    CONTRACTS_MAX,
    FIRST_USER_ACCOUNT,
    FUNDING_SAMPLES,
    GATEWAYS_MAX,
    KEYS_MAX,
    LEVEL_HEADS,
    LEVEL_HEIGHT_MAX,
    LEVELS_MAX,
    OPERATOR,
    ORDERS_MAX,
    ROLE_OPERATOR,
    SLOTS_MAX,
    SOURCES_MAX,
    UNDERLYINGS_MAX,
    WITHDRAWALS_MAX,
)

__all__ = [
    "ACCOUNT",
    "BATCH",
    "CONDITION",
    "CONTRACT",
    "FUNDING",
    "FUNDING_SAMPLE",
    "GATEWAY",
    "KEY",
    "LEVEL",
    "LINK",
    "OBSERVATION",
    "ORDER",
    "POSITION",
    "REPORTER",
    "SAFEGUARD",
    "STATE",
    "UNDERLYING",
    "WITHDRAWAL",
    "ContractParameter",
    "Counter",
    "Integers",
    "State",
    "Table",
    "as_kernels_see",
    "empty_state",
    "in_array",
    "inner_kernel",
    "kernel",
    "record_of_tables",
    "zeroed_record",
]

_KERNEL_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "no_cfunc_wrapper": True}
_Function = TypeVar("_Function", bound=Callable[..., Any])
_Tables = TypeVar("_Tables", bound=tuple[Any, ...])
_compile: Any = njit


def kernel(function: _Function) -> _Function:
    """Compile a function of the engine: cached on disk, releases the GIL, never fastmath."""
    return _one_signature(_compile(**_KERNEL_OPTIONS)(function))


def inner_kernel(function: _Function) -> _Function:
    """A kernel that only kernels call: without the bridge from Python it compiles faster."""
    return _one_signature(_compile(**_KERNEL_OPTIONS, no_cpython_wrapper=True)(function))


def _one_signature(dispatcher: Any) -> Any:
    """Compile a kernel once for int64, not again for each constant it is called with.

    Numba types a constant argument as a literal of its value, and so compiles one copy a value.
    """
    if not isinstance(dispatcher, Dispatcher):
        return dispatcher  # NUMBA_DISABLE_JIT: the plain function
    unliteral: Any = types.unliteral
    resolve: Any = dispatcher.get_call_template

    def resolve_unliteral(args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        return resolve(tuple(unliteral(arg) for arg in args), kws)

    vars(dispatcher)["get_call_template"] = resolve_unliteral
    return dispatcher


@kernel
def _is_compiled() -> bool:
    return True


Table = np.ndarray[tuple[int, ...], np.dtype[np.void]]
Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


class State(NamedTuple):
    """Everything the engine knows. All arrays int64 (or packed int64 records), C-contiguous.

    In memory it is one record of STATE, whose fields are these tables: a kernel gets a single
    address instead of thirteen arrays: five times faster for a whole order, and compiled in
    two thirds of the time. Its fields read as here; without the compiler it is this tuple.
    """

    counters: Integers  # (Counter.COUNT,)
    accounts: Table  # (ACCOUNTS_MAX,) ACCOUNT
    balances: Integers  # (ACCOUNTS_MAX, ASSETS_MAX) units
    positions: Table  # (SLOTS_MAX * ACCOUNTS_MAX,) POSITION; see positions.py
    orders: Table  # (ORDERS_MAX,) ORDER
    conditions: Table  # (ORDERS_MAX,) CONDITION
    links: Table  # (ORDERS_MAX,) LINK
    levels: Table  # (LEVELS_MAX,) LEVEL; the first LEVEL_HEADS are heads (matching.py)
    level_next: Integers  # (LEVELS_MAX, LEVEL_HEIGHT_MAX) level slot + 1, 0: end
    contracts: Table  # (CONTRACTS_MAX,) CONTRACT
    underlyings: Table  # (UNDERLYINGS_MAX,) UNDERLYING
    observations: Table  # (UNDERLYINGS_MAX, SOURCES_MAX) OBSERVATION
    reporters: Table  # (SOURCES_MAX,) REPORTER
    withdrawals: Table  # (WITHDRAWALS_MAX,) WITHDRAWAL
    gateways: Table  # (GATEWAYS_MAX,) GATEWAY
    funding: Table  # (CONTRACTS_MAX,) FUNDING
    funding_samples: Table  # (CONTRACTS_MAX, FUNDING_SAMPLES) FUNDING_SAMPLE, by number
    safeguards: Table  # (ACCOUNTS_MAX,) SAFEGUARD
    keys: Table  # (KEYS_MAX,) KEY; row 0 is the anchor of the list by age
    batch: Table  # (1,) BATCH
    key_buckets: Integers  # (KEYS_MAX,) row of the first key of each hash value, 0: none


_SHAPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "counters": ("<i8", (int(Counter.COUNT),)),
    "accounts": (ACCOUNT, (ACCOUNTS_MAX,)),
    "balances": ("<i8", (ACCOUNTS_MAX, ASSETS_MAX)),
    "positions": (POSITION, (SLOTS_MAX * ACCOUNTS_MAX,)),
    "orders": (ORDER, (ORDERS_MAX,)),
    "conditions": (CONDITION, (ORDERS_MAX,)),
    "links": (LINK, (ORDERS_MAX,)),
    "levels": (LEVEL, (LEVELS_MAX,)),
    "level_next": ("<i8", (LEVELS_MAX, LEVEL_HEIGHT_MAX)),
    "contracts": (CONTRACT, (CONTRACTS_MAX,)),
    "underlyings": (UNDERLYING, (UNDERLYINGS_MAX,)),
    "observations": (OBSERVATION, (UNDERLYINGS_MAX, SOURCES_MAX)),
    "reporters": (REPORTER, (SOURCES_MAX,)),
    "withdrawals": (WITHDRAWAL, (WITHDRAWALS_MAX,)),
    "gateways": (GATEWAY, (GATEWAYS_MAX,)),
    "funding": (FUNDING, (CONTRACTS_MAX,)),
    "funding_samples": (FUNDING_SAMPLE, (CONTRACTS_MAX, FUNDING_SAMPLES)),
    "safeguards": (SAFEGUARD, (ACCOUNTS_MAX,)),
    "keys": (KEY, (KEYS_MAX,)),
    "batch": (BATCH, (1,)),
    "key_buckets": ("<i8", (KEYS_MAX,)),
}
_CACHE_LINE_BYTES = 64


def record_of_tables(shapes: Mapping[str, tuple[Any, tuple[int, ...]]]) -> Any:
    """The dtype of a record whose fields are tables, each beginning with a cache line.

    shapes : by name, the dtype of an element and the shape.
    """
    formats = [np.dtype(table) for table in shapes.values()]
    offsets, end = [], 0
    for table in formats:
        offsets.append(end)
        end += table.itemsize + -table.itemsize % _CACHE_LINE_BYTES
    layout = {"names": list(shapes), "formats": formats, "offsets": offsets, "itemsize": end}
    return np.dtype((np.record, layout))


STATE = record_of_tables({name: _SHAPES[name] for name in State._fields})


def empty_state(memory: memoryview | None = None) -> State:
    """The genesis state: house accounts and the operator exist, nothing else.

    Reserves every table at full capacity; untouched pages cost no memory.
    memory : STATE.itemsize zeroed, writable bytes to use instead of new ones.
    """
    record = zeroed_record(STATE) if memory is None else np.frombuffer(memory, STATE)[0]
    state = as_kernels_see(record, State)
    state.counters[Counter.ACCOUNTS] = FIRST_USER_ACCOUNT
    state.counters[Counter.LEVELS_HIGH] = LEVEL_HEADS
    state.accounts["owner"][:FIRST_USER_ACCOUNT] = np.arange(FIRST_USER_ACCOUNT)
    state.accounts[OPERATOR]["role"] = ROLE_OPERATOR
    return state


def zeroed_record(layout: Any) -> Any:
    """A zeroed record that begins with a cache line; untouched pages cost no memory."""
    spare = np.zeros(layout.itemsize + _CACHE_LINE_BYTES, np.uint8)
    skipped = -spare.ctypes.data % _CACHE_LINE_BYTES
    return spare[skipped : skipped + layout.itemsize].view(layout)[0]


def as_kernels_see(record: Any, tables: type[_Tables]) -> _Tables:
    """The record itself; without the compiler the tuple of its tables, sharing memory."""
    if isinstance(_is_compiled, Dispatcher):
        seen: _Tables = record
        return seen
    return tables(*(record[name] for name in tables.__annotations__))


def in_array(record: _Tables) -> Sequence[_Tables]:
    """A record of tables as the only element of an array, sharing memory.

    Numba recognises the type of an array thirty times faster than that of a record: 1 us a call
    instead of 30. The kernel that every batch begins with takes its records so.
    """
    if isinstance(record, tuple):
        return (record,)
    array: Sequence[_Tables] = record.base
    return array
