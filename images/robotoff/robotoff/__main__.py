"""The command line: upstream's commands, those that the infrastructure runs."""

import argparse
import json
import logging
import sys

from robotoff import settings
from robotoff.connections import configure_logging, redis_client


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m robotoff")
    commands = parser.add_subparsers(dest="command", required=True)
    worker = commands.add_parser("run-worker", help="run an rq worker")
    worker.add_argument("queues", nargs="+")
    worker.add_argument("--burst", action="store_true", help="quit when the queues are empty")
    commands.add_parser("run-scheduler")
    commands.add_parser("run-update-listener")
    commands.add_parser("migrate-db", help="apply the database migrations that are missing")
    commands.add_parser("init-elasticsearch", help="create the index")
    commands.add_parser("launch-spellcheck-batch-job", help="look whether the credentials are there")
    update = commands.add_parser("create-redis-update", help="publish a product update (for tests)")
    update.add_argument("--barcode", default="3274080005003")
    update.add_argument("--action", default="updated")
    update.add_argument("--user-id", default="app-user")
    update.add_argument("--uploaded-image-id", type=int)
    args = parser.parse_args()

    configure_logging()
    try:
        run_command(args)
    except KeyboardInterrupt:
        logging.info("stopped")


def run_command(args: argparse.Namespace) -> None:
    """Only SIGINT ends what runs for ever, workers aside: SIGTERM has no handler, and process 1 no default for it."""
    if args.command == "run-worker":
        from robotoff.workers.main import run

        run(args.queues, burst=args.burst)
    elif args.command == "run-scheduler":
        from robotoff.scheduler import run

        run()
    elif args.command == "run-update-listener":
        from robotoff.workers.update_listener import run

        run()
    elif args.command == "create-redis-update":
        create_redis_update(args)
    else:
        one_shot(args.command)


def one_shot(command: str) -> None:
    """A failed one-shot ends in one line that says why, and a non-zero exit code."""
    try:
        if command == "migrate-db":
            from robotoff.migrate import run
        elif command == "init-elasticsearch":
            from robotoff.elasticsearch import create_index as run
        else:
            from robotoff.batch import run
        run()
    except Exception as error:
        logging.error("%s failed: %s", command, " ".join(f"{type(error).__name__}: {error}".split()))
        sys.exit(1)


def create_redis_update(args: argparse.Namespace) -> None:
    if args.uploaded_image_id is None:
        diffs: dict = {"fields": {"change": ["generic_name"]}}
    else:
        diffs = {"uploaded_images": {"add": [args.uploaded_image_id]}}
    event = {
        "code": args.barcode,
        "product_type": "food",
        "user_id": args.user_id,
        "action": args.action,
        "diffs": json.dumps(diffs),
    }
    stream = settings.PRODUCT_UDPATE_STREAM_NAME
    event_id = redis_client(settings.REDIS_UPDATE_URL, timeout_seconds=5).xadd(stream, event)
    print(f"event {event_id.decode()} added to stream {stream}")


if __name__ == "__main__":
    main()
