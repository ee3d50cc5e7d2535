#!/bin/bash
# As upstream's: what follows runs with the virtual environment's programs first on the PATH, and takes this script's place.
set -e
. /opt/robotoff/.venv/bin/activate
exec "$@"
