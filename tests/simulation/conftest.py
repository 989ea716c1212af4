"""The engine's fixtures and Hypothesis profile serve here too."""

from tests.engine.conftest import alice, bob, carol, venue

__all__ = ["alice", "bob", "carol", "venue"]
