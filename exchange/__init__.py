"""Novate, a derivatives exchange that anyone can run and anyone can replay.

The life of a command, and where to read each step:

1. A browser or a bot calls a method over HTTP or a websocket   gateway/rpc.py, consumers.py
2. its session or key is checked, its decimals become integers  gateway/auth.py, decoder.py
3. the method submits 128-byte records to one Valkey stream     gateway/methods, pipeline/bus.py
4. one process takes what is waiting and numbers it             pipeline/runner.py
5. and commits a journal row per batch, hash-chained: one fsync pipeline/journal.py
6. the state machine applies the batch and yields events        engine/state_machine.py
7. an order is checked, rests or meets others                   engine/trading.py, matching.py
8. and every fill moves positions and money, by double entry    engine/execution.py, ledger.py
9. marks move; margin calls and liquidations follow             engine/marking.py, clearing.py
10. account views and answers leave, after journal and apply    pipeline/views.py, bus.py
11. books, tickers and trades reach every open socket           pipeline/market_data.py
12. a replica replays the journal; projections fill the models  pipeline/replica.py, projections
13. pages and histories read those models                       selectors.py, gateway/views.py
"""
