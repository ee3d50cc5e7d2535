"""The reaper: fails jobs that run for too long and say nothing, as nothing else would end a job whose worker died."""

import logging
import select
import signal
import sys
import time

from protea import db, jobs, settings
from protea.logs import one_line

logger = logging.getLogger(__name__)

_INTERVAL_SECONDS = 60


def run() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    timeout = settings.tuning("worker", "reaper_main_timeout_seconds", 21_600, 300)
    stall = settings.tuning("worker", "reaper_stall_seconds", 1_800, 60)
    logger.info("reaper started: jobs running for over %d s and silent for %d s", timeout, stall)
    wait = 1
    while True:
        try:
            connection = db.connect()
            logger.info("reaper connected to PostgreSQL")
            try:
                while True:
                    reap(connection, timeout, stall)
                    wait = 1
                    # The connection stays open (the health check looks at it); its end interrupts the wait.
                    if select.select([connection], [], [], _INTERVAL_SECONDS)[0]:
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


def reap(connection, timeout: int, stall: int) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, operation FROM job WHERE status = 'running'"
            " AND started_at < now() - %s * interval '1 second' AND NOT EXISTS"
            " (SELECT FROM job_event WHERE job_id = job.id AND ts > now() - %s * interval '1 second')"
            " FOR UPDATE SKIP LOCKED",
            (timeout, stall),
        )
        for job in cursor.fetchall():
            message = f"Job exceeded timeout of {timeout}s"
            jobs.add_event(cursor, job["id"], "job.timeout", message, "error")
            jobs.finish(cursor, job["id"], "failed", "JobTimeout", message)
            logger.warning("job timed out: %s %s", job["operation"], job["id"])
