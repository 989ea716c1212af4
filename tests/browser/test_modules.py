"""Rules of the scripts and styles that a reader would otherwise have to enforce."""

import json
import re
from pathlib import Path

import pytest

from exchange.engine.rejects import RejectReason
from exchange.gateway import pages
from exchange.gateway.order_words import CANCEL_REASONS
from exchange.pipeline.servers import PROJECT

SCRIPTS = PROJECT / "static" / "js"
ELEMENT_LINES_MAX = 80
IMPORTED = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")

scripts = pytest.mark.parametrize(
    "script",
    sorted(SCRIPTS.rglob("*.js")),
    ids=lambda path: path.relative_to(SCRIPTS).as_posix(),
)


@scripts
def test_script_imports_bare_specifiers_that_the_import_map_knows(script: Path) -> None:
    known = json.loads(pages.import_map())["imports"]

    imported = IMPORTED.findall(script.read_text())

    assert [name for name in imported if name not in known] == []


@scripts
def test_script_never_writes_markup(script: Path) -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")

    assert forbidden.findall(script.read_text()) == []


@pytest.mark.parametrize(
    "element", sorted((SCRIPTS / "elements").glob("*.js")), ids=lambda p: p.stem
)
def test_element_stands_alone_in_a_short_file(element: Path) -> None:
    text = element.read_text()

    assert re.findall(r'customElements\.define\("([^"]+)"', text) == [element.stem]
    assert len(text.splitlines()) <= ELEMENT_LINES_MAX


def test_page_preloads_every_module_it_needs() -> None:
    trade = pages.Modules()["trade"]

    assert "/static/js/pages/trade.js" in trade
    assert "/static/js/stream.js" in trade
    assert "/static/js/elements/nv-book.js" in trade
    assert len(set(trade)) == len(trade)


def test_every_refusal_of_the_engine_has_words() -> None:
    text = (SCRIPTS / "reasons.js").read_text()
    words = text[text.index("const WORDS") : text.index("};")]

    named = re.findall(r'^  ([A-Z_]+): "[A-Z][^"!]+\.",$', words, re.MULTILINE)

    assert sorted(named) == sorted(
        reason.name for reason in RejectReason if reason != RejectReason.ACCEPTED
    )


def test_every_reason_of_a_cancel_has_words() -> None:
    text = (SCRIPTS / "reasons.js").read_text()
    words = text[text.index("const CANCELS") :]

    named = re.findall(
        r'^  ([a-z_]+): "[A-Z][^"!]+\.",$', words[: words.index("};")], re.MULTILINE
    )

    assert sorted(named) == sorted(CANCEL_REASONS.values())


def test_templates_have_no_inline_handlers_and_no_script_without_nonce() -> None:
    for template in sorted((PROJECT / "templates").rglob("*.html")):
        text = template.read_text()

        assert re.findall(r"\son[a-z]+=", text) == [], template
        for tag in re.findall(r"<script[^>]*>", text):
            assert "nonce=" in tag, template
