"""How long the kernel cache takes to fill, and an engine to start on a full one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from time import perf_counter

from exchange.pipeline.servers import PROJECT

WARM_UP = [sys.executable, "manage.py", "warm_up"]


def run(report: Callable[[str, str], None], *, cold: bool) -> None:
    """A command that compiles everything, and the same when there is nothing to compile."""
    with tempfile.TemporaryDirectory(prefix="novate-jit-") as directory:
        if cold:
            seconds = _timed(directory)
            report("compile every kernel, cold cache, two processes", f"{seconds:>12.1f} s")
    seconds = _timed(os.environ.get("NOVATE_JIT_DIR", ""))
    report("load every kernel from the cache, run a small venue", f"{seconds:>12.1f} s")


def _timed(cache: str) -> float:
    began = perf_counter()
    subprocess.run(WARM_UP, cwd=PROJECT, env=os.environ | {"NOVATE_JIT_DIR": cache}, check=True)
    return perf_counter() - began
