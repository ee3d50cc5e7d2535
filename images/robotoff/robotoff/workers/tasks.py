"""The jobs. What they need is imported when they run: a waiting worker stays small."""

import json
import logging
import uuid
from contextlib import closing

from robotoff import settings
from robotoff.connections import postgres_connection

logger = logging.getLogger(__name__)

_CONFIDENT = 0.5


def run_import_image_job(barcode: str, image_url: str, ocr_url: str | None = None, fail: bool = False) -> str:
    """Predict from an image: rows in PostgreSQL, a document in Elasticsearch. Returns the insight's id."""
    from robotoff.elasticsearch import index_insight

    if fail:
        raise RuntimeError(f"the import of {image_url} was asked to fail")
    prediction: dict = {"model_name": "none", "model_version": "0", "numbers": [], "label": "unlabelled"}
    if settings.TRITON_HTTP_URI:
        from robotoff.triton import predict

        prediction = predict(image_url)
    confidence = min(1.0, max(map(abs, prediction["numbers"]), default=0.0))
    value, model = prediction["label"], prediction["model_name"]
    insight_id = str(uuid.uuid4())

    with closing(postgres_connection()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO image (barcode, image_id, source_image) VALUES (%s, %s, %s) RETURNING id",
            (barcode, image_url.rsplit("/", 1)[-1].split(".")[0][:50], image_url),
        )
        (image_id,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO image_prediction (type, model_name, model_version, data, image_id, max_confidence)"
            " VALUES ('classification', %s, %s, %s, %s, %s)",
            (model, prediction["model_version"], json.dumps(prediction), image_id, confidence),
        )
        cursor.execute(
            "INSERT INTO product_insight (id, barcode, type, data, value, source_image, confidence, predictor,"
            " automatic_processing, process_after) VALUES (%s, %s, 'label', %s, %s, %s, %s, %s, %s, now())",
            (insight_id, barcode, json.dumps(prediction), value, image_url, confidence, model, confidence >= _CONFIDENT),
        )
        # Before the commit: without the document there are no rows either.
        index_insight(insight_id, {"barcode": barcode, "type": "label", "value": value, "confidence": confidence})
    logger.info("image %s of product %s imported, insight %s", image_url, barcode, insight_id)
    return insight_id


def update_insights_job(barcode: str, diffs: dict) -> None:
    """A product was edited: remember what changed."""
    with closing(postgres_connection()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO prediction (barcode, type, data) VALUES (%s, 'product_update', %s)",
            (barcode, json.dumps(diffs)),
        )
    logger.info("product %s updated", barcode)


def delete_product_insights_job(barcode: str) -> None:
    """A product is gone: so are its insights that nobody has annotated."""
    from robotoff.elasticsearch import delete_insights

    with closing(postgres_connection()) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM product_insight WHERE barcode = %s AND annotation IS NULL", (barcode,))
        deleted = cursor.rowcount
    delete_insights(barcode)
    logger.info("product %s deleted, %d insights with it", barcode, deleted)


def process_insights() -> int:
    """Apply the insights that are certain enough; the scheduler asks for it. Returns how many."""
    with closing(postgres_connection()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE product_insight SET annotation = 1, completed_at = now()"
            " WHERE automatic_processing AND annotation IS NULL AND process_after <= now()"
        )
        applied = cursor.rowcount
    logger.info("%d insights applied", applied)
    return applied
