"""Operations that have a row in `job`. Each gets the cursor of one transaction, the job's id and its payload, and returns
the messages to publish once that is committed; None: the job is done."""

from protea import evaluations, jobs, queues

_SEQUENCES = ["MKTAYIAKQR", "GSHMLEDPVD", "MALWMRLLPL"]


class AskedToFail(Exception):
    """The payload says `fail`."""


def ping(cursor, job_id: str, payload: dict) -> list | None:
    if payload.get("fail"):
        raise AskedToFail("ping was asked to fail")
    if payload.get("hang"):
        return []
    jobs.add_event(cursor, job_id, "ping.done", "Ping finished")
    return None


def _coordinate(batch_operation: str, batch_queue: str):
    """Splits a job into batches: it stays running until the last of them is stored."""

    def coordinate(cursor, job_id: str, payload: dict) -> list | None:
        if payload.get("hang"):  # no batch will ever end it: what a dead worker looks like
            return []
        sequences = list(dict.fromkeys(payload.get("sequences") or _SEQUENCES))
        size = max(1, int(payload.get("batch_size", 2)))
        batches = [sequences[i : i + size] for i in range(0, len(sequences), size)]
        cursor.execute(
            "UPDATE job SET progress_current = 0, progress_total = %s WHERE id = %s", (len(batches), job_id)
        )
        # For tests: `fail` lets every attempt at a batch fail, `fail_times` only the first ones.
        passed_on = {key: payload[key] for key in ("fail", "fail_times") if key in payload}
        return [
            (batch_queue, {"operation": batch_operation, "job_id": job_id,
                           "payload": {"batch": number, "sequences": batch, **passed_on}})
            for number, batch in enumerate(batches)
        ]  # fmt: skip

    return coordinate


def run_cafa_evaluation(cursor, job_id: str, payload: dict) -> None:
    """Files for the API to serve."""
    evaluations.write(job_id, {"fmax": 0.5})
    jobs.add_event(cursor, job_id, "run_cafa_evaluation.done")


def annotate(cursor, job_id: str, payload: dict) -> list:
    """Both pipelines as sub-jobs; the job ends when they have ended."""
    return [
        (queues.JOBS, {"job_id": jobs.create(cursor, operation, queues.JOBS, payload, {}, parent_id=job_id)})
        for operation in ("compute_embeddings", "predict_go_terms")
    ]


OPERATIONS = {
    "ping": ping,
    "compute_embeddings": _coordinate("compute_embeddings_batch", queues.EMBEDDINGS_BATCH),
    "predict_go_terms": _coordinate("predict_go_terms_batch", queues.PREDICTIONS_BATCH),
    "run_cafa_evaluation": run_cafa_evaluation,
    "annotate": annotate,
}

# Jobs for these may be sent to protea.jobs: its worker passes them on to the queue that has one consumer only.
FORWARDED = {"compute_embeddings": queues.EMBEDDINGS}
