"""Everything the environment decides. rq's command line reads this module too (RQ_CONFIG): it uses REDIS_URL."""

import os


def _env(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def _host_port(value: str, default_port: int) -> tuple[str, int]:
    host, _, port = value.removeprefix("http://").partition(":")
    return host, int(port or default_port)


LOG_LEVEL = _env("LOG_LEVEL", "INFO").upper()
ROBOTOFF_INSTANCE = _env("ROBOTOFF_INSTANCE", "dev")

POSTGRES_HOST = _env("POSTGRES_HOST", "localhost")
POSTGRES_DB = _env("POSTGRES_DB", "robotoff")
POSTGRES_USER = _env("POSTGRES_USER", "postgres")
POSTGRES_PASSWORD = _env("POSTGRES_PASSWORD", "postgres")

REDIS_URL = _env("RQ_REDIS_URL", f"redis://{_env('REDIS_HOST', 'localhost')}:6379")
# Product Opener's Redis, where product updates are published; it may be another server than the queues' Redis.
REDIS_UPDATE_URL = f"redis://{_env('REDIS_UPDATE_HOST', 'localhost')}:{_env('REDIS_UPDATE_PORT', '6379')}"
REDIS_STREAM_NAME = _env("REDIS_STREAM_NAME", "product_updates")
REDIS_LATEST_ID_KEY = _env("REDIS_LATEST_ID_KEY", "robotoff:product_updates:latest_id")

# Upstream gives a host name only and always uses port 9200; a port may be added here.
ELASTIC_HOST, ELASTIC_PORT = _host_port(_env("ELASTIC_HOST", "localhost"), 9200)
ELASTIC_USER = _env("ELASTIC_USER", "elastic")
ELASTIC_PASSWORD = _env("ELASTIC_PASSWORD")
ELASTIC_INDEX = "robotoff-insights"

# Upstream speaks gRPC to Triton. The miniature speaks HTTP, which Triton serves on the port before the gRPC one
# (8000 and 8001, or 5503 and 5504); TRITON_HTTP_URI overrides that. Empty DEFAULT_TRITON_URI: no prediction.
DEFAULT_TRITON_URI = _env("DEFAULT_TRITON_URI")
TRITON_HTTP_URI = _env("TRITON_HTTP_URI")
if DEFAULT_TRITON_URI and not TRITON_HTTP_URI:
    _host, _grpc_port = _host_port(DEFAULT_TRITON_URI, 8001)
    TRITON_HTTP_URI = f"{_host}:{_grpc_port - 1}"
TRITON_MODEL = _env("TRITON_MODEL")

NUM_RQ_WORKERS = int(_env("NUM_RQ_WORKERS", "6"))
SCHEDULER_INTERVAL_SECONDS = float(_env("ROBOTOFF_SCHEDULER_INTERVAL", "120"))
