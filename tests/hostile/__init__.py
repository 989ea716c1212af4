"""Hostile input: nasties in every field, random requests, other people's ids, floods.

Everything is driven from the method registry, so that a new method is covered by being there.
The short form runs with the other tests; `python -m tests.hostile` goes on as long as asked.
"""
