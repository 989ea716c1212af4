"""The long form: `python -m tests.hostile [--examples 20000]`, as long as the machine is free.

Every nasty goes into every field, and each role asks that many lists of random requests. A
failure names the request, and Hypothesis' blob to repeat it.
"""

import argparse
import os
import sys

import pytest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000, help="lists of requests a role")
    chosen = parser.parse_args()
    os.environ["NOVATE_NIGHTLY"] = "1"
    os.environ["NOVATE_HOSTILE_EXAMPLES"] = str(chosen.examples)
    return int(pytest.main(["tests/hostile", "-v", "-rP"]))


if __name__ == "__main__":
    sys.exit(main())
