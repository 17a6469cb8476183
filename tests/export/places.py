# SPDX-License-Identifier: Apache-2.0
"""Which sink is which, from run to run; and connections of the receiver that say nothing."""

import contextlib
import os
import socket
import subprocess
import time

from link import free_port, receiver, resident
from rig import LAPWING, SLOW_S, Failed, Received, Rig, account, messages, slurp, wait_until

CLIENTS, BATCH_BYTES = 24, 1_500_000
MOST_CLIENTS = 64  # of a receiver
HOARDERS, LARGE = 50, 8_000_000


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def new_token(folder, events):
    """A token that is renewed, or a timeout, does not make another sink; another place does."""
    place = f"elastic://127.0.0.1:{free_port()}/x?tls=no"
    rig = Rig(folder, events)
    for keys in ("&api_key=old", "&api_key=new", "&timeout=1s"):
        rig.sinks = [place + keys]
        rig.run(2)
    sinks = rig.status()["sinks"]
    if len(sinks) != 1 or sinks[0]["pending"] != rig.made:
        yield f"{rig.made} events wait for one sink: {sinks}"
    rig.sinks = [place.replace("/x?", "/y?")]
    rig.run(1)
    if sorted(s["produced"] for s in rig.status()["sinks"]) != [events.n, rig.made]:
        yield f"another place is another sink: {rig.status()['sinks']}"


def old_name(folder, events):
    """The cursor that a version before had named by the whole URL is found again."""
    url = f"tcp://127.0.0.1:{free_port()}?timeout=1s"
    rig = Rig(folder, events, url)
    rig.run(2)
    new = rig.ledger()["sink"]
    old = f"tcp-{crc32c(url.encode()):08x}"
    os.rename(f"{rig.spool}/{new}.cursor", f"{rig.spool}/{old}.cursor")
    rig.run(2)
    sinks = rig.status()["sinks"]
    if [(s["sink"], s["pending"]) for s in sinks] != [(new, rig.made)]:
        yield f"{rig.made} events wait for {new}: {sinks}"


def lapwing(*argv):
    r = subprocess.run([LAPWING, *argv], capture_output=True, text=True, check=False)
    return r.returncode, r.stdout + r.stderr


def forgotten(folder, events):
    """Not while it delivers; and then it is gone."""
    rig = Rig(folder, events, f"file:{folder}/out.pb")
    process = rig.source()
    rig.feed(process, 2)
    try:
        wait_until(lambda: rig.spooled() and rig.ledger()["active"], "it delivers")
        name = rig.ledger()["sink"]
        status, said = lapwing("spool", "forget", name, "--spool", rig.spool)
        if status != 1 or "delivers" not in said:
            yield f"while it delivers: {status}, {said}"
    finally:
        process.stdin.close()
        process.wait()
    yield from account(rig.ledger(), Received(rig.path("out.pb")), rig.made)
    for argv, want, word in (([name], 0, f"{rig.made} events"), ([name], 2, "none"),
                             (["../x"], 2, "none"), ([], 2, "one sink")):
        status, said = lapwing("spool", "forget", *argv, "--spool", rig.spool)
        if status != want or word not in said:
            yield f"forget {argv} gives {status}, {said}"
    if rig.status()["sinks"]:
        yield f"it is still known: {rig.status()['sinks']}"


def sockets(pid):
    n = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            n += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
    return n


def quiet(folder, events):
    """A connection that says nothing is closed; the sensor makes a new one and calls it no failure."""
    rig = Rig(folder, events, f"unix:{folder}/s")
    with receiver(f"unix:{folder}/s?idle=300ms", f"file:{folder}/got.pb", rig.log) as process:
        source = rig.source()
        for _ in range(2):
            rig.feed(source, 2)
            wait_until(lambda: rig.acknowledged() == rig.made, "it is delivered")
            wait_until(lambda: sockets(process.pid) == 1, "only the listener is left", 20)
        source.stdin.close()
        source.wait()
    ledger = rig.ledger()
    yield from account(ledger, Received(rig.path("got.pb")), rig.made)
    if ledger["failures"]:
        yield f"it failed: {ledger}"


def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def client(place):
    """Connected to the Unix socket; with its time-out before, a full backlog would be an error."""
    s = socket.socket(socket.AF_UNIX)
    s.connect(place)
    s.settimeout(60)
    return s


def shrinks(folder, events):
    """What large messages needed is given back, though their clients stay."""
    one = b"".join(b"\x12" + varint(len(m)) + m for m in messages(events.bytes))
    batch = b"\x08\x01" + one * (BATCH_BYTES // len(one))
    frame, open_now = varint(len(batch)) + batch, []
    with receiver(f"unix:{folder}/s", f"file:{folder}/got.pb?sync=no", folder + "/log") as process:
        try:
            most = []
            for _ in range(CLIENTS):
                s = client(f"{folder}/s")
                open_now.append(s)
                s.sendall(frame)
                if s.recv(100) != b"\x02\x08\x01":
                    raise Failed("no acknowledgement")
                most.append(resident(process.pid))
            time.sleep(0.2)
            if sockets(process.pid) != CLIENTS + 1:
                yield "clients were turned away"
            # the first client's batch made what all share
            if most[-1] - most[0] > CLIENTS * BATCH_BYTES // 4:
                yield f"{CLIENTS} clients cost {most[-1] - most[0]} bytes more than one"
        finally:
            for s in open_now:
                s.close()


def say_enough(folder, events):
    """Silent clients, more than there is place for, keep no sensor out, and are told of once."""
    rig, open_now = Rig(folder, events, f"unix:{folder}/s"), []
    with receiver(rig.sinks[0], f"file:{folder}/got.pb", rig.log):
        try:
            for _ in range(MOST_CLIENTS + 50):
                open_now.append(client(rig.path("s")))
            if open_now[0].recv(1):
                yield "who was silent longest was served"
            rig.run(3)
            rig.drained()
            yield from account(rig.ledger(), Received(rig.path("got.pb")), rig.made)
        finally:
            for s in open_now:
                s.close()
        for _ in range(50):
            with client(rig.path("s")) as s, contextlib.suppress(OSError):
                s.sendall(b"\x04\x08\x01\x12\x00")
                s.recv(1)
        rig.run(3)
        rig.drained()
    yield from account(rig.ledger(), Received(rig.path("got.pb")), rig.made)
    for word in (b"turned away", b"no batch"):
        lines = [line for line in slurp(rig.log).splitlines() if word in line]
        # one each ten seconds, and the test may be slow
        if not 0 < len(lines) <= 6:
            yield f"{len(lines)} lines, such as {lines[:3]}"


def crowded(folder, events):
    """Who has delivered is turned away for nobody."""
    one = next(messages(events.bytes))
    batch = b"\x08\x01\x12" + varint(len(one)) + one
    with receiver(f"unix:{folder}/s", f"file:{folder}/got.pb", folder + "/log"), \
            contextlib.ExitStack() as stack:
        served = [stack.enter_context(client(f"{folder}/s")) for _ in range(MOST_CLIENTS)]
        for s in served:
            s.sendall(varint(len(batch)) + batch)
            if s.recv(100) != b"\x02\x08\x01":
                yield "no acknowledgement"
        if stack.enter_context(client(f"{folder}/s")).recv(1):
            yield "one more was served"
        for s in served:
            s.sendall(b"\x02\x08\x02")
            if s.recv(100) != b"\x02\x08\x02":
                yield "a client that had delivered was turned away"


def starts(listen, to):
    """What a receiver says that should not start; None when it did."""
    r = subprocess.run([LAPWING, "receive", "--listen", listen, "--to", to], capture_output=True,
                       text=True, check=False, timeout=SLOW_S)
    return r.stderr if r.returncode else None


def kept(folder, events):
    """A receiver that is alive keeps its socket and its file; one that was killed leaves both."""
    rig, file = Rig(folder, events, f"unix:{folder}/s"), f"file:{folder}/got.pb"
    for _ in range(2):
        with receiver(rig.sinks[0], file, rig.log) as process:
            for listen, to, word in ((rig.sinks[0], f"file:{folder}/b.pb", "in use"),
                                     (f"unix:{folder}/b", file, "written by somebody else")):
                said = starts(listen, to)
                if not said or word not in said:
                    yield f"{listen} {to}: {said}"
            rig.run(3)
            rig.drained()
            process.kill()
    yield from account(rig.ledger(), Received(rig.path("got.pb")), rig.made)


def hoarded(folder, events):
    """Many clients with most of a large message each: those that hold most go, others are served."""
    rig, open_now = Rig(folder, events, f"unix:{folder}/s"), []
    part = varint(LARGE) + b"\x12" + varint(LARGE - 10) + bytes(LARGE - 100_000)
    with receiver(rig.sinks[0], f"file:{folder}/got.pb", rig.log) as process:
        try:
            for _ in range(HOARDERS):
                s = client(rig.path("s"))
                open_now.append(s)
                with contextlib.suppress(ConnectionError):
                    s.sendall(part)
            # sanitizers keep what was freed
            if resident(process.pid) > 200 << 20 and os.environ.get("SAN") != "1":
                yield f"{HOARDERS} clients make it hold {resident(process.pid)} bytes"
            rig.run(100)
            rig.drained()
        finally:
            for s in open_now:
                s.close()
    yield from account(rig.ledger(), Received(rig.path("got.pb")), rig.made)
    if b"hold" not in slurp(rig.log):
        yield "it does not say that it turned somebody away"


CASES = {
    "a_receiver_says_once_that_many_are_turned_away": say_enough,
    "a_receiver_turns_nobody_away_who_has_delivered": crowded,
    "a_receiver_that_is_alive_keeps_its_socket_and_its_file": kept,
    "a_receiver_whose_clients_hoard_turns_those_away_that_hold_most": hoarded,
    "a_sink_without_a_name_is_known_by_its_place": new_token,
    "a_cursor_of_the_whole_url_is_found_again": old_name,
    "a_sink_is_forgotten_when_it_delivers_no_more": forgotten,
    "a_receiver_closes_who_is_quiet_and_nothing_fails": quiet,
    "a_receiver_gives_back_what_large_messages_needed": shrinks,
}
