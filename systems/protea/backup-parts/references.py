"""What the database's rows say of objects: `s3://BUCKET/KEY`, as PROTEA's artifact store writes it.

The database's part, which is made before the bucket's, keeps them (part-postgres.sh): so whatever a row of the backup
points to was written before the bucket was read.
"""

import json
from collections.abc import Iterator
from pathlib import Path


class References:
    """Those that no object was seen for yet."""

    def __init__(self, out: Path, bucket: str) -> None:
        self._rows: dict[str, set[str]] = {}
        listed = out.parent / "postgres" / "references.jsonl"
        if listed.is_file():
            for line in listed.open("rb"):
                found = json.loads(line)
                self._rows.setdefault(found["uri"], set()).add(found["column"])
        self._prefix = f"s3://{bucket}/"
        self.total = len(self._rows)

    def seen(self, key: str) -> None:
        self._rows.pop(self._prefix + key, None)

    def missing(self) -> Iterator[dict[str, str]]:
        for uri in sorted(self._rows):
            for column in sorted(self._rows[uri]):
                yield {"column": column, "uri": uri}
