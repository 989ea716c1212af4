"""Keys that make a command happen once: the last accepted ones of each account.

A client that resends, because an answer was lost or a connection died, sends the same key. The
engine alone can say what happened first, so it keeps the memory: gateways only ask.

IDEM-001  the same key and the same payload: the first result is named again and nothing
          changes. The deadline is no part of the payload: a repeat may come after it.
IDEM-002  the same key and another payload is refused (KEY_REUSED).
IDEM-003  only accepted commands are remembered, the last KEYS_OF_ACCOUNT_MAX an account (I-18).
IDEM-004  the table is the venue's: when it is full the venue's oldest key goes, so that no key
          is ever refused for want of room. Row 0 is the anchor of the list by age.
IDEM-005  a key costs O(1): a hash table with chains, whose links are row numbers, 0 none.
"""

from exchange.engine import commands as c
from exchange.engine.state import Counter, Integers, State, inner_kernel, kernel
from exchange.engine.units import KEYS_MAX, KEYS_OF_ACCOUNT_MAX

NO_KEY = 0
_KEYS_HIGH = int(Counter.KEYS_HIGH)
_BUCKET_MASK = KEYS_MAX - 1
_SPREAD = 2_654_435_761  # 2^32 / golden ratio: neighbouring accounts, distant buckets


@kernel
def find_key(s: State, account: int, key: int) -> int:
    """Row of what the account's key stands for, or NO_KEY."""
    row = s.key_buckets[_bucket(account, key)]
    while row != 0:
        if s.keys[row]["key"] == key and s.keys[row]["account"] == account:
            break
        row = s.keys[row]["next_in_bucket"]
    return row


@kernel
def is_same_payload(s: State, row: int, command: Integers) -> bool:
    """Whether a command asks for what the remembered one asked for (IDEM-001)."""
    kept = s.keys[row]
    return (
        kept["kind"] == command[c.KIND]
        and kept["payload_0"] == command[c.CONTRACT]
        and kept["payload_1"] == command[c.SIDE]
        and kept["payload_2"] == command[c.FLAGS]
        and kept["payload_3"] == command[c.PRICE_TICKS]
        and kept["payload_4"] == command[c.QUANTITY_LOTS]
        and kept["payload_5"] == command[c.ORDER]
        and kept["payload_6"] == command[c.LABEL]
    )


@kernel
def remember_key(s: State, command: Integers, subject: int) -> None:
    """Keep the key of an accepted command, new to its account.

    subject : the order, withdrawal or transfer that the command's first result named.
    """
    account = command[c.ACCOUNT]
    key = command[c.IDEMPOTENCY_KEY]
    row = _claim_row(s, account)
    kept = s.keys[row]
    kept["account"] = account
    kept["key"] = key
    kept["kind"] = command[c.KIND]
    kept["payload_0"] = command[c.CONTRACT]
    kept["payload_1"] = command[c.SIDE]
    kept["payload_2"] = command[c.FLAGS]
    kept["payload_3"] = command[c.PRICE_TICKS]
    kept["payload_4"] = command[c.QUANTITY_LOTS]
    kept["payload_5"] = command[c.ORDER]
    kept["payload_6"] = command[c.LABEL]
    kept["subject"] = subject
    kept["first_sequence"] = command[c.SEQUENCE]
    bucket = _bucket(account, key)
    kept["next_in_bucket"] = s.key_buckets[bucket]
    s.key_buckets[bucket] = row
    newest = s.keys[0]["older"]
    kept["older"] = newest
    kept["newer"] = 0
    s.keys[newest]["newer"] = row
    s.keys[0]["older"] = row
    holder = s.safeguards[account]
    if holder["key_count"] == 0:
        holder["oldest_key"] = row
    else:
        s.keys[holder["newest_key"]]["next_of_account"] = row
    holder["newest_key"] = row
    holder["key_count"] += 1


@inner_kernel
def _bucket(account: int, key: int) -> int:
    return (key ^ (key >> 31) ^ (account * _SPREAD)) & _BUCKET_MASK


@inner_kernel
def _claim_row(s: State, account: int) -> int:
    """A zeroed row: a new one, or that of a key that is forgotten for it."""
    if s.safeguards[account]["key_count"] >= KEYS_OF_ACCOUNT_MAX:
        return _forget_oldest(s, account)
    used = s.counters[_KEYS_HIGH] + 1
    if used < KEYS_MAX:
        s.counters[_KEYS_HIGH] = used
        return used
    return _forget_oldest(s, s.keys[s.keys[0]["newer"]]["account"])


@inner_kernel
def _forget_oldest(s: State, account: int) -> int:
    """Take an account's oldest key out of all lists; returns its row."""
    holder = s.safeguards[account]
    row = holder["oldest_key"]
    kept = s.keys[row]
    bucket = _bucket(account, kept["key"])
    if s.key_buckets[bucket] == row:
        s.key_buckets[bucket] = kept["next_in_bucket"]
    else:
        before = s.key_buckets[bucket]
        while s.keys[before]["next_in_bucket"] != row:
            before = s.keys[before]["next_in_bucket"]
        s.keys[before]["next_in_bucket"] = kept["next_in_bucket"]
    s.keys[kept["older"]]["newer"] = kept["newer"]
    s.keys[kept["newer"]]["older"] = kept["older"]
    holder["oldest_key"] = kept["next_of_account"]
    holder["key_count"] -= 1
    if holder["key_count"] == 0:
        holder["newest_key"] = 0
    kept["next_of_account"] = 0
    return row
