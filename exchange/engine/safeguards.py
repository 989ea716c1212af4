"""What watches over an account whose client may have gone: cancel on disconnect, heartbeats.

SAFE-001  a gateway that loses a session with cancel on disconnect cancels what that session
          placed; the engine only keeps the setting, for every session to come.
SAFE-002  the dead man's switch is for gateways that die: an account that set a timeout and is
          silent for longer has all its orders cancelled at the next tick, once; then the switch
          is off until it is set again, by whoever speaks for the account next.
SAFE-003  armed accounts are a list in the order in which they were armed.
"""

from exchange.engine.state import Counter, State, inner_kernel, kernel
from exchange.engine.units import NANOSECONDS

HEARTBEAT_NS_MIN = NANOSECONDS
UNCHANGED = -1  # leaves a setting as it is
HEARTBEAT_NS_MAX = 3_600 * NANOSECONDS
_FIRST_ARMED = int(Counter.FIRST_ARMED)


@kernel
def set_cancel_on_disconnect(
    s: State, account: int, is_enabled: int, timeout_ns: int, now_ns: int
) -> None:
    """Change the settings; UNCHANGED leaves one; timeout_ns 0 disarms the switch."""
    row = s.safeguards[account]
    if is_enabled != UNCHANGED:
        row["cancel_on_disconnect"] = is_enabled
    if timeout_ns == UNCHANGED:
        return
    if row["heartbeat_timeout_ns"] == 0 and timeout_ns != 0:
        _link(s, account)
    if row["heartbeat_timeout_ns"] != 0 and timeout_ns == 0:
        _unlink(s, account)
    row["heartbeat_timeout_ns"] = timeout_ns
    row["heartbeat_until_ns"] = now_ns + timeout_ns if timeout_ns != 0 else 0


@kernel
def hear_account(s: State, account: int, now_ns: int) -> None:
    """A heartbeat of an armed account."""
    row = s.safeguards[account]
    assert row["heartbeat_timeout_ns"] != 0
    row["heartbeat_until_ns"] = now_ns + row["heartbeat_timeout_ns"]


@kernel
def next_silent(s: State, after_account: int, now_ns: int) -> int:
    """The next armed account that is silent, or -1; after_account -1: the first of all."""
    if after_account < 0:
        link = s.counters[_FIRST_ARMED]
    else:
        link = s.safeguards[after_account]["next_armed"]
    while link != 0:
        row = s.safeguards[link - 1]
        if row["heartbeat_until_ns"] < now_ns:
            return link - 1
        link = row["next_armed"]
    return -1


@inner_kernel
def _link(s: State, account: int) -> None:
    first = s.counters[_FIRST_ARMED]
    s.safeguards[account]["next_armed"] = first
    s.safeguards[account]["previous_armed"] = 0
    if first != 0:
        s.safeguards[first - 1]["previous_armed"] = account + 1
    s.counters[_FIRST_ARMED] = account + 1


@inner_kernel
def _unlink(s: State, account: int) -> None:
    row = s.safeguards[account]
    after = row["next_armed"]
    before = row["previous_armed"]
    if before != 0:
        s.safeguards[before - 1]["next_armed"] = after
    else:
        s.counters[_FIRST_ARMED] = after
    if after != 0:
        s.safeguards[after - 1]["previous_armed"] = before
    row["next_armed"] = 0
    row["previous_armed"] = 0
