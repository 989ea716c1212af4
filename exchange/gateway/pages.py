"""What the pages show before their first websocket message, and the frame around every page.

The first picture is asked of the same methods that the browser will ask a moment later, so the
two can not disagree in shape. When the venue does not answer, the page is still served: every
panel then shows its loading state and the connection says why.

PAGE-010  a page never waits longer than FIRST_PICTURE_SECONDS for its first picture.
PAGE-011  modules are named by bare specifiers; the import map alone knows their addresses, so a
          module can not be loaded twice under two names.
"""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.functional import SimpleLazyObject

from exchange.gateway import rpc
from exchange.gateway.acting import acting_member
from exchange.gateway.layout import panel_sizes
from exchange.models import Membership

FIRST_PICTURE_SECONDS = 0.5
SCRIPTS = Path(settings.BASE_DIR) / "static" / "js"
IMPORT = re.compile(r'^(?:import|\} from|import .* from) "novate/([^"]+)"', re.MULTILINE)
THEMES = ("dark", "light")
WEBSOCKET_PATH = "/ws/api/v2"

Picture = dict[str, Any]

log = logging.getLogger(__name__)


async def ask(method: str, params: Picture) -> Any:
    """The result of a public method, asked inside this process."""
    return await rpc.call_public(method, params)


def first_picture(*questions: tuple[str, dict[str, Any]]) -> list[Any]:
    """Answers to several public methods, None for each that fails or is late."""
    return list(async_to_sync(_answers)(questions))


def shell(request: HttpRequest) -> Picture:
    """Context of every page: import map, nonce, theme, panel sizes."""
    return {
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "import_map": import_map(),
        "theme": chosen_theme(request),
        "panel_sizes": panel_sizes(request.COOKIES.get("layout", "")),
        "websocket_path": WEBSOCKET_PATH,
        "charts_script": static("vendor/lightweight-charts.js"),
        "modules": Modules(),
        "acting": SimpleLazyObject(lambda: _acting(request)),
    }


def chosen_theme(request: HttpRequest) -> str:
    """The theme that the reader switched to: one of THEMES, dark for who never did."""
    theme = request.COOKIES.get("theme", THEMES[0])
    return theme if theme in THEMES else THEMES[0]


def _acting(request: HttpRequest) -> Membership | None:
    """The account that the page's connection acts for; asked for only where it is shown."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    return acting_member(user.pk, request.session)


class Modules:
    """For templates: `modules.trade` are the addresses of all modules of the trade page."""

    def __getitem__(self, page: str) -> list[str]:
        return [static(f"js/{name}.js") for name in _modules_of(f"pages/{page}")]


def import_map() -> str:
    """The import map as JSON: `novate/stream` → the (hashed) address of static/js/stream.js."""
    return _import_map() if not settings.DEBUG else _import_map.__wrapped__()


@lru_cache(maxsize=1)
def _import_map() -> str:
    imports = {f"novate/{name}": static(f"js/{name}.js") for name in _module_names()}
    return json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")


@lru_cache(maxsize=16)
def _modules_of(entry: str) -> tuple[str, ...]:
    """An entry and all that it imports, deepest last: what the browser may fetch at once."""
    found = {entry: None}
    waiting = [entry]
    while waiting:
        text = (SCRIPTS / f"{waiting.pop()}.js").read_text()
        new = [name for name in IMPORT.findall(text) if name not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return tuple(found)


def _module_names() -> Iterator[str]:
    for path in sorted(SCRIPTS.rglob("*.js")):
        yield path.relative_to(SCRIPTS).with_suffix("").as_posix()


async def _answers(questions: tuple[tuple[str, Picture], ...]) -> list[Any]:
    asked = [asyncio.ensure_future(_answer(method, params)) for method, params in questions]
    # A late question goes on by itself: to cancel it could break off the gateway's own start.
    await asyncio.wait(asked, timeout=FIRST_PICTURE_SECONDS)
    return [question.result() if question.done() else None for question in asked]


async def _answer(method: str, params: Picture) -> Any:
    try:
        return await ask(method, params)
    except Exception:  # The page must open while the venue is down; its panels then load live.
        log.info("No first picture from %s", method, exc_info=True)
        return None
