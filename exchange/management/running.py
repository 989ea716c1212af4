"""How our long-running asyncio commands end: on SIGTERM or Ctrl-C, farewells said."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


async def until_stopped(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run the jobs together until a signal asks to stop, or one of them ends or fails.

    All are then cancelled and awaited, so that each can clean up in its `finally`. A job's own
    exception is raised after that: whoever started the process restarts it.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(job) for job in jobs]
    for task in tasks:
        task.add_done_callback(lambda _: stop.set())
    await stop.wait()
    ended = [task for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()
