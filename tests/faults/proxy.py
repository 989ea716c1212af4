"""A proxy: delays, swallows and cuts what passes between client and server."""

import contextlib
import os
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from exchange.pipeline.servers import redis_url

CHUNK_BYTES = 65_536


class FaultProxy:
    """Forwards every connection to `target`, a unix socket or an address, with the faults that
    are set on it. It listens on a socket of the same kind.

    delay_seconds      each piece waits so long, in both directions
    is_silent          what the server answers is swallowed
    requests, answers  bytes forwarded so far, over all connections
    """

    def __init__(self, target: Path | tuple[str, int]) -> None:
        self._family = socket.AF_UNIX if isinstance(target, Path) else socket.AF_INET
        self.target = target
        self.delay_seconds = 0.0
        self.is_silent = False
        self.requests = 0
        self.answers = 0
        self.cuts = 0
        self._cut_request: int | None = None
        self._cut_answer: int | None = None
        self._directory = Path(
            tempfile.mkdtemp(prefix="cut-", dir=os.environ.get("NOVATE_HOME"))
        )
        self._listener = socket.socket(self._family)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []

    @classmethod
    def before_postgres(cls) -> "FaultProxy":
        settings: dict[str, Any] = connection.get_connection_params()
        name = f".s.PGSQL.{settings['port']}"
        return cls(Path(settings["host"]) / name)

    @classmethod
    def before_valkey(cls) -> "FaultProxy":
        path = redis_url().removeprefix("unix://").partition("?")[0]
        return cls(Path(path))

    def __enter__(self) -> "FaultProxy":
        if isinstance(self.target, Path):
            self._listener.bind(str(self._path))
        else:
            self._listener.bind((self.target[0], 0))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def port(self) -> int:
        """Where it listens, before an address."""
        return int(self._listener.getsockname()[1])

    @property
    def _path(self) -> Path:
        assert isinstance(self.target, Path)
        return self._directory / self.target.name

    @property
    def redis_url(self) -> str:
        return f"unix://{self._path}?db=0"

    @property
    def database_url(self) -> str:
        settings: dict[str, Any] = connection.get_connection_params()
        return (
            f"postgresql://{settings['user']}@/{settings['dbname']}"
            f"?host={self._directory}&port={settings['port']}"
        )

    def connect(self) -> "psycopg.Connection[Any]":
        """A session in PostgreSQL through the proxy."""
        return psycopg.connect(self.database_url, autocommit=True)

    def cut_request_after(self, count: int) -> None:
        """Cut the connection when `count` more bytes of requests have passed; once."""
        self._cut_request = self.requests + count

    def cut_answer_after(self, count: int) -> None:
        """Cut the connection when `count` more bytes of answers have passed; once."""
        self._cut_answer = self.answers + count

    def cut_all(self) -> None:
        """Break every connection that is open now."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _break(*pair)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(self._family)
            try:
                server.connect(
                    str(self.target) if isinstance(self.target, Path) else self.target
                )
            except OSError:
                _break(client, server)
                continue
            self._pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(
                    target=self._pump, args=(source, sink, client), daemon=True
                ).start()

    def _pump(self, source: socket.socket, sink: socket.socket, client: socket.socket) -> None:
        is_request = source is client
        try:
            while data := source.recv(CHUNK_BYTES):
                time.sleep(self.delay_seconds)
                passing, is_last = self._take(data, is_request)
                if passing and not (self.is_silent and not is_request):
                    sink.sendall(passing)
                if is_last:
                    self.cuts += 1
                    break
        except OSError:
            return
        finally:
            _break(source, sink)

    def _take(self, data: bytes, is_request: bool) -> tuple[bytes, bool]:
        """What of a piece may pass, and whether the connection is cut behind it."""
        done = self.requests if is_request else self.answers
        limit = self._cut_request if is_request else self._cut_answer
        is_last = limit is not None and done + len(data) > limit
        if is_last:
            assert limit is not None
            data = data[: max(0, limit - done)]
        if is_request:
            self.requests += len(data)
            self._cut_request = None if is_last else self._cut_request
        else:
            self.answers += len(data)
            self._cut_answer = None if is_last else self._cut_answer
        return data, is_last


def _break(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
