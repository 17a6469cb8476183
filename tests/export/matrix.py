# SPDX-License-Identifier: Apache-2.0
"""Every sink: sensor and couriers killed at random moments, the spool changed at random bytes.

A few of each by default; LAPWING_KILLS=100 and LAPWING_FLIPS=100 for the whole (make
check-export-all). What counts is what the receiver has, by the ids of events and of gaps.
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time

import http_sinks
from crash import couriers
from http_sinks import Numbered, check
from kafka_sinks import Cluster
from link import free_port, receiver
from rig import LAPWING, Failed, Rig, balance, framed, messages, slurp, temporary, wait_until
from syslog_sinks import Datagrams, keys_of, reader
from syslog_sinks import url as syslog_url

KILLS = int(os.environ.get("LAPWING_KILLS", "3"))
FLIPS = int(os.environ.get("LAPWING_FLIPS", "2"))
MOST = 40  # events between two kills
SURE = 20  # so many flips do not all hit what nobody needs


class Source(Rig):
    """A rig whose events all have ids of their own."""

    def __init__(self, folder, events, sink):
        super().__init__(folder, events, sink)
        self.left = messages(Numbered(events, (KILLS + FLIPS + 2) * MOST * 2).bytes)

    def source(self, **more):
        if not any(sink.startswith("stdout:") for sink in self.sinks):
            return super().source(**more)
        with open(self.path("out"), "ab") as out:
            return super().source(stdout=out, **more)

    def give(self, process, n):
        process.stdin.write(framed([next(self.left) for _ in range(n)]))
        process.stdin.flush()

    def once(self, n):
        process = self.source()
        self.give(process, n)
        process.stdin.close()
        if process.wait(120):
            raise Failed(f"the source ended with {process.returncode}: {self.said()}")


def cat(paths):
    for path in paths:
        r = subprocess.run([LAPWING, "cat", "--json", path], capture_output=True, check=True)
        yield from (json.loads(line)["id"] for line in r.stdout.splitlines())


@contextlib.contextmanager
def to_file(folder):
    yield f"file:{folder}/out.pb?sync=no", lambda: cat([f"{folder}/out.pb"])


def to_receive(url, ours="", theirs=""):
    @contextlib.contextmanager
    def open_it(folder):
        place = url.format(folder=folder, port=free_port())
        certs = {"ca": http_sinks.CERTS["ca"], **http_sinks.CERTS["good"]}
        with receiver(place + theirs.format(**certs), f"file:{folder}/got.pb", f"{folder}/r.log"):
            yield place + ours.format(**certs), lambda: cat([f"{folder}/got.pb"])
    return open_it


def to_http(sink, **keys):
    @contextlib.contextmanager
    def open_it(_):
        with sink.receiver() as r:
            yield sink.url(r.port, **keys), lambda: list(r.ids)
            check(f"grammar: {sorted(set(r.faults))[:3]}", not r.faults)
    return open_it


@contextlib.contextmanager
def to_kafka(_):
    with Cluster() as c:
        yield c.url(), lambda: [m[0] for m in c.messages(0)]


@contextlib.contextmanager
def to_stdout(folder):
    """Half a line is what a courier left that died there: the whole one comes again."""
    def ids():
        found = re.findall(rb'^.*"id":"([^"]+)".*\}$', slurp(f"{folder}/out"), re.M)
        return [i.decode() for i in found]
    yield "stdout:", ids


def to_syslog(way):
    @contextlib.contextmanager
    def open_it(_):
        r = Datagrams() if way == "udp" else reader(way, lambda connection: r.read(connection))
        try:
            yield syslog_url(r.port, way, only="all", **keys_of(way)), lambda: list(r.ids)
        finally:
            r.close()
    return open_it


OTLP, SPLUNK, ELASTIC = http_sinks.SINKS
SINKS = {"file": to_file, "stdout": to_stdout, "unix": to_receive("unix:{folder}/s"),
         "tcp": to_receive("tcp://127.0.0.1:{port}"),
         "tls": to_receive("tls://127.0.0.1:{port}", "?ca={ca}", "?cert={cert}&key={key}"),
         "syslog": to_syslog("tcp"),
         "syslog_tls": to_syslog("tls"), "syslog_udp": to_syslog("udp"), "otlp": to_http(OTLP), "splunk": to_http(SPLUNK, format="json"),
         "elastic": to_http(ELASTIC, format="json"), "kafka": to_kafka}


def account(rig, ids, lossy=False):
    """The receiver's data alone prove that nothing is missing untold; how many are gone, and told.

    @lossy: not what goes by datagrams. Then the ledger is what there is.
    """
    status = rig.status()
    ledger, there = status["sinks"][0], set(ids)
    gaps = {i for i in there if "-gap-" in i}
    events = {re.sub(r"-\d+$", "", i) for i in there - gaps}
    told = sum(int(i.rsplit("-", 1)[1], 16) for i in gaps)
    for wrong in balance(ledger):
        raise Failed(wrong)
    if lossy:
        dropped = sum(ledger["dropped"].values())
        check(f"{status['seq']} numbered, {len(events)} there: {ledger}",
              status["seq"] == ledger["acknowledged"] + dropped and not ledger["pending"] and
              0 < len(events) <= status["seq"])
        return dropped
    check(f"{status['seq']} numbered, {len(events)} there, {told} told: {ledger}",
          status["seq"] == len(events) + told and told == sum(ledger["dropped"].values()))
    check(f"{ledger['acknowledged']} acknowledged, {len(events)} there",
          ledger["acknowledged"] <= len(events) and not ledger["pending"])
    return told


def stop(rng, process):
    """Kills the sensor, its courier, or both, at some moment."""
    whom = rng.choice(["sensor", "courier", "both"])
    time.sleep(rng.random() * 0.3)
    if whom != "sensor":
        for pid in couriers(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    if whom != "courier":
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.detach()


def killed(scheme, events):
    rng = random.Random(scheme)
    with temporary() as folder, SINKS[scheme](folder) as (url, received):
        rig, process = Source(folder, events, url), None
        rig.once(1)
        for _ in range(KILLS):
            if not process or process.poll() is not None:
                process = rig.source()
            rig.give(process, rng.randrange(1, MOST))
            stop(rng, process)
        if process.poll() is None:
            process.stdin.close()
            process.wait(120)
        rig.drained()
        account(rig, received(), "udp" in scheme)


def changed(scheme, events):
    rng = random.Random(scheme)
    with temporary() as folder, SINKS[scheme](folder) as (url, received):
        rig, before = Source(folder, events, url), 0
        rig.once(1)
        for _ in range(FLIPS):
            rig.sinks = []
            rig.once(MOST)
            flip(rng, rig.spool)
            rig.sinks = [url]
            rig.drained()
            gone = account(rig, received(), "udp" in scheme)
            check(f"{gone - before} events are gone for one byte", gone - before <= 1)
            before = gone
        check("no flip of a byte did harm", before or FLIPS < SURE)


def flip(rng, spool):
    """One bit of what the sink has not got yet: of the last segment of a class."""
    last = {}
    for name in sorted(n for n in os.listdir(spool) if n.endswith(".seg")):
        last[name.split("-")[0]] = name
    path = os.path.join(spool, rng.choice(sorted(last.values())))
    data = bytearray(slurp(path))
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    with open(path, "wb") as f:
        f.write(data)


def prepared(case, scheme):
    def run(folder, events):
        return http_sinks.prepare(case, scheme, events)(folder, events)
    return run


CASES = {f"{scheme}_{name}": prepared(case, scheme) for scheme in SINKS
         for name, case in (("killed_at_random_moments", killed), ("changed_at_a_random_byte", changed))}
