"""Operations without a row in `job`: parts of a job, carried by messages. Each returns the messages that come next."""

import json

from protea import artefacts, db, downloads, jobs, queues, settings, vectors
from protea.job_operations import AskedToFail


def _fail_on_purpose(payload: dict, attempt: int) -> None:
    if payload.get("fail") or attempt <= int(payload.get("fail_times", 0)):
        raise AskedToFail(f"batch {payload['batch']} was asked to fail, attempt {attempt}")


def compute_embeddings_batch(job_id: str, payload: dict, attempt: int) -> list:
    """Vectors, stored as one artefact."""
    _fail_on_purpose(payload, attempt)
    downloads.model("facebook/esm2_t6_8M_UR50D")
    embeddings = {sequence: vectors.embed(sequence) for sequence in payload["sequences"]}
    stored: dict = {"embeddings": embeddings}
    if settings.STORAGE_BACKEND == "minio":
        stored = {"artefact": f"embeddings/{job_id}/{payload['batch']}.json"}
        artefacts.put(stored["artefact"], json.dumps(embeddings).encode())
    message = {"operation": "store_embeddings", "job_id": job_id, "payload": {"batch": payload["batch"], **stored}}
    return [(queues.EMBEDDINGS_WRITE, message)]


def store_embeddings(job_id: str, payload: dict, attempt: int) -> list:
    """Rows, from the artefact."""
    artefact = payload.get("artefact")
    embeddings = json.loads(artefacts.get(artefact)) if artefact else payload["embeddings"]
    with db.transaction() as cursor:
        for sequence, vector in embeddings.items():
            cursor.execute(
                "INSERT INTO sequence_embedding (job_id, sequence, embedding, embedding_dim, artefact)"
                " VALUES (%s, %s, %s::vector, %s, %s)",
                (job_id, sequence, vectors.literal(vector), len(vector), artefact),
            )
        jobs.add_event(cursor, job_id, "child.store_embeddings.done", batch=payload["batch"], rows=len(embeddings))
        jobs.batch_done(cursor, job_id)
    return []


def predict_go_terms_batch(job_id: str, payload: dict, attempt: int) -> list:
    """The nearest known proteins of each sequence lend it their term."""
    _fail_on_purpose(payload, attempt)
    predictions = []
    with db.transaction() as cursor:
        for sequence in payload["sequences"]:
            cursor.execute(
                "SELECT sequence, embedding <-> %s::vector AS distance FROM sequence_embedding"
                " ORDER BY distance, id LIMIT 3",
                (vectors.literal(vectors.embed(sequence)),),
            )
            predictions += [[sequence, vectors.go_term(row["sequence"]), row["distance"]] for row in cursor.fetchall()]
    stored = {"batch": payload["batch"], "predictions": predictions}
    return [(queues.PREDICTIONS_WRITE, {"operation": "store_predictions", "job_id": job_id, "payload": stored})]


def store_predictions(job_id: str, payload: dict, attempt: int) -> list:
    with db.transaction() as cursor:
        for sequence, term, distance in payload["predictions"]:
            cursor.execute(
                "INSERT INTO go_prediction (job_id, sequence, go_id, distance) VALUES (%s, %s, %s, %s)",
                (job_id, sequence, term, distance),
            )
        rows = len(payload["predictions"])
        jobs.add_event(cursor, job_id, "child.store_predictions.done", batch=payload["batch"], rows=rows)
        jobs.batch_done(cursor, job_id)
    return []


OPERATIONS = {
    operation.__name__: operation
    for operation in (compute_embeddings_batch, store_embeddings, predict_go_terms_batch, store_predictions)
}
