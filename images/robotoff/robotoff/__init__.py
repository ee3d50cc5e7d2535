"""Robotoff in miniature: a test stand-in with upstream's commands, port, environment and protocols (see README.md)."""

import sys

if sys.prefix == sys.base_prefix:
    # Upstream's packages are in the virtual environment alone.
    raise ModuleNotFoundError("outside the virtual environment: /docker-entrypoint.sh activates it")
