"""Random kills under load: python -m tests.crash --kills 200 --seed 1

Engine, projector, gateway, Valkey, PostgreSQL or the engine's own session in it are killed by
SIGKILL, each victim and moment drawn from the seed, while clients trade who ask again with
their idempotency keys. After every --round kills the venue is stopped, the whole proof is run
and a new venue takes its place. A failure prints the line that runs the same kills again.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time

ROUND = 50


def main() -> int:
    """1 when a promise was broken."""
    options = _options()
    home = os.environ["NOVATE_HOME"] = tempfile.mkdtemp(prefix="novate-crash-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "exchange.settings"
    import django

    django.setup()
    from exchange.engine import warmup
    from exchange.pipeline.servers import discard_servers, novate_home

    _say("Compiling or loading the kernels.")
    warmup.warm_up()
    began = time.monotonic()
    numbers = range(options.first, options.first + options.kills)
    try:
        for first in numbers[:: options.round]:
            last = min(first + options.round, numbers.stop)
            _run(options.seed, range(first, last))
    except AssertionError as error:
        _say(f"A promise was broken: {error}\n{_reproduction(options)}")
        return 1
    finally:
        discard_servers(novate_home())
        shutil.rmtree(home, ignore_errors=True)
    _say(f"{options.kills} kills, every promise kept, {time.monotonic() - began:.0f} s.")
    return 0


def _run(seed: int, numbers: range) -> None:
    from tests.crash.campaign import Campaign, forget_venue, kill_of

    with Campaign(_say) as campaign:
        for number in numbers:
            kill = kill_of(seed, number)
            seconds = campaign.run(kill)
            fate = "hasty" if kill.is_hasty else f"well again after {seconds:5.1f} s"
            _say(
                f"kill {number:4} of seed {seed}: {' and '.join(kill.victims):22} {fate}, "
                f"{campaign.acknowledged:7,} orders acknowledged"
            )
        _say(f"proved: {campaign.prove()}")
    forget_venue()


def _reproduction(options: argparse.Namespace) -> str:
    arguments = f"--kills {options.kills} --seed {options.seed} --first {options.first}"
    return f"python -m tests.crash {arguments} --round {options.round}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="number of the first kill")
    parser.add_argument("--round", type=int, default=ROUND, help="kills of one venue")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
