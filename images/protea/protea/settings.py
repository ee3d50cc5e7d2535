"""Everything the environment decides."""

import os


def _env(name: str, default: str) -> str:
    return os.environ.get(name) or default


# Upstream's form names SQLAlchemy's driver (postgresql+psycopg://…); libpq wants none.
SQLALCHEMY_URL = _env("PROTEA_DB_URL", "postgresql+psycopg://protea:protea@localhost:5432/protea")
DB_URL = "postgresql://" + SQLALCHEMY_URL.partition("://")[2]
AMQP_URL = _env("PROTEA_AMQP_URL", "amqp://guest:guest@localhost:5672/")

# Empty endpoint: artefacts are not stored, their content travels in the messages.
MINIO_ENDPOINT = _env("PROTEA_MINIO_ENDPOINT", "").removeprefix("http://").rstrip("/")
MINIO_ACCESS_KEY = _env("PROTEA_MINIO_ACCESS_KEY", "minioadmin")
MINIO_SECRET_KEY = _env("PROTEA_MINIO_SECRET_KEY", "minioadmin")
MINIO_BUCKET = _env("PROTEA_MINIO_BUCKET", "protea")

# Empty: /admin/reset-db needs no token, as the runbook calls it. Set: `Authorization: Bearer TOKEN`.
ADMIN_TOKEN = _env("PROTEA_ADMIN_TOKEN", "")

REAPER_INTERVAL_SECONDS = float(_env("PROTEA_REAPER_INTERVAL", "60"))
JOB_TIMEOUT_SECONDS = float(_env("PROTEA_JOB_TIMEOUT", "21600"))

# A failing batch: tried this often, with a growing pause between, then it is a dead letter.
MAX_ATTEMPTS = int(_env("PROTEA_MAX_ATTEMPTS", "3"))
RETRY_DELAY_SECONDS = float(_env("PROTEA_RETRY_DELAY", "1"))
