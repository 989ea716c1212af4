"""Another process's system calls, made slow or failing by strace while it runs."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MISSING = "strace is not installed: apt-get install strace"


@contextmanager
def injected(pid: int, call: str, fault: str) -> Iterator[None]:
    """Each such call of the process has this fault meanwhile, in strace's words."""
    if shutil.which("strace") is None:
        pytest.skip(MISSING)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "strace"
        options = ["-f", "-p", str(pid), "-e", f"trace={call}", "-e", f"inject={call}:{fault}"]
        with told.open("w") as log:
            tracer = subprocess.Popen(["strace", *options], stderr=log)
        deadline = time.monotonic() + 10
        while "attached" not in told.read_text():
            if tracer.poll() is not None:
                pytest.skip(f"strace may not attach here: {told.read_text().strip()}")
            assert time.monotonic() < deadline, told.read_text()
            time.sleep(0.01)
        try:
            yield
        finally:
            tracer.terminate()
            tracer.wait(10)
