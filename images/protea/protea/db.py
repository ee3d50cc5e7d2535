"""PostgreSQL: a short connection for each transaction, so that waiting workers hold none."""

from contextlib import closing, contextmanager

import psycopg2
import psycopg2.extras

from protea import settings

Unreachable = (psycopg2.OperationalError, psycopg2.InterfaceError)


def connect(connect_timeout_seconds: int = 3):
    """A connection whose rows are dictionaries; a server that vanished is noticed within half a minute."""
    return psycopg2.connect(
        settings.DB_URL,
        connect_timeout=connect_timeout_seconds,
        keepalives_idle=15,
        keepalives_interval=5,
        keepalives_count=3,
        application_name="protea",
        cursor_factory=psycopg2.extras.RealDictCursor,
    )


@contextmanager
def transaction():
    """A cursor whose statements are committed together, or rolled back when the block raises."""
    with closing(connect()) as connection, connection, connection.cursor() as cursor:
        yield cursor
