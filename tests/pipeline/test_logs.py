"""Nothing secret reaches a log line, whatever wrote it (exchange/pipeline/logs.py)."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from exchange.pipeline import logs
from exchange.pipeline.servers import PROJECT
from tests.pipeline.engine import run_manage

SECRET = "kS3cr3t-Value_9Zx"


@pytest.fixture(autouse=True)
def unknown_to_others() -> Iterator[None]:
    before = list(logs._known)
    yield
    logs._known[:] = before


@pytest.mark.parametrize(
    "line",
    [
        f"GET /api/v2/public/auth?grant_type=client_credentials&client_secret={SECRET}&x=1",
        f'{{"method":"public/auth","params":{{"client_secret":"{SECRET}","x":1}}}}',
        f"{{'client_id': 'alice', 'client_secret': '{SECRET}'}}",
        f"Authorization: deri-hmac-sha256 id=a,ts=1,sig={SECRET},nonce=n",
        f"[(b'host', b'x'), (b'authorization', b'deri-hmac-sha256 id=a,ts=1,sig={SECRET}')]",
        f"authorization: Bearer {SECRET}",
        f"the header was Bearer {SECRET}",
        f"Cookie: csrftoken=abc; sessionid={SECRET}",
        f"[(b'cookie', b'sessionid={SECRET}; theme=dark')]",
        f"Set-Cookie: sessionid={SECRET}; HttpOnly",
        f"csrfmiddlewaretoken={SECRET}&login=alice&password={SECRET}",
        f"<QueryDict: {{'password1': ['{SECRET}'], 'password2': ['{SECRET}']}}>",
        f"connection failed: user=me password={SECRET} host=db",
        f"could not connect to postgresql://me:{SECRET}@db.example:5432/novate",
        f"redis://:{SECRET}@cache:6379/0 is away",
        f'"refresh_token": "{SECRET}"',
        f'{{"client_signature":"{SECRET}","nonce":"{SECRET}"}}',
    ],
)
def test_secret_is_known_by_the_words_around_it(line: str) -> None:
    assert SECRET not in logs.redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "Margin of account 7 at sequence 9",
        "Observation 5 lacks its reporter's signature",
        "Skipped snapshot 00000000000000000017.snap: its checksum is wrong",
        "The token bucket of alice is empty",
        "Replayed 1,000 commands in 0.1 s: sequence 1,000.",
    ],
)
def test_ordinary_line_stays_as_it_is(line: str) -> None:
    assert logs.redact(line) == line


def test_own_secret_is_known_by_its_value() -> None:
    logs.protect([SECRET, None, "", "short"])

    assert logs.redact(f"it broke at {SECRET}!") == "it broke at [redacted]!"
    assert logs.redact("a short word") == "a short word"


def test_password_of_an_address_is_known_quoted_and_plain() -> None:
    url = "postgresql://me:p%40ss-word-1@db/novate"

    assert logs.passwords_of(url, None, "redis://host/0") == ["p%40ss-word-1", "p@ss-word-1"]


def record(
    message: str, *args: object, error: BaseException | None = None
) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("exchange.test", logging.ERROR, "", 1, message, args, info)


def test_json_line_says_when_how_grave_who_and_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVATE_PROCESS", "engine")
    monkeypatch.setattr(logs, "sequence", 42)

    line = json.loads(logs.JsonFormatter().format(record("lost %d of %s", 3, "alice\n")))

    assert line["message"] == "lost 3 of alice\n"
    assert (line["level"], line["process"], line["sequence"]) == ("ERROR", "engine", 42)
    assert (line["logger"], line["pid"]) == ("exchange.test", os.getpid())
    assert line["time"].endswith("Z")


@pytest.mark.parametrize("formatter", [logs.JsonFormatter(), logs.LineFormatter()])
def test_arguments_and_exceptions_are_redacted_too(formatter: logging.Formatter) -> None:
    try:
        raise ValueError(f"no connection to postgresql://me:{SECRET}@db/novate")
    except ValueError as error:
        made = record("asked with %r", {"client_secret": SECRET}, error=error)

    text = formatter.format(made)

    assert SECRET not in text
    assert "ValueError" in text


@pytest.mark.parametrize("kind", ["json", "line"])
def test_process_with_a_password_in_its_addresses_never_says_it(kind: str) -> None:
    """A real command whose database refuses it: everything that it writes is looked at."""
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://me:{SECRET}@127.0.0.1:1/novate?connect_timeout=1",
        "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:1/0",
        "NOVATE_SECRET_KEY": SECRET * 3,
        "NOVATE_LOG": kind,
    }
    code = (
        "import django; django.setup()\n"
        "import logging, os\n"
        "from django.conf import settings\n"
        "from django.db import connection\n"
        "log = logging.getLogger('exchange')\n"
        "log.error('settings %r %r', settings.DATABASES, settings.CELERY_BROKER_URL)\n"
        "log.error('environment %r', dict(os.environ))\n"
        "log.error('key %s', settings.SECRET_KEY)\n"
        "try:\n    connection.ensure_connection()\n"
        "except Exception:\n    log.exception('away')\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "exchange.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert SECRET not in done.stdout + done.stderr
    assert "away" in done.stderr
    if kind == "json":
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line["level"] for line in lines] == ["ERROR"] * 4


def test_command_that_fails_says_so_in_lines_of_json(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOVATE_LOG", "json")

    failed = run_manage("create_account", "no name")

    lines = [json.loads(line) for line in failed.stderr.splitlines()]
    assert failed.returncode == 1
    assert (lines[-1]["level"], lines[-1]["process"]) == ("CRITICAL", "create_account")
    assert "Expected a name of 1 to 64 letters" in lines[-1]["exception"]
