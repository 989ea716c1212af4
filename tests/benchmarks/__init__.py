"""How fast it is: `python -m tests.benchmarks`. Nothing here passes or fails by a clock.

The environment is set before Numba and Django read it: a venue of its own in a temporary
folder, and the kernels that were compiled for these sources.
"""

import os
import tempfile
from pathlib import Path


def _prepare() -> None:
    jit = Path(__file__).parents[2] / ".novate" / "jit"
    os.environ.setdefault("NOVATE_JIT_DIR", str(jit))
    os.environ.setdefault("NOVATE_HOME", tempfile.mkdtemp(prefix="novate-bench-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

    import django

    from exchange.pipeline.servers import jit_cache_directory

    os.environ["NUMBA_CACHE_DIR"] = str(jit_cache_directory())
    django.setup()


_prepare()
