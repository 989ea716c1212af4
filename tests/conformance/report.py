"""docs/clients.md: the table client × method × result, from what was run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.conformance.registry import CHECKS
from tests.conformance.run import Outcome

SUBJECTS = {
    "market": "Public data",
    "orders": "Orders",
    "triggers": "Orders that wait for a price",
    "account": "Account",
    "money": "Money",
    "absent": "What is not listed here",
    "streams": "Streams",
}
NAMES = {
    "sync": "ccxt",
    "async": "ccxt.async_support",
    "pro": "ccxt.pro",
    "javascript": "ccxt.pro, JavaScript",
}


@dataclass(slots=True)
class Results:
    """Everything that was run: outcomes by client and check, and the implicit API."""

    versions: dict[str, str]
    outcomes: dict[str, Mapping[str, Outcome]]
    skipped: dict[str, str]
    implicit: dict[str, str]
    adapter: Sequence[tuple[str, str, str]] = ()
    adapter_note: str = ""


def page(results: Results, today: date) -> str:
    """The whole page."""
    parts = [_prose("head"), _run_line(results, today)]
    kinds = list(results.outcomes)
    for module, title in SUBJECTS.items():
        checks = [check for check in CHECKS if check.run.__module__.endswith(f".{module}")]
        parts.append(f"\n## {title}\n\n" + _row("method", "what", *(NAMES[k] for k in kinds)))
        parts.append(_row(*("---" for _ in range(2 + len(kinds)))))
        for check in checks:
            words = (_word(results.outcomes[kind].get(check.name)) for kind in kinds)
            methods = ", ".join(f"`{method}`" for method in check.methods)
            says = check.says.replace("|", "\\|")
            parts.append(_row(methods or check.name.replace("_", " "), says, *words))
    parts += [_adapter(results), "\n" + _prose("notes"), _implicit(results)]
    return "".join(parts)


def _prose(name: str) -> str:
    return Path(__file__).with_name(f"page_{name}.md").read_text()


def _run_line(results: Results, today: date) -> str:
    names = [f"{NAMES[kind]} {results.versions[kind]}" for kind in results.outcomes]
    lines = [f"\nRun on {today.isoformat()}: {', '.join(names)}."]
    lines += [f" Not run: {NAMES[kind]} ({why})." for kind, why in results.skipped.items()]
    return "".join(lines) + "\n"


def _adapter(results: Results) -> str:
    if not results.adapter:
        return (
            f"\n## nautilus_trader\n\n{results.adapter_note}\n" if results.adapter_note else ""
        )
    rows = "".join(_row(*row) for row in results.adapter)
    head = _row("step", "what", "result") + _row("---", "---", "---")
    return f"\n## nautilus_trader\n\n{results.adapter_note}\n\n{head}{rows}"


def _implicit(results: Results) -> str:
    groups: dict[str, list[str]] = {}
    for endpoint, word in results.implicit.items():
        groups.setdefault(word.partition(" (")[0], []).append(_named(endpoint, word))
    titles = {
        "answers": "answer",
        "refuses": "exist, and refused what they were asked with (in brackets: the code)",
        "not offered": "are not offered (-32601)",
    }
    parts = [
        "\n## The implicit API\n\nEvery method that ccxt can name at Deribit "
        "(`exchange.publicGetTicker` and the like), asked once with ordinary arguments. "
        "Of them\n"
    ]
    for group, title in titles.items():
        found = groups.get(group, [])
        parts.append(f"\n- {len(found)} {title}: {', '.join(found)}.\n")
    return "".join(parts)


def _named(endpoint: str, word: str) -> str:
    code = word.partition("(")[2].rstrip(")")
    return f"`{endpoint}`" + (f" ({code})" if code else "")


def _word(outcome: Outcome | None) -> str:
    if outcome is None:
        return "–"
    return "**fails**" if outcome.problem else outcome.word


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"
