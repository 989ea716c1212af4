"""What the clients of Deribit's API can do here: each method of each client, really called.

`python -m tests.conformance` starts a venue, drives ccxt (sync, async_support, pro, JavaScript)
and nautilus_trader against it and writes docs/clients.md. tests/gateway/test_clients.py is the
short form.
"""
