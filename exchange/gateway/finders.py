"""Finds the one file we serve from the litecharts wheel: TradingView's Lightweight Charts.

The wheel is a Python package; collecting it as an app would publish its .py files too. This
finder names one asset and nothing else. The script opens with its licence notice, which stays.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

ASSET = "lightweight-charts.js"
PREFIX = "vendor"


class LightweightChartsFinder(BaseFinder):
    """Publishes `vendor/lightweight-charts.js` and no other file of the wheel."""

    def find(self, path: str, *_: Any, **options: Any) -> str | list[str]:
        wanted = path == f"{PREFIX}/{ASSET}"
        found = [str(_folder() / ASSET)] if wanted else []
        if options.get("find_all") or options.get("all"):
            return found
        return found[0] if found else []

    def list(self, _ignored: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        storage = FileSystemStorage(location=_folder())
        storage.prefix = PREFIX  # type: ignore[attr-defined]  # collectstatic reads it
        yield ASSET, storage


def _folder() -> Path:
    spec = find_spec("litecharts")
    assert spec is not None, "the litecharts wheel is not installed"
    assert spec.origin is not None, "litecharts is a namespace without files"
    return Path(spec.origin).parent / "js"
