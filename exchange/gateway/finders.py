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

    def find(  # One body answers both of Django's overloads.
        self, path: str, find_all: bool = False, **_: Any
    ) -> Any:
        found = [str(_folder() / ASSET)] if path == f"{PREFIX}/{ASSET}" else []
        return found if find_all else next(iter(found), None)

    def list(self, _ignored: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        storage = FileSystemStorage(location=_folder())
        storage.prefix = PREFIX  # type: ignore[attr-defined]  # collectstatic reads it
        yield ASSET, storage


def _folder() -> Path:
    spec = find_spec("litecharts")
    assert spec is not None, "the litecharts wheel is not installed"
    assert spec.origin is not None, "litecharts is a namespace without files"
    return Path(spec.origin).parent / "js"
