# SPDX-License-Identifier: Apache-2.0
"""kafka: against librdkafka's mock cluster, and who maps which library."""

import os
import signal
import socket
import subprocess
import threading

import http_sinks
from crash import children, couriers
from http_sinks import N, Account, check, free_port, holds
from receivers import Receiver
from rig import BUILD, Failed, Rig, balance, temporary, wait_until

NOT_LEADER, TIMED_OUT, NOT_ENOUGH, TOO_LARGE = 6, 7, 19, 10


class Cluster:
    def __init__(self):
        self.process = subprocess.Popen([f"{BUILD}/tests/export/mockafka"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.brokers = self.process.stdout.readline().strip()
        self.tell("topic lapwing")

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline().strip()) != "ok":
            if not line and self.process.poll() is not None:
                raise Failed("the mock cluster died")
            lines.append(line)
        return lines

    def messages(self, at_least):
        return [line.split(" ") for line in self.tell(f"read lapwing {at_least}") if line != "end"]

    def url(self, **keys):
        keys = {"tls": "no", "brokers": self.brokers, **keys}
        return "kafka:lapwing?" + "&".join(f"{k}={v}" for k, v in keys.items())


def whole(cluster, account, **kw):
    there = account.ledger["acknowledged"]
    messages = cluster.messages(there)
    holds(account, [m[0] for m in messages], **kw)
    return messages


def kafka_plain():
    with Cluster() as c:
        for message in whole(c, Account(c.url())):
            check(f"{message}", message[1:3] == ["application/x-protobuf", "1"])
            check(f"{message}", len(message[3]) == 32 and int(message[4]) > 50)


def kafka_json():
    with Cluster() as c:
        check("content type", {m[1] for m in whole(c, Account(c.url(format="json")))} ==
              {"application/json"})


def kafka_errors():
    for code in (NOT_LEADER, TIMED_OUT, NOT_ENOUGH):
        with Cluster() as c:
            c.tell(f"fail 3 {code}")
            messages = whole(c, Account(c.url()))
            check(f"{code}: twice", len({m[0] for m in messages}) == len(messages))


def kafka_too_large():
    """A broker that takes no batch of this size gets smaller ones; nothing is refused."""
    with Cluster() as c:
        c.tell(f"fail 2 {TOO_LARGE}")
        whole(c, Account(c.url()))


def kafka_killed_between_halves():
    """What a batch's first pieces brought is kept when the courier dies before the others."""
    with Cluster() as c, temporary() as folder:
        c.tell(f"fail 3 {TOO_LARGE}")
        c.tell("rtt 500")
        rig = Rig(folder, http_sinks.EVENTS, c.url())
        source = rig.source()
        try:
            rig.feed(source, 1)
            wait_until(lambda: 0 < rig.acknowledged() < N, "a part is acknowledged", 60)
            for pid in couriers(source.pid):
                os.kill(pid, signal.SIGKILL)
            part = rig.acknowledged()
            c.tell("rtt 0")
            wait_until(lambda: not rig.ledger()["pending"], "the rest is delivered", 60)
        finally:
            source.stdin.close()
            source.wait(60)
        ledger = rig.ledger()
        check(f"{part} of {N} before", 0 < part < N)
        check(f"{ledger}", ledger["acknowledged"] == N and not list(balance(ledger)))
        check("events are missing", {m[0] for m in c.messages(0)} == http_sinks.EVENTS.ids)


def kafka_slow():
    with Cluster() as c:
        c.tell("rtt 300")
        whole(c, Account(c.url()))


def kafka_down():
    account = Account(f"kafka://127.0.0.1:{free_port()}/lapwing?tls=no&timeout=1s", 1)
    holds(account, [], left=N)
    check("no reason is told", account.why)


def kafka_down_and_back():
    with Cluster() as c:
        c.tell("down")
        timer = threading.Timer(2.5, lambda: c.tell("up"))
        timer.start()
        account = Account(c.url(timeout="1s"), 40)
        timer.join()
        whole(c, account)


def kafka_half_open():
    """Somebody accepts, and never says a word."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(16)
        account = Account(f"kafka://127.0.0.1:{s.getsockname()[1]}/x?tls=no&timeout=1s", 1)
    holds(account, [], left=N)
    check("no reason is told", account.why)


def kafka_no_name():
    holds(Account("kafka://nowhere.invalid/lapwing?tls=no&timeout=1s", 1), [], left=N)


def kafka_tls_refused():
    for name in http_sinks.REFUSED:
        certs = http_sinks.CERTS
        with Receiver(tls=certs[name]) as r:
            account = Account(f"kafka://127.0.0.1:{r.port}/x?timeout=1s&ca={certs['ca']}", 1)
            holds(account, [], left=N)
            check(f"{name}: {account.why}", "certificate" in account.why.lower())


def maps(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as f:
        return f.read()


def libraries_only_where_needed(folder, events):
    """A sensor has no HTTP and no Kafka in its memory, nor has a sink that needs neither."""
    port = free_port()
    rig = Rig(folder, events, f"file:{folder}/out.pb", f"elastic://127.0.0.1:{port}/x?tls=no",
              f"kafka://127.0.0.1:{port}/x?tls=no")
    process = rig.source()
    try:
        wait_until(lambda: len(couriers(process.pid)) == 3, "there are three couriers", 30)
        wait_until(lambda: sum("librdkafka" in maps(p) for p in couriers(process.pid)) == 1,
                   "the Kafka sink has its library", 30)
        for pid in [process.pid] + children(process.pid):
            for name in ("libcurl", "librdkafka"):
                if name in maps(pid):
                    yield f"the sensor maps {name}"
        found = sorted(("libcurl" in maps(p), "librdkafka" in maps(p))
                       for p in couriers(process.pid))
        if found != [(False, False), (False, True), (True, False)]:
            yield f"couriers map (libcurl, librdkafka): {found}"
    finally:
        process.stdin.close()
        process.wait(60)


CASES = {c.__name__: http_sinks.prepare(c) for c in
         (kafka_plain, kafka_json, kafka_errors, kafka_too_large, kafka_killed_between_halves, kafka_slow, kafka_down,
          kafka_down_and_back, kafka_half_open, kafka_no_name, kafka_tls_refused)}
CASES["libraries_only_where_needed"] = libraries_only_where_needed
