"""Whole venues from one number: agents, a faulty oracle, a jumping clock, restarts.

A run is a pure function of its seed and its number of commands: everything random comes from
one `random.Random(seed)`, in integers, so that a failing seed fails again on any machine.
"""
