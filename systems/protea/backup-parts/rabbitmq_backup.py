"""Copies RabbitMQ's definitions and its queued messages while it runs.

The messages of a queue are taken without an acknowledgement and given back as soon as all were read: each goes back to its
place, marked as delivered once. A message that a consumer holds is not given out; those are counted.
"""

import hashlib
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amqp import Connection
from broker import STATISTICS_AGE, Broker, identity
from files import Differs, Progress, fail, flush, json_line, read_part, refuse_emptied, words, write_whole
from rabbitmq_store import DEFINITIONS, LISTING, PART, line_of


# Bytes of the broker's memory that a message takes while it is given to somebody, measured; a body up to _EMBEDDED besides.
_PENDING, _EMBEDDED = 5_000, 4_096


def copy(broker: Broker, connection: Connection, out: Path, held: dict[str, int] | None = None) -> dict[str, Any]:
    """Writes a copy of what is there into a folder.

    held: of each queue, how many messages consumers have. What part.json says.
    """
    out.mkdir(parents=True, exist_ok=True)
    for path in out.iterdir():
        path.unlink()
    definitions = broker.definitions()
    described = write_whole(out / DEFINITIONS, [json_line(_sorted(definitions))])
    queues = broker.queues()
    copying = _Copying(broker.room)
    listing = write_whole(out / LISTING, (piece for queue in queues if not queue.kept for piece in copying.lines(connection, queue.name)))
    left = [{"name": each.name, "why": each.kept, "messages": each.messages} for each in queues if each.kept and each.messages]
    part = {
        "part": PART, "format": 1, "vhost": broker.vhost, "messages": sum(each["messages"] for each in copying.queues),
        "bytes": copying.bytes, "held": sum((held or {}).values()), "notKept": left + copying.left,
        "queues": [{**each, "held": (held or {}).get(each["name"], 0)} for each in copying.queues],
        "broker": identity(definitions), "definitions": described, "listing": listing,
        "server": broker.version(), "tool": f"Python {platform.python_version()}",
    }  # fmt: skip
    write_whole(out / "part.json", [json_line(part)])
    flush(out)
    return part


class _Copying:
    """The messages of one queue after the other."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._progress = Progress("rabbitmq, copying")
        self.queues: list[dict[str, Any]] = []
        self.left: list[dict[str, Any]] = []
        self.bytes = 0

    def lines(self, connection: Connection, queue: str) -> Iterator[bytes]:
        # What comes while it is read is not waited for: a producer can be faster than this.
        waiting, _ = connection.ready(queue)
        digest, size = hashlib.sha256(), 0
        messages, room = 0, self._room
        for message in connection.messages(queue, waiting):
            length = len(message.body)
            room -= _PENDING + (length * 3 // 2 if length <= _EMBEDDED else 0)
            if room < 0:
                self.left.append({"name": queue, "why": "has more than RabbitMQ's memory allows to read", "messages": waiting - messages})
                break
            for piece in line_of(queue, message.properties, message.body):
                digest.update(piece)
                size += len(piece)
                yield piece
            messages += 1
            self.bytes += length
            self._progress.add(length)
            # Two large ones at once would be too much for the container.
            del message
        connection.give_back()
        self.queues.append({"name": queue, "messages": messages, "bytes": size, "sha256": digest.hexdigest()})


def _sorted(definitions: dict[str, Any]) -> dict[str, Any]:
    """RabbitMQ lists them in no order."""
    return {key: sorted(value, key=json_line) if isinstance(value, list) else value for key, value in definitions.items()}


def backup(broker: Broker, out: Path, previous: Path | None) -> str:
    note = broker.note()
    if note.get("step") == "filling":
        fail("rabbitmq: it is being filled by a restore that did not end: make up, or make restore, finishes it")
    with broker.connect() as connection:
        part = copy(broker, connection, out, _held(broker))
    _refuse_lost(part, note, out, previous)
    for each in part["notKept"]:
        print(f"rabbitmq: warning: {each['messages']} of queue {each['name']} are not kept: it {each['why']}", file=sys.stderr)
    held = f"; {part['held']} more are held by consumers, so not kept" if part["held"] else ""
    return f"rabbitmq: {part['messages']} messages of {len(part['queues'])} queues, {words(part['bytes'])}{held}"


def _held(broker: Broker) -> dict[str, int]:
    def look() -> dict[str, int]:
        return {queue.name: queue.held for queue in broker.queues() if not queue.kept}

    held = look()
    if any(held.values()):
        # Those may be what an earlier run of this had a moment ago.
        time.sleep(STATISTICS_AGE)
        held = look()
    return held


def _refuse_lost(part: dict[str, Any], note: dict[str, Any], out: Path, previous: Path | None) -> None:
    """No message is nothing special, and no sign that a disk was lost; of a broker that was made anew it is."""
    if previous is None:
        return
    try:
        before = read_part(previous, PART)
    except Differs:
        # A backup from before there was this part.
        return
    if before["broker"] != part["broker"] and not note:
        refuse_emptied("RabbitMQ was made anew: it", out, part["messages"], previous, before["messages"])
