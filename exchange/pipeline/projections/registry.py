"""Events of people and listings → Account, Reporter, Underlying, Contract, Parameter.

These are rare, so they are folded one by one in the order of the journal; only accounts, which
a launch may open by the ten thousand, go by COPY.
"""

from collections.abc import Callable

import numpy as np
from django.db.backends.utils import CursorWrapper

from exchange.engine.commands import unpack_name
from exchange.engine.events import LAYOUTS, EventKind
from exchange.engine.governance import PARAMETERS
from exchange.engine.state import ContractParameter
from exchange.engine.units import STATE_PRE_LAUNCH
from exchange.models.accounts import Account, Reporter
from exchange.models.contracts import Contract, Parameter, Underlying
from exchange.pipeline.projections.batch import Batch
from exchange.pipeline.projections.table import Columns, Table

_ACCOUNTS = Table.of(Account)


def write_registry(cursor: CursorWrapper, batch: Batch) -> None:
    """Writes who may act and what is listed."""
    _open_accounts(cursor, batch)
    positions = np.concatenate([batch.positions(kind) for kind in _HANDLERS])
    for position in np.sort(positions):
        event = batch.events[position]
        kind = EventKind(int(event["kind"]))
        row = event.reshape(1).view(LAYOUTS[kind])
        fields = dict(zip(row.dtype.names or (), row[0].item(), strict=True))
        _HANDLERS[kind](fields, batch.events_before + int(position) + 1)


def _open_accounts(cursor: CursorWrapper, batch: Batch) -> None:
    opened = batch.of(EventKind.ACCOUNT_OPENED)
    columns: Columns = {name: opened[name] for name in ("owner", "role", "external_id")}
    columns |= {
        "id": opened["account"],
        "opened_ns": opened["time_ns"],
        "opened_sequence": opened["sequence"],
    }
    _ACCOUNTS.copy(cursor, columns, opened.size)


def _set_role(event: dict[str, int], _ordinal: int) -> None:
    # The operator's own account stands since genesis and has no row.
    Account.objects.filter(pk=event["account"]).update(role=event["role"])


def _register_reporter(event: dict[str, int], _ordinal: int) -> None:
    key = b"".join(event[f"key_{i}"].to_bytes(8, "little", signed=True) for i in range(4))
    Reporter.objects.update_or_create(
        source=event["source"],
        defaults={
            "account": event["account"],
            "weight_ppm": event["weight_ppm"],
            "public_key": key,
            "sequence": event["sequence"],
        },
    )


def _list_underlying(event: dict[str, int], _ordinal: int) -> None:
    Underlying.objects.create(
        id=event["underlying"],
        name=unpack_name([event["name_0"], event["name_1"]]),
        listed_ns=event["time_ns"],
    )


def _list_contract(event: dict[str, int], _ordinal: int) -> None:
    Contract.objects.create(
        id=event["contract"],
        name=unpack_name([event[f"name_{i}"] for i in range(4)]),
        underlying_id=event["underlying"],
        kind=event["contract_kind"],
        state=STATE_PRE_LAUNCH,
        tick_e8=event["tick_e8"],
        lot_e8=event["lot_e8"],
        tick_value_units=event["tick_value_units"],
        reference_ticks=event["reference_ticks"],
        expiry_ns=event["expiry_ns"],
        listed_ns=event["time_ns"],
        # A contract is listed with the engine's launch parameters; changes of them are events.
        **{rule.column: rule.launch for rule in PARAMETERS.values()},
    )


def _set_parameter(event: dict[str, int], ordinal: int) -> None:
    Parameter.objects.create(
        id=ordinal,
        contract_id=event["contract"],
        parameter=event["parameter"],
        value=event["value"],
        previous_value=event["previous_value"],
        time_ns=event["time_ns"],
        sequence=event["sequence"],
    )
    column = ContractParameter(event["parameter"]).name.lower()
    Contract.objects.filter(pk=event["contract"]).update(**{column: event["value"]})


def _set_contract_state(event: dict[str, int], _ordinal: int) -> None:
    Contract.objects.filter(pk=event["contract"]).update(
        state=event["state"],
        state_reason=event["reason"],
        state_sequence=event["sequence"],
        state_ns=event["time_ns"],
    )


_HANDLERS: dict[EventKind, Callable[[dict[str, int], int], None]] = {
    EventKind.ROLE_SET: _set_role,
    EventKind.REPORTER_REGISTERED: _register_reporter,
    EventKind.UNDERLYING_LISTED: _list_underlying,
    EventKind.CONTRACT_LISTED: _list_contract,
    EventKind.PARAMETER_SET: _set_parameter,
    EventKind.CONTRACT_STATE_SET: _set_contract_state,
}
