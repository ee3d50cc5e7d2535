"""Looks at dead letters, puts one back, or removes those that were counted. Runs in a container of PROTEA's own image (it
has pika), read from standard input; the server's address with its password is among that container's secrets (/run/secrets/exec).

    python - QUEUE list LIMIT        the first ones, which stay as they are
    python - QUEUE republish N ID    the N-th (from 1), if it is still the one with this ID
    python - QUEUE remove COUNT ID   the first COUNT, if the first is still the one with this ID; what has come since stays

Prints one JSON object. What is wrong is one line on standard error, exit code 1.
"""

import base64
import hashlib
import json
import os
import sys

import pika

# What RabbitMQ adds to a message when it dies or is looked at; a message that is put back begins anew.
DEATHS = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count")
# Bytes of a body that are shown.
SHOWN = 400


def own_headers(properties):
    headers = properties.headers or {}
    return {key: value for key, value in headers.items() if not key.startswith(DEATHS)}


def origin(properties):
    """The queue in which it died last; None when the message says nothing."""
    headers = properties.headers or {}
    deaths = headers.get("x-death") or [{}]
    return deaths[0].get("queue") or headers.get("x-first-death-queue")


def identity(properties, body):
    """Stays the same however often it is looked at."""
    deaths = (properties.headers or {}).get("x-death")
    about = repr((sorted(own_headers(properties).items()), deaths, properties.message_id)).encode()
    return hashlib.sha256(hashlib.sha256(body).digest() + about).hexdigest()[:12]


def described(properties, body):
    headers = properties.headers or {}
    death = (headers.get("x-death") or [{}])[0]
    return {
        "id": identity(properties, body),
        "queue": origin(properties),
        "reason": death.get("reason") or headers.get("x-first-death-reason"),
        "times": death.get("count"),
        "died": death.get("time"),
        "contentType": properties.content_type,
        "headers": own_headers(properties),
        "bytes": len(body),
        "begin": base64.b64encode(body[:SHOWN]).decode(),
    }


def first(channel, queue, count):
    """The first messages, held by this channel: whatever is not acknowledged is back in its place when it closes."""
    found = []
    while len(found) < count:
        method, properties, body = channel.basic_get(queue)
        if method is None:
            break
        found.append((method.delivery_tag, properties, body))
    return found


def republish(channel, queue, position, wanted):
    messages = first(channel, queue, position)
    if len(messages) < position or identity(*messages[-1][1:]) != wanted:
        sys.exit(f"dead letter {position} is not the one that was shown; nothing was changed: look again")
    tag, properties, body = messages[-1]
    target = origin(properties)
    if not target or target == queue:
        sys.exit(f"dead letter {position} does not say which queue it came from; nothing was changed")
    properties.headers = own_headers(properties) or None
    try:
        # Returns when RabbitMQ has confirmed it; only then is the dead one given up. Lost in between: there twice.
        channel.basic_publish("", target, body, properties, mandatory=True)
    except pika.exceptions.UnroutableError:
        sys.exit(f"there is no queue {target} any more; nothing was changed")
    channel.basic_ack(tag)
    return {"republished": target}


def remove(channel, queue, count, wanted):
    removed = 0
    while removed < count:
        messages = first(channel, queue, min(1_000, count - removed))
        if removed == 0 and (not messages or identity(*messages[0][1:]) != wanted):
            sys.exit("the first dead letter is not the one that was shown; nothing was changed: look again")
        if not messages:
            break
        channel.basic_ack(messages[-1][0], multiple=True)
        removed += len(messages)
    return {"removed": removed}


def main(queue, verb, *words):
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["PROTEA_AMQP_URL"]))
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        count = channel.queue_declare(queue, passive=True).method.message_count
        if verb == "list":
            letters = [described(*message[1:]) for message in first(channel, queue, int(words[0]))]
            answer = {"count": count, "letters": letters}
        elif verb == "republish":
            answer = republish(channel, queue, int(words[0]), words[1])
        else:
            answer = remove(channel, queue, int(words[0]), words[1])
    except pika.exceptions.ChannelClosedByBroker as error:
        sys.exit(f"RabbitMQ: {error.reply_text}")
    finally:
        if connection.is_open:
            connection.close()
    print(json.dumps(answer, default=str))


try:
    main(*sys.argv[1:])
except (pika.exceptions.AMQPError, OSError) as error:
    sys.exit(f"RabbitMQ does not answer: {type(error).__name__} {error}")
