"""`python -m robotoff run-worker QUEUE…`: a real rq worker."""

import logging
import time

from redis.exceptions import RedisError
from rq import Worker

from robotoff import settings
from robotoff.connections import redis_client
from robotoff.resources import load_taxonomy

logger = logging.getLogger(__name__)


class SteadyWorker(Worker):
    """An rq worker that looks for a lost Redis every 5 s at most (rq: up to a minute)."""

    max_connection_wait_time = 5.0
    stopping = False

    def request_stop(self, signum, frame):
        SteadyWorker.stopping = True
        super().request_stop(signum, frame)


def run(queues: list[str], burst: bool = False) -> None:
    settings.init_sentry()
    load_taxonomy()
    wait = 1
    while not SteadyWorker.stopping:
        try:
            # rq quits after some errors (a failed-over or loading Redis): begin again with a new worker.
            worker = SteadyWorker(queues, connection=redis_client())
            worker.work(burst=burst)
            if burst:
                return
            wait = 1
        except RedisError as error:
            logger.error("Redis: %s; next try in %d s", error, wait)
            wait = min(wait * 2, 5)
        if not SteadyWorker.stopping:
            time.sleep(wait)
