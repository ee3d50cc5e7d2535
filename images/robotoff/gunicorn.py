"""Gunicorn's configuration (read by the image's default command)."""

import os

bind = ":5500"
workers = int(os.environ.get("GUNICORN_NUM_WORKERS") or 1)
# Threads, so that a health check waiting for a dead backend does not hold up other requests.
worker_class = "gthread"
threads = 4
# A container gets 10 s between SIGTERM and SIGKILL; half of it is for requests under way.
graceful_timeout = 4
# Workers prove that they live through a file: on a disk that can block them, in memory it cannot.
worker_tmp_dir = "/dev/shm"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
