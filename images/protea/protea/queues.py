"""Queues, their declaration (the same everywhere: a queue declared otherwise is refused by RabbitMQ), and publishing."""

import json

import pika

from protea import settings

DEAD_LETTER_EXCHANGE = "protea.dlx"
DEAD_LETTER_QUEUE = "protea.dead-letter"

JOBS, EMBEDDINGS, PING = "protea.jobs", "protea.embeddings", "protea.ping"
EMBEDDINGS_BATCH, EMBEDDINGS_WRITE = "protea.embeddings.batch", "protea.embeddings.write"
PREDICTIONS_BATCH, PREDICTIONS_WRITE = "protea.predictions.batch", "protea.predictions.write"
# Their messages carry an operation on behalf of a job; those of every other queue name a job.
OPERATION_QUEUES = (
    EMBEDDINGS_BATCH, EMBEDDINGS_WRITE, PREDICTIONS_BATCH, PREDICTIONS_WRITE,
    "protea.training.knn-batch", "protea.training.features", "protea.training.write",
)  # fmt: skip
# Their workers download the taxonomy before they connect.
WITH_TAXONOMY = (JOBS, PREDICTIONS_BATCH, "protea.training")

_KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}

Unreachable = (pika.exceptions.AMQPError, OSError)


def connect(timeout_seconds: float = 3) -> pika.BlockingConnection:
    """One attempt, with limits on every step of it; whoever calls decides on retries."""
    parameters = pika.URLParameters(settings.AMQP_URL)
    parameters.connection_attempts = 1
    parameters.socket_timeout = timeout_seconds
    parameters.stack_timeout = timeout_seconds
    parameters.blocked_connection_timeout = timeout_seconds
    parameters.heartbeat = 60
    parameters.tcp_options = _KEEPALIVE
    return pika.BlockingConnection(parameters)


def declare(channel, *queues: str) -> None:
    channel.exchange_declare(DEAD_LETTER_EXCHANGE, "fanout", durable=True)
    channel.queue_declare(DEAD_LETTER_QUEUE, durable=True)
    channel.queue_bind(DEAD_LETTER_QUEUE, DEAD_LETTER_EXCHANGE)
    for queue in queues:
        channel.queue_declare(queue, durable=True, arguments={"x-dead-letter-exchange": DEAD_LETTER_EXCHANGE})


def publish(channel, queue: str, message: dict, attempt: int = 1) -> None:
    """
    Put a message on a queue, which is made where it is missing: without a worker it waits there. On a channel with
    `confirm_delivery` it raises unless RabbitMQ has the message.
    """
    declare(channel, queue)
    properties = pika.BasicProperties(
        content_type="application/json", delivery_mode=2, headers={"x-attempt": attempt} if attempt > 1 else None
    )
    channel.basic_publish("", queue, json.dumps(message).encode(), properties, mandatory=True)


def publish_job(queue: str, job_id: str) -> None:
    """For processes without a connection of their own (the API)."""
    connection = connect()
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        publish(channel, queue, {"job_id": job_id})
    finally:
        if connection.is_open:
            connection.close()
