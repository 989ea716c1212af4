"""Python's garbage collector in a process that answers: out of the way."""

import gc

_THRESHOLDS = (50_000, 20, 50)


def spare() -> None:
    """Look seldom for cycles, and never again through what is there now.

    To be called once everything is loaded: by default the collector would go through every
    module again and again, in the middle of an order.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
