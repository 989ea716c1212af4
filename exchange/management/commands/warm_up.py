"""Compile every kernel of every process, into the cache that belongs to these sources."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand

from exchange.engine.state import empty_state
from exchange.engine.warmup import compile_clearing, compile_reactions
from exchange.pipeline import runner, views, what_if


class Command(BaseCommand):
    help = "Compile all kernels now, so that nothing compiles while trading."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute.

    def handle(self, *_args: Any, **_options: Any) -> None:
        with _beside("exchange.engine.warmup"):
            compile_clearing()
            what_if.warm_up()
            views.warm_up(empty_state())
            compile_reactions()
        # Loads what both have compiled and compiles what is left; nothing afterwards.
        runner.warm_up()


@contextmanager
def _beside(module: str) -> Iterator[None]:
    """Run a module in a process of its own meanwhile. What it fails to do is done later."""
    with subprocess.Popen([sys.executable, "-m", module]) as process:
        try:
            yield
        except BaseException:
            process.terminate()
            raise
