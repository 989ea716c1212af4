"""Taking a key or a session back: at once in every process, for open sockets too.

REV-001  the row is written first, then every gateway process is told; a process that was not
         listening forgets all keys when it listens again, and checks its open sockets.
REV-002  without Valkey the row counts all the same: no process can send an order then, and each
         forgets its keys when Valkey is back.
"""

import logging

import redis
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from exchange.models.keys import ApiKey
from exchange.pipeline.servers import redis_url

CHANNEL = "novate:revoked"

logger = logging.getLogger(__name__)


def revoke_key(key_id: str) -> bool:
    """Revoke an API key and close its sockets; False when there is no such live key."""
    live = ApiKey.objects.filter(id=key_id, revoked_at__isnull=True)
    revoked = bool(live.update(revoked_at=timezone.now(), is_enabled=False))
    end_key_connections(key_id)
    return revoked


def end_key_connections(key_id: str) -> None:
    """Every process reads the key anew and closes the sockets that it signed in."""
    _publish(f"key:{key_id}")


def close_session_sockets(session_key: str) -> None:
    """Close the websockets of a session that has ended (logout, password change)."""
    _publish(f"session:{session_key}")


def _publish(message: str) -> None:
    client = redis.Redis.from_url(redis_url(), retry=Retry(NoBackoff(), 0))
    try:
        client.publish(CHANNEL, message)
    except RedisError:
        logger.warning("Valkey is away: the sweep finds what has to be closed")  # REV-002
    finally:
        client.close()
