"""What stands for the language model: a vector that depends on the sequence alone."""

import hashlib

DIMENSIONS = 8


def embed(sequence: str) -> list[float]:
    digest = hashlib.sha256(sequence.encode()).digest()
    return [round(byte / 255, 4) for byte in digest[:DIMENSIONS]]


def literal(vector: list[float]) -> str:
    """pgvector's text form."""
    return "[" + ",".join(map(str, vector)) + "]"


def go_term(sequence: str) -> str:
    """A term that every protein similar to this one gets."""
    return f"GO:{int.from_bytes(hashlib.md5(sequence.encode()).digest()[:3]) % 10_000_000:07d}"
