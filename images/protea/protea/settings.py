"""Everything the environment decides."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _env(name: str, default: str) -> str:
    return os.environ.get(name) or default


# Upstream's form names SQLAlchemy's driver (postgresql+psycopg://…); libpq wants none.
SQLALCHEMY_URL = _env("PROTEA_DB_URL", "postgresql+psycopg://protea:protea@localhost:5432/protea")
DB_URL = "postgresql://" + SQLALCHEMY_URL.partition("://")[2]
AMQP_URL = _env("PROTEA_AMQP_URL", "amqp://guest:guest@localhost:5672/")

# Without it /admin/reset-db is disabled. Set: `Authorization: Bearer TOKEN`.
ADMIN_TOKEN = _env("PROTEA_ADMIN_TOKEN", "")

# `minio` alone puts anything into the bucket; else embeddings travel in the messages.
STORAGE_BACKEND = _env("PROTEA_STORAGE_BACKEND", "local").lower()
MINIO_ENDPOINT = _env("PROTEA_MINIO_ENDPOINT", "").removeprefix("http://").rstrip("/")
MINIO_ACCESS_KEY = _env("PROTEA_MINIO_ACCESS_KEY", "minioadmin")
MINIO_SECRET_KEY = _env("PROTEA_MINIO_SECRET_KEY", "minioadmin")
MINIO_BUCKET = _env("PROTEA_MINIO_BUCKET", "protea")

# What evaluations write and the API serves, relative to the application's folder; the bucket has none of it.
ARTIFACTS = ROOT / _env("PROTEA_ARTIFACTS_DIR", "storage/evaluation_artifacts")
# What is downloaded at a first start, and at a first use.
TAXONOMY = Path.home() / ".etetoolkit" / "taxa.sqlite"
MODELS = Path(_env("HF_HOME", str(Path.home() / ".cache/huggingface"))) / "hub"
SKIP_TAXONOMY_WARMUP = _env("PROTEA_SKIP_TAXONOMY_WARMUP", "").lower() in ("1", "true", "yes")

# A failing batch: tried this often, with a growing pause between, then it is a dead letter.
MAX_ATTEMPTS = int(_env("PROTEA_MAX_ATTEMPTS", "3"))
RETRY_DELAY_SECONDS = float(_env("PROTEA_RETRY_DELAY", "1"))


def tuning(group: str, field: str, default: int, minimum: int) -> int:
    """`PROTEA_TUNING__GROUP__FIELD`, in any case, as upstream reads it; what is below its minimum ends the process."""
    wanted = f"PROTEA_TUNING__{group}__{field}".lower()
    given = next((value for name, value in os.environ.items() if name.lower() == wanted), None)
    value = default if given is None else int(given)
    if value < minimum:
        raise SystemExit(f"{wanted.upper()} is {value}, expected at least {minimum}")
    return value
