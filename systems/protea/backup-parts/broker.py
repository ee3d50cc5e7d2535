"""RabbitMQ by its management API: what it is, its definitions, its queues, and a note that is kept in it."""

import base64
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from amqp import AmqpError, Connection

_MANAGEMENT = 15672
_TIMEOUT = 60
# Seconds after which the management's statistics have seen what was: two of RabbitMQ's intervals of 5 (seen: 10.0).
STATISTICS_AGE = 11
# What the broker takes of its memory besides, and whoever works on it with rabbitmqctl.
_OWN_MEMORY = 256 * 2**20
# What restores note, in the broker itself: where its data goes, this goes.
NOTE = "protea-restore"
# A queue of one connection: whoever has it restores.
_ALONE = "protea-restore"


class BrokerError(Exception):
    """RabbitMQ's management refused, or did not answer."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as the management's statistics have it, up to ten seconds old."""

    name: str
    messages: int
    """Waiting, and held by consumers."""
    held: int
    """Given to a consumer that has not acknowledged them yet."""
    kept: str
    """Why its messages are not kept; empty where they are."""


class Broker:
    """Where a URL says: amqp://USER:PASSWORD@HOST/VHOST."""

    def __init__(self, url: str, memory: int) -> None:
        """memory: bytes that the broker's container may take."""
        self.room = memory - _OWN_MEMORY
        """Bytes of it that may be taken by messages while they are read."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 5672
        self.user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self.vhost = unquote(parts.path[1:]) or "/"

    def connect(self) -> Connection:
        return Connection(self._host, self._port, self.user, self._password, self.vhost)

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A connection, when that of an interrupted restore has ended: what it sent last may still be on its way."""
        for attempt in range(30):
            with self.connect() as connection:
                try:
                    connection.alone(_ALONE)
                except AmqpError as problem:
                    if problem.code != 405 or attempt == 29:
                        raise
                else:
                    yield connection
                    return
            time.sleep(1)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        where = f"{method} {path} on {self._host}:{_MANAGEMENT}"
        credentials = base64.b64encode(f"{self.user}:{self._password}".encode()).decode()
        connection = http.client.HTTPConnection(self._host, _MANAGEMENT, timeout=_TIMEOUT)
        try:
            headers = {"authorization": f"Basic {credentials}", "content-type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as problem:
            raise BrokerError(f"{where}: {problem}") from None
        finally:
            connection.close()
        if answer.status == 404 and method in ("GET", "DELETE"):
            return None
        if answer.status >= 300:
            raise BrokerError(f"{where}: {answer.status} {text[:400]}")
        return json.loads(text) if text else None

    def version(self) -> str:
        return f"RabbitMQ {self._ask('GET', '/api/overview?columns=rabbitmq_version')['rabbitmq_version']}"

    def may_impersonate(self) -> bool:
        """Whether it may send messages in another user's name."""
        tags = self._ask("GET", "/api/whoami")["tags"]
        return "impersonator" in tags

    def definitions(self) -> dict[str, Any]:
        """Users with their passwords' hashes, vhosts, permissions, policies, queues, exchanges, bindings; without the note."""
        found: dict[str, Any] = self._ask("GET", "/api/definitions")
        found["global_parameters"] = [each for each in found.get("global_parameters", []) if each["name"] != NOTE]
        return found

    def define(self, definitions: dict[str, Any]) -> None:
        """Adds definitions; those that are there are written over."""
        self._ask("POST", "/api/definitions", definitions)

    def queues(self) -> list[Queue]:
        """Every queue, by name."""
        columns = "name,vhost,type,durable,exclusive,messages,messages_unacknowledged"
        return sorted((self._queue(each) for each in self._ask("GET", f"/api/queues?columns={columns}")), key=lambda queue: queue.name)

    def _queue(self, each: dict[str, Any]) -> Queue:
        kind = each.get("type", "classic")
        if each["vhost"] != self.vhost:
            why = f"is in the vhost {each['vhost']}"
        elif each.get("exclusive") or not each["durable"]:
            why = "is not durable"
        else:
            why = "" if kind == "classic" else f"is a {kind} queue"
        return Queue(each["name"], each.get("messages", 0), each.get("messages_unacknowledged", 0), why)

    def sizes(self) -> tuple[int, int | None]:
        """Bytes of all messages, and that can still be written before RabbitMQ takes no more, as of some seconds ago; None: it does not look."""
        # With its name: of a queue that has just been declared it knows no bytes yet, and an object of nothing comes as an empty list.
        messages = sum(each.get("message_bytes", 0) for each in self._ask("GET", "/api/queues?columns=name,message_bytes"))
        nodes = self._ask("GET", "/api/nodes?columns=name,disk_free,disk_free_limit")
        free = [node["disk_free"] - node["disk_free_limit"] for node in nodes if isinstance(node.get("disk_free"), int)]
        return messages, min(free, default=None)

    def note(self) -> dict[str, Any]:
        """What the last restore noted; empty where there was none."""
        found = self._ask("GET", f"/api/global-parameters/{quote(NOTE)}")
        return found["value"] if found else {}

    def set_note(self, value: dict[str, Any]) -> None:
        self._ask("PUT", f"/api/global-parameters/{quote(NOTE)}", {"name": NOTE, "value": value})


def identity(definitions: dict[str, Any]) -> str:
    """Another one for a broker that was made anew."""
    found = [each["value"] for each in definitions.get("global_parameters", []) if each["name"] == "internal_cluster_id"]
    return str(found[0]) if found else ""
