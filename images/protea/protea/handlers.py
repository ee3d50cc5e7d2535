"""What a worker does with a message: returns the messages to publish, or raises what the consumer acts upon."""

import logging

from protea import batch_operations, db, job_operations, jobs, queues, settings
from protea.logs import one_line

logger = logging.getLogger(__name__)


class Retry(Exception):
    """Try this message again, after so many seconds."""

    def __init__(self, delay_seconds: float):
        self.delay_seconds = delay_seconds


class UnknownOperation(Exception):
    """The message carries an operation that this version does not have: its consumer crashes, as upstream's."""


class DeadLetter(Exception):
    """This message will never succeed."""


def handle_job(message: dict, attempt: int, queue: str) -> list:
    """A message that names a job. Whatever the operation raises is the job's failure, not the message's."""
    if not isinstance(message, dict) or "job_id" not in message:
        raise DeadLetter("the message names no job")
    job_id = message["job_id"]
    with db.transaction() as cursor:
        cursor.execute("SELECT operation FROM job WHERE id = %s AND status = 'queued' FOR UPDATE", (job_id,))
        row = cursor.fetchone()
        target = job_operations.FORWARDED.get(row["operation"], queue) if row else queue
        if target != queue:
            cursor.execute("UPDATE job SET queue_name = %s WHERE id = %s", (target, job_id))
            jobs.add_event(cursor, job_id, "job.forwarded", queue=target)
            logger.info("job forwarded to %s: %s", target, job_id)
            return [(target, message)]
        job = jobs.claim(cursor, job_id)
    if job is None:
        logger.info("job is not queued any more: %s", job_id)
        return []
    if job["operation"] not in job_operations.OPERATIONS:
        # As upstream: the job stays running until the reaper comes.
        logger.error("job failed: %s: unknown operation %s", job_id, job["operation"])
        return []
    try:
        with db.transaction() as cursor:
            outgoing = job_operations.OPERATIONS[job["operation"]](cursor, job_id, job["payload"])
            if outgoing is None:
                jobs.finish(cursor, job_id, "succeeded")
            else:
                jobs.add_event(cursor, job_id, "job.dispatched", messages=len(outgoing))
    except Exception as error:
        logger.error("job failed: %s %s: %s", job["operation"], job_id, one_line(error))
        with db.transaction() as cursor:
            jobs.finish(cursor, job_id, "failed", type(error).__name__, str(error))
        return []
    state = "done" if outgoing is None else f"dispatched, {len(outgoing)} messages"
    logger.info("job %s: %s %s", state, job["operation"], job_id)
    return outgoing or []


def handle_operation(message: dict, attempt: int, queue: str) -> list:
    """A message that carries a part of a job: tried a few times, then dead, and with it the job."""
    try:
        name, job_id, payload = message["operation"], message["job_id"], message["payload"]
    except (KeyError, TypeError) as error:
        raise DeadLetter(f"the message is no operation: {one_line(error)}") from None
    if name not in batch_operations.OPERATIONS:
        raise UnknownOperation(f"unknown operation {name}")
    operation = batch_operations.OPERATIONS[name]
    with db.transaction() as cursor:
        if not jobs.is_running(cursor, job_id):
            logger.info("operation skipped, its job is not running: %s %s", name, job_id)
            return []
    try:
        outgoing = operation(job_id, payload, attempt)
    except db.Unreachable:
        raise
    except Exception as error:
        _operation_failed(name, job_id, attempt, error)
    logger.info("operation done: %s %s", name, job_id)
    return outgoing


def _operation_failed(name: str, job_id: str, attempt: int, error: Exception) -> None:
    last = attempt >= settings.MAX_ATTEMPTS
    with db.transaction() as cursor:
        jobs.add_event(
            cursor, job_id, "child.failed" if last else "child.retry", str(error)[:2000], "error" if last else "warning",
            operation=name, attempt=attempt, error_code=type(error).__name__,
        )  # fmt: skip
        if last:
            jobs.finish(cursor, job_id, "failed", type(error).__name__, f"{name}: {error}")
    if last:
        raise DeadLetter(f"{name} {job_id} failed {attempt} times: {one_line(error)}")
    logger.warning("operation failed, attempt %d: %s %s: %s", attempt, name, job_id, one_line(error))
    raise Retry(settings.RETRY_DELAY_SECONDS * 2 ** (attempt - 1))


def handler_for(queue: str):
    handle = handle_operation if queue in queues.OPERATION_QUEUES else handle_job
    return lambda message, attempt: handle(message, attempt, queue)
