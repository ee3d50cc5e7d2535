"""Structured logs: one JSON object a line, with `level` and `message` for the runbook's jq filters."""

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if record.exc_info:
            entry["exc_info"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def configure() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level="INFO", handlers=[handler])
    # pika logs every lost connection in several lines; the consumer says it in one.
    logging.getLogger("pika").setLevel(logging.CRITICAL)


def one_line(error: BaseException) -> str:
    # pika's "could not connect" has no text of its own, only what it was caused by.
    cause = str(error) or str(error.__cause__ or "no connection")
    return " ".join(f"{type(error).__name__}: {cause}".split())
