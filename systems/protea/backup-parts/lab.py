"""lab.py backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: datasets, runs and experiments of /lab, as a tar file.

GNU's format, which every tar reads; nothing is compressed, for most of it is compressed already.
"""

import hashlib
import io
import os
import platform
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from files import CHUNK, Differs, Progress, fail, flush, json_line, read_part, refuse_emptied, refuse_without_room, sha256_of, words, write_whole
from lab_restore import BESIDE, LabRestore

LAB = Path("/lab")
FOLDERS = ("datasets", "runs", "experiments")
_ATTEMPTS = 3


class _Hashed(io.RawIOBase):
    """A file that hashes what passes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest, self.bytes = file, hashlib.sha256(), 0

    def _passed(self, data: bytes) -> bytes:
        self.digest.update(data)
        self.bytes += len(data)
        return data

    def read(self, size: int = -1) -> bytes:
        return self._passed(self._file.read(size))

    def write(self, data: Any) -> int:
        return self._file.write(self._passed(data))


class _Exactly(_Hashed):
    """So many bytes of a file, whatever becomes of it while it is read: zeros where it ends before."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__(file)
        self._left = size

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= wanted
        return self._passed(data + bytes(wanted - len(data)))


def _folders() -> list[str]:
    names = [name for name in FOLDERS if os.path.lexists(LAB / name)]
    if not names:
        fail(f"lab, backup: found none of {', '.join(FOLDERS)} in the folder that protea:lab names")
    for name in names:
        # Of a link, tar keeps where it points, and nothing of what is there.
        if not stat.S_ISDIR((LAB / name).lstat().st_mode):
            fail(f"lab, backup: found {name} to be no folder, expected one: what a link points to would not be kept")
    return names


def _paths(names: list[str]) -> Iterator[str]:
    """Every path below, relative to the lab folder, each folder before what is in it."""

    def refuse(problem: OSError) -> None:
        # A folder removed meanwhile is nobody's fault.
        if not isinstance(problem, FileNotFoundError):
            raise problem

    for name in names:
        for folder, folders, files in os.walk(LAB / name, onerror=refuse):
            folders.sort()
            here = os.path.relpath(folder, LAB)
            yield here
            links = [each for each in folders if os.path.islink(os.path.join(folder, each))]
            yield from (os.path.join(here, each) for each in sorted([*files, *links]))


def _state(names: list[str]) -> str:
    """Changes with whatever changes in the folders: the kernel sets a file's ctime with every change."""
    digest = hashlib.sha256()
    for path in _paths(names):
        try:
            it = os.lstat(LAB / path)
        except FileNotFoundError:
            continue
        digest.update(f"{it.st_mode} {it.st_uid} {it.st_gid} {it.st_size} {it.st_mtime_ns} {it.st_ctime_ns} ".encode())
        digest.update(os.fsencode(path) + b"\0")
    return digest.hexdigest()


def _linked(out: Path, previous: Path, state: str) -> dict[str, Any] | None:
    """The backup before, where nothing changed since."""
    try:
        part = read_part(previous, "lab")
        if part["state"] != state or (previous / "lab.tar").stat().st_size != part["tar"]["bytes"]:
            return None
        for name in ("lab.tar", "files.sha256"):
            os.link(previous / name, out / name)
    except (Differs, OSError):
        return None
    return part


class _LabTar:
    """Writes the tar file."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, str] = {}
        self.bytes = self.changed = 0

    def add(self, path: str) -> None:
        for attempt in range(_ATTEMPTS):
            # What is there twice under two names is kept twice: a later copy of a name would else be a link to itself.
            self._tar.inodes.clear()
            try:
                info = self._tar.gettarinfo(LAB / path, path)
            except FileNotFoundError:
                self.files.pop(path, None)
                self.changed += 1
                return
            if info is None or not info.isreg():
                if info is not None:
                    self._tar.addfile(info)
                return
            if self._file(path, info):
                return
            if attempt == _ATTEMPTS - 1:
                self.changed += 1

    def _file(self, path: str, info: tarfile.TarInfo) -> bool:
        """Whether it stayed as it was while it was read. Of a name that is there twice, every tar takes the last."""
        try:
            file = (LAB / path).open("rb", buffering=0)
        except FileNotFoundError:
            return False
        with file:
            before = os.fstat(file.fileno())
            info.size = before.st_size
            content = _Exactly(file, info.size)
            self._tar.addfile(info, content)  # type: ignore[arg-type]
            after = os.fstat(file.fileno())
        self.files[path] = content.digest.hexdigest()
        self.bytes += info.size
        return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def _sum_line(path: str, digest: str) -> bytes:
    """As sha256sum writes it, so that `sha256sum -c` reads it."""
    name = os.fsencode(path)
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if escaped != name else b"") + digest.encode() + b"  " + escaped + b"\n"


def backup(out: Path, previous: Path | None = None) -> str:
    names = _folders()
    if previous and not (previous / "part.json").is_file():
        # The lab folder was declared since.
        previous = None
    again = out.exists()
    out.mkdir(parents=True, exist_ok=True)
    for path in out.iterdir():
        path.unlink()
    state = _state(names)
    # Begun again in the same folder, it is a verification that did not like what was linked.
    part = _linked(out, previous, state) if previous and not again else None
    if part:
        part["linked"] = True
    else:
        # A change within the clock's last tick would not show in the state.
        time.sleep(1.1)
        part = _copy(out, names, state)
        if previous:
            refuse_emptied("the lab folder", out, part["files"], previous, read_part(previous, "lab")["files"])
    write_whole(out / "part.json", [json_line(part)])
    flush(out)
    how = "as in the backup before" if part["linked"] else "copied"
    late = f"; {part['changed']} changed while they were read" if part["changed"] else ""
    return f"lab: {part['files']} files, {words(part['bytes'])}, {how}{late}"


def _copy(out: Path, names: list[str], state: str) -> dict[str, Any]:
    progress = Progress("lab, copying")
    with (out / ".lab.tar.new").open("wb", buffering=CHUNK) as file:
        whole = _Hashed(file)
        with tarfile.open(
            fileobj=whole, mode="w|", bufsize=CHUNK, format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape", copybufsize=CHUNK
        ) as tar:  # fmt: skip
            writer = _LabTar(tar)
            for path in _paths(names):
                before = whole.bytes
                writer.add(path)
                progress.add(whole.bytes - before)
    (out / ".lab.tar.new").rename(out / "lab.tar")
    sums = write_whole(out / "files.sha256", (_sum_line(*each) for each in sorted(writer.files.items())))
    return {
        "part": "lab", "format": 1, "folders": names, "files": len(writer.files), "bytes": writer.bytes, "changed": writer.changed,
        "linked": False, "state": state, "tar": {"bytes": whole.bytes, "sha256": whole.digest.hexdigest()}, "sums": sums,
        "tool": f"Python {platform.python_version()}",
    }  # fmt: skip


def verify(folder: Path) -> tuple[dict[str, Any], str]:
    """Reads everything back, and every file within. What part.json says, and a sentence; raises Differs."""
    part = read_part(folder, "lab")
    for name, key in (("files.sha256", "sums"), ("lab.tar", "tar")):
        found = (folder / name).stat().st_size if (folder / name).is_file() else None
        if found != part[key]["bytes"]:
            raise Differs(f"{name}: found {'no file' if found is None else f'{found} bytes'}, expected {part[key]['bytes']} bytes")
    if sha256_of(folder / "files.sha256") != part["sums"]["sha256"]:
        raise Differs("files.sha256: its sha256 is not the one in part.json")
    progress, found_files = Progress("lab, verifying", part["tar"]["bytes"]), {}
    with (folder / "lab.tar").open("rb", buffering=0) as file:
        whole = _Hashed(file)
        try:
            with tarfile.open(fileobj=whole, mode="r|", bufsize=CHUNK, encoding="utf-8", errors="surrogateescape") as tar:
                for member in tar:
                    tar.members = []
                    if member.isreg():
                        content = tar.extractfile(member)
                        found_files[member.name] = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
                        progress.add(member.size)
        except tarfile.TarError as problem:
            raise Differs(f"lab.tar: {problem}") from None
        while whole.read(CHUNK):
            pass
    lines = b"".join(_sum_line(*each) for each in sorted(found_files.items()))
    if lines != (folder / "files.sha256").read_bytes():
        raise Differs("lab.tar: the files in it are not those of files.sha256")
    if whole.digest.hexdigest() != part["tar"]["sha256"]:
        raise Differs("lab.tar: its sha256 is not the one in part.json")
    return part, f"lab: {part['files']} files, {words(part['bytes'])}, every byte read and compared"


def empty() -> bool:
    """Whether there is no file, a restore that did not end aside."""
    if (LAB / BESIDE).exists():
        return True
    return not any(not stat.S_ISDIR((LAB / path).lstat().st_mode) for path in _paths([n for n in FOLDERS if (LAB / n).is_dir()]))


def main(verb: str, folder: Path, previous: Path | None = None) -> str:
    if verb == "verify":
        return verify(folder)[1]
    if verb == "empty":
        return "empty" if empty() else ""
    if verb == "backup":
        return backup(folder, previous)
    if verb == "room":
        disk = os.statvfs(LAB)
        refuse_without_room("lab, restore", read_part(folder, "lab")["bytes"], disk.f_bavail * disk.f_frsize)
        return ""
    part, _ = verify(folder)
    said = LabRestore(LAB, FOLDERS, folder, part).run()
    if verb == "deep":
        # Contents, owners, modes, times, links: as tar itself sees them.
        compared = subprocess.run(["tar", "--compare", "--file", folder / "lab.tar", "--directory", LAB], capture_output=True, text=True)
        if compared.returncode:
            raise Differs("\n".join(f"lab.tar: restored, {line}" for line in (compared.stdout + compared.stderr).splitlines()[:20]))
    return said


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("backup", "verify", "room", "restore", "deep", "empty"):
        fail(str(__doc__))
    try:
        print(main(sys.argv[1], *(Path(word) for word in sys.argv[2:] if word)))
    except Differs as problem:
        fail("\n".join(f"{sys.argv[2]}/{line}" for line in str(problem).splitlines()))
    except OSError as problem:
        fail(f"lab, {sys.argv[1]}: {problem}")
