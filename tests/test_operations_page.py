"""The operator's page, its alarms and its units say nothing that is not so."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from exchange.gateway import exposition
from exchange.management import processes
from exchange.pipeline.metrics import METRICS
from exchange.pipeline.servers import PROJECT

DOCS = PROJECT / "docs"
PAGE = (DOCS / "operations.md").read_text()
ALERTS = (DOCS / "alerts.yml").read_text()
UNITS = sorted((DOCS / "systemd").glob("*.service"))
EVERYTHING = PAGE + ALERTS + "".join(path.read_text() for path in UNITS)


def test_every_metric_that_is_named_exists() -> None:
    source = Path(exposition.__file__).read_text()
    named = set(re.findall(r"\bnovate_[a-z_]+", ALERTS + PAGE))

    missing = {
        name
        for name in named
        if name.removesuffix("_bucket") not in METRICS and f'"{name}"' not in source
    }
    assert named > {"novate_ledger_units", "novate_stage_seconds_bucket", "novate_up"}
    assert missing == set()


def test_every_alarm_is_explained_and_every_explanation_has_its_alarm() -> None:
    alarms = re.findall(r"- alert: (\w+)", ALERTS)
    table = PAGE.split("### Alarms")[1].split("## Halt")[0]

    assert re.findall(r"^\| ([A-Z]\w+) \|", table, re.MULTILINE) == alarms


def test_every_command_that_is_named_exists_with_its_options() -> None:
    commands = get_commands()
    used = re.findall(r"manage\.py ([a-z_]+)([^`\n#|]*)", EVERYTHING)

    assert {"backup", "restore", "halt", "resume", "prune_journal", "bisect"} <= {
        name for name, _ in used
    }
    for name, rest in used:
        assert name in commands, name
        parser = load_command_class(commands[name], name).create_parser("manage.py", name)
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, (name, rest)


def test_every_variable_that_is_named_is_read_somewhere() -> None:
    sources = "".join(path.read_text() for path in (PROJECT / "exchange").rglob("*.py"))
    sources += "".join(path.read_text() for path in (PROJECT / "tests").rglob("test_b*.py"))

    named = set(re.findall(r"\bNOVATE_[A-Z_]+", EVERYTHING))

    assert len(named) > 8
    assert {name for name in named if f'"{name}"' not in sources} == set()


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", PAGE)

    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_unit_starts_what_up_starts(path: Path) -> None:
    (started,) = re.findall(r"^ExecStart=(.*)$", path.read_text(), re.MULTILINE)
    ours = {
        "novate-engine": processes.engine(),
        "novate-projector": processes.projector(),
        "novate-worker": processes.worker(),
        "novate-beat": processes.beat(),
        "novate-oracle": processes.oracle(Path("/etc/novate/reporters.json")),
        "novate-web@": processes.web("127.0.0.1", 0),
        "novate-fast-lane@": processes.fast_lane("127.0.0.1", 0),
    }
    if path.stem == "novate-backup":
        assert "manage.py backup /var/backups/novate/" in started
        return

    process = ours[path.stem]

    words = [word.replace(f"{PROJECT}/", "") for word in process.arguments]
    expected = ["/opt/novate/.venv/bin/python", *words]
    assert started.replace("%i", "0").split() == expected
    for name, value in process.environment.items():
        assert f" {name}={value}" in path.read_text()
