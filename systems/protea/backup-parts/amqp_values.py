"""What describes an AMQP message, as JSON and back, without loss: the property list of AMQP 0-9-1 (4.2.6.1, with RabbitMQ's types).

In headers text, whole numbers of 32 bits, booleans, null, lists and tables are JSON's own. Any other type is an object with
one key, "$" and AMQP's letter for the type: {"$l": 1} is a number of 64 bits, {"$T": 1764000000} a moment, {"$x": "aGk="} bytes.
"""

import base64
import math
import struct
from collections.abc import Callable
from typing import Any

# Bit of the flags, from the highest; name; form.
_PROPERTIES = (
    ("content_type", "s"), ("content_encoding", "s"), ("headers", "F"), ("delivery_mode", "B"), ("priority", "B"),
    ("correlation_id", "s"), ("reply_to", "s"), ("expiration", "s"), ("message_id", "s"), ("timestamp", "Q"), ("type", "s"),
    ("user_id", "s"), ("app_id", "s"), ("cluster_id", "s"),
)  # fmt: skip

# Numbers of a fixed size, by AMQP's letter.
_NUMBERS = {
    "b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q", "L": ">q", "T": ">Q", "f": ">f", "d": ">d",
}  # fmt: skip


def _text(data: bytes) -> str:
    # What is no UTF-8 comes back as it was, too.
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self._data):
            raise ValueError("a property list that ends before its end")
        self.at += size
        return self._data[self.at - size : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def short(self) -> str:
        return _text(self.take(self.number(">B")))

    def table(self) -> Any:
        size = self.number(">I")
        end, pairs = self.at + size, []
        while self.at < end:
            pairs.append((self.short(), self.value()))
        table = dict(pairs)
        if len(table) < len(pairs):
            # A name that is there twice.
            return {"$F": [list(pair) for pair in pairs]}
        return {"$F": list(table.items())} if _looks_tagged(table) else table

    def value(self) -> Any:
        letter = chr(self.take(1)[0])
        if letter == "S":
            return _text(self.take(self.number(">I")))
        if letter == "t":
            return self.number(">B") != 0
        if letter == "V":
            return None
        if letter == "F":
            return self.table()
        if letter == "A":
            size = self.number(">I")
            end, items = self.at + size, []
            while self.at < end:
                items.append(self.value())
            return items
        if letter == "x":
            return {"$x": base64.b64encode(self.take(self.number(">I"))).decode()}
        if letter == "D":
            return {"$D": [self.number(">B"), self.number(">I")]}
        if letter not in _NUMBERS:
            raise ValueError(f"a header of the unknown type {letter!r}")
        found = self.number(_NUMBERS[letter])
        if letter == "I":
            return found
        # JSON has no such number.
        return {f"${letter}": found if math.isfinite(found) else struct.pack(_NUMBERS[letter], found).hex()}


def _looks_tagged(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")


def _short(text: str) -> bytes:
    data = _bytes(text)
    return struct.pack(">B", len(data)) + data


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _table(value: Any) -> bytes:
    pairs = value["$F"] if _looks_tagged(value) else value.items()
    return _sized(b"".join(_short(name) + _value(each) for name, each in pairs))


def _value(value: Any) -> bytes:
    if value is None:
        return b"V"
    if isinstance(value, bool):
        return b"t" + bytes([value])
    if isinstance(value, str):
        return b"S" + _sized(_bytes(value))
    if isinstance(value, int):
        return b"I" + struct.pack(">i", value)
    if isinstance(value, list):
        return b"A" + _sized(b"".join(_value(each) for each in value))
    if not _looks_tagged(value) or "$F" in value:
        return b"F" + _table(value)
    [(tag, content)] = value.items()
    return tag[1:].encode() + _TAGGED.get(tag, _number(tag[1:]))(content)


def _number(letter: str) -> Callable[[Any], bytes]:
    form = _NUMBERS.get(letter, "")
    return lambda content: bytes.fromhex(content) if isinstance(content, str) else struct.pack(form, content)


_TAGGED: dict[str, Callable[[Any], bytes]] = {
    "$x": lambda content: _sized(base64.b64decode(content)),
    "$D": lambda content: struct.pack(">BI", *content),
}


def table(value: dict[str, Any]) -> bytes:
    """A table as AMQP has it."""
    return _table(value)


def read_properties(data: bytes) -> dict[str, Any]:
    """What a content header says: a property list, flags first. @raises ValueError when it is none."""
    reader = _Reader(data)
    flags = reader.number(">H")
    found: dict[str, Any] = {}
    for index, (name, form) in enumerate(_PROPERTIES):
        if flags & (1 << (15 - index)):
            found[name] = reader.short() if form == "s" else reader.table() if form == "F" else reader.number(">" + form)
    return found


def write_properties(properties: dict[str, Any]) -> bytes:
    """As read_properties read it."""
    flags, parts = 0, []
    for index, (name, form) in enumerate(_PROPERTIES):
        if name not in properties:
            continue
        flags |= 1 << (15 - index)
        value = properties[name]
        parts.append(_short(value) if form == "s" else _table(value) if form == "F" else struct.pack(">" + form, value))
    return struct.pack(">H", flags) + b"".join(parts)
