"""`python -m robotoff run-scheduler`: asks, on time, for the work that no event asks for; holds no connection open."""

import logging
import time

from redis.exceptions import RedisError

from robotoff import settings
from robotoff.connections import redis_client
from robotoff.workers.queues import LOW_QUEUE, enqueue

logger = logging.getLogger(__name__)


def run() -> None:
    settings.init_sentry()
    logger.info("scheduler started, process_insights every %g s", settings.SCHEDULER_INTERVAL_SECONDS)
    while True:
        try:
            with redis_client(timeout_seconds=5) as redis:
                job = enqueue(redis, LOW_QUEUE, "process_insights")
            logger.info("process_insights: job %s on %s", job.id, LOW_QUEUE)
        except RedisError as error:
            # As upstream's: what fails is logged, and tried again when it is due again.
            logger.error("Redis: %s", error)
        time.sleep(settings.SCHEDULER_INTERVAL_SECONDS)
