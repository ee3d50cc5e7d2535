"""Gunicorn's configuration (read by the image's `uvicorn`)."""

from protea.logs import JsonFormatter

bind = ":8000"
workers = 1
# Threads, so that a readiness check waiting for a dead server does not hold up other requests.
worker_class = "gthread"
threads = 4
# A container gets 10 s between SIGTERM and SIGKILL; half of it is for requests under way.
graceful_timeout = 4
# The worker proves that it lives through a file: on a disk that can block it, in memory it cannot.
worker_tmp_dir = "/dev/shm"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
    "root": {"level": "INFO", "handlers": ["stdout"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["stdout"], "propagate": False},
        "pika": {"level": "CRITICAL"},
    },
}
