"""Elasticsearch's indices as in a backup: made beside those that are there, compared, and then all of them swapped at once."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Dict, List, Tuple

from elasticsearch_files import give, look_for_room, read_part, staging
from elasticsearch_server import RESTORED, BEFORE, Json, Progress, Refused, Server, base_name, fail, stamp


def restore(part: Path) -> None:
    server = Server()
    indices: List[Json] = read_part(part)["indices"]
    server.forget("restore")
    # One that was never given a name that is asked for.
    for name, aliases in server.indices().items():
        if RESTORED.search(name) and not aliases:
            server.ask("DELETE", f"/{name}")
    now = stamp()
    made = beside(server, part, indices, now)
    kept = swap(server, indices, made, now) if made else []
    others = sorted(set(server.live()) - set(made.values()))
    words = ", ".join(f"{index['index']} ({server.count(made[index['index']])} documents)" for index in indices) or "no index"
    print(f"elasticsearch: as in the backup: {words}")
    if kept:
        print(f"elasticsearch: what was there is in the index {', '.join(kept)}; to drop it: DELETE /NAME")
    if others:
        print(f"elasticsearch: not in the backup, and left as it is: {', '.join(others)}")


def beside(server: Server, part: Path, indices: List[Json], now: str) -> Dict[str, str]:
    """Restores each index under a name of its own, and compares what is in it. That name, by its name in the backup."""
    made: Dict[str, str] = {}
    if not indices:
        return made
    look_for_room(server, part)
    folder = staging("restore", now)
    try:
        give(part, folder)
        from_repository(server, folder.name, indices, made, now)
    except BaseException:
        for name in made.values():
            server.try_to("DELETE", f"/{name}")
        raise
    finally:
        server.forget("restore")
        shutil.rmtree(folder)
    return made


def from_repository(server: Server, repository: str, indices: List[Json], made: Dict[str, str], now: str) -> None:
    server.ask("PUT", f"/_snapshot/{repository}", {"type": "fs", "settings": {"location": repository, "readonly": True}})
    taken = server.ask("GET", f"/_snapshot/{repository}/_all")["snapshots"]
    if len(taken) != 1:
        fail(f"found {len(taken)} snapshots, expected one")
    for index in indices:
        name = made[index["index"]] = f"{base_name(index['index'])}-restored-{now}"
        print(f"elasticsearch: restores {index['index']} beside", file=sys.stderr, flush=True)
        body = {"indices": index["index"], "rename_pattern": ".+", "rename_replacement": name}
        body.update({"include_aliases": False, "include_global_state": False})
        path = f"/_snapshot/{repository}/{taken[0]['snapshot']}/_restore?wait_for_completion=true"
        shards = restored(server, name, path, body)["snapshot"]["shards"]
        if shards["failed"]:
            fail(f"{shards['failed']} shards of {index['index']} could not be restored; see the server's log")
        if index["sha256"] is not None:
            found = server.contents(server.moment(name))
            if found != {key: index[key] for key in found}:
                fail(f"{index['index']}: restored, it has {found['documents']} documents that are not the {index['documents']} of the backup")


def restored(server: Server, name: str, path: str, body: Json) -> Json:
    """The answer of a restore into an index of this name, which comes at its end."""
    progress = Progress("restores", "MB")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(server.ask, "POST", path, body, 86_400)
        while not answer.done():
            wait([answer], timeout=1)
            if progress.due and not answer.done():
                done, progress.total = recovered(server, name)
                progress.at(done)
        return answer.result()


def recovered(server: Server, name: str) -> Tuple[float, float]:
    """How many MB of an index are there, and how many it will have; 0 where the server does not tell, which is no reason to end."""
    try:
        sizes = [shard["index"]["size"] for shard in server.ask("GET", f"/{name}/_recovery")[name]["shards"]]
    except (Refused, SystemExit, KeyError):
        return 0, 0
    return sum(size["recovered_in_bytes"] for size in sizes) / 1e6, sum(size["total_in_bytes"] for size in sizes) / 1e6


def swap(server: Server, indices: List[Json], made: Dict[str, str], now: str) -> List[str]:
    """Gives the new indices the names that the old ones are asked for by, in one step. What the old ones are named then."""
    live, actions, kept, blocked = server.live(), [], [], []
    try:
        for index in indices:
            name, new = base_name(index["index"]), made[index["index"]]
            # The second name is nobody's: with it, the index is known to be whole also where somebody takes the first away.
            aliases = {name: {}, f"{name}-restored": {}, **{alias: how for alias, how in index["aliases"].items() if not BEFORE.search(alias)}}
            aside = f"{name}-before-{now}"
            for old, named in live.items():
                if old == name:
                    # An index cannot be renamed, only copied (by hard links) and removed in the same step.
                    if server.count(old) > 0:
                        blocked.append(old)
                        clone(server, old, aside)
                        kept.append(aside)
                    actions.append({"remove_index": {"index": old}})
                elif base_name(old) == name:
                    actions += [{"remove": {"index": old, "alias": alias}} for alias in named]
                    actions.append({"add": {"index": old, "alias": aside}})
                    kept.append(old)
            actions += [{"add": {"index": new, "alias": alias, **written(how)}} for alias, how in aliases.items()]
        server.ask("POST", "/_aliases", {"actions": actions})
    except BaseException:
        for old in blocked:
            try:
                server.ask("PUT", f"/{old}/_settings", {"index.blocks.write": None})
            except (Refused, SystemExit):
                pass
        raise
    return kept


def written(how: Json) -> Json:
    """An alias as it is told, made one as it is set."""
    return {key: value for key, value in how.items() if key in ("filter", "index_routing", "search_routing", "is_write_index", "is_hidden")}


def clone(server: Server, old: str, new: str) -> None:
    server.ask("PUT", f"/{old}/_settings", {"index.blocks.write": True})
    replicas = server.ask("GET", f"/{old}/_settings")[old]["settings"]["index"]["number_of_replicas"]
    server.ask("POST", f"/{old}/_clone/{new}", {"settings": {"index.blocks.write": None, "index.number_of_replicas": replicas}})
    health = server.ask("GET", f"/_cluster/health/{new}?wait_for_status=yellow&timeout=250s")
    if health["timed_out"] or server.count(new) != server.count(old):
        fail(f"{old} could not be put aside as {new}; nothing was replaced")


def compared(part: Path) -> None:
    """In a scratch server: all of it is restored, and compared."""
    server = Server()
    server.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=60s")
    made = beside(server, part, read_part(part)["indices"], stamp())
    print(f"elasticsearch: {len(made)} indices restored into a scratch server, and compared")
