# SPDX-License-Identifier: Apache-2.0
"""unix:, tcp: and tls: to `lapwing receive`, and to receivers that misbehave."""

import contextlib
import os
import select
import socket
import subprocess
import threading

from rig import LAPWING, SLOW_S, Failed, Received, Rig, account, balance, varint, wait_until

COPIES = 300


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def receiver(listen, to, log):
    """`lapwing receive`, from when it listens."""
    ready, tell = os.pipe()
    with open(log, "ab") as err:
        process = subprocess.Popen([LAPWING, "receive", "--listen", listen, "--to", to,
                                    "--ready-fd", str(tell)], pass_fds=[tell], stderr=err)
    os.close(tell)
    try:
        if not select.select([ready], [], [], SLOW_S)[0] or os.read(ready, 1) != b"\n":
            raise Failed("the receiver does not listen: " + open(log, encoding="utf-8").read())
        yield process
    finally:
        os.close(ready)
        process.terminate()
        process.wait(SLOW_S)


def delivered(rig, name="got.pb"):
    """What must be right once everything is delivered."""
    status = rig.status()
    yield from account(status["sinks"][0], Received(*rig.files(name)), status["seq"])
    if status["sinks"][0]["pending"] or status["sinks"][0]["lag_s"]:
        yield f"events are pending: {status}"


def plain(url):
    def case(folder, events):
        listen = url.format(folder=folder, port=free_port())
        rig = Rig(folder, events, listen)
        with receiver(listen, f"file:{folder}/got.pb", rig.log):
            rig.run(COPIES)
            rig.drained()
        yield from delivered(rig)
        if rig.status()["sinks"][0]["acknowledged"] != rig.made:
            yield f"not all of {rig.made} were acknowledged: {rig.status()}"
    return case


def as_json(folder, events):
    listen = f"unix:{folder}/s"
    rig = Rig(folder, events, listen)
    with receiver(listen, f"file:{folder}/got.json?format=json", rig.log):
        rig.run(3)
        rig.drained()
    yield from delivered(rig, "got.json")


def never_there(folder, events):
    """The receiver is down for the whole test: everything waits, nothing is lost."""
    rig = Rig(folder, events, f"tcp://127.0.0.1:{free_port()}")
    for _ in range(2):
        rig.run(20)
    ledger = rig.ledger()
    yield from balance(ledger)
    if ledger["pending"] != rig.made or not ledger["failing"] or not ledger["why"] or not ledger["lag_s"]:
        yield f"{rig.made} were made: {ledger}"


def nameless(folder, events):
    """A name that has no address: as a receiver that is down, and it says why."""
    rig = Rig(folder, events, "tcp://receiver.invalid:6515",
              config="spool: {grace: 30s}\n")
    process = rig.source()
    rig.feed(process, 3)
    wait_until(lambda: rig.spooled() and rig.ledger()["failing"], "it fails")
    ledger = rig.ledger()
    process.kill()
    process.wait()
    yield from balance(ledger)
    if ledger["acknowledged"] or "no address" not in ledger["why"]:
        yield f"it says: {ledger}"


def down_and_back(folder, events):
    """It goes away in the middle and comes back, several times."""
    listen = f"tcp://127.0.0.1:{free_port()}"
    rig = Rig(folder, events, listen)
    source, before = rig.source(), 0
    for _ in range(3):
        with receiver(listen, f"file:{folder}/got.pb", rig.log):
            rig.feed(source, COPIES)
            wait_until(lambda: rig.acknowledged() > before, "something is delivered")
        before = rig.acknowledged()
        rig.feed(source, COPIES)
    with receiver(listen, f"file:{folder}/got.pb", rig.log):
        source.stdin.close()
        source.wait(SLOW_S)
        rig.drained()
    yield from delivered(rig)


class Peer:
    """A receiver of our own, in a thread: what it does with a connection is @serve."""

    def __init__(self, serve):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        self.serve, self.numbers, self.connections, self.open = serve, set(), 0, []
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            try:
                self.serve(self, connection)
            except (OSError, Failed):
                pass

    def batches(self, connection):
        """(number, sequence numbers) of each batch that comes; an independent decoder."""
        data = b""
        while True:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
            while True:
                try:
                    n, at = varint(data, 0)
                except Failed:
                    break
                if len(data) - at < n:
                    break
                yield self.batch(data[at:at + n])
                data = data[at + n:]

    @staticmethod
    def fields(data):
        at = 0
        while at < len(data):
            tag, at = varint(data, at)
            if tag & 7 == 0:
                value, at = varint(data, at)
            elif tag & 7 == 1:
                value, at = data[at:at + 8], at + 8
            elif tag & 7 == 2:
                n, at = varint(data, at)
                value, at = data[at:at + n], at + n
            else:
                raise Failed(f"wire type {tag & 7}")
            yield tag >> 3, value

    def batch(self, data):
        number, seqs = None, set()
        for field, value in self.fields(data):
            if field == 1:
                number = value
            elif field == 2:
                seqs.add(dict(self.fields(value)).get(3))
        return number, seqs

    @staticmethod
    def varint(number):
        out = b""
        while number > 0x7F:
            out += bytes([number & 0x7F | 0x80])
            number >>= 7
        return out + bytes([number])

    def ack(self, connection, number):
        body = b"\x08" + self.varint(number)
        connection.sendall(bytes([len(body)]) + body)

    def close(self):
        self.listener.close()
        for connection in self.open:
            connection.close()


def good(peer, connection):
    for number, seqs in peer.batches(connection):
        peer.numbers |= seqs
        peer.ack(connection, number)


def misbehaving(serve, timeout="300ms", copies=20):
    """The first connections go to @serve; then all is well, and nothing may be missing."""
    def first(peer, connection):
        if peer.connections <= 2:
            serve(peer, connection)
        else:
            good(peer, connection)

    def case(folder, events):
        peer = Peer(first)
        try:
            rig = Rig(folder, events, f"tcp://127.0.0.1:{peer.port}?timeout={timeout}")
            rig.run(copies)
            rig.drained()
            ledger = rig.ledger()
            yield from balance(ledger)
            if ledger["acknowledged"] != rig.made or peer.numbers != set(range(1, rig.made + 1)):
                yield f"{len(peer.numbers)} of {rig.made} events came: {ledger}"
            if peer.connections < 3:
                yield f"there were only {peer.connections} connections"
        finally:
            peer.close()
    return case


def silent(peer, connection):
    """Half open: it takes bytes, or not even these, and never answers."""
    threading.Event().wait(1)


def cut(peer, connection):
    connection.recv(100)
    connection.close()


def garbage(peer, connection):
    connection.recv(100)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
    threading.Event().wait(0.2)
    connection.close()


def too_high(peer, connection):
    for number, _ in peer.batches(connection):
        peer.ack(connection, number + 1000)


def half(peer, connection):
    """Acknowledges the first batch and takes no other."""
    for number, seqs in peer.batches(connection):
        peer.numbers |= seqs
        peer.ack(connection, number)
        connection.close()
        return


def slow(folder, events):
    """A receiver that takes its time costs time, and nothing else."""
    def serve(peer, connection):
        for number, seqs in peer.batches(connection):
            peer.numbers |= seqs
            threading.Event().wait(0.3)
            peer.ack(connection, number)

    peer = Peer(serve)
    try:
        rig = Rig(folder, events, f"tcp://127.0.0.1:{peer.port}")
        rig.run(COPIES)
        rig.drained()
        yield from balance(rig.ledger())
        if peer.numbers != set(range(1, rig.made + 1)) or rig.ledger()["failures"]:
            yield f"{len(peer.numbers)} of {rig.made} came: {rig.ledger()}"
    finally:
        peer.close()


def bounded(folder, events):
    """Nobody takes anything: the corridor goes on, the oldest go, and the receiver is told."""
    rig = Rig(folder, events, f"tcp://127.0.0.1:{free_port()}", config="spool: {max_bytes: 1MiB}\n")
    process = rig.source()
    for _ in range(20):
        rig.feed(process, COPIES)
    process.stdin.close()
    process.wait(SLOW_S)
    size = sum(os.path.getsize(os.path.join(rig.spool, n)) for n in os.listdir(rig.spool))
    if size > 1040 * 1024:
        yield f"the spool has {size} bytes"
    yield from balance(rig.ledger())
    with receiver(rig.sinks[0], f"file:{folder}/got.pb", rig.log):
        rig.drained()
    yield from delivered(rig)
    ledger = rig.ledger()
    if not ledger["dropped"]["full"] or not ledger["acknowledged"]:
        yield f"it should have dropped some, and kept some: {ledger}"


def not_for_receivers(folder, events):
    """A stranger's bytes: its connection is closed, and others are served."""
    rig = Rig(folder, events, f"unix:{folder}/s")
    with receiver(rig.sinks[0], f"file:{folder}/got.pb", rig.log):
        for noise in (b"GET / HTTP/1.0\r\n\r\n", b"\x00", b"\xff" * 20, b"\x04\x08\x01\x12\x00",
                      b"\x05\x08\x01\x12\x7f\x00", b"\x80\x80\x80\x40"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(SLOW_S)
                s.connect(rig.path("s"))
                s.sendall(noise)
                s.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):
                    s.recv(100)
        rig.run(3)
        rig.drained()
    yield from delivered(rig)


def flood(path, read, ended):
    """Batches of no events, as many as the receiver takes, and its answers read or not."""
    batches, sent = memoryview(b"\x02\x08\x01" * (1 << 20)), 0
    with contextlib.suppress(ConnectionError), socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.setblocking(False)
        while not ended.is_set():
            with contextlib.suppress(BlockingIOError):
                for _ in range(100):
                    sent = (sent + s.send(batches[sent:])) % 3
            answers, _, _ = select.select([s] if read else [], [s], [], 0.1)
            if answers and not s.recv(1 << 20):
                return


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) * 1024


def flooded(read):
    """One client sends without end: others are served, memory is bounded, and a signal is heard."""
    def case(folder, events):
        rig, ended = Rig(folder, events, f"unix:{folder}/s"), threading.Event()
        with receiver(rig.sinks[0], f"file:{folder}/got.pb", rig.log) as process:
            rude = threading.Thread(target=flood, args=(rig.path("s"), read, ended), daemon=True)
            rude.start()
            try:
                rig.run(COPIES)
                rig.drained()
                if read:
                    process.terminate()
                    process.wait(SLOW_S)
                else:
                    rude.join(5)
                    if resident(process.pid) > 100 << 20:
                        yield f"the receiver has {resident(process.pid)} bytes"
            finally:
                ended.set()
                if process.poll() is None:
                    process.kill()
                rude.join()
        yield from delivered(rig)
    return case


CASES = {
    "unix_delivers_everything": plain("unix:{folder}/s"),
    "tcp_delivers_everything": plain("tcp://127.0.0.1:{port}"),
    "a_receiver_writes_json_when_asked": as_json,
    "a_receiver_that_is_never_there_costs_nothing_but_disk": never_there,
    "a_name_without_an_address_is_told": nameless,
    "a_receiver_that_goes_and_comes_misses_nothing": down_and_back,
    "a_slow_receiver_misses_nothing": slow,
    "a_half_open_connection_is_given_up_and_nothing_is_missing": misbehaving(silent),
    "a_connection_that_is_cut_loses_nothing": misbehaving(cut),
    "an_answer_that_is_no_acknowledgement_counts_for_nothing": misbehaving(garbage),
    "an_acknowledgement_of_what_was_never_sent_counts_for_nothing": misbehaving(too_high),
    "a_connection_cut_behind_an_acknowledgement_loses_nothing": misbehaving(half, "10s", 3000),
    "with_nobody_to_take_them_the_oldest_go_and_it_is_told": bounded,
    "a_stranger_is_turned_away_by_the_receiver": not_for_receivers,
    "a_client_that_never_stops_sending_stops_nobody": flooded(True),
    "a_client_that_reads_no_answer_costs_no_memory": flooded(False),
}
