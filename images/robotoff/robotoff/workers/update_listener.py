"""`python -m robotoff run-update-listener`: reads Product Opener's Redis stream, each event becomes a job."""

import json
import logging
import time

from redis.exceptions import RedisError

from robotoff import settings
from robotoff.connections import redis_client
from robotoff.workers.queues import LOW_QUEUE, enqueue, high_queue

logger = logging.getLogger(__name__)


def run() -> None:
    settings.init_sentry()
    updates = redis_client(settings.REDIS_UPDATE_URL, decode_responses=True)
    jobs = redis_client(timeout_seconds=5)
    wait = 1
    while True:
        try:
            latest = _latest_id(updates)
            logger.info("listening to stream %s after %s", settings.PRODUCT_UDPATE_STREAM_NAME, latest)
            while True:
                batch = updates.xread({settings.PRODUCT_UDPATE_STREAM_NAME: latest}, count=100, block=0)
                for _, events in batch or []:
                    for latest, fields in events:
                        process_event(jobs, fields)
                        # Written after the job is queued: an event may come twice, but is never lost.
                        updates.set(settings.REDIS_LATEST_ID_KEY, latest)
                wait = 1
        except RedisError as error:
            logger.error("Redis: %s; next try in %d s", error, wait)
            time.sleep(wait)
            wait = min(wait * 2, 5)


def _latest_id(updates) -> str:
    """Where the last listener stopped; at the very first start, the stream's end."""
    latest = updates.get(settings.REDIS_LATEST_ID_KEY)
    if latest is None:
        last = updates.xrevrange(settings.PRODUCT_UDPATE_STREAM_NAME, count=1)
        latest = last[0][0] if last else "0-0"
        updates.set(settings.REDIS_LATEST_ID_KEY, latest)
    return latest


def process_event(jobs, fields: dict) -> None:
    barcode = fields.get("code")
    if not barcode:
        logger.warning("event without a product code skipped: %s", fields)
        return
    if fields.get("user_id") == "roboto-app":  # our own edit
        return
    try:
        diffs = json.loads(fields.get("diffs") or "{}")
    except ValueError:
        logger.warning("event with unreadable diffs skipped: %s", fields)
        return
    queue = LOW_QUEUE if fields.get("user_id") in ("scanbot", "update_all_products") else high_queue(barcode)
    images = (diffs.get("uploaded_images") or {}).get("add") or []
    if fields.get("action") == "deleted":
        job = enqueue(jobs, queue, "delete_product_insights_job", barcode=barcode)
    elif images:
        image_url = f"https://images.openfoodfacts.{settings.ROBOTOFF_TLD}/images/products/{barcode}/{images[0]}.jpg"
        job = enqueue(jobs, queue, "run_import_image_job", barcode=barcode, image_url=image_url)
    else:
        job = enqueue(jobs, queue, "update_insights_job", barcode=barcode, diffs=diffs)
    logger.info("product %s %s: job %s on %s", barcode, fields.get("action"), job.id, queue)
