"""The reaper: fails jobs that have been running for too long, as nothing else would end a job whose worker died."""

import logging
import select
import signal
import sys
import time

from protea import db, jobs, settings
from protea.logs import one_line

logger = logging.getLogger(__name__)


def run() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    interval = settings.REAPER_INTERVAL_SECONDS
    logger.info("reaper started: every %g s, jobs running for over %g s", interval, settings.JOB_TIMEOUT_SECONDS)
    wait = 1
    while True:
        try:
            connection = db.connect()
            logger.info("reaper connected to PostgreSQL")
            try:
                while True:
                    reap(connection)
                    wait = 1
                    # The connection stays open (the health check looks at it); its end interrupts the wait.
                    if select.select([connection], [], [], interval)[0]:
                        raise db.Unreachable[0]("the server closed the connection")
            finally:
                connection.close()
        except db.Unreachable as error:
            logger.error("PostgreSQL: %s; next try in %d s", one_line(error), wait)
        except Exception as error:  # for example the tables of a database that is being reset
            logger.error("reaper cycle failed: %s; next try in %d s", one_line(error), wait)
        time.sleep(wait)
        wait = min(wait * 2, 5)


def _stop(*_) -> None:
    logger.info("reaper stopped")
    sys.exit(0)


def reap(connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, operation FROM job WHERE status = 'running'"
            " AND started_at < now() - %s * interval '1 second' FOR UPDATE SKIP LOCKED",
            (settings.JOB_TIMEOUT_SECONDS,),
        )
        for job in cursor.fetchall():
            message = f"Job exceeded timeout of {settings.JOB_TIMEOUT_SECONDS:g}s"
            jobs.add_event(cursor, job["id"], "job.timeout", message, "error")
            jobs.finish(cursor, job["id"], "failed", "JobTimeout", message)
            logger.warning("job timed out: %s %s", job["operation"], job["id"])
