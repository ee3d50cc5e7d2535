"""Connections to Redis and PostgreSQL with time limits; imported lazily, so that a process loads only what it uses."""

import logging
import socket
import sys

from robotoff import settings

logger = logging.getLogger(__name__)

# A server that vanishes without closing its connections is noticed by the kernel after half a minute.
_KEEPALIVE = {socket.TCP_KEEPIDLE: 15, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}


def configure_logging() -> None:
    logging.basicConfig(
        stream=sys.stdout, level=settings.LOG_LEVEL, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def redis_client(url: str = settings.REDIS_URL, timeout_seconds: float | None = None, **options):
    """A Redis client; `timeout_seconds` limits every reply, None allows blocking reads."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        url,
        socket_connect_timeout=2,
        socket_timeout=timeout_seconds,
        socket_keepalive=True,
        socket_keepalive_options=_KEEPALIVE,
        # One try on a new connection when a pooled one turns out to be dead; whoever calls decides on longer waits.
        retry=Retry(NoBackoff(), 1),
        **options,
    )


def postgres_connection(connect_timeout_seconds: int = 2):
    """A PostgreSQL connection; closing it is the caller's duty (`with closing(...)`)."""
    import psycopg2

    return psycopg2.connect(
        host=settings.POSTGRES_HOST,
        dbname=settings.POSTGRES_DB,
        user=settings.POSTGRES_USER,
        password=settings.POSTGRES_PASSWORD,
        connect_timeout=connect_timeout_seconds,
        application_name="robotoff",
    )
