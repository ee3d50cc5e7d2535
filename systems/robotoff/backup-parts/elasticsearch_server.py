"""Elasticsearch by HTTP: which indices are kept, what is in them, and repositories of snapshots.

The standard library alone, of any Python since 3.9: it runs in Robotoff's image, whichever that is.
"""

import base64
import hashlib
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from typing import Any, Dict, Iterable, List, NamedTuple, NoReturn, Optional

# Names that a restore gives: of what it brings back, and of what was there before.
RESTORED = re.compile(r"-restored-\d{8}t\d{6}z$")
BEFORE = re.compile(r"-before-\d{8}t\d{6}z$")

# How often a snapshot is taken again while documents are written; each has only what changed since the one before.
TRIES = 5

Json = Dict[str, Any]


def fail(message: str) -> NoReturn:
    sys.exit(f"elasticsearch, {sys.argv[1]}: {message}")


def stamp() -> str:
    """This moment as a part of an index's name, which has no capital letters."""
    return time.strftime("%Y%m%dt%H%M%Sz", time.gmtime())


class Progress:
    """Says every ten seconds how far a long step is."""

    def __init__(self, step: str, unit: str, total: float = 0) -> None:
        self.total = total
        self._step, self._unit = step, unit
        self._begun = self._said = time.monotonic()

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._said + 10

    def at(self, done: float) -> None:
        if not self.due:
            return
        self._said = now = time.monotonic()
        rate = done / (now - self._begun)
        left = f" of {self.total:.0f}, {(self.total - done) / rate:.0f} s left" if self.total and rate else ""
        print(f"elasticsearch: {self._step}: {done:.0f} {self._unit}{left}, {rate:.0f}/s", file=sys.stderr, flush=True)


class Refused(Exception):
    """What the server answered, and why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Disk(NamedTuple):
    """Bytes of the disk with a server's data."""

    free: int
    total: int
    kept: int
    """With less than these free it takes no index."""


# https://www.elastic.co/guide/en/elasticsearch/reference/8.5/modules-cluster.html#disk-based-shard-allocation
_WATERMARK = "cluster.routing.allocation.disk.watermark.low"
_UNITS = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40, "pb": 2**50}


def _size(text: str) -> Optional[int]:
    found = re.fullmatch(r"([0-9.]+)([kmgtp]?b)", text.lower())
    return round(float(found[1]) * _UNITS[found[2]]) if found else None


def kept_free(watermark: str, headroom: str, total: int) -> int:
    """Bytes of a disk that stay free: as many as it says (10gb); or of a share that may be used, 85% or 0.85, the rest, at most the headroom."""
    size, most = _size(watermark), _size(headroom)
    if size is not None:
        return size
    used = float(watermark[:-1]) / 100 if watermark.endswith("%") else float(watermark)
    kept = round(total * (1 - used))
    return kept if most is None else min(kept, most)


class Server:
    def __init__(self) -> None:
        self.url = os.environ["ELASTIC_URL"]
        password = os.environ.get("ELASTIC_PASSWORD")
        self._headers = {"content-type": "application/json"}
        if password:
            self._headers["authorization"] = "Basic " + base64.b64encode(f"elastic:{password}".encode()).decode()

    def ask(self, method: str, path: str, body: Optional[Json] = None, timeout: float = 300) -> Json:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self._headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                found = json.loads(text)["error"]
                cause = found.get("root_cause", [found])[0]
                text = f"{cause['type']}: {cause['reason']}"
            except (ValueError, KeyError, TypeError, AttributeError, IndexError):
                pass
            raise Refused(error.code, f"{method} {path.split('?')[0]}: {error.code} {text[:500]}") from None
        except OSError as error:
            fail(f"{self.url} does not answer: {getattr(error, 'reason', error)}")

    def try_to(self, method: str, path: str) -> None:
        """What may be gone already."""
        try:
            self.ask(method, path)
        except Refused:
            pass

    def indices(self) -> Dict[str, Json]:
        """Every open index that is somebody's, with its aliases; not the server's own, whose names begin with a dot."""
        found = self.ask("GET", "/_alias?expand_wildcards=open")
        return {name: found[name]["aliases"] for name in sorted(found) if not name.startswith(".")}

    def live(self) -> Dict[str, Json]:
        """Without what a restore has put aside, and what one that was killed left."""
        return {name: aliases for name, aliases in self.indices().items() if is_live(name, aliases)}

    def changes(self, names: Iterable[str]) -> Json:
        """Of each index the number of its last write in each shard: the same before and after, and nothing was written."""
        if not list(names):
            return {}
        stats = self.ask("GET", f"/{','.join(names)}/_stats?level=shards")["indices"]
        return {
            name: {
                shard: copy["seq_no"]["max_seq_no"]
                for shard, copies in found["shards"].items()
                for copy in copies
                if copy["routing"]["primary"]
            }
            for name, found in stats.items()
        }

    def moment(self, name: str) -> str:
        """An index as it is now, to be read later."""
        self.ask("POST", f"/{name}/_refresh")
        return str(self.ask("POST", f"/{name}/_pit?keep_alive=2h")["id"])

    def contents(self, pit: str) -> Json:
        """How many documents, and a sum of the hashes of all: in no order, since no two copies have the same."""
        documents, total, after = 0, 0, None
        progress = Progress("reads what is in it", "documents")
        while True:
            query: Json = {"size": 500, "pit": {"id": pit, "keep_alive": "2h"}, "sort": ["_shard_doc"], "track_total_hits": False}
            found = self.ask("POST", "/_search", {**query, **({"search_after": after} if after else {})})
            if found["_shards"]["failed"]:
                fail(f"{found['_shards']['failed']} shards cannot be read")
            hits: List[Json] = found["hits"]["hits"]
            if not hits:
                self.ask("DELETE", "/_pit", {"id": pit})
                return {"documents": documents, "sha256": f"{total:064x}"}
            for hit in hits:
                line = json.dumps([hit["_id"], hit.get("_routing"), hit.get("_source")], separators=(",", ":"), sort_keys=True)
                total = (total + int.from_bytes(hashlib.sha256(line.encode()).digest(), "big")) % 2**256
            documents, after, pit = documents + len(hits), hits[-1]["sort"], found.get("pit_id", pit)
            progress.at(documents)

    def count(self, name: str) -> int:
        self.ask("POST", f"/{name}/_refresh")
        found = self.ask("GET", f"/{name}/_count")
        if found["_shards"]["failed"]:
            fail(f"the index {name} cannot be read: {found['_shards']['failed']} of its shards are not there")
        return int(found["count"])

    def disk(self) -> Disk:
        stats = self.ask("GET", "/_nodes/stats/fs")["nodes"].values()
        free, total = max((node["fs"]["total"]["available_in_bytes"], node["fs"]["total"]["total_in_bytes"]) for node in stats)
        found = self.ask("GET", "/_cluster/settings?include_defaults=true&flat_settings=true")
        settings = {**found["defaults"], **found["persistent"], **found["transient"]}
        if settings.get("cluster.routing.allocation.disk.threshold_enabled") == "false":
            return Disk(free, total, 0)
        return Disk(free, total, kept_free(settings[_WATERMARK], settings.get(f"{_WATERMARK}.max_headroom", ""), total))

    def forget(self, prefix: str) -> None:
        """Repositories that a killed run left; a snapshot that goes on there is ended."""
        for name in self.ask("GET", "/_snapshot"):
            if name.startswith(prefix):
                for tried in range(TRIES):
                    self.try_to("DELETE", f"/_snapshot/{name}/snapshot-{tried}")
                self.try_to("DELETE", f"/_snapshot/{name}")


def is_live(name: str, aliases: Json) -> bool:
    if BEFORE.search(name):
        return False
    return not RESTORED.search(name) or any(not BEFORE.search(alias) for alias in aliases)


def base_name(name: str) -> str:
    return RESTORED.sub("", name)
