"""All that speaks to the world: JSON-RPC over HTTP and websockets, live streams, and the pages.

A gateway parses, authenticates, limits, and turns decimals into integers; then it submits a
command to the bus or reads a view. It decides nothing: no rule of the venue lives here.
"""
