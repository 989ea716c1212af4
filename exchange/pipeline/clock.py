"""The engine's time: close to the wall clock, never backwards, never in a leap.

CLK-001  while the process runs, time follows the wall clock as long as the two disagree by at
         most DRIFT_NS_MAX; otherwise somebody has moved the clock, which is alarmed.
CLK-002  then engine time goes on at half or double speed until they agree again: funding
         accrues and deadlines pass, but an hour is never skipped and never lived twice.
CLK-003  at start the wall clock is believed if it is ahead (the venue was down), never if
         behind.
CLK-004  others tell engine time by the batches they hear. A batch is heard after it was
         committed, so it tells too little, after a slow commit by seconds: what others told
         before is believed on, as if the engine's clock ran as slowly as CLK-002 lets it.
"""

import logging
import time

logger = logging.getLogger(__name__)

DRIFT_NS_MAX = 1_000_000_000
DOWNTIME_NS_ALARM = 300_000_000_000


class EngineClock:
    """Gives each batch its time. The caller reads the clocks; nothing here does, but `now`."""

    def __init__(self, journal_ns: int, wall_ns: int, monotonic_ns: int) -> None:
        self.time_ns = max(journal_ns, wall_ns)
        self.is_alarmed = False
        self._monotonic_ns = monotonic_ns
        if journal_ns and wall_ns - journal_ns > DOWNTIME_NS_ALARM:
            logger.warning(
                "The last command is %.0f s old: time goes on from the wall clock.",
                (wall_ns - journal_ns) / 1e9,
            )

    def advance(self, wall_ns: int, monotonic_ns: int) -> int:
        """Engine time now, in ns."""
        elapsed = max(0, monotonic_ns - self._monotonic_ns)
        self._monotonic_ns = monotonic_ns
        expected = self.time_ns + elapsed
        drift = wall_ns - expected
        if abs(drift) <= DRIFT_NS_MAX:
            self.time_ns = max(self.time_ns, wall_ns)
        else:
            self.time_ns = expected + max(-(elapsed // 2), min(drift, elapsed))
        self._alarm(drift)
        return self.time_ns

    def now(self) -> int:
        return self.advance(time.time_ns(), time.monotonic_ns())

    def _alarm(self, drift_ns: int) -> None:
        is_apart = abs(drift_ns) > DRIFT_NS_MAX
        if is_apart and not self.is_alarmed:
            logger.error(
                "The wall clock is %+.1f s from engine time: somebody has moved it. "
                "Engine time will approach it slowly.",
                drift_ns / 1e9,
            )
        elif self.is_alarmed and not is_apart:
            logger.warning("Engine time agrees with the wall clock again.")
        self.is_alarmed = is_apart


class HeardClock:
    """Engine time as another process can tell it (CLK-004). The caller reads the clocks."""

    def __init__(self) -> None:
        self._ahead_ns = 0  # engine time less monotonic time
        self._heard_at_ns: int | None = None

    def hear(self, time_ns: int, monotonic_ns: int) -> None:
        """A batch of that engine time arrived."""
        ahead = time_ns - monotonic_ns
        if self._heard_at_ns is not None:
            slowest = self._ahead_ns - (monotonic_ns - self._heard_at_ns) // 2
            ahead = max(ahead, slowest)
        self._ahead_ns = ahead
        self._heard_at_ns = monotonic_ns

    def time_ns(self, monotonic_ns: int) -> int | None:
        """Engine time now; None before the first batch."""
        return None if self._heard_at_ns is None else monotonic_ns + self._ahead_ns

    def silence_ns(self, monotonic_ns: int) -> int | None:
        """How long no batch was heard; None before the first."""
        return None if self._heard_at_ns is None else monotonic_ns - self._heard_at_ns
