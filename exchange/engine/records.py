"""How a 128-byte record of sixteen int64 is laid out: shared by commands and events."""

import numpy as np

RECORD_BYTES = 128
RECORD_FIELDS = RECORD_BYTES // 8

Layout = np.dtype[np.void]

# A record as kernels read it: sixteen numbers, whatever they are called. As a field of a
# record, and not as a row of a table, they come without a reference to be counted.
RAW: Layout = np.dtype([("words", "<i8", (RECORD_FIELDS,))])


def record_layout(common: tuple[str, ...], payload: tuple[str, ...]) -> Layout:
    """A packed layout: the common fields, the payload, and zeros up to sixteen."""
    names = common + payload
    names += tuple(f"unused_{i}" for i in range(len(names), RECORD_FIELDS))
    dtype = np.dtype([(name, "<i8") for name in names])
    assert dtype.itemsize == RECORD_BYTES, payload
    return dtype


def column(layout: Layout, name: str) -> int:
    """The position of a field among the sixteen integers, for kernels."""
    assert layout.names is not None
    return layout.names.index(name)
