"""Files of a backup: written whole or not at all, and read back."""

import ctypes
import hashlib
import json
import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

CHUNK = 2**20


class Differs(Exception):
    """What a verification found; each line begins with a file's name."""


def fail(message: str) -> NoReturn:
    sys.exit(message)


def own(folder: Path) -> Path:
    """Where a part would be among the stack's own backups: others, at /from, are only read."""
    return Path("/backups") / folder.relative_to("/from") if folder.is_relative_to("/from") else folder


def unused_name(form: str, used: Callable[[str], bool]) -> str:
    """A name with the time in it (UTC), one that nothing has."""
    while used(name := time.strftime(form, time.gmtime())):
        time.sleep(1)
    return name


def _database_of(part: Path) -> str | None:
    """The database system whose part lies beside this one: one that was made anew is another."""
    try:
        found = re.search(r'"system" ?: ?"(\d+)"', (part.parent / "postgres" / "part.json").read_text())
    except OSError:
        return None
    return found and found[1]


def refuse_emptied(what: str, out: Path, found: int, previous: Path, before: int) -> None:
    """A disk that was lost comes back empty: a backup of that, as the newest, would stand before the last good one.

    Where the database was made anew too, all begins anew.
    """
    if found == 0 and before > 0 and _database_of(out) == _database_of(previous):
        fail(
            f"{what} is empty, and the backup before has {before} in it: bring them back (make restore SYSTEM=protea AT=latest "
            f"ONLY={out.name}), or, where it is meant to be empty, put anything there"
        )


def refuse_without_room(what: str, need: int, free: int) -> None:
    """Where the new data would fill its disk; both in bytes."""
    if need + need // 5 > free:
        fail(f"{what}: the new data needs {need >> 20} MiB beside the old; its disk has {free >> 20} MiB free")


def json_line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def write_whole(path: Path, chunks: Iterable[bytes]) -> dict[str, Any]:
    """Writes a file beside its place, then moves it there. Its size and sha256."""
    beside, digest, size = path.with_name(f".{path.name}.new"), hashlib.sha256(), 0
    with beside.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    beside.rename(path)
    return {"bytes": size, "sha256": digest.hexdigest()}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_part(folder: Path, part: str) -> dict[str, Any]:
    """What a backup says of itself."""
    try:
        lines = (folder / "part.json").read_text().splitlines()
        found = json.loads(lines[0]) if len(lines) == 1 else None
    except FileNotFoundError:
        raise Differs("part.json: missing") from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("part") != part or found.get("format") != 1:
        raise Differs(f"part.json: found something else than one line of JSON of part {part}, format 1")
    return found


def flush(folder: Path) -> None:
    """Returns when all that was written to this file system is on its disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), f"syncfs {folder}")
    finally:
        os.close(descriptor)


def in_threads[A, B](work: Callable[[A], B], items: Iterable[A], threads: int) -> Iterator[B]:
    """The results in the order of the items, of which only so many are under way as keeps all threads busy."""
    with ThreadPoolExecutor(threads) as pool:
        under_way: deque[Future[B]] = deque()
        try:
            for item in items:
                under_way.append(pool.submit(work, item))
                if len(under_way) >= 8 * threads:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def words(size: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if size >= 100 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")


class Progress:
    """Says every ten seconds how far a long step is."""

    def __init__(self, step: str, total: int | None = None) -> None:
        self._step, self._total, self._done = step, total, 0
        self._begun = self._said = time.monotonic()

    def add(self, size: int) -> None:
        self._done += size
        now = time.monotonic()
        if now < self._said + 10:
            return
        self._said = now
        rate = self._done / (now - self._begun)
        line = f"{self._step}: {words(self._done)}"
        if self._total and rate:
            line += f" of {words(self._total)}, {(self._total - self._done) / rate:.0f} s left"
        print(f"{line}, {words(rate)}/s", file=sys.stderr, flush=True)
