"""rabbitmq.py backup OUT [PREVIOUS] | verify FOLDER | room FOLDER | restore FOLDER | deep FOLDER | empty FOLDER: the definitions and queued messages of
RABBITMQ_URL."""

import os
import sys
from pathlib import Path

from amqp import AmqpError
from broker import Broker, BrokerError
from files import Differs, fail, own
from rabbitmq_backup import backup
from rabbitmq_restore import RabbitRestore, is_empty, look_for_room
from rabbitmq_store import verify


def main(verb: str, folder: Path, previous: Path | None = None) -> str:
    if verb == "verify":
        return verify(folder)[1]
    broker = Broker(os.environ["RABBITMQ_URL"], int(os.environ["RABBITMQ_MEMORY"]))
    if verb == "backup":
        return backup(broker, folder, previous)
    if verb == "empty":
        return "empty" if is_empty(broker, folder) else ""
    if verb == "room":
        return look_for_room(broker, folder, own(folder).parent.parent)
    # Deep, it is another server: what it has is compared with the folder as after every restore.
    return RabbitRestore(broker, folder, Path("/tmp") if verb == "deep" else own(folder).parent.parent).run()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("backup", "verify", "room", "restore", "deep", "empty"):
        fail(str(__doc__))
    try:
        print(main(sys.argv[1], *(Path(word) for word in sys.argv[2:] if word)))
    except Differs as problem:
        fail("\n".join(f"{sys.argv[2]}/{line}" for line in str(problem).splitlines()))
    except (AmqpError, BrokerError, OSError) as problem:
        fail(f"rabbitmq, {sys.argv[1]}: {problem}")
