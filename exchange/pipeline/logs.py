"""Log lines without secrets: for people, or one JSON object a line (NOVATE_LOG=json).

LOG-001  what may never be read in a log is taken out of the finished line, whatever library
         wrote it and through whatever exception: our own secrets by their value, everyone
         else's by the words around them.
LOG-002  a JSON line says when, how grave, from which process, at which command, who and what.
LOG-003  a request's address is never logged with its query, nor a header with its value.
LOG-004  what a stranger sends wrong is one line: nobody fills a disk with our tracebacks.
"""

import logging
import os
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import orjson

REDACTED = "[redacted]"
SECRET_CHARACTERS_MIN = 6  # a shorter word would be found everywhere

_NAMES = (
    r"client_secret|client_signature|secret_key|sealed_secret|secret|signature|sig|password\d?|"
    r"passwd|pwd|access_token|refresh_token|csrfmiddlewaretoken|csrftoken|sessionid|token|"
    r"authorization|cookie|set-cookie|x-csrftoken|nonce"
)
# "name": "value", 'name': b'value', name=value, (b'name', b'value'), name: value
_SCHEME = r"deri-hmac-sha256|bearer|basic"
_NAMED = re.compile(
    rf"(?i)(?<![A-Za-z0-9])({_NAMES})(['\"]\s*[:=,]\s*[\[(]?|\s*[:=]\s*)"
    r"(?:b?'[^']*'|b?\"(?:\\.|[^\"\\])*\"|"
    rf"(?:(?:{_SCHEME})\s+)?(?:\[redacted\]|[^\s,;&)}}\]'\"]+))"
)
_SCHEMES = re.compile(rf"(?i)\b({_SCHEME})\s+[^\s'\"]+")
_ADDRESSES = re.compile(r"([a-z][a-z0-9+.-]*://)([^/\s@]*@)")

_known: list[str] = []
sequence = 0  # the command that this process stands at: set by whoever knows it


def protect(values: Iterable[str | None]) -> None:
    """From now on these values are taken out of every line."""
    for value in values:
        if value and len(value) >= SECRET_CHARACTERS_MIN and value not in _known:
            _known.append(value)


def passwords_of(*urls: str | None) -> list[str]:
    """The passwords in addresses, as written and as meant."""
    written = [urlsplit(url).password for url in urls if url]
    return [text for word in written if word for text in (word, unquote(word))]


class Strangers(logging.Filter):
    """Takes the traceback out of what a server says of a client's mistake (LOG-004)."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], UnicodeDecodeError):
            record.exc_info = None
        return True


def redact(text: str) -> str:
    """The text without secrets (LOG-001).

    >>> redact("GET /x?client_secret=abc&amount=1 at redis://me:abc@host/0")
    'GET /x?client_secret=[redacted]&amount=1 at redis://[redacted]@host/0'
    """
    for value in _known:
        text = text.replace(value, REDACTED)
    text = _ADDRESSES.sub(rf"\1{REDACTED}@", text)
    text = _SCHEMES.sub(rf"\1 {REDACTED}", text)
    return _NAMED.sub(rf"\1\2{REDACTED}", text)


class LineFormatter(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line (LOG-002)."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _timestamp(record.created),
            "level": record.levelname,
            "process": process_name(),
            "pid": os.getpid(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if sequence:
            line["sequence"] = sequence
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return orjson.dumps(line).decode()


def process_name() -> str:
    """NOVATE_PROCESS, else the command that was started."""
    if name := os.environ.get("NOVATE_PROCESS"):
        return name
    words = [word for word in sys.argv if not word.startswith("-")]
    if len(words) > 1 and Path(words[0]).name == "manage.py":
        return words[1]
    return Path(words[0]).stem if words else "python"


def _timestamp(created: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(created))
    return f"{whole}.{int(created * 1_000) % 1_000:03d}Z"
