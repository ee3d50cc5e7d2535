"""Brings a bucket to what a backup holds, without a moment in which anything is nowhere.

The contents that the bucket lacks go into a second bucket, NAME-restoring, first. Only when all are there, each
compared by the server with its sha256, are they copied, within the server, over the bucket's own objects; of these,
each was copied to NAME-before-TIME before. What the backup does not have goes there too, and is removed last, when the
rest of the bucket was compared with the backup. Interrupted anywhere and run again, it goes on.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bucket_store import Entry, Hashing, content, entries, verify
from files import Differs, Progress, in_threads, refuse_without_room, unused_name, words
from s3 import Client, Listed, S3Error

_THREADS = 8
_LOOKS = 5
# Of a bucket's name, at most 63 characters.
_LONGEST = 63 - len("-before-20260101t000000z")


_FILLING = {"restore": "filling"}


def _is_filling(client: Client, bucket: str) -> bool:
    """Whether a restore into an empty bucket did not end."""
    return _FILLING.items() <= client.tags(bucket).items()


def is_empty(client: Client, bucket: str) -> bool:
    """Whether there is no object, those of a restore into an empty bucket that did not end aside."""
    try:
        return next(client.objects(bucket), None) is None or _is_filling(client, bucket)
    except S3Error as problem:
        if problem.code == "NoSuchBucket":
            return True
        raise


class Unchanged(Exception):
    """A restore ended before it wrote over anything."""


# Of the program, so that whoever asked knows; 1 is any other failure.
UNCHANGED = 3


@dataclass(frozen=True)
class _Plan:
    """What a restore has to do."""

    wanted: dict[str, Entry]
    changes: list[Entry]
    """Of these, those that the bucket lacks or has otherwise."""
    replaced: list[Listed]
    extra: list[Listed]
    fills: bool
    """Nothing to mix with, nothing to keep: no second copy on the server's disk."""

    @property
    def size(self) -> int:
        return sum(entry["size"] for entry in self.changes)

    @property
    def room(self) -> int:
        """Bytes of the server's disk: beside, put aside, and by how much the bucket grows."""
        if self.fills:
            return self.size
        staged = sum({entry["sha256"]: entry["size"] for entry in self.changes}.values())
        replaced = sum(listed.size for listed in self.replaced)
        return staged + replaced + sum(listed.size for listed in self.extra) + max(0, self.size - replaced)


class BucketRestore:
    """One run."""

    def __init__(self, client: Client, bucket: str, folder: Path) -> None:
        self._client, self._bucket, self._folder = client, bucket, folder
        self._short = bucket[:_LONGEST].rstrip(".-")
        self._staging = f"{self._short}-restoring"
        self._aside = ""

    def run(self) -> str:
        verify(self._folder)
        # What an interrupted run asked for last may be done while this one looks: then it looks again.
        for _ in range(_LOOKS - 1):
            try:
                return self._once()
            except S3Error as problem:
                if problem.code != "PreconditionFailed":
                    raise
        return self._once()

    def into(self) -> str:
        """Into a server that is none of this stack's: a bucket that is not there or is empty. No other bucket there is looked at."""
        verify(self._folder)
        # What is there, and whether this key may read it, before anything is written. Of a run that was interrupted it goes on.
        plan = self._plan()
        if not plan.fills or plan.replaced or plan.extra:
            raise Unchanged(f"the bucket {self._bucket} has contents there; nothing was changed. Name another one, or empty it first")
        self._refuse_without_room(plan)
        if self._live() is None:
            self._client.make_bucket(self._bucket)
        return self._fill(plan)

    def room(self) -> str:
        """Fails where the server's disk has not the room; a word, where it does not tell."""
        return "" if self._refuse_without_room(self._plan()) else "bucket: the server does not tell how much room it has"

    def _refuse_without_room(self, plan: _Plan) -> bool:
        """Whether the server tells how much room it has."""
        free = self._client.free()
        if free is not None:
            refuse_without_room("bucket, restore", plan.room, free)
        return free is not None

    def _plan(self) -> _Plan:
        wanted = {entry["key"]: entry for entry in entries(self._folder)}
        live = self._live() or {}
        same = in_threads(lambda entry: (entry, self._same(live.get(entry["key"]), entry)), wanted.values(), _THREADS)
        changes = [entry for entry, right in same if not right]
        return _Plan(
            wanted,
            changes,
            replaced=[live[entry["key"]] for entry in changes if entry["key"] in live],
            extra=[listed for listed in live.values() if listed.key not in wanted],
            fills=not live or _is_filling(self._client, self._bucket),
        )

    def _once(self) -> str:
        self._client.make_bucket(self._bucket)
        plan = self._plan()
        if plan.fills:
            told = self._fill(plan)
            self._finish()
            return told
        changes, replaced, extra = plan.changes, plan.replaced, plan.extra
        progress = Progress("bucket, restoring", 2 * plan.size)
        self._prepare(changes, [*replaced, *extra], progress)
        self._swap(changes)
        self._compare(plan.wanted, changes, progress)
        self._each(lambda listed: self._client.remove(self._bucket, listed.key), extra)
        self._finish()
        kept = f"; {len(replaced)} replaced and {len(extra)} removed are in the bucket {self._aside}" if self._aside else ""
        return f"{self._told(plan)}{kept}"

    def _fill(self, plan: _Plan) -> str:
        """An empty bucket, or one in which this was interrupted: what is there and is not in the backup goes."""
        progress = Progress("bucket, restoring", 2 * plan.size)
        self._client.tag_bucket(self._bucket, {**self._client.tags(self._bucket), **_FILLING})
        self._upload(plan.changes, progress)
        self._compare(plan.wanted, plan.changes, progress)
        self._each(lambda listed: self._client.remove(self._bucket, listed.key), plan.extra)
        tags = self._client.tags(self._bucket)
        self._client.tag_bucket(self._bucket, {name: value for name, value in tags.items() if name not in _FILLING})
        return self._told(plan)

    def _told(self, plan: _Plan) -> str:
        return f"bucket {self._bucket}: {len(plan.wanted)} objects, {len(plan.changes)} of them written, {words(plan.size)}"

    def _live(self) -> dict[str, Listed] | None:
        """What is in the bucket; None: it is not there. A key for one bucket alone may not ask which there are."""
        try:
            return self._listed(self._bucket)
        except S3Error as problem:
            if problem.code == "NoSuchBucket":
                return None
            raise

    def _prepare(self, changes: list[Entry], old: list[Listed], progress: Progress) -> None:
        """Until here the bucket is as it was; what fails gives the server's disk its room back."""
        # What an interrupted run did before, nobody knows here.
        first = self._staging not in self._client.buckets() and not self._unfinished()
        try:
            self._stage(changes, progress)
            self._put_aside(old)
        except S3Error as problem:
            if problem.code == "PreconditionFailed" or not first:
                raise
            # A disk that fills says so by several codes.
            free = self._client.free()
            room = "" if free is None else f"; the server's disk has {free >> 20} MiB free"
            self._remove_staging()
            raise Unchanged(f"{problem}{room}. The bucket is as it was") from None

    def _each(self, work: Any, items: Any) -> None:
        for _ in in_threads(work, items, _THREADS):
            pass

    def _listed(self, bucket: str) -> dict[str, Listed]:
        return {listed.key: listed for listed in self._client.objects(bucket)}

    def _content(self, bucket: str, key: str) -> str:
        digest = Hashing()
        self._client.get(bucket, key, digest.start)
        return digest.sha256

    def _same(self, listed: Listed | None, entry: Entry) -> bool:
        if listed is None or listed.size != entry["size"]:
            return False
        if self._client.described(self._bucket, listed) != (entry["headers"], entry["tags"]):
            return False
        # An object in several parts has the etag of its parts, not of its content.
        return listed.etag == entry["etag"] or self._content(self._bucket, listed.key) == entry["sha256"]

    def _stage(self, changes: list[Entry], progress: Progress) -> None:
        if not changes:
            return
        self._client.make_bucket(self._staging)
        there = {listed.key: listed.size for listed in self._client.objects(self._staging)}
        missing = {entry["sha256"]: entry["size"] for entry in changes if there.get(entry["sha256"]) != entry["size"]}

        def put(digest: str) -> None:
            with content(self._folder, digest).open("rb") as body:
                self._client.put(self._staging, digest, body, digest)
            progress.add(missing[digest])

        self._each(put, missing)

    def _upload(self, changes: list[Entry], progress: Progress) -> None:
        def put(entry: Entry) -> None:
            with content(self._folder, entry["sha256"]).open("rb") as body:
                self._client.put(self._bucket, entry["key"], body, entry["sha256"], (entry["headers"], entry["tags"]))
            progress.add(entry["size"])

        self._each(put, changes)

    def _swap(self, changes: list[Entry]) -> None:
        def copy(entry: Entry) -> None:
            self._client.copy((self._staging, entry["sha256"]), self._bucket, entry["key"], (entry["headers"], entry["tags"]))

        self._each(copy, changes)

    def _unfinished(self) -> list[str]:
        """Buckets of what was put aside by restores that did not end."""
        form = re.compile(re.escape(self._short) + r"-before-\d{8}t\d{6}z")
        found = [bucket for bucket in self._client.buckets() if form.fullmatch(bucket)]
        return [bucket for bucket in found if self._client.tags(bucket).get("restore") != "ended"]

    def _put_aside(self, items: list[Listed]) -> None:
        """Copies what will be written over or removed. What an interrupted restore put aside is never written over."""
        if not items:
            return
        for bucket in self._unfinished():
            there = self._listed(bucket)
            if all(item.key not in there or self._alike(bucket, there[item.key], item) for item in items):
                self._aside = bucket
                items = [item for item in items if item.key not in there]
        if not self._aside:
            buckets = self._client.buckets()
            self._aside = unused_name(f"{self._short}-before-%Y%m%dt%H%M%Sz", lambda name: name in buckets)
            self._client.make_bucket(self._aside)
        self._each(lambda item: self._client.copy((self._bucket, item.key), self._aside, item.key, etag=item.etag), items)
        there = self._listed(self._aside)
        lost = [item.key for item in items if item.key not in there or there[item.key].size != item.size]
        if lost:
            raise S3Error(f"not in bucket {self._aside} after a copy there: {lost[0]!r}. Nothing was changed")

    def _alike(self, aside: str, there: Listed, item: Listed) -> bool:
        if there.size != item.size or self._client.described(aside, there) != self._client.described(self._bucket, item):
            return False
        # A copy of an object in several parts has another etag.
        return there.etag == item.etag or self._content(aside, there.key) == self._content(self._bucket, item.key)

    def _compare(self, wanted: dict[str, Entry], written: list[Entry], progress: Progress) -> None:
        """The live bucket with the backup: every object's size, headers and tags, and the content of what was written."""
        live = self._listed(self._bucket)

        fresh = {entry["key"] for entry in written}

        def right(entry: Entry) -> bool:
            listed = live.get(entry["key"])
            if listed is None or listed.size != entry["size"]:
                return False
            if self._client.described(self._bucket, listed) != (entry["headers"], entry["tags"]):
                return False
            if entry["key"] not in fresh:
                return True
            progress.add(entry["size"])
            return self._content(self._bucket, entry["key"]) == entry["sha256"]

        checked = in_threads(lambda entry: (entry["key"], right(entry)), wanted.values(), _THREADS)
        wrong = [key for key, good in checked if not good]
        if wrong:
            raise Differs("\n".join(f"the object {key!r} of the bucket is not the one of the backup" for key in wrong[:20]))

    def _finish(self) -> None:
        """Removes the second bucket; says of what was put aside that its restore ended."""
        self._remove_staging()
        for bucket in self._unfinished():
            self._client.tag_bucket(bucket, {"restore": "ended"})

    def _remove_staging(self) -> None:
        if self._staging in self._client.buckets():
            self._each(lambda listed: self._client.remove(self._staging, listed.key), self._client.objects(self._staging))
            self._client.remove(self._staging, "")
