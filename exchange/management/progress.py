"""How far a long work has come: one line that grows on a terminal, plain lines elsewhere.

PROGRESS-001  the rate is that of the last RATE_SECONDS, so that the time left follows what the
              work does now, and none is promised before there is a rate.
PROGRESS-002  without a terminal a line is written each PLAIN_SECONDS, and none about a work
              that is over before: a log is not filled with a picture.
"""

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

BAR = 30  # characters
DRAW_SECONDS = 0.1
PLAIN_SECONDS = 5.0
RATE_SECONDS = 15.0
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Call it with (done, total) as often as you like; `finish` when it ends before its end.

    plain : takes the lines when `stream` is not a terminal
    """

    def __init__(
        self,
        plain: Callable[[str], None],
        *,
        unit: str = "commands",
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plain = plain
        self._unit = unit
        self._stream = stream
        self._clock = clock
        self._is_terminal = stream.isatty()
        self._seen = deque[tuple[float, int]]()
        self._told_at = clock()
        self._is_drawn = False

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        self._seen.append((now, done))
        while now - self._seen[0][0] > RATE_SECONDS and len(self._seen) > 2:
            self._seen.popleft()
        if not self._is_terminal:
            if now - self._told_at >= PLAIN_SECONDS:
                self._told_at = now
                self._plain(self._line(done, total))
            return
        if now - self._told_at >= DRAW_SECONDS or done >= total:
            self._told_at = now
            self._draw(done, total)
        if done >= total:
            self.finish()

    def finish(self) -> None:
        """Leaves the last picture standing, and the next line to whoever writes next."""
        if self._is_drawn:
            self._stream.write("\n")
            self._stream.flush()
        self._is_drawn = False

    def _draw(self, done: int, total: int) -> None:
        filled = BAR * done // total if total else BAR
        bar = "█" * filled + "░" * (BAR - filled)
        self._stream.write(f"{CLEAR_LINE}{bar} {self._line(done, total)}")
        self._stream.flush()
        self._is_drawn = True

    def _line(self, done: int, total: int) -> str:
        percent = 100 * done // total if total else 100
        line = f"{percent} %  {done:,} of {total:,} {self._unit}"
        (begun, before), (now, _) = self._seen[0], self._seen[-1]
        if now <= begun or done <= before:
            return line
        rate = (done - before) / (now - begun)
        return f"{line}, {rate:,.0f}/s, {_minutes((total - done) / rate)} left"


def _minutes(seconds: float) -> str:
    """
    >>> _minutes(3_725.4)
    '1:02:06'
    >>> _minutes(59.2)
    '1:00'
    """
    whole = int(-(-seconds // 1))
    hours, minutes = whole // 3_600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}"
