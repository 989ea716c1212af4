"""The demonstration's traders: ordinary API clients, with nothing but a key and a websocket.

  client.py   a small JSON-RPC client over the websocket
  market.py   what a bot knows of the contracts: steps, tickers, its own position and orders
  ladder.py   pure: where a maker wants its orders, and which one is most wrong
  maker.py    keeps a ladder on every contract
  taker.py    arrives at random and trades
  fleet.py    the keys, the connections, the end

BOT-001  a bot uses the public API alone, as a stranger would.
BOT-002  after every connection a bot first cancels all it has: it never piles up orders.
BOT-003  whatever the venue answers, a bot goes on: it waits longer after each failure.
"""
