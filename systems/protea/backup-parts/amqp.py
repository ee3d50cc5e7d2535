"""The AMQP 0-9-1 protocol with Python's standard library, as far as a backup needs it: one channel, one step after the other.

Not pika, which PROTEA's image has: of a header that is a number with a fraction it keeps the whole part, and it waits for the
answer to each message before it asks for the next (docs/decisions/backup-parts.md).
"""

import socket
import struct
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from amqp_values import table

_METHOD, _HEADER, _BODY, _HEARTBEAT, _END = 1, 2, 3, 8, 0xCE
_TIMEOUT = 60
# So many questions, and bytes of their answers, are under way at once.
_UNDER_WAY, _BYTES_UNDER_WAY = 100, 4 * 2**20
# The largest that RabbitMQ 4 takes by itself; RabbitMQ 3 takes eight times that.
_LARGE = 16 * 2**20

_CONNECTION_CLOSE, _CHANNEL_CLOSE = (10, 50), (20, 40)
_CONNECTION_BLOCKED, _CONNECTION_UNBLOCKED = (10, 60), (10, 61)
_GET_OK, _GET_EMPTY, _RETURN, _ACK, _NACK = (60, 71), (60, 72), (60, 50), (60, 80), (60, 120)


class AmqpError(Exception):
    """The server refused, or did not answer."""

    def __init__(self, what: str, code: int = 0) -> None:
        super().__init__(what)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the server has it."""

    tag: int
    """By which this connection names it."""
    properties: bytes
    """AMQP's property list."""
    body: bytes


def _short(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">B", len(data)) + data


def _long(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


class Connection:
    """Open from its beginning to the end of a `with`. What it was given and did not acknowledge goes back when it ends."""

    def __init__(self, host: str, port: int, user: str, password: str, vhost: str) -> None:
        try:
            self._socket = socket.create_connection((host, port), _TIMEOUT)
        except OSError as problem:
            raise AmqpError(f"RabbitMQ at {host}:{port}: {problem}") from None
        self._where = f"RabbitMQ at {host}:{port}"
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = self._socket.makefile("rb", 2**17)
        self._tag = 0
        # Why the server takes no messages, when it has said so: its memory or disk is full.
        self._blocked = ""
        try:
            self._open(user, password, vhost)
        except BaseException:
            self._socket.close()
            raise

    def _open(self, user: str, password: str, vhost: str) -> None:
        self._write(b"AMQP\x00\x00\x09\x01")
        self._expect((10, 10))
        # A refused password is said, not hung up on.
        capabilities = {"capabilities": {"authentication_failure_close": True, "connection.blocked": True}}
        secret = b"\0" + user.encode() + b"\0" + password.encode()
        self._send((10, 11), table(capabilities) + _short("PLAIN") + _long(secret) + _short("en_US"), channel=0)
        channels, self._frame_max, _ = struct.unpack(">HIH", self._expect((10, 30)))
        # No heartbeat: while files are compared this asks nothing. A process that ends closes its socket.
        self._send((10, 31), struct.pack(">HIH", channels, self._frame_max, 0), channel=0)
        self._send((10, 40), _short(vhost) + b"\0\0", channel=0)
        self._expect((10, 41))
        self._channel()

    def _channel(self) -> None:
        self._send((20, 10), b"\0")
        self._expect((20, 11))

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                # What was acknowledged is so before this ends.
                self._send((10, 50), struct.pack(">HBHH", 200, 0, 0, 0), channel=0)
                self._expect((10, 51))
        finally:
            self._socket.close()

    def _failed(self, problem: OSError) -> AmqpError:
        return AmqpError(f"{self._where}: {problem}{f'; it takes no messages: {self._blocked}' if self._blocked else ''}")

    # What a frame is.

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as problem:
            raise self._failed(problem) from None

    @staticmethod
    def _frame(kind: int, channel: int, payload: bytes) -> bytes:
        return struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([_END])

    def _method(self, method: tuple[int, int], arguments: bytes, channel: int = 1) -> bytes:
        return self._frame(_METHOD, channel, struct.pack(">HH", *method) + arguments)

    def _send(self, method: tuple[int, int], arguments: bytes, channel: int = 1) -> None:
        self._write(self._method(method, arguments, channel))

    def _exactly(self, size: int) -> bytes:
        try:
            data = self._input.read(size)
        except OSError as problem:
            raise self._failed(problem) from None
        if data is None or len(data) < size:
            raise AmqpError(f"{self._where}: the connection was closed")
        return data

    def _read(self) -> tuple[int, bytes]:
        while True:
            kind, _, size = struct.unpack(">BHI", self._exactly(7))
            payload = self._exactly(size)
            if self._exactly(1)[0] != _END:
                raise AmqpError(f"{self._where}: an answer that is no AMQP")
            if kind != _HEARTBEAT:
                return kind, payload

    def _answer(self) -> tuple[tuple[int, int], bytes]:
        kind, payload = self._read()
        if kind != _METHOD:
            raise AmqpError(f"{self._where}: an answer out of its order")
        method: tuple[int, int] = struct.unpack(">HH", payload[:4])  # type: ignore[assignment]
        if method in (_CONNECTION_CLOSE, _CHANNEL_CLOSE):
            code, length = struct.unpack(">HB", payload[4:7])
            raise AmqpError(f"{self._where}: {code} {payload[7 : 7 + length].decode(errors='replace')}", code)
        if method == _CONNECTION_BLOCKED:
            self._blocked = payload[5 : 5 + payload[4]].decode(errors="replace")
            return self._answer()
        if method == _CONNECTION_UNBLOCKED:
            self._blocked = ""
            return self._answer()
        return method, payload[4:]

    def _expect(self, *methods: tuple[int, int]) -> bytes:
        method, arguments = self._answer()
        if method not in methods:
            raise AmqpError(f"{self._where}: the answer {method}, expected {methods[0]}")
        return arguments

    def _content(self) -> tuple[bytes, bytes]:
        _, header = self._read()
        (size,) = struct.unpack(">Q", header[4:12])
        if size > _LARGE:
            print(f"rabbitmq: a message of {size} bytes; the container needs five times as much memory", file=sys.stderr, flush=True)
        chunks, left = [], size
        while left > 0:
            chunks.append(self._read()[1])
            left -= len(chunks[-1])
        return header[12:], chunks[0] if len(chunks) == 1 else b"".join(chunks)

    # What a backup asks.

    def ready(self, queue: str) -> tuple[int, int]:
        """How many messages wait in a queue that is there, and how many consumers it has."""
        # passive
        self._send((50, 10), b"\0\0" + _short(queue) + b"\x01" + table({}))
        arguments = self._expect((50, 11))
        messages, consumers = struct.unpack(">II", arguments[1 + arguments[0] :])
        return messages, consumers

    def alone(self, name: str) -> None:
        """A queue that one connection at a time can have, and that goes with it. @raises AmqpError 405 where another has it"""
        # exclusive, auto-delete
        self._send((50, 10), b"\0\0" + _short(name) + b"\x0c" + table({}))
        self._expect((50, 11))

    def messages(self, queue: str, count: int) -> Iterator[Message]:
        """Up to so many messages from the begin of a queue; each stays unacknowledged."""
        asked = given = 0
        largest = _BYTES_UNDER_WAY
        ended = False
        while given < asked or (asked < count and not ended):
            most = max(1, min(_UNDER_WAY, _BYTES_UNDER_WAY // max(1, largest)))
            while asked < count and not ended and asked - given < most:
                self._send((60, 70), b"\0\0" + _short(queue) + b"\0")
                asked += 1
            method, arguments = self._answer()
            given += 1
            if method == _GET_EMPTY:
                ended = True
                continue
            if method != _GET_OK:
                raise AmqpError(f"{self._where}: the answer {method} to a question for a message")
            message = Message(struct.unpack(">Q", arguments[:8])[0], *self._content())
            largest = max(len(message.body), largest // 2)
            yield message
            # Two large ones at once would be too much for the container.
            del message

    def give_back(self) -> None:
        """Every message that this connection was given and did not acknowledge is back in its place, in its order.

        By closing the channel: the queue puts all of them back in one step. A refusal of all messages would be one for each,
        of which each looks through those before it (RabbitMQ 4.0: 50,000 took three minutes).
        """
        self._send((20, 40), struct.pack(">HBHH", 200, 0, 0, 0))
        # Messages that were asked for and not waited for.
        while self._read() != (_METHOD, struct.pack(">HH", 20, 41)):
            pass
        self._channel()

    def acknowledge(self, tag: int) -> None:
        """This message and all before it are gone."""
        self._send(_ACK, struct.pack(">QB", tag, 1))

    def confirmed(self) -> None:
        """From here on the server says of each message that it has it."""
        self._send((85, 10), b"\0")
        self._expect((85, 11))

    def publish(self, queue: str, messages: Iterator[tuple[bytes, bytes]]) -> int:
        """Puts messages (property list, body) into a queue, in this order. Returns when the server has all. How many."""
        waiting: deque[tuple[int, int]] = deque()
        first = self._tag
        for properties, body in messages:
            # mandatory: without a queue it would be dropped silently.
            begin = self._method((60, 40), b"\0\0" + _short("") + _short(queue) + b"\x01")
            self._write(begin + self._frame(_HEADER, 1, struct.pack(">HHQ", 60, 0, len(body)) + properties))
            most = self._frame_max - 8
            for at in range(0, len(body), most):
                self._write(self._frame(_BODY, 1, body[at : at + most]))
            self._tag += 1
            waiting.append((self._tag, len(body)))
            # Two large ones at once would be too much for the container.
            del body
            while len(waiting) >= _UNDER_WAY or sum(size for _, size in waiting) > _BYTES_UNDER_WAY:
                self._confirm(waiting, queue)
        while waiting:
            self._confirm(waiting, queue)
        return self._tag - first

    def _confirm(self, waiting: deque[tuple[int, int]], queue: str) -> None:
        method, arguments = self._answer()
        if method == _RETURN:
            raise AmqpError(f"{self._where}: there is no queue {queue} any more")
        if method != _ACK:
            raise AmqpError(f"{self._where}: queue {queue} takes no more messages (its x-max-length?)")
        tag, multiple = struct.unpack(">QB", arguments[:9])
        for each in [each for each in waiting if each[0] == tag or (multiple & 1 and each[0] < tag)]:
            waiting.remove(each)
