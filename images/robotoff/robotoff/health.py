"""`GET /api/v1/health`: asks every backend, all at once, within two seconds; upstream's names and form of answer."""

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as CheckTimeout
from contextlib import closing

from robotoff import settings
from robotoff.connections import postgres_connection, redis_client
from robotoff.http import elasticsearch

_LIMIT_SECONDS = 2.0
# Bounded: checks that hang (a name that does not resolve) cannot pile up; new ones then count as timed out.
_pool = ThreadPoolExecutor(max_workers=12, thread_name_prefix="health")


def test_connect_mongodb() -> str:
    if not settings.ENABLE_MONGODB_ACCESS:
        return "skipped (ENABLE_MONGODB_ACCESS is 0)"
    socket.create_connection((settings.MONGO_HOST, settings.MONGO_PORT), _LIMIT_SECONDS).close()
    return "MongoDB accepts connections"


def test_connect_postgres() -> str:
    with closing(postgres_connection()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "PostgreSQL answers"


def test_connect_influxdb() -> str:
    if not settings.INFLUXDB_HOST:
        return "skipped (INFLUXDB_HOST is empty)"
    _get(http.client.HTTPConnection(settings.INFLUXDB_HOST, settings.INFLUXDB_PORT, timeout=_LIMIT_SECONDS), "/ping")
    return "InfluxDB answers"


def test_connect_redis() -> str:
    with redis_client(timeout_seconds=_LIMIT_SECONDS) as client:
        client.ping()
    return "Redis answers"


def test_connect_robotoff_api() -> str:
    if settings.ROBOTOFF_INSTANCE != "prod":
        return "skipped (ROBOTOFF_INSTANCE is not prod)"
    _get(http.client.HTTPSConnection(settings.WEBSITE, timeout=_LIMIT_SECONDS), "/api/v1/status")
    return "the website answers"


def test_connect_elasticsearch() -> str:
    answer = elasticsearch("GET", "/_cluster/health?timeout=1s", timeout_seconds=_LIMIT_SECONDS)
    if answer["status"] == "red":
        raise RuntimeError("Elasticsearch's cluster is red")
    return f"Elasticsearch answers, cluster {answer['status']}"


def _get(connection: http.client.HTTPConnection, path: str) -> None:
    with closing(connection):
        connection.request("GET", path)
        status = connection.getresponse().status
    if status >= 400:
        raise RuntimeError(f"HTTP {status}")


CHECKS = [
    test_connect_mongodb,
    test_connect_postgres,
    test_connect_influxdb,
    test_connect_redis,
    test_connect_robotoff_api,
    test_connect_elasticsearch,
]


def run() -> tuple[dict, int]:
    """One result for each backend, and 200, or 500 when one failed."""
    started = time.monotonic()
    futures = [(check, _pool.submit(check)) for check in CHECKS]
    results = []
    for check, future in futures:
        passed, output = True, ""
        try:
            output = future.result(timeout=max(0.01, started + _LIMIT_SECONDS - time.monotonic()))
        except CheckTimeout:
            future.cancel()
            passed, output = False, f"no answer within {_LIMIT_SECONDS:g} s"
        except Exception as error:
            passed, output = False, " ".join(f"{type(error).__name__}: {error}".split())
        results.append({"checker": check.__name__, "output": output, "passed": passed, "timestamp": time.time()})
    healthy = all(result["passed"] for result in results)
    status = "success" if healthy else "failure"
    message = {"hostname": socket.gethostname(), "status": status, "timestamp": time.time(), "results": results}
    return message, 200 if healthy else 500
