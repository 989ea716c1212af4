"""The API's description says what is so: openrpc.json, /docs and /docs/limits."""

import json
import re
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from django.test import Client as Browser

from exchange.engine.rejects import RejectReason
from exchange.gateway.decoder import parse_json
from exchange.gateway.documentation import openrpc, reference
from exchange.gateway.documentation.inference import schema_of
from exchange.gateway.errors import RpcError
from exchange.gateway.params import convert
from exchange.gateway.rpc import METHODS
from tests.gateway.examples import REFUSED, Scene
from tests.gateway.venue import Venue

# @open-rpc/meta-schema 1.14.9, Apache-2.0.
META = Path(__file__).with_name("openrpc-meta-schema.json")
ANY_SCHEMA: Any = {
    "type": ["object", "boolean"],
    "definitions": {"JSONSchemaObject": {"properties": {"$ref": {"type": "string"}}}},
}
every_method = pytest.mark.parametrize("name", sorted(METHODS))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openrpc.document_of("https://novate.example")


def described(name: str) -> dict[str, Any]:
    methods = openrpc.document()["methods"]
    found: dict[str, Any] = next(method for method in methods if method["name"] == name)
    return found


def params_schema(name: str) -> dict[str, Any]:
    """All parameters of a method as one object."""
    params = described(name)["params"]
    return {
        "type": "object",
        "properties": {param["name"]: param["schema"] for param in params},
        "required": [param["name"] for param in params if param["required"]],
        "additionalProperties": False,
    }


def test_document_is_valid_openrpc(document: dict[str, Any]) -> None:
    validate = fastjsonschema.compile(
        json.loads(META.read_text()), handlers={"https": lambda _: ANY_SCHEMA}
    )

    assert validate(document)["openrpc"] == "1.3.2"
    assert document["servers"][1]["url"] == "wss://novate.example/ws/api/v2"
    with pytest.raises(fastjsonschema.JsonSchemaException):
        validate({**document, "methods": [{"name": "nameless"}]})


def test_document_has_every_method_of_the_registry_once(document: dict[str, Any]) -> None:
    assert [method["name"] for method in document["methods"]] == sorted(METHODS)


@every_method
def test_every_method_and_parameter_is_described(name: str) -> None:
    method = described(name)

    assert method["summary"].endswith((".", ")")), "write a docstring: it is the summary"
    for param in method["params"]:
        assert param["description"], f"describe {param['name']} in documentation/words.py"
        fastjsonschema.compile(param["schema"])
    codes = [error["code"] for error in method["errors"]]
    assert {-32602, 10_028, 10_040, 11_094} <= set(codes)
    assert (13_009 in codes) == name.startswith(("private/", "risk/"))


@pytest.mark.parametrize("name", sorted(set(METHODS) - REFUSED))
def test_every_method_has_an_example_that_its_own_schemas_allow(name: str) -> None:
    (example,) = described(name)["examples"]  # else: python -m tests.gateway.examples
    asked = {param["name"]: param["value"] for param in example["params"]}

    fastjsonschema.compile(params_schema(name))(asked)
    fastjsonschema.compile(described(name)["result"]["schema"])(example["result"]["value"])
    convert(parse_json(json.dumps(asked).encode()), METHODS[name].params)


def test_recorded_secrets_are_none() -> None:
    text = openrpc.EXAMPLES.read_text()

    assert '"access_token": "…"' in json.dumps(openrpc.examples(), ensure_ascii=False)
    assert not re.search(r"[A-Za-z0-9_\-]{40,}", text)


@pytest.mark.parametrize(
    ("name", "params", "is_allowed"),
    [
        ("private/get_user_trades_by_currency", {"currency": "BTC", "count": 1_000}, True),
        ("private/get_user_trades_by_currency", {"currency": "BTC", "count": 1_001}, False),
        ("private/get_user_trades_by_currency", {"currency": "BTC", "count": 0}, False),
        ("private/get_user_trades_by_currency", {"currency": "BTC", "count": 1.5}, False),
        ("private/get_user_trades_by_currency", {"count": 1}, False),
        ("private/get_user_trades_by_currency", {"currency": 5}, False),
        ("private/get_user_trades_by_currency", {"currency": "x" * 257}, False),
        ("private/get_user_trades_by_currency", {"currency": "B", "sorting": "up"}, False),
        ("private/buy", {"instrument_name": "X", "amount": "1.5e-3", "price": 1}, True),
        ("private/buy", {"instrument_name": "X", "amount": "0x10"}, False),
        ("private/buy", {"instrument_name": "X", "amount": True}, False),
        ("private/buy", {"instrument_name": "X", "post_only": True}, True),
        ("private/buy", {"instrument_name": "X", "post_only": "perhaps"}, False),
        ("private/buy", {"instrument_name": "X", "type": "iceberg"}, False),
        ("private/buy", {"instrument_name": "X", "otoco_config": [{"price": "x"}]}, False),
        ("public/subscribe", {"channels": ["a"] * 500}, True),
        ("public/subscribe", {"channels": ["a"] * 501}, False),
        ("private/mass_quote", {"quotes": [{"bid": {}}]}, False),
        ("private/simulate_portfolio", {"simulated_positions": {"A": 1}}, True),
        ("private/simulate_portfolio", {"simulated_positions": {"A": "one"}}, False),
        ("public/get_order_book", {"instrument_name": "X", "depth": 10_001}, False),
    ],
)
def test_schema_allows_what_the_decoder_takes_and_nothing_else(
    name: str, params: dict[str, Any], is_allowed: bool
) -> None:
    try:
        fastjsonschema.compile(params_schema(name))(params)
        by_schema = True
    except fastjsonschema.JsonSchemaException:
        by_schema = False
    try:
        convert(parse_json(json.dumps(params).encode()), METHODS[name].params)
        by_decoder = True
    except RpcError:
        by_decoder = False

    assert (by_schema, by_decoder) == (is_allowed, is_allowed)


def test_what_a_venue_answers_is_what_the_document_says(venue: Venue) -> None:
    heard = Scene(venue).play()

    wrong = []
    for name, answers in heard.items():
        schema = described(name)["result"]["schema"]
        for params, result in answers:
            try:
                fastjsonschema.compile(schema)(result)
            except fastjsonschema.JsonSchemaException as error:
                wrong.append((name, params, str(error)))
    assert wrong == []
    assert set(METHODS) - set(heard) == REFUSED


def test_schema_of_several_answers_is_that_of_all() -> None:
    schema = schema_of([{"a": 1, "b": []}, {"a": None, "b": ["x"], "c": True}])

    assert schema == {
        "type": "object",
        "properties": {
            "a": {"type": ["null", "number"]},
            "b": {"type": "array", "items": {"type": "string"}},
            "c": {"type": "boolean"},
        },
        "required": ["a", "b"],
    }


# --- pages ------------------------------------------------------------------------------------
def test_page_shows_every_method_channel_and_refusal_with_an_anchor(client: Browser) -> None:
    page = client.get("/docs").content.decode()

    for name in METHODS:
        assert page.count(f'id="{name.replace("/", "-")}"') == 1, name
        assert page.count(f'<li data-search="{name} ') == 1, name
        assert page.count(f'<h3><a href="#{name.replace("/", "-")}">{name}</a></h3>') == 1, name
    assert "book.{instrument}.{group}.{depth}.{interval}" in page
    assert ">INSUFFICIENT_MARGIN<" in page
    assert page.count("<nv-try ") == sum(
        entry.can_try and not entry.scope
        for group in reference.groups()
        for entry in group.entries
    )


def test_page_has_no_script_without_nonce_and_no_handler(client: Browser) -> None:
    for path in ("/docs", "/docs/limits"):
        answer = client.get(path)
        page = answer.content.decode()

        nonces = set(re.findall(r"<script[^>]*nonce=\"([^\"]+)\"", page))
        assert len(nonces) == 1
        assert f"'nonce-{nonces.pop()}'" in answer.headers["Content-Security-Policy"]
        assert page.count("<script") == len(re.findall(r"<script[^>]*nonce=", page))
        assert not re.search(r"\son[a-z]+=", page)
        assert not re.search(r"https?://", page.replace("http://testserver", ""))


def test_top_bar_leads_to_the_reference(client: Browser) -> None:
    assert '<a href="/docs"' in client.get("/docs/limits").content.decode()


def test_document_is_served_with_the_venues_address(client: Browser) -> None:
    served = client.get("/openrpc.json")

    assert served.headers["Content-Type"] == "application/json"
    assert served.json()["servers"][0]["url"] == "http://testserver/api/v2"
    assert len(served.json()["methods"]) == len(METHODS)


def test_limits_are_those_that_are_enforced(client: Browser) -> None:
    page = " ".join(client.get("/docs/limits").content.decode().split())

    cell = '<td class="number">{}</td>'
    for whose, refill, size in (("Reading", "200", "1,000"), ("Trading", "8,000", "32,000")):
        row = page[page.index(f'<th scope="row">{whose}</th>') :].partition("</tr>")[0]
        assert cell.format(refill) in row
        assert cell.format(size) in row
    for what, tokens, method in (
        ("A cancel", 1, "private/cancel"),
        ("An order", 4, "private/buy"),
        ("A history", 5, "private/get_transaction_log"),
    ):
        row = page[page.index(f'<th scope="row">{what}</th>') :].partition("</tr>")[0]
        assert cell.format(tokens) in row
        assert f">{method}</a>" in row
    assert "10028" in page
    assert "32,768" in page


def test_every_refusal_of_the_engine_has_a_code() -> None:
    numbers = [number for number, _, _ in reference.rejects()]

    assert numbers == sorted(int(reason) for reason in RejectReason if reason)
