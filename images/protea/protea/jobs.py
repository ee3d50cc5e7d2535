"""The tables job and job_event: what may happen to a job. Functions take the cursor of the caller's transaction."""

import json

TERMINAL = ("succeeded", "failed", "cancelled")


def add_event(cursor, job_id: str, event: str, message: str | None = None, level: str = "info", **fields) -> None:
    cursor.execute(
        "INSERT INTO job_event (job_id, event, message, level, fields)"
        # The job may have been deleted meanwhile: then there is nothing to tell.
        " SELECT %s, %s, %s, %s, %s WHERE EXISTS (SELECT FROM job WHERE id = %s)",
        (job_id, event, message, level, json.dumps(fields), job_id),
    )


def create(cursor, operation: str, queue: str, payload: dict, meta: dict, parent_id: str | None = None) -> str:
    cursor.execute(
        "INSERT INTO job (operation, queue_name, payload, meta, parent_job_id)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id::text",
        (operation, queue, json.dumps(payload), json.dumps(meta), parent_id),
    )
    job_id = cursor.fetchone()["id"]
    add_event(cursor, job_id, "job.created", operation=operation, queue=queue)
    return job_id


def claim(cursor, job_id: str) -> dict | None:
    """queued → running; None when somebody else has it, or it was cancelled or deleted."""
    cursor.execute(
        "UPDATE job SET status = 'running', started_at = now() WHERE id = %s AND status = 'queued'"
        " RETURNING id::text, operation, payload, parent_job_id::text",
        (job_id,),
    )
    job = cursor.fetchone()
    if job:
        add_event(cursor, job_id, "job.started")
    return job


def finish(cursor, job_id: str, status: str, error_code: str | None = None, message: str | None = None, **fields) -> bool:
    """running (or queued) → a terminal status. False when it already had one: the first one stays."""
    cursor.execute(
        "UPDATE job SET status = %s, finished_at = now(), error_code = %s, error_message = %s"
        " WHERE id = %s AND status IN ('queued', 'running') RETURNING parent_job_id::text AS parent",
        (status, error_code, message, job_id),
    )
    row = cursor.fetchone()
    if row is None:
        return False
    if error_code:
        fields["error_code"] = error_code
    add_event(cursor, job_id, f"job.{status}", message, "error" if status == "failed" else "info", **fields)
    if row["parent"]:
        _settle_parent(cursor, row["parent"])
    return True


def _settle_parent(cursor, parent_id: str) -> None:
    """A job with sub-jobs ends when all of them have ended: well if one went well, as upstream."""
    # Two sub-jobs that end at once must not each see the other one running.
    cursor.execute("SELECT id FROM job WHERE id = %s FOR UPDATE", (parent_id,))
    cursor.execute("SELECT status::text, count(*) AS n FROM job WHERE parent_job_id = %s GROUP BY 1", (parent_id,))
    counts = {row["status"]: row["n"] for row in cursor.fetchall()}
    if counts.keys() & {"queued", "running"}:
        return
    if counts.get("succeeded"):
        finish(cursor, parent_id, "succeeded", children=counts)
    else:
        finish(cursor, parent_id, "failed", "AllChildrenFailed", "All child jobs failed or were cancelled")


def batch_done(cursor, job_id: str) -> None:
    """One more batch of a job is stored; the last one ends the job."""
    cursor.execute(
        "UPDATE job SET progress_current = progress_current + 1 WHERE id = %s AND status = 'running'"
        " RETURNING progress_current, progress_total",
        (job_id,),
    )
    row = cursor.fetchone()
    if row and row["progress_current"] >= row["progress_total"]:
        finish(cursor, job_id, "succeeded", via="last_batch_stored")


def cancel(cursor, job_id: str) -> int:
    """Cancel a job and its sub-jobs; returns how many of those."""
    finish(cursor, job_id, "cancelled")
    cursor.execute(
        "SELECT id::text FROM job WHERE parent_job_id = %s AND status IN ('queued', 'running')", (job_id,)
    )
    children = [row["id"] for row in cursor.fetchall()]
    for child in children:
        finish(cursor, child, "cancelled", reason="parent_cancelled")
    return len(children)


def is_running(cursor, job_id: str) -> bool:
    cursor.execute("SELECT FROM job WHERE id = %s AND status = 'running'", (job_id,))
    return cursor.rowcount > 0
