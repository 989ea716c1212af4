"""What the design promises about the code itself."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.management import processes
from exchange.pipeline.servers import PROJECT

PURE = sorted(
    path
    for pattern in ("exchange/engine/*.py", "risk/[!_a]*.py", "oracle/[amr]*.py")
    for path in PROJECT.glob(pattern)
    if path.name not in ("apps.py", "admin.py", "models.py", "replay.py")
)
IMPURE = {
    "django", "channels", "celery", "redis", "httpx", "psycopg", "asyncio", "threading",
    "socket", "os", "pathlib", "time", "datetime", "random", "secrets", "uuid", "subprocess",
}  # fmt: skip
FORBIDDEN_CALLS = {"float", "set", "frozenset", "hash", "id", "open", "input"}
IMPORT_ENGINE = """
import importlib, pkgutil, sys
import exchange.engine
for module in pkgutil.iter_modules(exchange.engine.__path__):
    if module.name != "warmup":
        importlib.import_module(f"exchange.engine.{module.name}")
foreign = ("django", "channels", "celery", "redis", "psycopg", "exchange.pipeline",
           "exchange.settings", "exchange.models", "exchange.gateway", "risk.pricing")
print(*sorted(name for name in foreign if name in sys.modules))
"""
MACHINE_PATHS = re.compile(rb"/(?:home|Users|root|work)/[A-Za-z]|/tmp/novate/")
LONGEST_FUNCTION_LINES = 70


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    paths = [PROJECT / name.decode() for name in listing.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def source_files() -> Iterator[Path]:
    for package in ("exchange", "risk", "oracle"):
        yield from (PROJECT / package).rglob("*.py")


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(PROJECT)))
def test_pure_module_holds_no_float_division_set_or_clock(path: Path) -> None:
    found = [f"line {line}: {what}" for line, what in sorted(impurities(path))]

    assert found == []


def impurities(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Constant(value=float() | complex()):
                yield node.lineno, f"float {node.value!r}"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno, "division /"
            case ast.Set() | ast.SetComp():
                yield node.lineno, "set"
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                yield node.lineno, f"{name}()"
            case ast.Import(names=names):
                for alias in names:
                    if alias.name.partition(".")[0] in IMPURE:
                        yield node.lineno, f"import {alias.name}"
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in IMPURE:
                yield node.lineno, f"from {module}"
            case _:
                pass


def test_engine_imports_no_framework_even_indirectly() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ENGINE],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []


def test_exchange_package_is_a_docstring_alone() -> None:
    body = ast.parse((PROJECT / "exchange" / "__init__.py").read_text()).body

    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)


def test_nothing_committed_names_a_path_of_this_machine() -> None:
    found = [
        str(path.relative_to(PROJECT))
        for path in tracked_files()
        if path != Path(__file__) and MACHINE_PATHS.search(path.read_bytes())
    ]

    assert found == []


def test_no_function_is_longer_than_a_page() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
        for path in source_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION_LINES
        and "migrations" not in path.parts
    ]

    assert found == []


def test_modules_import_by_bare_specifiers_so_none_loads_twice() -> None:
    relative = re.compile(r"""(?:from|import\()\s*["']\.{0,2}/""")
    found = [
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "static" / "js").rglob("*.js")
        if relative.search(path.read_text())
    ]

    assert found == []


def test_procfile_lists_the_processes_of_up() -> None:
    started = [
        processes.engine(),
        processes.projector(),
        processes.web("127.0.0.1", 8000),
        processes.fast_lane("127.0.0.1", 8001),
        processes.worker(),
        processes.beat(),
        processes.oracle(),
        *processes.demonstration("127.0.0.1", 8001),
    ]

    assert (PROJECT / "Procfile").read_text().splitlines() == [_line(one) for one in started]


def _line(process: processes.Process) -> str:
    words = [*(f"{name}={value}" for name, value in process.environment.items())]
    if process.arguments[0] == "-m":
        words += process.arguments[1:]
    else:
        words += ["python", "manage.py", *process.arguments[1:]]
    return f"{process.name}: {' '.join(words)}"
