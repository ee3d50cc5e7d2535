"""What is not in the image: files of upstream's repository, which the host mounts at /opt/robotoff/data."""

import gzip
import json

from robotoff import settings

# One stands for all of them. In a checkout without LFS it is a text that names the real one.
_TAXONOMY = settings.DATA_DIR / "taxonomies" / "categories.full.json.gz"


def load_taxonomy() -> dict:
    """The product categories. As upstream's, a process that needs them does not start without."""
    with gzip.open(_TAXONOMY, "rt") as file:
        return json.load(file)
