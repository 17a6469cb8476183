# SPDX-License-Identifier: Apache-2.0
"""A spool, a source of events for it, and the ledger that must be right whatever happens.

The source is `lapwing replay` of a protobuf file on its standard input: the same corridor, spool and
couriers as the sensor's, without a kernel.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
import waiting  # noqa: E402  pylint: disable=wrong-import-position

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(TOP, "build-san" if os.environ.get("SAN") == "1" else "build")
LAPWING = os.path.join(BUILD, "lapwing")
SLOW_S = 120


class Failed(Exception):
    pass


def varint(data, at):
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
    raise Failed("a varint is cut")


def messages(data):
    at = 0
    while at < len(data):
        n, at = varint(data, at)
        if at + n > len(data):
            raise Failed("a message is cut")
        yield data[at:at + n]
        at += n


def framed(events):
    """The bytes of a stream of these, none of which is longer than two bytes of length can say."""
    assert all(len(m) < 1 << 14 for m in events)
    return b"".join(bytes([len(m) & 0x7F | 0x80, len(m) >> 7]) + m for m in events)


def slurp(path):
    with open(path, "rb") as f:
        return f.read()


def wait_until(true, what, seconds=SLOW_S):
    """As waiting's, for what must come; @what it is."""
    if not waiting.wait_until(true, seconds):
        raise Failed(f"in {seconds} s not: {what}")


class Events:
    """Some events as protobuf, made once from a story."""

    def __init__(self, folder, story="reverse_shell_command.fire", *rules):
        tape, self.path = os.path.join(folder, "tape"), os.path.join(folder, f"{story}.pb")
        story = os.path.join(TOP, f"tests/replay/{story}.story")
        subprocess.run([os.path.join(BUILD, "tests/replay/story"), story, tape], check=True)
        subprocess.run([LAPWING, "replay", *(rules or ["--no-rules"]), "-o", f"proto:{self.path}", tape],
                       check=True)
        self.bytes = slurp(self.path)
        self.n = len(list(messages(self.bytes)))


class Rig:
    """A folder with a spool; every source in it writes to the same sinks."""

    def __init__(self, folder, events, *sinks, config=None):
        self.folder, self.events, self.sinks = folder, events, sinks
        self.spool = os.path.join(folder, "spool")
        self.log = os.path.join(folder, "log")
        self.config = config
        self.lapwing = LAPWING
        self.made = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def source(self, **more):
        """A `lapwing replay` that waits for events on its standard input."""
        argv = [LAPWING, "replay", "--rules", os.path.join(TOP, "rules"), "--spool", self.spool]
        if self.config:
            with open(self.path("lapwing.yaml"), "w", encoding="utf-8") as f:
                f.write(self.config)
            argv += ["--config", f.name]
        for sink in self.sinks:
            argv += ["-o", sink]
        with open(self.log, "ab") as log:
            return subprocess.Popen(argv + ["-"], stdin=subprocess.PIPE, stderr=log, **more)

    def feed(self, process, copies):
        process.stdin.write(self.events.bytes * copies)
        process.stdin.flush()
        self.made += self.events.n * copies

    def files(self, name):
        """A sink's file, and those that it was before it was rotated."""
        return [self.path(n) for n in os.listdir(self.folder) if n.startswith(name)]

    def run(self, copies):
        """A source that gives so many copies of the events, and ends."""
        process = self.source()
        self.feed(process, copies)
        process.stdin.close()
        if process.wait(SLOW_S):
            raise Failed(f"the source ended with {process.returncode}: {self.said()}")

    @staticmethod
    def parse(text):
        return json.loads(text)

    def said(self):
        return slurp(self.log).decode(errors="replace")[-2000:]

    def status(self):
        r = subprocess.run([LAPWING, "status", "--json", "--spool", self.spool], text=True,
                           capture_output=True, check=False)
        if r.returncode:
            raise Failed(f"status ended with {r.returncode}: {r.stderr}")
        return json.loads(r.stdout)

    def ledger(self, i=0):
        return self.status()["sinks"][i]

    def spooled(self):
        """Whether there is a ledger yet."""
        try:
            return bool(self.status()["sinks"])
        except Failed:
            return False

    def acknowledged(self):
        """By the first sink; nothing yet when the spool is not there yet."""
        try:
            return self.ledger()["acknowledged"]
        except (Failed, IndexError):
            return 0

    def settled(self):
        """Events that the first sink has, or has not, for good."""
        ledger = self.ledger() if self.spooled() else {"produced": 0, "pending": 0}
        return ledger["produced"] - ledger["pending"]

    def drained(self, seconds=SLOW_S):
        """Runs without events until nothing is pending, and ends."""
        process = self.source()
        try:
            wait_until(lambda: all(not s["pending"] for s in self.status()["sinks"]),
                       "everything is delivered", seconds)
        finally:
            process.stdin.close()
            process.wait(SLOW_S)
        return self


def balance(ledger):
    """What is wrong with a ledger by itself."""
    told = ledger["acknowledged"] + ledger["pending"] + sum(ledger["dropped"].values())
    if told != ledger["produced"]:
        yield f"{ledger['produced']} produced, and {told} accounted for: {ledger}"


class Received:
    """What a receiver has: the events of a file that `lapwing cat` can read, or JSON lines."""

    def __init__(self, *paths):
        self.events, self.gaps = [], []
        for path in paths:
            data = slurp(path)
            if not data.startswith(b"{"):
                r = subprocess.run([LAPWING, "cat", "--json", path], capture_output=True, check=False)
                if r.returncode:
                    raise Failed(f"{path}: {r.stderr.decode()}")
                data = r.stdout
            for line in data.splitlines():
                e = json.loads(line)
                (self.events if "seq" in e else self.gaps).append(e)
        self.numbers = {e["seq"] for e in self.events}
        gaps = {e["id"]: int(e["host"]["lost_count"]) for e in self.gaps}
        self.missing = sum(gaps.values())


def account(ledger, received, last):
    """Whether the receiver can prove from its own data that it misses nothing untold."""
    yield from balance(ledger)
    untold = last - len(received.numbers) - received.missing
    if untold:
        yield (f"of {last} events {len(received.numbers)} came and {received.missing} were told to be "
               f"missing, which leaves {untold}")
    if ledger["acknowledged"] > len(received.numbers):
        yield f"{ledger['acknowledged']} acknowledged, and {len(received.numbers)} there"
    dropped = sum(ledger["dropped"].values())
    if dropped != received.missing:
        yield f"{dropped} dropped, and {received.missing} told to the receiver"


def temporary():
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="lapwing-export-", dir=base)
