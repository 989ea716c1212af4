"""Clients against a venue: python -m tests.conformance [--clients sync,async,pro,javascript]

Starts a venue, runs every check with every client, and writes docs/clients.md. 1 when something
does not hold, or when ccxt has a method that no check proves. --nautilus python3.12 runs
nautilus_trader's Deribit clients, too, in a Python 3.12 of that name.
"""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"


def main() -> int:
    """1 when something does not hold."""
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
    import django

    django.setup()
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    from tests.conformance import checks, clients, implicit, nautilus, report
    from tests.conformance.registry import CHECKS, unproved
    from tests.conformance.run import Outcome, Table, run_checks
    from tests.gateway.venue import Venue

    assert checks is not None
    chosen = [check for check in CHECKS if not options.only or options.only in check.name]
    outcomes: dict[str, dict[str, Outcome]] = {}
    results = report.Results({}, {}, {}, {})
    problems: list[str] = []
    venue = Venue()
    try:
        _say("Starting a venue.")
        await asyncio.to_thread(venue.start)
        for number, kind in enumerate(options.clients):
            problem = clients.node_problem() if kind == clients.JAVASCRIPT else None
            if problem is not None:
                results.skipped[kind] = problem
                _say(f"{kind} is left out: {problem}")
                continue
            port = list(venue.ports.values())[number % 2]
            keys = (venue.account(), venue.account())
            _say(f"--- {report.NAMES[kind]} {clients.version(kind)}")
            table = Table(venue, port, kind, keys, _say)
            outcomes[kind] = await run_checks(table, chosen)
            results.versions[kind] = clients.version(kind)
            problems += [
                f"{kind} {name}" for name, one in outcomes[kind].items() if one.problem
            ]
            async with table.desk() as desk:
                problems += [f"{kind}: no check of {name}" for name in
                             unproved(await desk.client.value("has"))]  # fmt: skip
                if kind == "async":
                    results.implicit = await implicit.ask_all(desk)
        if options.nautilus:
            adapter = await asyncio.to_thread(nautilus.run, venue, options.nautilus)
            results.adapter, results.adapter_note = adapter.rows, adapter.note
            problems += adapter.problems
            _say(f"--- {adapter.note}\n" + "\n".join(" | ".join(row) for row in adapter.rows))
    finally:
        venue.stop_all()
    results.outcomes = dict(outcomes)
    if not options.only:
        options.page.write_text(report.page(results, datetime.now(UTC).date()))
        _say(f"Wrote {options.page}")
    _say("Everything holds." if not problems else "\n".join(["Does not hold:", *problems]))
    return 1 if problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument(
        "--clients",
        type=lambda text: text.split(","),
        default=["sync", "async", "pro", "javascript"],
        help="of ccxt's builds: sync, async, pro, javascript",
    )
    parser.add_argument("--only", default="", help="checks whose name holds this; no page")
    parser.add_argument("--nautilus", default="", help="a Python 3.12 for nautilus_trader")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the table goes")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
