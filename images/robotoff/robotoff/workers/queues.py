"""The queues' names, and which one a product's jobs go to."""

import hashlib

from robotoff.settings import NUM_RQ_WORKERS

ML_MODEL_QUEUE = "robotoff-ml-model"
LOW_QUEUE = "robotoff-low"
_TASKS = "robotoff.workers.tasks."


def high_queue(barcode: str) -> str:
    """A product always gets the same high-priority queue: each has one worker, so its jobs never run side by side."""
    digest = hashlib.md5(barcode.encode(), usedforsecurity=False).digest()
    return f"robotoff-high-{int.from_bytes(digest[-4:], 'little', signed=True) % NUM_RQ_WORKERS + 1}"


def enqueue(connection, queue: str, task: str, *, result_ttl_seconds: int = 0, **kwargs):
    """Put `robotoff.workers.tasks.<task>(**kwargs)` on the queue; named by string, so the caller need not import it."""
    from rq import Queue

    return Queue(queue, connection=connection).enqueue(
        _TASKS + task, kwargs=kwargs, job_timeout=60, result_ttl=result_ttl_seconds, failure_ttl=86400
    )
