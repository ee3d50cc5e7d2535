"""`python scripts/worker.py --queue NAME`: a worker for one queue, or (`--queue reaper`) the reaper, which has none."""

import argparse
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from protea import logs  # noqa: E402


def main() -> None:
    # Process 1 has no default action for SIGTERM, and loading takes a moment.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parser = argparse.ArgumentParser(description="PROTEA queue worker (miniature)")
    parser.add_argument("--queue", default="protea.jobs")
    args = parser.parse_args()
    logs.configure()
    if args.queue == "reaper":
        from protea import reaper

        reaper.run()
    from protea import downloads, queues, settings
    from protea.consumer import Consumer

    if args.queue in queues.WITH_TAXONOMY and not settings.SKIP_TAXONOMY_WARMUP:
        downloads.taxonomy()
    Consumer(args.queue).run()


if __name__ == "__main__":
    main()
