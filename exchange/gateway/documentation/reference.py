"""What the pages /docs and /docs/limits show: the registry and the limits, as rows to print."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from exchange.engine.units import BATCH_MAX, OPEN_ORDERS_MAX, OWNER_ORDERS_MAX
from exchange.gateway import consumers, decoder, errors, limits, rpc, sockets
from exchange.gateway.documentation import openrpc, words
from exchange.gateway.documentation.schemas import Schema, is_strict, parameters, type_words
from exchange.gateway.labels import LABEL_CHARS_MAX
from exchange.gateway.limits import Budget, Cost
from exchange.gateway.methods.session import CHANNELS_MAX
from exchange.gateway.rpc import METHODS, Method
from exchange.gateway.submitting import KEY_CHARS_MAX
from exchange.models.keys import SCOPE_READ
from exchange.pipeline.bus import TIMEOUT_SECONDS

# Each would change the page's own connection under its feet.
_NOT_TRIED = {
    "public/auth",
    "public/exchange_token",
    "private/logout",
    *(f"{scope}/{verb}subscribe" for scope in ("public", "private") for verb in ("", "un")),
    *(f"{scope}/unsubscribe_all" for scope in ("public", "private")),
}
_ORDER = list(dict.fromkeys(words.GROUPS.values()))
_BUDGET_WORDS = {
    "read": ("Reading", "an account"),
    "trade": ("Trading", "an account"),
    "ip": ("Not signed in", "an address"),
    "login": ("Proving who one is", "an address"),
    "connect": ("Opening websockets", "an address"),
}
_COST_WORDS = {
    Cost.FREE: "Free",
    Cost.READ: "A reading",
    Cost.HISTORY: "A history",
    Cost.CANCEL: "A cancel",
    Cost.ORDER: "An order",  # and what cancels many, which costs the same
    Cost.LOGIN: "A login",
}


REFUSAL = {
    "code": errors.TOO_MANY_REQUESTS,
    "status": consumers.STATUS[errors.TOO_MANY_REQUESTS],
}


class Row(NamedTuple):
    """A parameter, or a member of one: `quotes[].bid.price`."""

    name: str
    kind: str
    is_required: bool
    description: str
    default: str
    depth: int


class Entry(NamedTuple):
    """One method as the page shows it."""

    name: str
    anchor: str
    summary: str
    scope: str  # "" for a public method
    cost: str
    needs_socket: bool
    is_strict: bool
    rows: list[Row]
    errors: list[tuple[int, str]]
    params: str  # of the example, as JSON
    result: str
    can_try: bool
    changes: bool  # whether it asks before it is tried
    search: str


class Group(NamedTuple):
    """Methods under one heading."""

    title: str
    anchor: str
    entries: list[Entry]


class BudgetRow(NamedTuple):
    """A bucket of tokens."""

    name: str
    whose: str
    per_second: str
    burst: str


class CostRow(NamedTuple):
    """What some methods cost."""

    what: str
    bucket: str
    tokens: int
    methods: list[tuple[str, str]]  # name and anchor


@lru_cache(maxsize=1)
def groups() -> list[Group]:
    """All methods by heading, in the order of words.GROUPS."""
    by_title: dict[str, list[Entry]] = {}
    for name in sorted(METHODS, key=_by_prefix):
        method = METHODS[name]
        title = words.group_of(method.handle.__module__)
        by_title.setdefault(title, []).append(_entry(method))
    titles = sorted(by_title, key=lambda title: (_rank(title), title))
    return [Group(title, title.lower().replace(" ", "-"), by_title[title]) for title in titles]


def channels() -> list[tuple[str, str, str]]:
    """Name, what is told, when."""
    return list(words.CHANNELS)


def codes() -> list[tuple[int, str]]:
    """Every error code that an answer may have, ascending."""
    found = openrpc.document()["components"]["errors"].values()
    return [(row["code"], row["message"]) for row in found]


def rejects() -> list[tuple[int, str, int]]:
    """Number, name and code of every refusal of the engine."""
    return [(int(reason), reason.name, code) for code, _, reason in errors.of_reasons()]


def budgets() -> list[BudgetRow]:
    """Every bucket of limits.py."""
    found = [value for value in vars(limits).values() if isinstance(value, Budget)]
    return [
        BudgetRow(
            *_BUDGET_WORDS.get(one.name, (one.name, "")),
            f"{one.per_second:,}",
            f"{one.burst:,}",
        )
        for one in found
    ]


def costs() -> list[CostRow]:
    """What each method costs, dearest last."""
    titles = {one.name: _BUDGET_WORDS.get(one.name, (one.name, ""))[0] for one in _BUCKETS}
    rows = []
    for cost, what in _COST_WORDS.items():
        bucket, tokens = cost.value
        names = sorted(name for name, method in METHODS.items() if method.cost is cost)
        named = [(name, anchor_of(name)) for name in names]
        rows.append(CostRow(what, titles[bucket] if tokens else "–", tokens, named))
    return rows


def bounds() -> list[tuple[str, str]]:
    """What else is bounded, from the constants that bound it."""
    inflow = consumers.INFLOW_BYTES_PER_SECOND
    return [
        ("Bytes of a message or a body", f"{decoder.MESSAGE_BYTES_MAX:,}"),
        ("Levels of JSON", f"{decoder.DEPTH_MAX}"),
        ("Requests of a JSON-RPC batch", f"{rpc.BATCH_MAX}"),
        ("Members of private/place_batch, sides of private/mass_quote", f"{BATCH_MAX}"),
        ("Rows of an answer", f"{decoder.PageSize.most:,}"),
        ("Channels of one connection", f"{CHANNELS_MAX}"),
        ("Requests of one connection under way", f"{consumers.IN_FLIGHT_MAX}"),
        ("Bytes a second of one connection, then it is read more slowly", f"{inflow:,}"),
        (
            "Seconds a client may take nothing before it is cut off",
            f"{sockets.STALL_SECONDS:g}",
        ),
        ("Open orders of an account", f"{OPEN_ORDERS_MAX}"),
        ("Open orders of an owner's accounts together", f"{OWNER_ORDERS_MAX:,}"),
        ("Characters of a label", f"{LABEL_CHARS_MAX}"),
        ("Characters of an idempotency_key", f"{KEY_CHARS_MAX}"),
        ("Seconds until a command without an outcome is given up", f"{TIMEOUT_SECONDS:g}"),
    ]


def anchor_of(name: str) -> str:
    """A method's place on the page."""
    return name.replace("/", "-")


_BUCKETS = (limits.READING, limits.TRADING, limits.LOGIN)


def _entry(method: Method) -> Entry:
    example = openrpc.examples().get(method.name, {"params": {}})
    summary = openrpc.summary(method)
    rows = list(_rows(method))
    return Entry(
        name=method.name,
        anchor=anchor_of(method.name),
        summary=summary,
        scope=method.scope or "",
        cost=_cost(method),
        needs_socket=method.needs_socket,
        is_strict=is_strict(method.params),
        rows=rows,
        errors=openrpc.errors_of(method),
        params=_json(example["params"]),
        result=_json(example["result"]) if "result" in example else "",
        can_try=method.name not in _NOT_TRIED,
        changes=method.scope not in (None, SCOPE_READ),
        search=" ".join([method.name, summary, *(row.name for row in rows)]).lower(),
    )


def _rows(method: Method) -> Iterator[Row]:
    for parameter in parameters(method.name, method.params):
        schema = parameter.schema
        yield Row(
            parameter.name,
            type_words(schema),
            parameter.is_required,
            parameter.description,
            _default(schema),
            0,
        )
        yield from _members(parameter.name, schema, 1)


def _members(name: str, schema: Schema, depth: int) -> Iterator[Row]:
    if schema.get("type") == "array":
        name, schema = f"{name}[]", schema["items"]
    required = schema.get("required", [])
    for member, inner in schema.get("properties", {}).items():
        whole = f"{name}.{member}"
        yield Row(
            whole,
            type_words(inner),
            member in required,
            inner["description"],
            _default(inner),
            depth,
        )
        yield from _members(whole, inner, depth + 1)


def _default(schema: Schema) -> str:
    return json.dumps(schema["default"]).strip('"') if "default" in schema else ""


def _cost(method: Method) -> str:
    bucket, tokens = openrpc.bucket_of(method)
    if not tokens:
        return "free"
    plural = "" if tokens == 1 else "s"
    return f"{tokens} {bucket} token{plural}"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _by_prefix(name: str) -> tuple[bool, str]:
    """Public methods first: they are what one tries first."""
    return not name.startswith("public/"), name


def _rank(title: str) -> int:
    return _ORDER.index(title) if title in _ORDER else len(_ORDER)
