"""Brings RabbitMQ's queues to what a backup holds; what is in them and is not the begin of that is kept in a folder.

All that waits is copied first (rabbitmq_backup.py). A queue whose messages are the first ones of the backup's goes on after
them: so an interrupted run is found. Of any other the copy is published, as before-restore/rabbitmq-TIME beside the backups, before its
messages are taken out, each compared with the copy, and the backup's put in. At the end all is copied again, and compared.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from amqp import Connection
from amqp_values import write_properties
from broker import NOTE, Broker, identity
from files import Differs, fail, flush, read_part, refuse_without_room, unused_name, words
from rabbitmq_backup import copy
from rabbitmq_store import PART, Listing, begins, ends, is_line, message_of, read_definitions, verify

# What names a definition; of any other kind all of it does.
_KEYS = {
    "vhosts": ("name",), "users": ("name",), "permissions": ("vhost", "user"), "topic_permissions": ("vhost", "user", "exchange"),
    "parameters": ("vhost", "component", "name"), "global_parameters": ("name",), "policies": ("vhost", "name"),
    "queues": ("vhost", "name"), "exchanges": ("vhost", "name"),
}  # fmt: skip
_CONSUMERS_END = 10
# The exit code of a restore that was refused before it changed anything (hosts/scripts/restore-parts.sh).
_UNCHANGED = 3


def missing(wanted: dict[str, Any], live: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The definitions that are not there at all, and the names of those that are others there."""
    lacking: dict[str, Any] = {}
    others: list[str] = []
    for kind, entries in sorted(wanted.items()):
        if not isinstance(entries, list):
            continue

        def key(entry: Any, kind: str = kind) -> str:
            return json.dumps([entry[name] for name in _KEYS[kind]] if kind in _KEYS else entry, sort_keys=True)

        there = {key(entry): entry for entry in live.get(kind, [])}
        lacking[kind] = [entry for entry in entries if key(entry) not in there and entry.get("name") != NOTE]
        others += [f"{kind} {key(entry)}" for entry in entries if there.get(key(entry), entry) != entry and kind != "global_parameters"]
    return {kind: entries for kind, entries in lacking.items() if entries}, others


def is_empty(broker: Broker, folder: Path) -> bool:
    """Whether the broker was made anew since the backup and has no message. One whose queues are done with is not empty."""
    step = broker.note().get("step")
    if step or identity(broker.definitions()) == Listing(folder).part["broker"]:
        return step == "filling"
    with broker.connect() as connection:
        return not any(connection.ready(queue.name)[0] for queue in broker.queues() if not queue.kept)


def look_for_room(broker: Broker, folder: Path, beside: Path) -> str:
    """Fails where the backups' disk has not the room for what is put aside and read back, or RabbitMQ's for what comes."""
    part = read_part(folder, PART)
    waiting, free = broker.sizes()
    disk = os.statvfs(beside)
    # In base64, with its properties.
    refuse_without_room("rabbitmq, restore, the backups' disk", part["listing"]["bytes"] + 2 * waiting, disk.f_bavail * disk.f_frsize)
    if free is not None:
        refuse_without_room("rabbitmq, restore, RabbitMQ's disk", part["bytes"], free)
    return ""


def _refuse(message: str) -> NoReturn:
    print(f"rabbitmq, restore: {message}. Nothing was changed", file=sys.stderr)
    sys.exit(_UNCHANGED)


class RabbitRestore:
    """One run."""

    def __init__(self, broker: Broker, folder: Path, beside: Path) -> None:
        """beside: where what is put aside is kept, in before-restore."""
        self._broker, self._folder = broker, folder
        self._kept = beside / "before-restore"
        # What is there is copied to it.
        self._beside = self._kept / ".rabbitmq"

    def run(self) -> str:
        wanted, _ = verify(self._folder)
        self._refuse_unpublishable(wanted)
        with self._broker.alone() as connection:
            return self._restore(connection, wanted)

    def _restore(self, connection: Connection, wanted: Listing) -> str:
        self._refuse_unfit(wanted)
        self._refuse_used(connection)
        live = self._copied(connection)
        names = {kept.name for kept in (*wanted.queues, *live.queues)}
        # How many of the backup's messages are there, at the begin of their queue; None: others are.
        there = {name: live.of(name).messages if begins(wanted, name, live) else None for name in sorted(names)}
        replaced = [name for name, count in there.items() if count is None]
        if not any(kept.messages for kept in live.queues):
            self._broker.set_note({"step": "filling"})
        live, aside = self._put_aside(live, replaced)
        others = self._define()
        for name in replaced:
            _take_out(connection, live, name)
        written = self._put_in(connection, wanted, there)
        self._compare(connection, wanted)
        self._broker.set_note({"step": "ended", "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        shutil.rmtree(self._beside)
        with suppress(OSError):
            self._kept.rmdir()
        count = sum(live.of(name).messages for name in replaced)
        kept = f"; {count} that were there are in {', '.join(aside)}" if aside else ""
        different = f"; left as they are, though the backup has others: {', '.join(others)}" if others else ""
        size = words(wanted.part["bytes"])
        return f"rabbitmq: {wanted.part['messages']} messages of {len(wanted.queues)} queues, {size}; {written} of them written{kept}{different}"

    def _refuse_unpublishable(self, wanted: Listing) -> None:
        user = self._broker.user
        for kept in wanted.queues:
            for number, line in wanted.each(kept.name):
                properties = message_of(line)[0]["properties"]
                del line
                where = f"message {number} of queue {kept.name}"
                if properties.get("user_id", user) != user and not self._broker.may_impersonate():
                    _refuse(
                        f"{where} was sent by the user {properties['user_id']}, and RabbitMQ takes it from no other: for the restore, "
                        f"rabbitmqctl set_user_tags {user} administrator impersonator"
                    )
                if "CC" in properties.get("headers", {}):
                    _refuse(f"{where} has a header CC: RabbitMQ would give it to other queues, too")

    def _refuse_unfit(self, wanted: Listing) -> None:
        for queue in self._broker.queues():
            if queue.kept and wanted.of(queue.name).messages:
                _refuse(
                    f"queue {queue.name} {queue.kept}, and in the backup it was a durable classic queue of the vhost "
                    f"{self._broker.vhost}: remove it"
                )

    def _refuse_used(self, connection: Connection) -> None:
        """Messages must neither come nor go."""
        end = time.monotonic() + _CONSUMERS_END
        while used := [queue.name for queue in self._broker.queues() if not queue.kept and connection.ready(queue.name)[1] > 0]:
            if time.monotonic() > end:
                _refuse(f"{', '.join(used)} have consumers: stop them (make stop SYSTEM=protea)")
            time.sleep(1)

    def _copied(self, connection: Connection) -> Listing:
        part = copy(self._broker, connection, self._beside)
        left = [each["name"] for each in part["notKept"] if each["name"] in {kept["name"] for kept in part["queues"]}]
        if left:
            fail(
                f"rabbitmq, restore: {', '.join(left)} has more messages than RabbitMQ's memory allows to read and to keep beside: "
                "give it more (docs/backups/parts.md)"
            )
        return verify(self._beside)[0]

    def _put_aside(self, live: Listing, replaced: list[str]) -> tuple[Listing, list[str]]:
        """Keeps what will be taken out, unless an interrupted run has. The copy, and the folders that have what it takes out."""
        left, folders = set(replaced), []
        for folder in sorted(self._kept.glob(f"{PART}-*")):
            try:
                earlier = verify(folder)[0]
            except Differs:
                continue
            found = {name for name in left if ends(earlier, name, live)}
            if found:
                left -= found
                folders.append(folder)
        if left:
            name = unused_name(f"{PART}-%Y%m%dT%H%M%SZ", lambda name: (self._kept / name).exists())
            self._beside.rename(self._kept / name)
            flush(self._kept)
            folders.append(self._kept / name)
            live = Listing(folders[-1])
        return live, [str(folder) for folder in folders]

    def _define(self) -> list[str]:
        wanted = read_definitions(self._folder)
        lacking, others = missing(wanted, self._broker.definitions())
        if lacking:
            self._broker.define({"rabbit_version": wanted.get("rabbit_version", "3.13.0"), **lacking})
        return others

    def _put_in(self, connection: Connection, wanted: Listing, there: dict[str, int | None]) -> int:
        connection.confirmed()
        written = 0
        for kept in wanted.queues:
            lines = wanted.each(kept.name, there[kept.name] or 0)
            written += connection.publish(kept.name, _messages(lines))
        return written

    def _compare(self, connection: Connection, wanted: Listing) -> None:
        live = self._copied(connection)
        names = {kept.name for kept in (*wanted.queues, *live.queues)}
        wrong = [name for name in sorted(names) if live.of(name).sha256 != wanted.of(name).sha256]
        if wrong:
            raise Differs(f"messages.jsonl: the live queues {', '.join(wrong)} are not as in it: does anything use them? Once more")


def _messages(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    for _, line in lines:
        described, body = message_of(line)
        del line
        yield write_properties(described["properties"]), body
        # Two large ones at once would be too much for the container.
        del body


def _take_out(connection: Connection, live: Listing, name: str) -> None:
    """Empties a queue of what was put aside, and of nothing else."""
    lines = live.each(name)
    for message in connection.messages(name, live.of(name).messages):
        if not is_line(next(lines, (0, b""))[1], name, message.properties, message.body):
            fail(f"rabbitmq, restore: queue {name} changed meanwhile: does anything use it? The same command again goes on")
        connection.acknowledge(message.tag)
        del message
