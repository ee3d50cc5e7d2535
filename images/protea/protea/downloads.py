"""What upstream downloads by itself, in miniature: a file that takes a moment, once for as long as its folder is kept."""

import logging
import time
from pathlib import Path

from protea import settings

logger = logging.getLogger(__name__)

# Upstream: minutes. Long enough to see that a worker is not healthy meanwhile, short enough for tests.
_SECONDS = 1


def taxonomy() -> None:
    """The NCBI taxonomy, before a worker connects to RabbitMQ. Whatever goes wrong is a warning, as upstream."""
    try:
        _once(settings.TAXONOMY, "NCBI taxonomy")
    except OSError as error:
        logger.warning("taxonomy skipped: %s", error)


def model(name: str) -> None:
    """A language model, at its first use."""
    _once(settings.MODELS / f"models--{name.replace('/', '--')}" / "model.bin", f"model {name}")


def _once(file: Path, what: str) -> None:
    if file.exists():
        logger.info("%s: found in %s", what, file.parent)
        return
    logger.info("%s: downloading to %s", what, file.parent)
    file.parent.mkdir(parents=True, exist_ok=True)
    time.sleep(_SECONDS)
    file.write_text(f"{what} (miniature)\n")
