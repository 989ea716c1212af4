"""The addresses of the database and the bus, in each dialect that a library wants.

One DATABASE_URL and one REDIS_URL name real servers; without them the embedded ones are meant.
"""

import os
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from exchange.pipeline.servers.home import server_place
from exchange.pipeline.servers.postgres import DATABASE, PORT, USER
from exchange.pipeline.servers.valkey import socket_path

# Valkey's numbered databases. Pub/sub channels and streams of the venue live in the first.
BUS_DATABASE = 0
CACHE_DATABASE = 1
CELERY_DATABASE = 2
CHANNELS_DATABASE = 3


def database_settings() -> dict[str, object]:
    """Django's DATABASES entry."""
    common: dict[str, object] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
    url = os.environ.get("DATABASE_URL")
    if not url:
        run = str(server_place().run)
        return common | {"NAME": DATABASE, "USER": USER, "HOST": run, "PORT": str(PORT)}
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(f"Expected DATABASE_URL to be postgresql://…, was {parts.scheme}://…")
    options = dict(parse_qsl(parts.query))
    return common | {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def redis_url(database: int = BUS_DATABASE) -> str:
    """For redis-py, Channels and Django's cache: `unix://…?db=n` or `redis://host/n`."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return f"unix://{quote(str(socket_path(server_place())))}?db={database}"
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = dict(parse_qsl(parts.query)) | {"db": str(database)}
        credentials = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return f"unix://{credentials}{parts.path}?{urlencode(query)}"
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError(f"Expected REDIS_URL to be redis://… or unix://…, was {parts.scheme}:")
    return urlunsplit(parts._replace(path=f"/{database}"))


def celery_broker_url() -> str:
    """For kombu, which spells a unix socket `redis+socket://…?virtual_host=n`."""
    parts = urlsplit(redis_url(CELERY_DATABASE))
    if parts.scheme != "unix":
        return urlunsplit(parts)
    credentials = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return f"redis+socket://{credentials}{parts.path}?virtual_host={CELERY_DATABASE}"
