"""Each task tells when it last did its work, how long that took, and how often it failed."""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from typing import ParamSpec, TypeVar

from redis.exceptions import ResponseError

from exchange.pipeline.metrics import Meter
from exchange.pipeline.resp import CONNECTION_ERRORS, Link
from exchange.pipeline.servers import redis_url

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_meter: Meter | None = None


def measured(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorates a task; the name is its label in the metrics."""

    def measure(task: Callable[P, T]) -> Callable[P, T]:
        @wraps(task)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            began, meter = time.monotonic(), meter_of_this_process()
            try:
                answer = task(*args, **kwargs)
            except BaseException:
                meter.count("novate_task_failures_total", name)
                raise
            else:
                meter.gauge("novate_task_success_timestamp_seconds", time.time(), name)
                return answer
            finally:
                meter.gauge("novate_task_seconds", time.monotonic() - began, name)
                _publish(meter)

        return run

    return measure


def meter_of_this_process() -> Meter:
    """The worker's own numbers; what a task sets goes out when it ends."""
    # Not made at import: a worker's processes are forked from one that has imported this.
    global _meter
    if _meter is None:
        _meter = Meter("worker")
    return _meter


def _publish(meter: Meter) -> None:
    try:
        with closing(Link(redis_url())) as link:
            link.call(*meter.command())
    except (*CONNECTION_ERRORS, ResponseError) as error:
        logger.warning("Valkey did not take the worker's metrics: %s", error)
