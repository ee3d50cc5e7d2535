"""
Asks the name server of a network's containers, and a queue's broker, over and over until standard input ends (tests/engine/watch.ts).

Standard input begins with a line of JSON: `names`, how many addresses each may have at most; and, where a broker is asked too, `url`
(amqp://…), `queue` and `consumers`, how many it may have at most. Standard output: a line once both have answered, and at the end one of JSON.
"""

import json
import os
import select
import socket
import struct
import sys
import threading
import time
from contextlib import suppress

SERVER = ("127.0.0.11", 53)
# Seconds: between two looks; after which an answer is given up; between two questions for a name that is not there, and two tries to reach a
# broker. Docker 26 keeps a trace of each question for a minute and more: sixty names a hundred times a second made its daemon grow to 14 GB.
PAUSE = 0.05
LOST = 1.0
AGAIN = 0.2

began = time.time()
setting = json.loads(sys.stdin.readline())
ended = threading.Event()
lock = threading.Lock()
violations = {}
looks = {"names": 0, "consumers": 0}


def violated(what, found):
    """Notes one; the same again counts as that."""
    with lock:
        known = violations.setdefault((what, found), {"what": what, "found": found, "at": time.time() - began, "times": 0})
        known["times"] += 1


def question(number, name):
    """A name's A records. RFC 1035, 4.1"""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


def addresses(answer):
    """Those of an answer. Docker's server points back to the question's name."""
    count = struct.unpack(">H", answer[6:8])[0]
    at = 12
    while answer[at]:
        at += answer[at] + 1
    at += 5
    found = set()
    for _ in range(count):
        while answer[at] and answer[at] < 0xC0:
            at += answer[at] + 1
        at += 2 if answer[at] else 1
        kind, _, _, length = struct.unpack(">HHIH", answer[at : at + 10])
        if kind == 1:
            found.add(socket.inet_ntoa(answer[at + 10 : at + 14]))
        at += 10 + length
    return found


def watch_names():
    """What is not answered yet is not asked again: a name that is gone is asked elsewhere, and takes its time."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.connect(SERVER)
    names = list(setting["names"])
    # When each may be asked next.
    due = dict.fromkeys(range(len(names)), 0.0)
    answered = set()
    while not ended.is_set():
        for number, name in enumerate(names):
            if time.monotonic() >= due[number]:
                due[number] = time.monotonic() + LOST
                server.send(question(number, name))
        until = time.monotonic() + PAUSE
        while select.select([server], [], [], max(0, until - time.monotonic()))[0]:
            answer = server.recv(4096)
            number = struct.unpack(">H", answer[:2])[0]
            found = addresses(answer)
            due[number] = 0.0 if found else time.monotonic() + AGAIN
            if found:
                answered.add(names[number])
            if len(found) > setting["names"][names[number]]:
                violated(names[number], ", ".join(sorted(found)))
        if answered:
            looks["names"] += 1


def watch_consumers():
    """Asked by declaring the queue passively, which is true at that moment; the management's figures are seconds old."""
    import pika

    while not ended.is_set():
        with suppress(pika.exceptions.AMQPError, OSError):
            connection = pika.BlockingConnection(pika.URLParameters(setting["url"]))
            channel = connection.channel()
            while not ended.is_set():
                count = channel.queue_declare(setting["queue"], passive=True).method.consumer_count
                looks["consumers"] += 1
                if count > setting["consumers"]:
                    violated(f"consumers of {setting['queue']}", str(count))
                time.sleep(PAUSE)
            connection.close()
        ended.wait(AGAIN)


watchers = [watch_names] + ([watch_consumers] if "queue" in setting else [])
threads = [threading.Thread(target=one, daemon=True) for one in watchers]
for thread in threads:
    thread.start()
while not looks["names"] or ("queue" in setting and not looks["consumers"]):
    time.sleep(PAUSE)
    if not all(thread.is_alive() for thread in threads):
        os._exit(1)
print("watching", flush=True)
sys.stdin.read()
dead = [thread.name for thread in threads if not thread.is_alive()]
ended.set()
for thread in threads:
    thread.join(10)
print(json.dumps({"looks": looks, "violations": list(violations.values())}), flush=True)
os._exit(1 if dead else 0)
