"""RabbitMQ's copy: its definitions, and a line for each message, queue by queue, in the order of the queue."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amqp_values import read_properties, write_properties
from files import CHUNK, Differs, read_part, sha256_of, words

DEFINITIONS, LISTING = "definitions.json", "messages.jsonl"
PART = "rabbitmq"
_PAYLOAD = b',"payload":"'
# A multiple of three: in base64 the pieces make one text.
_PIECE = 3 * 2**16


@dataclass(frozen=True, slots=True)
class Kept:
    """The messages of a queue in a listing."""

    name: str
    messages: int
    bytes: int
    """Of their lines, in base64."""
    sha256: str
    """Of their lines."""


def line_of(queue: str, properties: bytes, body: bytes) -> Iterator[bytes]:
    """A message's line, in pieces: a body can be large."""
    described = {"queue": queue, "properties": read_properties(properties)}
    yield json.dumps(described, separators=(",", ":"))[:-1].encode() + _PAYLOAD
    for at in range(0, len(body), _PIECE):
        yield base64.b64encode(body[at : at + _PIECE])
    yield b'"}\n'


def is_line(line: bytes, queue: str, properties: bytes, body: bytes) -> bool:
    """Whether a message's line is this one."""
    at = 0
    for piece in line_of(queue, properties, body):
        if not line.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(line)


def message_of(line: bytes) -> tuple[dict[str, Any], bytes]:
    """The line's queue and properties, and the body. Raises ValueError, KeyError."""
    # Nothing in base64 looks like it.
    at = line.rindex(_PAYLOAD)
    if not line.endswith(b'"}\n'):
        raise ValueError("not the end of a message")
    described = json.loads(line[:at] + b"}")
    # A view: a copy of a large message would be one too many for the container.
    return described, binascii.a2b_base64(memoryview(line)[at + len(_PAYLOAD) : -3], strict_mode=True)


class Listing:
    """The messages of a folder."""

    def __init__(self, folder: Path) -> None:
        self.part = read_part(folder, PART)
        self._path = folder / LISTING
        self.queues = [Kept(each["name"], each["messages"], each["bytes"], each["sha256"]) for each in self.part["queues"]]
        self._by_name: dict[str, tuple[int, Kept]] = {}
        at = 0
        for kept in self.queues:
            self._by_name[kept.name] = (at, kept)
            at += kept.bytes

    def of(self, queue: str) -> Kept:
        return self._by_name[queue][1] if queue in self._by_name else Kept(queue, 0, 0, hashlib.sha256().hexdigest())

    def each(self, queue: str, skipped: int = 0) -> Iterator[tuple[int, bytes]]:
        """The lines of a queue, the first ones left out, each with its number from 1."""
        if queue not in self._by_name:
            return
        at, kept = self._by_name[queue]
        with self._path.open("rb") as file:
            file.seek(at)
            for number in range(1, kept.messages + 1):
                if number <= skipped:
                    file.readline()
                else:
                    yield number, file.readline()

    def bytes_of(self, queue: str, begin: int, size: int) -> Iterator[bytes]:
        """So many bytes of the lines of a queue, in pieces."""
        at = self._by_name[queue][0] + begin if queue in self._by_name else 0
        with self._path.open("rb") as file:
            file.seek(at)
            while size > 0 and (piece := file.read(min(size, CHUNK))):
                size -= len(piece)
                yield piece


def begins(whole: Listing, queue: str, part: Listing) -> bool:
    """Whether a queue's messages in a listing are the first ones of those in another."""
    size = part.of(queue).bytes
    return size <= whole.of(queue).bytes and _same(whole.bytes_of(queue, 0, size), part.bytes_of(queue, 0, size))


def ends(whole: Listing, queue: str, part: Listing) -> bool:
    """Whether they are the last ones."""
    size = part.of(queue).bytes
    skipped = whole.of(queue).bytes - size
    return skipped >= 0 and _same(whole.bytes_of(queue, skipped, size), part.bytes_of(queue, 0, size))


def _same(some: Iterator[bytes], others: Iterator[bytes]) -> bool:
    # A line begins with what is in no other place of a line, so that equal bytes are equal lines.
    return all(one == other for one, other in zip(some, others, strict=True))


def verify(folder: Path) -> tuple[Listing, str]:
    """Reads everything back. The listing, and a sentence; raises Differs."""
    try:
        return _verify(folder)
    except (KeyError, TypeError) as problem:
        raise Differs(f"part.json: does not say what it has to: {problem}") from None


def _verify(folder: Path) -> tuple[Listing, str]:
    listing = Listing(folder)
    part = listing.part
    for name, key in ((DEFINITIONS, "definitions"), (LISTING, "listing")):
        if not (folder / name).is_file():
            raise Differs(f"{name}: missing")
        if sha256_of(folder / name) != part[key]["sha256"]:
            raise Differs(f"{name}: its sha256 is not the one in part.json")
    definitions = read_definitions(folder)
    declared = {(each["vhost"], each["name"]) for each in definitions["queues"]}
    size = 0
    for kept in listing.queues:
        if (part["vhost"], kept.name) not in declared:
            raise Differs(f"{DEFINITIONS}: declares no queue {kept.name}, of which there are messages")
        size += _check(listing, kept)
    count = sum(kept.messages for kept in listing.queues)
    lines = sum(kept.bytes for kept in listing.queues)
    if (count, size, lines) != (part["messages"], part["bytes"], (folder / LISTING).stat().st_size):
        raise Differs(f"part.json: its numbers are not those of {LISTING}")
    return listing, f"rabbitmq: {count} messages of {len(listing.queues)} queues, {words(size)}, every one read and compared"


def _check(listing: Listing, kept: Kept) -> int:
    """Reads the messages of a queue; the bytes of their bodies."""
    digest, size = hashlib.sha256(), 0
    for number, line in listing.each(kept.name):
        digest.update(line)
        size += _check_line(line, f"{LISTING}: message {number} of queue {kept.name}", kept.name)
        # Two large ones at once would be too much for the container.
        del line
    if digest.hexdigest() != kept.sha256:
        raise Differs(f"{LISTING}: the messages of queue {kept.name} are not those that part.json has the sha256 of")
    return size


def _check_line(line: bytes, where: str, queue: str) -> int:
    try:
        described, body = message_of(line)
        write_properties(described["properties"])
    except Exception as problem:
        raise Differs(f"{where} cannot be read: {problem}") from None
    if described["queue"] != queue:
        raise Differs(f"{where} is of the queue {described['queue']}")
    return len(body)


def read_definitions(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / DEFINITIONS).read_text())
    except ValueError:
        raise Differs(f"{DEFINITIONS}: found something that is no JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("queues"), list):
        raise Differs(f"{DEFINITIONS}: found no RabbitMQ definitions")
    return found
