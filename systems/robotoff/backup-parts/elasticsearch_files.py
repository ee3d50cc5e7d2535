"""The files of a repository: copied with their hashes, read back, and given to the server."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from elasticsearch_server import Server, fail

# A volume that the server has at the path of its setting `path.repo`.
SNAPSHOTS = Path("/snapshots")
# The user of the official image.
OWNER = (1000, 0)
SUMS = "files.sha256"


def staging(prefix: str, now: str) -> Path:
    """A folder for this run, after what killed ones left is gone."""
    for left in SNAPSHOTS.glob(f"{prefix}-*"):
        shutil.rmtree(left)
    folder = SNAPSHOTS / f"{prefix}-{now}"
    folder.mkdir(mode=0o700)
    os.chown(folder, *OWNER)
    return folder


def files(folder: Path) -> Iterator[str]:
    return (str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file())


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(2**20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def sums(part: Path) -> Dict[str, str]:
    """Of each file of a part its sha256, by its path in the repository."""
    try:
        lines = (part / SUMS).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    return {name: sha for sha, _, name in (line.partition("  ") for line in lines)}


def keep(source: Path, part: Path, previous: Optional[Path]) -> Tuple[int, int]:
    """Copies a repository into a part; what the backup before has is a hard link. How many bytes, and how many of them are linked."""
    known = {sha: previous / "repository" / name for name, sha in sums(previous).items()} if previous else {}
    total, linked, lines = 0, 0, []
    for name in files(source):
        sha, size, out = sha256_of(source / name), (source / name).stat().st_size, part / "repository" / name
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(known[sha], out)
            linked += size
        except (KeyError, OSError):
            shutil.copyfile(source / name, out)
        total += size
        lines.append(f"{sha}  {name}\n")
    (part / SUMS).write_text("".join(lines))
    return total, linked


def give(part: Path, folder: Path) -> None:
    """A part's repository, as the server's own files."""
    shutil.copytree(part / "repository", folder, dirs_exist_ok=True)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, *OWNER)
        path.chmod(0o700 if path.is_dir() else 0o600)


def look_for_room(server: Server, part: Path) -> None:
    """Fails where there is none for a part once as files and once as indices. Changes nothing."""
    need, disk, own = 1.1 * read_part(part)["bytes"], shutil.disk_usage(SNAPSHOTS), server.disk()
    if disk.free < 2 * need:
        fail(f"{2 * need / 1e6:.0f} MB are needed on the disk of Docker's volumes, and {disk.free / 1e6:.0f} MB are free")
    # Of the same size, it is the same disk. Of a server with less than that free, shards "could not be restored", and only its log says why.
    wanted = (2 if own.total == disk.total else 1) * need + own.kept
    if own.free < wanted:
        fail(
            f"{wanted / 1e6:.0f} MB have to be free on the disk of the server's data, and {own.free / 1e6:.0f} MB are: of these it keeps "
            f"{own.kept / 1e6:.0f} MB free (cluster.routing.allocation.disk.watermark.low)"
        )


def read_part(part: Path) -> Dict[str, Any]:
    try:
        lines = (part / "part.json").read_text().splitlines()
        found = json.loads(lines[0]) if len(lines) == 1 else None
    except FileNotFoundError:
        fail(f"{part}/part.json: missing")
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("part") != "elasticsearch" or found.get("format") != 1:
        fail(f"{part}/part.json: found something else than one line of JSON of part elasticsearch, format 1")
    return found


def differences(part: Path) -> List[str]:
    """Every file of a part that is not what was backed up."""
    declared = sums(part)
    here = part / "repository"
    found = set(files(here)) if here.is_dir() else set()
    lines = [f"{here}/{name}: missing" for name in sorted(declared.keys() - found)]
    lines += [f"{here}/{name}: not of this backup" for name in sorted(found - declared.keys())]
    for name in sorted(declared.keys() & found):
        if sha256_of(here / name) != declared[name]:
            lines.append(f"{here}/{name}: its bytes are not those that were backed up")
    part_json = read_part(part)
    if hashlib.sha256((part / SUMS).read_bytes() if (part / SUMS).exists() else b"").hexdigest() != part_json["files"]:
        lines.append(f"{part}/{SUMS}: is not the list that was made")
    return lines
