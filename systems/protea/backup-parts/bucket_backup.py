"""Copies a bucket into a folder. What an earlier backup has is linked, not copied."""

import hashlib
import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bucket_store import LISTING, Entry, content, contents, entries
from files import Progress, flush, in_threads, json_line, refuse_emptied, sha256_of, words, write_whole
from references import References
from s3 import Client, Listed, S3Error, etag_of, kept_headers

_THREADS = 8
MISSING = "missing.jsonl"
"""Rows that point to objects which are not there."""


class BucketBackup:
    """One run. Run again on the same folder it goes on: what is there is read and kept, or fetched anew."""

    def __init__(self, client: Client, bucket: str, out: Path, previous: Path | None) -> None:
        self._client, self._bucket, self._out = client, bucket, out
        self.fetched = self.fetched_bytes = self.linked = self.vanished = 0
        (out / "objects").mkdir(parents=True, exist_ok=True)
        for path in (out / "objects").glob("**/.*"):
            path.unlink()
        for path in contents(out):
            if sha256_of(path) != path.name:
                path.unlink()
        self._sources = [out, *([previous] if previous else [])]
        # Most objects have one of few sets of headers: kept in memory once.
        sets: dict[str, dict[str, str]] = {}
        self._known = {
            entry["key"]: (
                (entry["etag"], entry["size"], entry["modified"]),
                entry["sha256"],
                sets.setdefault(str(entry["headers"]), entry["headers"]),
            )
            for folder in reversed(self._sources)
            if (folder / LISTING).is_file()
            for entry in entries(folder)
        }

    def run(self) -> str:
        kept: set[bytes] = set()
        total = {"objects": 0, "bytes": 0}
        references = References(self._out, self._bucket)

        def lines() -> Iterator[bytes]:
            progress = Progress("bucket, copying")
            for entry in in_threads(self._entry, self._client.objects(self._bucket), _THREADS):
                if entry is None:
                    self.vanished += 1
                    continue
                kept.add(bytes.fromhex(entry["sha256"]))
                references.seen(entry["key"])
                total["objects"] += 1
                total["bytes"] += entry["size"]
                progress.add(entry["size"])
                yield json_line(entry)

        listing = write_whole(self._out / LISTING, lines())
        for previous in self._sources[1:]:
            refuse_emptied(f"bucket {self._bucket}", self._out, total["objects"], previous, len(self._known))
        for path in contents(self._out):
            if bytes.fromhex(path.name) not in kept:
                path.unlink()
        missing = list(references.missing())
        write_whole(self._out / MISSING, map(json_line, missing))
        part = {
            "part": "bucket", "format": 1, "bucket": self._bucket, **total, "contents": len(kept), "listing": listing,
            "fetched": self.fetched, "fetchedBytes": self.fetched_bytes, "linked": self.linked, "vanished": self.vanished,
            "references": references.total, "missing": len(missing),
            "server": self._client.server, "tool": f"Python {platform.python_version()}",
        }  # fmt: skip
        write_whole(self._out / "part.json", [json_line(part)])
        flush(self._out)
        gone = f", {self.vanished} removed meanwhile" if self.vanished else ""
        return (
            f"bucket {self._bucket}: {total['objects']} objects, {words(total['bytes'])}; "
            f"{self.fetched} of them copied, {words(self.fetched_bytes)}; {self.linked} as in the backup before{gone}"
            f"{_warning(missing)}"
        )

    def _entry(self, listed: Listed) -> Entry | None:
        known, digest, headers = self._known.get(listed.key, (None, "", {}))
        try:
            if known == (listed.etag, listed.size, listed.modified) and self._have(digest, listed.size):
                self.linked += 1
                # Headers change with the object alone, tags without it.
                return _entry(listed, digest, headers, self._client.tags_of(self._bucket, listed))
            return self._fetch(listed)
        except S3Error as problem:
            if problem.status != 404:
                raise
            return None

    def _have(self, digest: str, size: int) -> bool:
        """Brings a content from an earlier backup, whose listing says that it is there."""
        path = content(self._out, digest)
        if path.exists():
            return True
        for folder in self._sources[1:]:
            source = content(folder, digest)
            try:
                if source.stat().st_size != size:
                    continue
                path.parent.mkdir(exist_ok=True)
                os.link(source, path)
            except FileExistsError:
                return True
            except OSError:
                # Not there, another file system, too many links: it is fetched.
                continue
            return True
        return False

    def _fetch(self, listed: Listed) -> Entry:
        beside = self._out / "objects" / f".{threading.get_ident()}"
        digest, size = hashlib.sha256(), 0
        with beside.open("wb") as file:

            def start() -> Callable[[bytes], None]:
                nonlocal digest, size
                file.seek(0)
                file.truncate()
                digest, size = hashlib.sha256(), 0

                def write(chunk: bytes) -> None:
                    nonlocal size
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)

                return write

            headers = self._client.get(self._bucket, listed.key, start)
        beside.chmod(0o400)
        self._keep(beside, digest.hexdigest())
        self.fetched += 1
        self.fetched_bytes += size
        # Written over since it was listed: what was read counts.
        if etag_of(headers) != listed.etag:
            listed = Listed(listed.key, size, etag_of(headers), headers["last-modified"], None)
        return _entry(listed, digest.hexdigest(), kept_headers(headers), self._client.tags_of(self._bucket, listed))

    def _keep(self, fetched: Path, digest: str) -> None:
        """Moves what was fetched to its place; shared with an earlier backup that has the same, under whatever key."""
        path = content(self._out, digest)
        path.parent.mkdir(exist_ok=True)
        for folder in self._sources[1:]:
            source = content(folder, digest)
            if source.is_file() and sha256_of(source) == digest:
                with suppress(OSError):
                    linked = fetched.with_name(f"{fetched.name}.linked")
                    os.link(source, linked)
                    linked.rename(fetched)
        fetched.rename(path)


def _warning(missing: list[dict[str, str]]) -> str:
    """It was so before the backup, which is none the worse."""
    if not missing:
        return ""
    first = ", ".join(f"{one['uri']} ({one['column']})" for one in missing[:3])
    return f"\nbucket: warning: {len(missing)} rows point to objects that are not there, listed in {MISSING}: {first}"


def _entry(listed: Listed, digest: str, headers: dict[str, str], tags: dict[str, str]) -> Entry:
    return {
        "key": listed.key, "size": listed.size, "sha256": digest, "etag": listed.etag, "modified": listed.modified,
        "headers": headers, "tags": tags,
    }  # fmt: skip
