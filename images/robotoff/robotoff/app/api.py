"""The HTTP API (falcon, as upstream): `robotoff.app.api:api` is what gunicorn serves."""

import logging
from contextlib import closing

import falcon
import psycopg2
import psycopg2.extras
from redis.exceptions import RedisError

from robotoff import elasticsearch, health, settings
from robotoff.connections import configure_logging, postgres_connection, redis_client
from robotoff.http import HTTPError
from robotoff.resources import load_taxonomy
from robotoff.workers.queues import enqueue, high_queue

configure_logging()
settings.init_sentry()
load_taxonomy()
logger = logging.getLogger(__name__)
redis = redis_client(timeout_seconds=2)


class Status:
    """Is this process alive?"""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"status": "running"}


class Health:
    """Are its backends?"""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        message, status = health.run()
        resp.media = {"message": message, "status": status, "headers": {"Content-Type": "application/json"}}
        resp.status = str(status)


class ImageImporter:
    """Queue the import of a product's image."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = req.get_media()
        if not isinstance(body, dict) or not body.get("barcode") or not body.get("image_url"):
            raise falcon.HTTPBadRequest(title="barcode and image_url are needed")
        barcode = str(body["barcode"])
        queue = high_queue(barcode)
        job = enqueue(
            redis,
            queue,
            "run_import_image_job",
            result_ttl_seconds=3600,
            barcode=barcode,
            image_url=str(body["image_url"]),
            ocr_url=body.get("ocr_url"),
            fail=bool(body.get("fail")),
        )
        logger.info("import of %s queued: job %s on %s", body["image_url"], job.id, queue)
        resp.media = {"status": "scheduled", "job_id": job.id, "queue": queue}


class JobDetail:
    """What became of a job."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, job_id: str) -> None:
        from rq.exceptions import NoSuchJobError
        from rq.job import Job

        try:
            job = Job.fetch(job_id, connection=redis)
        except NoSuchJobError:
            raise falcon.HTTPNotFound(title=f"no job {job_id}") from None
        result = job.latest_result()
        error = (result.exc_string or "").strip().splitlines()[-1:] if result else []
        resp.media = {
            "job_id": job.id,
            "queue": job.origin,
            "status": job.get_status(refresh=False).value,
            "result": result.return_value if result else None,
            "error": error[0] if error else None,
        }


class Insights:
    """Insights of one product (`barcode`), or the newest ones."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, barcode: str | None = None) -> None:
        barcode = barcode or req.get_param("barcode")
        count = req.get_param_as_int("count", min_value=1, max_value=1000, default=25)
        with closing(postgres_connection()) as connection:
            cursor = connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
            cursor.execute(
                "SELECT id::text, barcode, type, value, data, confidence, annotation, source_image, predictor,"
                " timestamp::text FROM product_insight WHERE %(barcode)s::text IS NULL OR barcode = %(barcode)s"
                " ORDER BY timestamp DESC LIMIT %(count)s",
                {"barcode": barcode, "count": count},
            )
            insights = cursor.fetchall()
        resp.media = {"status": "found" if insights else "no_insights", "count": len(insights), "insights": insights}


class Search:
    """Full-text search."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        hits = elasticsearch.search(req.get_param("q", required=True))
        resp.media = {"count": len(hits), "hits": hits}


def backend_down(req: falcon.Request, resp: falcon.Response, error: Exception, params: dict) -> None:
    raise falcon.HTTPServiceUnavailable(
        title="a backend is down", description=" ".join(f"{type(error).__name__}: {error}".split())
    )


api = falcon.App()
for kind in (psycopg2.Error, RedisError, HTTPError, OSError):
    api.add_error_handler(kind, backend_down)
api.add_route("/api/v1/status", Status())
api.add_route("/api/v1/health", Health())
api.add_route("/api/v1/images/import", ImageImporter())
api.add_route("/api/v1/jobs/{job_id}", JobDetail())
api.add_route("/api/v1/insights", Insights())
api.add_route("/api/v1/insights/{barcode}", Insights())
api.add_route("/api/v1/search", Search())
