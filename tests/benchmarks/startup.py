"""How long the kernel cache takes to fill, and an engine to start on a full one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from time import perf_counter

WARM_UP = [sys.executable, "-m", "exchange.engine.warmup"]


def run(report: Callable[[str, str], None], *, cold: bool) -> None:
    """One child that compiles everything, and one that only loads."""
    with tempfile.TemporaryDirectory(prefix="novate-jit-") as directory:
        if cold:
            seconds = _timed(directory)
            report("compile every kernel, cold cache, one process", f"{seconds:>12.1f} s")
    seconds = _timed(os.environ["NUMBA_CACHE_DIR"])
    report("load every kernel from the cache, run a small venue", f"{seconds:>12.1f} s")


def _timed(cache: str) -> float:
    began = perf_counter()
    subprocess.run(WARM_UP, env=os.environ | {"NUMBA_CACHE_DIR": cache}, check=True)
    return perf_counter() - began
