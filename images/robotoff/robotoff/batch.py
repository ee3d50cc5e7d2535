"""`python -m robotoff launch-spellcheck-batch-job`: what upstream does before it asks Google for a machine."""

import base64
import json
import logging
import os

from robotoff import settings

logger = logging.getLogger(__name__)

_CREDENTIALS = settings.PROJECT_DIR / "credentials/google/credentials.json"


def run() -> None:
    """Write the credentials (base64 of JSON) where Google's library is told to look, and read them from there."""
    if not _CREDENTIALS.is_file():
        _CREDENTIALS.parent.mkdir(parents=True, exist_ok=True)
        credentials = json.loads(base64.b64decode(os.environ["GOOGLE_CREDENTIALS"]))
        _CREDENTIALS.write_text(json.dumps(credentials))
    if not os.environ.get("BATCH_JOB_KEY"):
        raise KeyError("BATCH_JOB_KEY")
    with open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]) as file:
        logger.info("batch job of %s", json.load(file)["client_email"])
