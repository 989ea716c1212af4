"""Any number of simulated venues: python -m tests.simulation --seeds 1000 --first 1

Every command is decided by the engine and by the plain reference, which must agree. A seed
that fails prints the line that runs it again; the exit code tells whether any did.
"""

import argparse
import os
import sys
import time
from collections import Counter

from exchange.pipeline.servers import jit_cache_directory

COMMANDS = 2_000


def main() -> int:
    """Runs the seeds; 1 when one of them failed."""
    # Numba reads it once, when it is imported.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(jit_cache_directory()))
    from tests.simulation.simulator.run import run

    options = _options()
    seen: Counter[str] = Counter()
    commands = failures = 0
    began = time.monotonic()
    for seed in range(options.first, options.first + options.seeds):
        try:
            result = run(seed, options.commands, options.whole_every)
        except AssertionError as error:
            failures += 1
            print(f"seed {seed} failed: {error}\n{reproduction(seed, options.commands)}")
            continue
        if options.hash:
            print(result.state_hash)
            continue
        commands += result.commands
        seen.update(result.seen)
        print(f"seed {seed}: {result.commands} commands, {result.state_hash[:16]}", flush=True)
    if not options.hash:
        _print_summary(options.seeds, commands, failures, time.monotonic() - began, seen)
    return 1 if failures else 0


def reproduction(seed: int, commands: int) -> str:
    """The line that runs one seed again, comparing everything after every command."""
    arguments = f"--seeds 1 --first {seed} --commands {commands} --whole-every 1"
    return f"python -m tests.simulation {arguments}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--commands", type=int, default=COMMANDS, help="of each, at least")
    parser.add_argument(
        "--whole-every", type=int, default=500, help="compare everything every so many commands"
    )
    parser.add_argument("--hash", action="store_true", help="print the state hashes only")
    return parser.parse_args()


def _print_summary(
    seeds: int, commands: int, failures: int, seconds: float, seen: Counter[str]
) -> None:
    for name, count in sorted(seen.items()):
        print(f"  {name:32} {count:>9,}")
    print(f"{seeds} seeds, {commands:,} commands agreed, {failures} failed, {seconds:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
