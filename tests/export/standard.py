# SPDX-License-Identifier: Apache-2.0
"""stdout: as a sink: a reader that is there, slow, gone, and lines that stay whole."""

import array
import fcntl
import json
import os
import signal
import subprocess
import termios
import threading

from crash import couriers
from rig import (LAPWING, SLOW_S, Received, Rig, account, balance, framed, messages, slurp,
                 wait_until)

COPIES = 300
LONG = 9000
PIECE = 4096  # that a pipe takes whole, or not at all


class Standard(Rig):
    """A rig whose sources have a standard output that we choose."""

    def __init__(self, folder, events, out, url="stdout:", **kw):
        super().__init__(folder, events, url, **kw)
        self.out = out

    def source(self, **more):
        return super().source(stdout=self.out, **more)


def to_a_file(query):
    def case(folder, events):
        with open(os.path.join(folder, "out"), "ab") as out:
            rig = Standard(folder, events, out, "stdout:" + query)
            rig.run(COPIES)
            rig.run(COPIES)
            rig.drained()
        yield from account(rig.ledger(), Received(rig.path("out")), rig.made)
        if rig.ledger()["acknowledged"] != rig.made:
            yield f"not all of {rig.made}: {rig.ledger()}"
    return case


def gone(folder, events):
    """Its reader is gone: events wait, it is told why, and whoever reads then gets all."""
    reading, writing = os.pipe()
    os.close(reading)
    rig = Standard(folder, events, writing, config="spool: {grace: 200ms}\n")
    source = rig.source()
    os.close(writing)
    try:
        rig.feed(source, COPIES)
        wait_until(lambda: rig.spooled() and rig.ledger()["failures"], "it fails")
    finally:
        source.stdin.close()
        source.wait(SLOW_S)
    ledger = rig.ledger()
    yield from balance(ledger)
    if ledger["acknowledged"] or ledger["pending"] != rig.made or "any more" not in ledger["why"]:
        yield f"nobody read: {ledger}"
    with open(os.path.join(folder, "out"), "ab") as rig.out:
        rig.config = None
        rig.drained()
    yield from account(rig.ledger(), Received(rig.path("out")), rig.made)


def slow(folder, events):
    """Its reader does not read for longer than the timeout, and then does: no line is broken."""
    reading, writing = os.pipe()
    rig = Standard(folder, events, writing, "stdout:?timeout=100ms")
    source, got = rig.source(), []
    os.close(writing)
    try:
        rig.feed(source, COPIES)
        wait_until(lambda: rig.spooled() and rig.ledger()["failures"] > 1, "it waits")
        yield from balance(rig.ledger())
        reader = threading.Thread(target=lambda: got.append(open(reading, "rb").read()))
        reader.start()
        wait_until(lambda: not rig.ledger()["pending"], "all is read")
    finally:
        source.stdin.close()
        source.wait(SLOW_S)
    reader.join()
    with open(os.path.join(folder, "out"), "wb") as out:
        out.write(got[0])
    seqs = [json.loads(line)["seq"] for line in got[0].splitlines()]
    if seqs != list(range(1, rig.made + 1)):
        yield f"{len(seqs)} lines of {rig.made} events, not each once and in order"
    yield from account(rig.ledger(), Received(rig.path("out")), rig.made)


class Long:
    """Events whose lines a pipe takes in more than one piece: what comes twice counts the last time."""

    def __init__(self, events):
        field = b"\x12" + bytes([LONG & 0x7F | 0x80, LONG >> 7]) + b"x" * LONG  # Event.id
        self.bytes, self.n = framed([next(messages(events.bytes)) + field]), 1


def in_pipe(fd):
    n = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, n)
    return n[0]


def killed_within(folder, events):
    """A courier dies within a line: half of it is a line, and all of it comes as well."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIECE)
    rig = Standard(folder, Long(events), writing)
    source, got = rig.source(), []
    os.close(writing)
    reader = threading.Thread(target=lambda: got.append(open(reading, "rb").read()))
    try:
        rig.feed(source, COPIES)
        wait_until(lambda: len(couriers(source.pid)) == 1 and in_pipe(reading) == PIECE,
                   "the first piece is there")
        died = couriers(source.pid)
        os.kill(died[0], signal.SIGKILL)
        wait_until(lambda: couriers(source.pid) not in ([], died), "another courier is there")
        reader.start()
        wait_until(lambda: rig.acknowledged() == rig.made, "all is delivered")
    finally:
        source.stdin.close()
        source.wait(SLOW_S)
    reader.join()
    first, *lines = got[0].splitlines()
    if len(first) != PIECE or not lines[0].startswith(first):
        yield f"the first line is not the first piece: {first[-200:]}"
    if [json.loads(line)["seq"] for line in lines] != list(range(1, rig.made + 1)):
        yield f"{len(lines)} lines of {rig.made} events, not each once and in order"
    yield from balance(rig.ledger())


def half_a_file(folder, events):
    """A file that ends within a line, as the end of a machine leaves it, goes on in a new one."""
    with open(os.path.join(folder, "out"), "ab") as out:
        rig = Standard(folder, events, out)
        rig.run(2)
        out.write(b'{"seq":')
        out.flush()
        rig.run(2)
        rig.run(2)
    lines = slurp(rig.path("out")).splitlines()
    if len(lines) != rig.made + 1 or lines.count(b'{"seq":') != 1 or b"" in lines:
        yield f"{len(lines)} lines of {rig.made} events, and a half one"


def alone(folder, events):
    """Nobody else writes to standard output."""
    for other in ("text:-", "json:/dev/stdout"):
        r = subprocess.run([LAPWING, "replay", "--no-rules", "--spool", f"{folder}/spool", "-o", "stdout:",
                            "-o", other, events.path], capture_output=True, text=True, check=False)
        if r.returncode != 2 or "for itself" not in r.stderr or r.stdout:
            yield f"{other}: {r.returncode}, {r.stderr}"
    for url, word in (("stdout:/x", "no place"), ("stdout:?format=cef", "no format"),
                      ("stdout:?colour=red", "no key")):
        r = subprocess.run([LAPWING, "replay", "--no-rules", "--spool", f"{folder}/spool", "-o", url,
                            events.path], capture_output=True, text=True, check=False)
        if not r.returncode or word not in r.stderr:
            yield f"{url}: {r.returncode}, {r.stderr}"
    if slurp(events.path) != events.bytes:
        yield "the events were changed"


CASES = {
    "stdout_gets_everything_as_json": to_a_file(""),
    "stdout_gets_everything_as_protobuf": to_a_file("?format=proto"),
    "stdout_whose_reader_is_gone_costs_nothing": gone,
    "stdout_whose_reader_is_slow_gets_whole_lines": slow,
    "stdout_whose_courier_dies_within_a_line_begins_a_new_one": killed_within,
    "stdout_that_ends_within_a_line_begins_a_new_one": half_a_file,
    "stdout_has_one_writer": alone,
}
