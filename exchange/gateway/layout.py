"""The reader's own panel sizes, from the cookie that static/js/layout.js keeps.

They are part of the first picture, so that nothing moves when the scripts arrive. A cookie is
anybody's text: only known panels with a size in pixels come through; all else is dropped.
"""

import re

PANELS = ("bottom", "book", "tape", "ticket")
_SIZE = re.compile(rf"({'|'.join(PANELS)})\.([1-9][0-9]{{1,3}})")
COOKIE_LENGTH_MAX = 120


def panel_sizes(cookie: str) -> list[tuple[str, int]]:
    """Panels and their sizes.

    >>> panel_sizes("bottom.284-book.320-roof.9-tape.1e9")
    [('bottom', 284), ('book', 320)]
    """
    found = {}
    for part in cookie[:COOKIE_LENGTH_MAX].split("-"):
        match = _SIZE.fullmatch(part)
        if match:
            found[match[1]] = int(match[2])
    return list(found.items())
