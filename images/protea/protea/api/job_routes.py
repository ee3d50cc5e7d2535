"""/jobs: create, list, show, events, cancel, delete."""

from uuid import UUID

import falcon

from protea import db, jobs, queues

_COLUMNS = (
    "id::text, operation, queue_name, status::text, payload, meta, parent_job_id::text, created_at::text,"
    " started_at::text, finished_at::text, progress_current, progress_total, error_code, error_message"
)
_DEFAULT_QUEUES = {"ping": queues.PING}


def _find(cursor, job_id: UUID) -> dict:
    cursor.execute(f"SELECT {_COLUMNS} FROM job WHERE id = %s", (str(job_id),))
    job = cursor.fetchone()
    if job is None:
        raise falcon.HTTPNotFound(title="Job not found")
    return job


class Jobs:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Newest first; without sub-jobs unless `include_children=true` or `parent_job_id` asks for them."""
        where, values = ["true"], {"limit": req.get_param_as_int("limit", min_value=1, max_value=500, default=50)}
        for column in ("status", "operation", "parent_job_id"):
            value = req.get_param(column)
            if value is not None:
                where.append(f"{column}::text = %({column})s")
                values[column] = value
        if "parent_job_id" not in values and not req.get_param_as_bool("include_children"):
            where.append("parent_job_id IS NULL")
        with db.transaction() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM job WHERE {' AND '.join(where)} ORDER BY created_at DESC LIMIT %(limit)s", values
            )
            resp.media = cursor.fetchall()

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = req.get_media()
        operation = body.get("operation") if isinstance(body, dict) else None
        if not isinstance(operation, str) or not operation.strip():
            raise falcon.HTTPUnprocessableEntity(title="operation must be a non-empty string")
        queue = body.get("queue_name") or _DEFAULT_QUEUES.get(operation, queues.JOBS)
        with db.transaction() as cursor:
            job_id = jobs.create(cursor, operation, queue, body.get("payload") or {}, body.get("meta") or {})
        # After the commit: the worker must find the row.
        try:
            queues.publish_job(queue, job_id)
        except queues.Unreachable as error:
            with db.transaction() as cursor:
                jobs.finish(cursor, job_id, "failed", "PublishError", f"RabbitMQ: {error}")
            raise
        resp.media = {"id": job_id, "status": "queued"}


class Job:
    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: UUID) -> None:
        with db.transaction() as cursor:
            resp.media = _find(cursor, job_id)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, job_id: UUID) -> None:
        with db.transaction() as cursor:
            status = _find(cursor, job_id)["status"]
            if status not in jobs.TERMINAL:
                raise falcon.HTTPConflict(title=f"Cannot delete a {status} job")
            cursor.execute("DELETE FROM job WHERE id = %s", (str(job_id),))
        resp.media = {"deleted": str(job_id)}


class Cancel:
    def on_post(self, req: falcon.Request, resp: falcon.Response, job_id: UUID) -> None:
        with db.transaction() as cursor:
            _find(cursor, job_id)
            children = jobs.cancel(cursor, str(job_id))
            status = _find(cursor, job_id)["status"]
        resp.media = {"id": str(job_id), "status": status, "children_cancelled": children}


class Events:
    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: UUID) -> None:
        """Newest first."""
        limit = req.get_param_as_int("limit", min_value=1, max_value=2000, default=200)
        with db.transaction() as cursor:
            _find(cursor, job_id)
            cursor.execute(
                "SELECT id, ts::text, level, event, message, fields FROM job_event WHERE job_id = %s"
                " ORDER BY id DESC LIMIT %s",
                (str(job_id), limit),
            )
            resp.media = cursor.fetchall()


def add_to(app: falcon.App) -> None:
    app.add_route("/jobs", Jobs())
    app.add_route("/jobs/{job_id:uuid}", Job())
    app.add_route("/jobs/{job_id:uuid}/cancel", Cancel())
    app.add_route("/jobs/{job_id:uuid}/events", Events())
