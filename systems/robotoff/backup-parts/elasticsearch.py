"""Elasticsearch's part of a backup; hosts/scripts/part-elasticsearch.sh says what its verbs are."""

import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from elasticsearch_files import SUMS, differences, keep, look_for_room, read_part, staging
from elasticsearch_restore import compared, restore
from elasticsearch_server import TRIES, Json, Progress, Refused, Server, fail, stamp


def snapshot(server: Server, repository: str, name: str, indices: Dict[str, Json]) -> None:
    path = f"/_snapshot/{repository}/{name}"
    body = {"indices": list(indices), "include_global_state": False, "feature_states": ["none"]}
    server.ask("PUT", path, body)
    progress = Progress("snapshot", "MB")
    while True:
        state = server.ask("GET", path)["snapshots"][0]
        if state["state"] == "SUCCESS":
            return
        if state["state"] != "IN_PROGRESS":
            fail(f"the snapshot ended as {state['state']}: {json.dumps(state['failures'])[:500]}")
        if progress.due:
            stats = server.ask("GET", f"{path}/_status")["snapshots"][0]["stats"]
            progress.total = stats["incremental"]["size_in_bytes"] / 1e6
            progress.at(stats.get("processed", {}).get("size_in_bytes", 0) / 1e6)
        time.sleep(0.2)


def backup(out: Path, previous: Optional[Path]) -> None:
    server = Server()
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    server.forget("backup")
    folder = staging("backup", stamp())
    version = server.ask("GET", "/")["version"]["number"]
    indices, described, total, linked = server.live(), [], 0, 0
    try:
        if indices:
            described = in_snapshot(server, folder.name, indices)
            total, linked = keep(folder, out, previous)
    finally:
        server.forget("backup")
        shutil.rmtree(folder)
    listed = (out / SUMS).read_bytes() if indices else b""
    part: Dict[str, Any] = {"part": "elasticsearch", "format": 1, "server": version, "indices": described, "bytes": total, "linked": linked}
    part["files"] = hashlib.sha256(listed).hexdigest()
    (out / "part.json").write_text(json.dumps(part) + "\n")
    os.sync()
    for index in described:
        if index["documents"] is None:
            print(f"elasticsearch: {index['index']} was written to all the time: its contents are kept, but not compared", file=sys.stderr)
    words = ", ".join(f"{index['index']} ({index['documents']} documents)" for index in described) or "no index"
    print(f"elasticsearch: {words}; {total / 1e6:.1f} MB, {linked / 1e6:.1f} of them as in the backup before")


def in_snapshot(server: Server, repository: str, indices: Dict[str, Json]) -> List[Json]:
    """Takes one and says what is in it: while it was taken nothing was written, or else it is said of an index that it was."""
    server.ask("PUT", f"/_snapshot/{repository}", {"type": "fs", "settings": {"location": repository}})
    for tried in range(TRIES):
        before = server.changes(indices)
        moments = {name: server.moment(name) for name in indices}
        snapshot(server, repository, f"snapshot-{tried}", indices)
        after = server.changes(indices)
        if tried > 0:
            server.ask("DELETE", f"/_snapshot/{repository}/snapshot-{tried - 1}")
        if before == after or tried + 1 == TRIES:
            break
        for pit in moments.values():
            server.ask("DELETE", "/_pit", {"id": pit})
    described = []
    for name, aliases in indices.items():
        inside = server.contents(moments[name])
        # Of one that was written to all the time nobody knows what of it is in the snapshot.
        unknown = {} if before[name] == after[name] else {"documents": None, "sha256": None}
        described.append({"index": name, "aliases": aliases, **inside, **unknown})
    # Before its files are read.
    server.ask("DELETE", f"/_snapshot/{repository}")
    return described


def verify(part: Path) -> None:
    lines = differences(part)
    if lines:
        sys.exit("\n".join(lines))


def empty(part: Path) -> None:
    server = Server()
    wanted = any(index["documents"] != 0 for index in read_part(part)["indices"])
    if wanted and all(server.count(name) == 0 for name in server.live()):
        print("empty")


def main() -> None:
    verb, folder = sys.argv[1], Path(sys.argv[2])
    if verb == "backup":
        backup(folder, Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    elif verb == "verify":
        verify(folder)
        print(f"elasticsearch: every byte read and compared; {len(read_part(folder)['indices'])} indices")
    elif verb == "room":
        look_for_room(Server(), folder)
    elif verb == "restore":
        verify(folder)
        restore(folder)
    elif verb == "deep":
        verify(folder)
        compared(folder)
    elif verb == "empty":
        empty(folder)
    else:
        fail("expected backup, verify, room, restore, deep or empty")


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        fail(str(refused))
