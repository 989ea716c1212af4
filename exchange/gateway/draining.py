"""How a web process ends without cutting anyone off in mid-sentence.

DRAIN-001  asked to stop (SIGTERM), it is unready at once, answers on for NOVATE_DRAIN_SECONDS
           so that a load balancer can notice, then says goodbye to its websockets, waits for
           the requests under way and only then lets the server end.
DRAIN-002  no wait is longer than FINISH_SECONDS; a second SIGTERM ends it at once.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

FINISH_SECONDS = 5.0
POLL_SECONDS = 0.02
FLUSH_SECONDS = 0.2

Handler = Callable[[int, FrameType | None], Any]


def drain_on_sigterm(
    loop: asyncio.AbstractEventLoop,
    begin: Callable[[], None],
    say_goodbye: Callable[[], None],
    is_idle: Callable[[], bool],
) -> None:
    """Put a drain before what the server itself does on SIGTERM. In the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        return
    server = signal.getsignal(signal.SIGTERM)
    if not callable(server):
        return  # Nobody would end the process after us.
    held: list[asyncio.Task[None]] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        if held or loop.is_closed():
            server(number, frame)
            return
        loop.call_soon_threadsafe(start)

    def start() -> None:
        held.append(loop.create_task(_drain(begin, say_goodbye, is_idle, finish)))

    def finish() -> None:
        signal.signal(signal.SIGTERM, server)
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, on_signal)


async def _drain(
    begin: Callable[[], None],
    say_goodbye: Callable[[], None],
    is_idle: Callable[[], bool],
    finish: Callable[[], None],
) -> None:
    try:
        begin()
        await asyncio.sleep(float(os.environ.get("NOVATE_DRAIN_SECONDS", "0")))
        say_goodbye()
        deadline = asyncio.get_running_loop().time() + FINISH_SECONDS
        while not is_idle() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        # Daphne writes on the loop's next turns what it was given in the last one.
        await asyncio.sleep(FLUSH_SECONDS)
    finally:
        finish()
