"""Numbered reasons for which a command is refused, in order of precedence within each area.

The numbers are permanent and part of the public API (`error.data.reason`). Zero is acceptance.
"""

from enum import IntEnum


class RejectReason(IntEnum):
    """Checked in this order; the first that applies is the answer."""

    ACCEPTED = 0

    # 100: is this a command at all, and may its principal give it?
    UNKNOWN_COMMAND = 100
    DUPLICATE_COMMAND = 101
    QUARANTINED = 102
    UNKNOWN_PRINCIPAL = 103
    NOT_AUTHORISED = 104
    UNKNOWN_ACCOUNT = 105
    EXPIRED = 106  # past valid_until_ns
    CAPACITY_FULL = 107  # a table of the engine is full
    MALFORMED = 108  # not a command record at all: answered by the runner, never journaled

    # 200: the contract
    UNKNOWN_CONTRACT = 200
    CONTRACT_NOT_OPEN = 201
    CONTRACT_REDUCE_ONLY = 202
    NO_MARK_PRICE = 203
    ORACLE_NOT_VALID = 204

    # 300: the order
    INVALID_SIDE = 300
    INVALID_FLAGS = 301
    INVALID_PRICE = 302
    INVALID_QUANTITY = 303
    BELOW_MIN_NOTIONAL = 304
    PRICE_OUTSIDE_BAND = 305
    TOO_MANY_ORDERS = 306
    TOO_MANY_POSITIONS = 307
    POSITION_LIMIT = 308
    POST_ONLY_WOULD_TAKE = 309
    FILL_OR_KILL_UNFILLABLE = 310
    NOTHING_TO_REDUCE = 311
    NO_LIQUIDITY = 312  # a market order met an empty book
    UNKNOWN_ORDER = 320
    NOT_ORDER_OWNER = 321
    AMEND_BELOW_FILLED = 322
    INVALID_TRIGGER = 330  # missing, not positive, beyond the ceiling, or where none belongs
    NO_TRIGGER_PRICE = 331  # the source has no price yet
    TRIGGER_ALREADY_REACHED = 332
    TOO_MANY_TRAILING_STOPS = 333
    TOO_MANY_REDUCE_ONLY = 334
    ORDER_EXPIRED = 335  # its day is over, though no tick has cancelled it yet
    WOULD_SELF_TRADE = 336  # its owner asked for takers to be rejected
    INVALID_SELF_TRADE_MODE = 337
    KEY_REUSED = 350  # the idempotency key stands for another request
    TOO_MANY_OWNER_ORDERS = 351
    ORDER_SLOTS_RESERVED = 352  # the last quarter is for reduce-only orders and makers
    INVALID_SAFEGUARD = 353  # a setting of cancel on disconnect that does not exist
    HEARTBEAT_NOT_SET = 354
    INVALID_BATCH = 355  # a count of members that cannot be
    BATCH_REFUSED = 356  # the batch that it belongs to was refused
    BATCH_OUT_OF_ORDER = 357  # a cancel behind orders, a post-only order behind takers
    INVALID_LINK = 358  # it does not go together with the other orders of its group
    LINKED_QUANTITY = 359  # of an order that follows another one

    # 400: margin
    INSUFFICIENT_MARGIN = 400
    IN_LIQUIDATION = 401
    LIQUIDATION_NOT_DUE = 402
    FUNDING_NOT_DUE = 410  # converted in this clock hour already, or a contract without
    OPEN_INTEREST_LIMIT = 411  # of the venue
    DEPOSIT_LIMIT = 412  # of the venue, in one asset

    # 500: money
    INVALID_AMOUNT = 500
    UNKNOWN_ASSET = 501
    INSUFFICIENT_BALANCE = 502
    UNKNOWN_WITHDRAWAL = 503
    SAME_ACCOUNT = 510  # a transfer to itself
    DIFFERENT_OWNER = 511

    # 600: oracle
    UNKNOWN_SOURCE = 600
    UNKNOWN_UNDERLYING = 601
    PRICE_NOT_POSITIVE = 602
    PRICE_OUT_OF_SCALE = 603
    OBSERVATION_NOT_NEWER = 604
    OBSERVATION_FROM_FUTURE = 605
    OBSERVATION_TOO_OLD = 606
    CONFIDENCE_INVALID = 607

    # 700: listing and parameters
    INVALID_NAME = 700
    ALREADY_LISTED = 701
    INVALID_TICK_VALUE = 702
    INVALID_REFERENCE = 703
    UNKNOWN_PARAMETER = 704
    PARAMETER_OUT_OF_BOUNDS = 705
    INVALID_STATE_CHANGE = 706
    SOURCE_TAKEN = 707
    INVALID_ROLE = 708
    INVALID_CONTRACT_KIND = 709
    INVALID_QUARANTINE = 710
    PRICE_ABOVE_CEILING = 711  # a contract that outgrew its listing does not open again
