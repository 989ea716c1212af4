"""Tests, the reference they are checked against, and the benchmarks."""
