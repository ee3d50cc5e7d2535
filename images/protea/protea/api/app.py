"""The HTTP API: `protea.api.app:app` is what gunicorn serves. Paths, fields and errors (`detail`) are upstream's."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as CheckTimeout
from uuid import UUID

import falcon

from protea import db, evaluations, queues, settings
from protea.api import job_routes
from protea.logs import one_line

_LIMIT_SECONDS = 2.5
# Bounded: checks that hang (a name that does not resolve) cannot pile up; new ones then count as timed out.
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="ready")


class Health:
    """Is this process alive?"""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"status": "ok"}


def check_database() -> None:
    with db.transaction() as cursor:
        cursor.execute("SELECT 1")


def check_rabbitmq() -> None:
    queues.connect(timeout_seconds=2).close()


class Ready:
    """Can it reach PostgreSQL and RabbitMQ? Both are asked at once."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        checks = {"database": _pool.submit(check_database), "RabbitMQ": _pool.submit(check_rabbitmq)}
        problems = []
        for name, future in checks.items():
            try:
                future.result(timeout=_LIMIT_SECONDS)
            except CheckTimeout:
                future.cancel()
                problems.append(f"{name} unreachable: no answer within {_LIMIT_SECONDS:g} s")
            except Exception as error:
                problems.append(f"{name} unreachable: {one_line(error)}")
        if problems:
            raise falcon.HTTPServiceUnavailable(title="; ".join(problems))
        resp.media = {"status": "ready"}


class ResetDatabase:
    """Drop everything, then migrate anew."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        if not settings.ADMIN_TOKEN:
            raise falcon.HTTPForbidden(title="Admin operations are disabled: PROTEA_ADMIN_TOKEN is not set.")
        scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
        if scheme != "Bearer":
            raise falcon.HTTPUnauthorized(title="Missing Bearer token.")
        if token != settings.ADMIN_TOKEN:
            raise falcon.HTTPForbidden(title="Invalid admin token.")
        with db.transaction() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        done = subprocess.run(["alembic", "upgrade", "head"], cwd="/app", capture_output=True, text=True)
        resp.media = {"ok": True} if done.returncode == 0 else {"ok": False, "error": done.stderr[-2000:]}


class EvaluationArtefacts:
    """What a job wrote for an evaluation: the result's id is the job's here."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, eval_id: str, result_id: UUID) -> None:
        content = evaluations.zipped(str(result_id))
        if content is None:
            raise falcon.HTTPNotFound(title="No artifacts found for this result")
        resp.content_type, resp.data = "application/zip", content


def show_error(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.media = {"detail": error.title if error.description is None else f"{error.title}: {error.description}"}


def server_down(req: falcon.Request, resp: falcon.Response, error: Exception, params: dict) -> None:
    raise falcon.HTTPServiceUnavailable(title=one_line(error))


app = falcon.App()
app.set_error_serializer(show_error)
for kind in (*db.Unreachable, *queues.Unreachable):
    app.add_error_handler(kind, server_down)
app.add_route("/health", Health())
app.add_route("/health/ready", Ready())
app.add_route("/admin/reset-db", ResetDatabase())
app.add_route(
    "/annotations/evaluation-sets/{eval_id}/results/{result_id:uuid}/artifacts.zip", EvaluationArtefacts()
)
job_routes.add_to(app)
