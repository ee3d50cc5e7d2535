"""Everything the environment decides, by upstream's names and with upstream's defaults."""

import os
from pathlib import Path


def _env(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def _host_port(value: str, default_port: int) -> tuple[str, int]:
    host, _, port = value.removeprefix("http://").partition(":")
    return host, int(port or default_port)


PROJECT_DIR = Path(__file__).resolve().parents[1]
DATA_DIR = PROJECT_DIR / "data"

LOG_LEVEL = _env("LOG_LEVEL", "INFO").upper()
ROBOTOFF_INSTANCE = _env("ROBOTOFF_INSTANCE", "dev")
ROBOTOFF_TLD = _env("ROBOTOFF_TLD", "org" if ROBOTOFF_INSTANCE == "prod" else "net")

POSTGRES_HOST = _env("POSTGRES_HOST", "localhost")
POSTGRES_DB = _env("POSTGRES_DB", "robotoff")
POSTGRES_USER = _env("POSTGRES_USER", "postgres")
POSTGRES_PASSWORD = _env("POSTGRES_PASSWORD", "postgres")

REDIS_URL = _env("RQ_REDIS_URL", f"redis://{_env('REDIS_HOST', 'localhost')}:6379")
# Product Opener's Redis, where product updates are published; it may be another server than the queues' Redis.
REDIS_UPDATE_URL = f"redis://{_env('REDIS_UPDATE_HOST', 'localhost')}:{_env('REDIS_UPDATE_PORT', '6379')}"
# Spelled as upstream does.
PRODUCT_UDPATE_STREAM_NAME = _env("PRODUCT_UDPATE_STREAM_NAME", "product_updates")
REDIS_LATEST_ID_KEY = _env("REDIS_LATEST_ID_KEY", "robotoff:product_updates:latest_id")

# Upstream gives a host name only and always uses port 9200; a port may be added here.
ELASTIC_HOST, ELASTIC_PORT = _host_port(_env("ELASTIC_HOST", "localhost"), 9200)
ELASTIC_USER = _env("ELASTIC_USER", "elastic")
ELASTIC_PASSWORD = _env("ELASTIC_PASSWORD")
ELASTIC_INDEX = "logo"

# Backends that only the health route asks. Unset, upstream looks for InfluxDB on this host; empty turns it off.
ENABLE_MONGODB_ACCESS = bool(int(_env("ENABLE_MONGODB_ACCESS", "1")))
MONGO_HOST, MONGO_PORT = _host_port(_env("MONGO_URI", "mongodb://localhost:27017").removeprefix("mongodb://"), 27017)
INFLUXDB_HOST = os.environ.get("INFLUXDB_HOST", "localhost")
INFLUXDB_PORT = int(_env("INFLUXDB_PORT", "8086"))
WEBSITE = f"robotoff.openfoodfacts.{ROBOTOFF_TLD}"

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


def init_sentry() -> None:
    """Upstream's processes call this first, and refuse to run in production without error reports."""
    if ROBOTOFF_INSTANCE == "prod" and not _env("SENTRY_DSN"):
        raise ValueError("No SENTRY_DSN specified for prod Robotoff")
