"""`python -m robotoff run-scheduler`: asks, on time, for the work that no event asks for."""

import logging
import time

from redis.exceptions import RedisError

from robotoff import settings
from robotoff.connections import redis_client
from robotoff.workers.queues import LOW_QUEUE, enqueue

logger = logging.getLogger(__name__)

# How long a lost Redis may go unnoticed; the container's health check looks at the connection.
_PING_SECONDS = 15


def run() -> None:
    redis = redis_client(timeout_seconds=5)
    logger.info("scheduler started, process_insights every %g s", settings.SCHEDULER_INTERVAL_SECONDS)
    due = time.monotonic()
    while True:
        pause = _PING_SECONDS
        try:
            if time.monotonic() >= due:
                job = enqueue(redis, LOW_QUEUE, "process_insights")
                logger.info("process_insights: job %s on %s", job.id, LOW_QUEUE)
                due += settings.SCHEDULER_INTERVAL_SECONDS
            else:
                redis.ping()
        except RedisError as error:
            pause = 5
            logger.error("Redis: %s; next try in %d s", error, pause)
        time.sleep(max(0.0, min(pause, due - time.monotonic())) or 0.1)
