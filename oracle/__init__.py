"""The oracle observes: many reporters, one index, one mark.

  sources.py      the only I/O: fetches prices from the world and signs them
  replay.py       recorded real prices as an endless path, for the demonstration market
  aggregation.py  pure int64: fresh observations -> index, status and confidence
  mark.py         pure int64: index and order book -> mark price

The engine calls aggregation and mark on what the journal holds, so every index and every mark
of the past can be recomputed by anyone. Nothing here knows of orders, accounts or the database.
"""
