"""The integers that are money: units, limits, and the only functions that round.

Every quantity below is an int64 in a named unit, and every limit is asserted here at import so
that the products the engine forms fit in 63 bits. Numba wraps silently; these bounds are why
nothing ever does.

UNIT-001  money is counted in 10^-6 of its asset ("units"); price in ticks; quantity in lots.
UNIT-002  price_ticks x quantity_lots x tick_value_units is exact money: no rounding happens
          there.
UNIT-003  rates are parts per million; index prices are in 10^-8 of the quote asset.
UNIT-004  only mul_div_floor and mul_div_ceil round. Charge up, pay down.
UNIT-005  a sum over the life of the venue has no limit of its own. Those that nobody decides by
          stop at LIFETIME_SUM_MAX; what has to go on exactly is counted in two words.
"""

from numba import njit

from risk.rounding import (
    compare_products,
    mul_div_ceil,
    mul_div_floor,
    mul_div_remainder,
)

__all__ = ["compare_products", "mul_div_ceil", "mul_div_floor", "mul_div_remainder"]

MONEY_SCALE = 1_000_000
PPM = 1_000_000
INDEX_SCALE = 100_000_000
NANOSECONDS = 1_000_000_000

BUY = 1
SELL = -1

# --- capacities (DESIGN section 6); arrays are reserved lazily and never grow -----------------
ACCOUNTS_MAX = 1 << 17
SLOTS_MAX = 64  # positions an account may hold at once
ASSETS_MAX = 8
CONTRACTS_MAX = 4_096
UNDERLYINGS_MAX = 64
SOURCES_MAX = 32
ORDER_SLOT_BITS = 20
ORDERS_MAX = 1 << ORDER_SLOT_BITS
LEVEL_HEIGHT_MAX = 8
# Of each contract: two sides of the book, and (source x direction) lists of triggers.
BOOK_LISTS = 2
TRIGGER_LISTS = 6
LEVEL_HEADS = (BOOK_LISTS + TRIGGER_LISTS) * CONTRACTS_MAX
LEVELS_MAX = ORDERS_MAX + LEVEL_HEADS
WITHDRAWAL_SLOT_BITS = 16
WITHDRAWALS_MAX = 1 << WITHDRAWAL_SLOT_BITS
GATEWAYS_MAX = 1_024
KEYS_MAX = 1 << 21  # idempotency keys of the whole venue; a power of two

# --- limits on a single account or command ----------------------------------------------------
OPEN_ORDERS_MAX = 500  # an account
OWNER_ORDERS_MAX = 2_000  # over all accounts of one owner
# From here on the slots are for reduce-only orders and for registered makers.
ORDERS_RESERVED_FROM = ORDERS_MAX // 4 * 3
KEYS_OF_ACCOUNT_MAX = 1_024  # idempotency keys remembered
FILLS_MAX = 1_000  # a command
TRIGGERS_MAX = 256  # orders fired by one command; those left over fire with the next
TRAILING_MAX = 512  # trailing stops in one list of triggers: all are moved with the price
TRAILING_OF_ACCOUNT_MAX = 16  # of those: an owner with 20 sub-accounts leaves room for others
EXPIRIES_MAX = 1_000  # good-til-day orders that one tick cancels
REDUCE_ONLY_ORDERS_MAX = 32  # in the book, an account
BATCH_MAX = 100  # members of one PlaceBatch
AMOUNT_UNITS_MAX = 10**16  # ten billion USDC: one transfer of money
PRICE_TICKS_MAX = 1 << 31
QUANTITY_LOTS_MAX = 1 << 31
TICK_VALUE_UNITS_MAX = 1 << 20
POSITION_UNITS_MAX = 10**15  # 10^9 USDC: |position| of one account at the listing reference
OPEN_INTEREST_UNITS_MAX = 10**17  # 10^11 USDC: of the venue, at the listing references
LOT_CEILING_UNITS_MAX = 10**11  # 100,000 USDC: one lot at its contract's price ceiling
PRICE_CEILING_MULTIPLE = 10  # the price ceiling of a contract / its listing reference
POSITION_CEILING_UNITS = POSITION_UNITS_MAX * PRICE_CEILING_MULTIPLE
UNSETTLED_UNITS_MAX = POSITION_CEILING_UNITS  # unsettled P&L, or accrued funding, of a position
DEPOSITS_UNITS_MAX = 5 * 10**17  # 5 x 10^11 USDC: net, of one asset, the whole venue
BALANCE_UNITS_MAX = 2 * DEPOSITS_UNITS_MAX  # deposits, and as much again out of bad debt
ORDER_NUMBERS_MAX = 1 << (62 - ORDER_SLOT_BITS)

# --- liquidation pace -------------------------------------------------------------------------
LIQUIDATION_LARGE_UNITS = 100_000 * MONEY_SCALE  # above it, 20 % a step
LIQUIDATION_STEP_PERCENT = 20
LIQUIDATION_PAUSE_NS = 5 * NANOSECONDS
LIQUIDATION_MISS_PAUSE_NS = NANOSECONDS
LIQUIDATION_MISSES_MAX = 3
LIQUIDATION_STEPS_MAX = 4  # of one account in one command
MARK_INTERVAL_NS = NANOSECONDS // 4
INSURANCE_WINDOW_NS = 3_600 * NANOSECONDS

DAY_NS = 24 * 3_600 * NANOSECONDS
DAY_END_NS = 8 * 3_600 * NANOSECONDS  # a day of the venue ends at 08:00 UTC

# --- funding ----------------------------------------------------------------------------------
FUNDING_SAMPLE_NS = 5 * NANOSECONDS
FUNDING_HOUR_NS = 3_600 * NANOSECONDS
FUNDING_SAMPLES = FUNDING_HOUR_NS // FUNDING_SAMPLE_NS  # of the hourly average
FUNDING_INDEX_UNITS_MAX = (1 << 61) // 10**9  # unconverted funding of one lot

INT64_SAFE = 1 << 62
LIFETIME_SUM_MAX = INT64_SAFE - 1  # of what is counted for people only: see lifetime_sum

# Up to six notionals of every position an account may hold enter its margin, and as many its
# equity; one is compared with the other. What follows from these limits: see tests/proofs.
assert SLOTS_MAX * POSITION_CEILING_UNITS * 6 < INT64_SAFE
assert 2 * SLOTS_MAX * POSITION_CEILING_UNITS * 6 + BALANCE_UNITS_MAX < 2 * INT64_SAFE
assert OPEN_INTEREST_UNITS_MAX * PRICE_CEILING_MULTIPLE < INT64_SAFE
assert DEPOSITS_UNITS_MAX + AMOUNT_UNITS_MAX <= BALANCE_UNITS_MAX < INT64_SAFE
assert PRICE_TICKS_MAX * QUANTITY_LOTS_MAX <= INT64_SAFE
assert AMOUNT_UNITS_MAX * ASSETS_MAX < INT64_SAFE
assert (ORDER_NUMBERS_MAX << ORDER_SLOT_BITS) <= INT64_SAFE

# --- house accounts: fixed ids below the first user's -----------------------------------------
EXTERNAL = 0  # the outside world: minus the sum of all net deposits
FEES = 1
INSURANCE = 2
CLEARING = 3  # money collected from losers, on its way to winners, inside one SettleVariation
BAD_DEBT = 4
RESIDUE = 5
HOLDS = 6  # withdrawals requested, not yet paid
OPERATOR = 8  # the principal of house commands: ticks, listings, deposits
FIRST_USER_ACCOUNT = 16
NO_ACCOUNT = -1

# --- assets -----------------------------------------------------------------------------------
USDC = 0
ASSET_NAMES = ("USDC",)

# --- roles (bit mask) -------------------------------------------------------------------------
ROLE_TRADER = 1
ROLE_OPERATOR = 2
ROLE_REPORTER = 4
ROLE_MAKER = 8  # beside TRADER: may use the last quarter of the order slots
ROLE_MASK = ROLE_TRADER | ROLE_OPERATOR | ROLE_REPORTER | ROLE_MAKER

# --- contract kinds and states ----------------------------------------------------------------
KIND_PERPETUAL = 1

STATE_PRE_LAUNCH = 1
STATE_OPEN = 2
STATE_HALTED = 3
STATE_REDUCE_ONLY = 4

# --- order flags: one int64, packed so that an order fits one record --------------------------
#  bits 0-3 type, 4-7 time in force, 8 post_only, 9 reject_post_only, 10 reduce_only,
#  11 liquidation (set by the engine only), 12-13 trigger source, 14 triggered (set by the
#  engine only), 15 linked, 16 maker (in fills only), 17 dormant (15 and 17 set by the engine
#  only)
TYPE_LIMIT = 0
TYPE_MARKET = 1  # this bit tells a market order, whatever it waits for
TYPE_STOP_LIMIT = 2
TYPE_STOP_MARKET = 3
TYPE_TAKE_LIMIT = 4
TYPE_TAKE_MARKET = 5
TYPE_TRAILING_STOP = 7
TYPE_MASK = 0xF
TYPES_WITH_TRIGGER = 0xE  # one of these bits: the order waits, or waited, for a trigger
TIF_GOOD_TIL_CANCELLED = 0 << 4
TIF_IMMEDIATE_OR_CANCEL = 1 << 4
TIF_FILL_OR_KILL = 2 << 4
TIF_GOOD_TIL_DAY = 4 << 4
TIF_MASK = 0xF << 4
TIF_NEVER_RESTS = TIF_IMMEDIATE_OR_CANCEL | TIF_FILL_OR_KILL
FLAG_POST_ONLY = 1 << 8
FLAG_REJECT_POST_ONLY = 1 << 9
FLAG_REDUCE_ONLY = 1 << 10
FLAG_LIQUIDATION = 1 << 11
TRIGGER_MARK = 0 << 12
TRIGGER_INDEX = 1 << 12
TRIGGER_LAST = 2 << 12
TRIGGER_MASK = 3 << 12
TRIGGER_SHIFT = 12
FLAG_TRIGGERED = 1 << 14
FLAG_LINKED = 1 << 15  # one of a group of orders (links.py)
CLIENT_FLAGS = (
    TYPE_MASK
    | TIF_MASK
    | FLAG_POST_ONLY
    | FLAG_REJECT_POST_ONLY
    | FLAG_REDUCE_ONLY
    | TRIGGER_MASK
)
FLAG_DISCONNECTED = 1  # in the flags of CancelOrder and CancelAll: the reason that is told
FLAG_MAKER = 1 << 16  # in OrderFilled.flags only: this side of the trade was resting

FLAG_DORMANT = 1 << 17  # it is not live before another order fills (links.py)

# --- how the orders of a group are linked -----------------------------------------------------
LINK_NONE = 0
LINK_ONE_CANCELS_OTHER = 1
LINK_ONE_TRIGGERS_OTHER = 2
LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER = 3

# --- what an owner's orders do when they meet -------------------------------------------------
SELF_TRADE_CANCEL_MAKER = 0
SELF_TRADE_REJECT_TAKER = 1
SELF_TRADE_CANCEL_BOTH = 2

# --- oracle status (oracle/aggregation.py uses the same numbers; a test holds them equal) -----
ORACLE_NO_PRICE = 0
ORACLE_VALID = 1
ORACLE_WIDE = 2
ORACLE_DEGRADED = 3
ORACLE_INVALID = 4


@njit(cache=True, nogil=True)
def lifetime_sum(total: int, amount: int) -> int:
    """total + amount, within +-LIFETIME_SUM_MAX: it stays there rather than wrap (UNIT-005).

    Both of them less than 2^62 in size.

    >>> lifetime_sum(40, 2), lifetime_sum(LIFETIME_SUM_MAX, 1) == LIFETIME_SUM_MAX
    (42, True)
    """
    return min(max(total + amount, -LIFETIME_SUM_MAX), LIFETIME_SUM_MAX)
