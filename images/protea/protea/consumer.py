"""A consumer of one queue: transport only. It holds its connection open, and comes back by itself when that is lost."""

import json
import logging
import signal
import sys
import time

import pika

from protea import db, queues
from protea.handlers import Retry, UnknownOperation, handler_for
from protea.logs import one_line

logger = logging.getLogger(__name__)

_CRASHED_SECONDS = 5


class Consumer:
    def __init__(self, queue: str):
        self._queue = queue
        self._handle = handler_for(queue)
        self._busy = False
        self._stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        wait = 1
        while True:
            try:
                connection = queues.connect()
                try:
                    wait = 1
                    self._consume(connection)
                finally:
                    # A message that was not acknowledged goes back to its queue with this.
                    if connection.is_open:
                        connection.close()
            except queues.Unreachable as error:
                logger.error("RabbitMQ: %s; next try in %d s", one_line(error), wait)
                time.sleep(wait)
                wait = min(wait * 2, 5)
            except UnknownOperation as error:
                # Upstream's does the same: the message went back to its queue, and is the first to come again.
                logger.error("consumer crashed: %s; reconnecting in %d s", error, _CRASHED_SECONDS)
                time.sleep(_CRASHED_SECONDS)

    def _on_signal(self, *_) -> None:
        """Idle: stop at once. At work: the message at hand is finished first."""
        self._stopping = True
        if not self._busy:
            logger.info("worker stopped, queue %s", self._queue)
            sys.exit(0)

    def _consume(self, connection: pika.BlockingConnection) -> None:
        channel = connection.channel()
        channel.confirm_delivery()
        queues.declare(channel, self._queue)
        channel.basic_qos(prefetch_count=1)
        channel.basic_consume(self._queue, self._on_message)
        logger.info("worker started, queue %s", self._queue)
        channel.start_consuming()

    def _on_message(self, channel, method, properties, body: bytes) -> None:
        self._busy = True
        try:
            self._process(channel, method.delivery_tag, properties, body)
        finally:
            self._busy = False
        if self._stopping:
            self._on_signal()

    def _process(self, channel, tag: int, properties, body: bytes) -> None:
        attempt = int((properties.headers or {}).get("x-attempt", 1))
        try:
            message = json.loads(body)
            outgoing = self._handle(message, attempt)
        except db.Unreachable as error:
            logger.error("PostgreSQL: %s; the message goes back to %s", one_line(error), self._queue)
            self._pause(channel, 2)
            channel.basic_nack(tag, requeue=True)
        except Retry as retry:
            self._pause(channel, retry.delay_seconds)
            queues.publish(channel, self._queue, message, attempt + 1)
            channel.basic_ack(tag)
        except UnknownOperation:
            self._busy = False
            raise
        except Exception as error:
            logger.error("dead letter: %s", one_line(error))
            channel.basic_nack(tag, requeue=False)
        else:
            for queue, new in outgoing:
                queues.publish(channel, queue, new)
            channel.basic_ack(tag)

    def _pause(self, channel, seconds: float) -> None:
        """Waits, answering RabbitMQ's heartbeats; a stop does not wait for it (the message goes back to its queue)."""
        self._busy = False
        if self._stopping:
            self._on_signal()
        channel.connection.sleep(seconds)
        self._busy = True
