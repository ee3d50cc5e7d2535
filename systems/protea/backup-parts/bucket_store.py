"""A bucket's copy: every content once, under its sha256; the keys, headers and tags in objects.jsonl."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from files import Differs, Progress, in_threads, read_part, sha256_of, words

LISTING = "objects.jsonl"
Entry = dict[str, Any]


def content(folder: Path, digest: str) -> Path:
    return folder / "objects" / digest[:2] / digest


def entries(folder: Path) -> Iterator[Entry]:
    """The objects, one after the other: a bucket can have many."""
    with (folder / LISTING).open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def contents(folder: Path) -> Iterator[Path]:
    return (path for path in (folder / "objects").glob("*/*"))


def verify(folder: Path) -> tuple[dict[str, Any], str]:
    """Reads everything back. What part.json says, and a sentence; raises Differs."""
    part = read_part(folder, "bucket")
    listing = folder / LISTING
    if not listing.is_file():
        raise Differs(f"{LISTING}: missing")
    if sha256_of(listing) != part["listing"]["sha256"]:
        raise Differs(f"{LISTING}: its sha256 is not the one in part.json")
    expected: dict[bytes, int] = {}
    count = size = 0
    for entry in entries(folder):
        expected[bytes.fromhex(entry["sha256"])] = entry["size"]
        count += 1
        size += entry["size"]
    if (count, size, len(expected)) != (part["objects"], part["bytes"], part["contents"]):
        raise Differs(f"part.json: its numbers are not those of {LISTING}")
    wrong = [f"{path.relative_to(folder)}: in no line of {LISTING}" for path in contents(folder) if not _named(path, expected)]
    wrong += _read_back(folder, expected)
    if wrong:
        raise Differs("\n".join(sorted(wrong)))
    return part, f"bucket {part['bucket']}: {count} objects, {words(size)}, every byte read and compared"


def _named(path: Path, expected: dict[bytes, int]) -> bool:
    try:
        return bytes.fromhex(path.name) in expected and path.parent.name == path.name[:2]
    except ValueError:
        return False


def _read_back(folder: Path, expected: dict[bytes, int]) -> Iterator[str]:
    progress = Progress("bucket, verifying", sum(expected.values()))

    def check(item: tuple[bytes, int]) -> tuple[int, str | None]:
        digest, size = item[0].hex(), item[1]
        path = content(folder, digest)
        try:
            found = path.stat().st_size
            right = found == size and sha256_of(path) == digest
        except OSError as problem:
            return size, f"{path.relative_to(folder)}: {problem.strerror}"
        return size, None if right else f"{path.relative_to(folder)}: {found} bytes with another sha256 than its name"

    for size, problem in in_threads(check, expected.items(), 4):
        progress.add(size)
        if problem:
            yield problem


class Hashing:
    """A sink that only hashes."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def start(self) -> Any:
        self._digest = hashlib.sha256()
        return self._digest.update

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
