"""Brings the lab folder to what a backup holds: unpacked beside, checked, swapped in; what was there is kept."""

import os
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from files import CHUNK, Differs, fail, flush, sha256_of, unused_name, words


# What is made is here until it is whole.
BESIDE = ".restoring"


class LabRestore:
    """One run; run again after an interruption it goes on. All is below the lab folder, so that a move is one step."""

    def __init__(self, lab: Path, folders: Sequence[str], backup: Path, part: dict[str, Any]) -> None:
        self._lab, self._folders, self._backup, self._part = lab, folders, backup, part
        self._beside = lab / BESIDE
        self._new = self._beside / "new"
        # Made when what is beside was checked. Holds of which backup it is, and where what was there goes.
        self._ready = self._beside / "ready"

    def run(self) -> str:
        if not os.access(self._lab, os.W_OK):
            fail("lab, restore: the lab folder is mounted read-only here: run this in a container that mounts it to be written")
        before = self._prepared() or self._build()
        self._new.mkdir(exist_ok=True)
        for name in self._folders:
            self._swap(name, before)
        flush(self._lab)
        # First what is empty by now: without it, the note alone says that all is swapped.
        shutil.rmtree(self._new)
        shutil.rmtree(self._beside)
        kept = f"; what was there is in {before.name}" if before.exists() else ""
        return f"lab: {self._part['files']} files, {words(self._part['bytes'])}{kept}"

    def _prepared(self) -> Path | None:
        """Where what was there goes, if an interrupted run of the same backup came so far."""
        try:
            digest, before = self._ready.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return self._lab / before if digest == self._part["tar"]["sha256"] else None

    def _build(self) -> Path:
        if self._beside.exists():
            shutil.rmtree(self._beside)
        self._new.mkdir(parents=True)
        with tarfile.open(self._backup / "lab.tar", encoding="utf-8", errors="surrogateescape", bufsize=CHUNK) as tar:
            tar.extractall(self._new, numeric_owner=True, filter="fully_trusted")
        self._check()
        flush(self._lab)
        before = self._lab / unused_name(".before-%Y%m%dT%H%M%SZ", lambda name: (self._lab / name).exists())
        noted = self._ready.with_name("ready.new")
        noted.write_text(f"{self._part['tar']['sha256']} {before.name}\n")
        noted.rename(self._ready)
        return before

    def _check(self) -> None:
        for line in (self._backup / "files.sha256").read_bytes().splitlines():
            digest, _, name = line.lstrip(b"\\").partition(b"  ")
            if line.startswith(b"\\"):
                parts = (part.replace(b"\\n", b"\n").replace(b"\\r", b"\r") for part in name.split(b"\\\\"))
                name = b"\\".join(parts)
            path = os.path.join(os.fsencode(self._new), name)
            if sha256_of(Path(os.fsdecode(path))) != digest.decode():
                raise Differs(f"lab.tar: {os.fsdecode(name)!r}, unpacked, is not what files.sha256 says")

    def _swap(self, name: str, before: Path) -> None:
        live, new = self._lab / name, self._new / name
        if name in self._part["folders"] and not new.exists():
            # Swapped before an interruption.
            return
        if os.path.lexists(live):
            before.mkdir(exist_ok=True)
            live.rename(before / name)
        if new.exists():
            new.rename(live)
