"""Where prices come from: the only part of the oracle that speaks to the world.

  base.py      a Quote, the Source protocol, decimal text -> integer price
  signing.py   reporters' Ed25519 keys, and what they sign
  demo.py      replay (recorded real prices) and simulated (a walk): no network
  fetch.py     one hardened HTTPS GET, under an allow-list
  web.py       http_json and ccxt: real venues, through fetch.py alone
  registry.py  configuration -> Source

SRC-001  a source returns a positive integer price, a confidence and the time it was published,
         or it raises SourceError: a missing, stale or absurd price is never a number.
SRC-002  every byte from outside passes fetch.py: scheme, host and address checked, size and
         time bounded, no redirect followed, TLS verified.
"""
