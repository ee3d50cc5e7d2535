"""`GET /api/v1/health`: asks every backend, all at once, within two seconds."""

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as CheckTimeout
from contextlib import closing

from robotoff.connections import postgres_connection, redis_client
from robotoff.http import elasticsearch

_LIMIT_SECONDS = 2.0
# Bounded: checks that hang (a name that does not resolve) cannot pile up; new ones then count as timed out.
_pool = ThreadPoolExecutor(max_workers=6, thread_name_prefix="health")


def check_postgres() -> str:
    with closing(postgres_connection()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "PostgreSQL answers"


def check_redis() -> str:
    with redis_client(timeout_seconds=_LIMIT_SECONDS) as client:
        client.ping()
    return "Redis answers"


def check_elasticsearch() -> str:
    answer = elasticsearch("GET", "/_cluster/health?timeout=1s", timeout_seconds=_LIMIT_SECONDS)
    if answer["status"] == "red":
        raise RuntimeError("Elasticsearch's cluster is red")
    return f"Elasticsearch answers, cluster {answer['status']}"


CHECKS = {"postgres": check_postgres, "redis": check_redis, "elasticsearch": check_elasticsearch}


def run() -> dict:
    """`{"status": 200 or 503, "message": {...}}`, with one result for each backend."""
    started = time.monotonic()
    futures = {name: _pool.submit(check) for name, check in CHECKS.items()}
    results = []
    for name, future in futures.items():
        passed, output = True, ""
        try:
            output = future.result(timeout=max(0.01, started + _LIMIT_SECONDS - time.monotonic()))
        except CheckTimeout:
            future.cancel()
            passed, output = False, f"no answer within {_LIMIT_SECONDS:g} s"
        except Exception as error:
            passed, output = False, " ".join(f"{type(error).__name__}: {error}".split())
        results.append({"checker": name, "passed": passed, "output": output})
    healthy = all(result["passed"] for result in results)
    return {
        "status": 200 if healthy else 503,
        "message": {"status": "success" if healthy else "failure", "timestamp": time.time(), "results": results},
    }
