"""Taking a key or a session back: at once in every process, for open sockets too.

REV-001  the row is written first, then every gateway process is told; a process that was not
         listening forgets all keys when it listens again, and checks its open sockets.
"""

import redis
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from exchange.models.keys import ApiKey
from exchange.pipeline.servers import redis_url

CHANNEL = "novate:revoked"


def revoke_key(key_id: str) -> bool:
    """Revoke an API key and close its sockets; False when there is no such live key."""
    live = ApiKey.objects.filter(id=key_id, revoked_at__isnull=True)
    revoked = bool(live.update(revoked_at=timezone.now()))
    _publish(f"key:{key_id}")
    return revoked


def close_session_sockets(session_key: str) -> None:
    """Close the websockets of a session that has ended (logout, password change)."""
    _publish(f"session:{session_key}")


def _publish(message: str) -> None:
    client = redis.Redis.from_url(redis_url(), retry=Retry(NoBackoff(), 0))
    try:
        client.publish(CHANNEL, message)
    finally:
        client.close()
