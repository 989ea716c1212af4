"""Every figure of spec/engine.md that this venue has: `python -m tests.benchmarks [--quick]`.

Ratios to a baseline of the same run are the judge; the machine is named so that absolute
figures can be placed. Nothing passes or fails by a clock: a wrong result fails, a slow one is
printed.
"""

import argparse
import os
import platform

from tests.benchmarks import durable, engine, following, projector, rivals, startup, websocket
from tests.benchmarks.workload import generate

GROUPS = ["engine", "tick", "startup", "durable", "projector", "following", "websocket"]


def report(name: str, figures: str) -> None:
    """One row of the table."""
    print(f"  {name:<64} {figures}", flush=True)


def main() -> None:
    """Runs the groups that were asked for."""
    options = _options()
    count = options.commands or (100_000 if options.quick else 1_000_000)
    print(
        f"Novate benchmarks on {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, {count:,} commands a flow\n"
    )
    groups = options.groups or GROUPS
    if {"engine", "durable"} & set(groups):
        flow_rows(count, groups)
    if "tick" in groups:
        print("\nprice tick (bar: 6 ms, 10 ns a position, linear)")
        for accounts in (10_000, 20_000) if options.quick else (50_000, 100_000):
            engine.price_tick(accounts, report)
    if "startup" in groups:
        print("\nstart-up (bar: kernels within 60 s, next starts 10 s)")
        startup.run(report, cold=not options.quick)
    if "projector" in groups:
        print("\nprojector (bar: 25,000 orders/s)")
        projector.run(report)
    if "following" in groups:
        print("\ndurable load, projector following (bar: 25,000 orders/s at 1 s)")
        following.run(report, seconds=5 if options.quick else 35)
    if "page" in groups:
        # A browser is not installed everywhere, and nobody waits half an hour by accident.
        from tests.benchmarks import page

        print("\nthe trade page in Chromium, a venue of its own")
        minutes, seconds = (2.0, 10.0) if options.quick else (30.0, 30.0)
        page.run(report, minutes=minutes, seconds=seconds)
    if "websocket" in groups:
        print("\nwebsockets, engine and projector running")
        websocket.run(report, seconds=5 if options.quick else 20)


def flow_rows(count: int, groups: list[str]) -> None:
    """The order flow: other books, the engine in process, and the whole durable path."""
    workload = generate(count)
    adds, cancels, takers = (kind / count for kind in workload.totals.kinds)
    print(
        f"order flow, seed {workload.seed}: {adds:.0%} add, {cancels:.0%} cancel, "
        f"{takers:.0%} take, {workload.totals.trades:,} trades"
    )
    recorded = engine.record(workload)
    if "engine" in groups:
        print("baselines: matching only")
        rivals.run(workload, report)
        print("Novate: margin, fees, ledger, events (bar: 2,000,000; replay 1,500,000)")
        engine.whole_order_path(recorded, report)
        engine.replay(recorded, report)
    if "durable" in groups:
        print("\ndurable (bar: 500,000 commands/s batched)")
        durable.run(recorded, report)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--commands", type=int, help="commands of the order flow")
    parser.add_argument("groups", nargs="*", help=" ".join((*GROUPS, "page")))
    return parser.parse_args()


if __name__ == "__main__":
    main()
