"""bucket.py backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: the bucket BUCKET of the server
MC_HOST_server. into FOLDER: the bucket OTHER_BUCKET of OTHER_SERVER, whose secret key is AWS_SECRET_ACCESS_KEY, and whose certificate is of
the authority in the file OTHER_CA, where there is that."""

import os
import sys
from pathlib import Path

from bucket_backup import BucketBackup
from bucket_restore import UNCHANGED, BucketRestore, Unchanged, is_empty
from bucket_store import verify
from files import Differs, fail
from s3 import Client, S3Error


def main(verb: str, folder: Path, previous: Path | None = None) -> str:
    if verb == "verify":
        return verify(folder)[1]
    if verb == "into":
        client = Client(os.environ["OTHER_SERVER"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ.get("OTHER_CA"))
        return BucketRestore(client, os.environ["OTHER_BUCKET"], folder).into()
    client, bucket = Client(os.environ["MC_HOST_server"]), os.environ["BUCKET"]
    if verb == "backup":
        return BucketBackup(client, bucket, folder, previous).run()
    if verb == "empty":
        return "empty" if is_empty(client, bucket) else ""
    if verb == "room":
        return BucketRestore(client, bucket, folder).room()
    # Deep, it is another server: what it has is compared with the folder as after every restore.
    return BucketRestore(client, bucket, folder).run()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("backup", "verify", "room", "restore", "into", "deep", "empty"):
        fail(str(__doc__))
    try:
        print(main(sys.argv[1], *(Path(word) for word in sys.argv[2:] if word)))
    except Differs as problem:
        fail("\n".join(f"{sys.argv[2]}/{line}" for line in str(problem).splitlines()))
    except Unchanged as problem:
        print(f"bucket, {sys.argv[1]}: {problem}", file=sys.stderr)
        sys.exit(UNCHANGED)
    except KeyboardInterrupt:
        fail(f"bucket, {sys.argv[1]}: interrupted; the same command again goes on")
    except (S3Error, OSError) as problem:
        fail(f"bucket, {sys.argv[1]}: {problem}")
