"""How fast it is: `python -m tests.benchmarks`. Nothing here passes or fails by a clock."""
