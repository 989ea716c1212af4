"""The reference venue: what the engine should decide, in plain Python with unbounded integers.

It is written from the specification, shares no code with the kernels and is as slow as it is
simple: dicts, lists, and everything computed anew whenever it is asked for. A command goes in
as its sixteen integers and its events come out as theirs, so that both venues can be compared
byte by byte. Only the numbers of the wire format are shared (`wire`).

Read in this order: tables, ledger, book, margin, health, then checks, execution and trading
for orders, keys and batches around them; index, premium, mark, funding and clearing for prices;
liquidation; custody, safeguards and governance; machine.
"""
