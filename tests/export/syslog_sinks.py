# SPDX-License-Identifier: Apache-2.0
"""syslog: against rsyslog and syslog-ng, over UDP, TCP and TLS, and against who does not read."""

import contextlib
import json
import re
import socket
import ssl
import threading

import http_sinks
from http_sinks import N, Account, check, free_port
from rig import Failed, balance, wait_until
from syslogds import Rsyslog, SyslogNg


def url(port, over, host="127.0.0.1", **keys):
    more = "".join(f"&{k}={v}" for k, v in keys.items())
    return f"syslog://{host}:{port}?over={over}{more}"


def whole(account, messages, lossy=False):
    """Only events with detections went; each of these is there, or with UDP at least some."""
    ledger, there = account.ledger, {m.id for m in messages}
    for wrong in balance(ledger):
        raise Failed(wrong)
    check(f"{ledger}", not ledger["pending"] and ledger["dropped"]["filtered"] ==
          N - ledger["acknowledged"] and 0 < ledger["acknowledged"] < N)
    ids = {i.split("-")[0] for i in there}
    check(f"{ledger['acknowledged']} acknowledged, {len(ids)} there",
          len(ids) == ledger["acknowledged"] or
          lossy and 0 < len(ids) < ledger["acknowledged"])
    check("a secret left the machine", not any("hunter2" in m.text for m in messages))


def waits(account):
    for wrong in balance(account.ledger):
        raise Failed(wrong)
    check(f"{account.ledger}", not account.ledger["acknowledged"] and account.ledger["pending"])
    check("no reason is told", account.why)


def over(transport):
    def case(daemon):
        r = daemon()
        account = Account(url(r.port, transport))
        messages = r.close()
        whole(account, messages, lossy=transport == "udp")
        check("not JSON", all(json.loads(m.text)["detections"] for m in messages))
        check("a priority", all(int(m.pri) // 8 == 10 for m in messages))
    return case


def cef(daemon):
    r = daemon()
    account = Account(url(r.port, "tcp", format="cef"))
    messages = r.close()
    whole(account, messages)
    for m in messages:
        parts = re.split(r"(?<!\\)\|", m.text.strip())
        check(m.text, len(parts) == 8 and parts[0] == "CEF:0" and parts[1] == "Lapwing")
        keys = re.findall(r"(?:^| )([a-zA-Z0-9]+)(?<!\\)=", parts[7])
        check(f"{keys}", {"rt", "dvchost", "externalId", "sproc", "cs1", "cs1Label"} <= set(keys))
        check(f"a key twice: {keys}", len(set(keys)) == len(keys))
        check(parts[6], 1 <= int(parts[6]) <= 10)


def leef(daemon):
    r = daemon()
    account = Account(url(r.port, "tcp", format="leef"))
    messages = r.close()
    whole(account, messages)
    for m in messages:
        parts = m.text.strip().split("|")
        check(m.text, len(parts) == 6 and parts[0] == "LEEF:1.0")
        # rsyslog writes a TAB as #011
        keys = dict(p.split("=", 1) for p in parts[5].replace("#011", "\t").split("\t"))
        check(f"{keys}", {"devTime", "sev", "usrName", "process"} <= set(keys))


def long_messages_are_cut_and_say_so(daemon):
    r = daemon()
    account = Account(url(r.port, "tcp", max_bytes=600))
    messages = r.close()
    whole(account, messages)
    check("none was cut", any(m.cut and len(m.text) < int(m.cut) for m in messages))


def tls(daemon):
    r = daemon(tls=http_sinks.CERTS["good"])
    account = Account(url(r.port, "tls", ca=http_sinks.CERTS["ca"]))
    whole(account, r.close())


def tls_mutual(daemon):
    certs = http_sinks.CERTS
    r = daemon(tls=certs["good"], clients=True)
    account = Account(url(r.port, "tls", ca=certs["ca"], **certs["client"]))
    whole(account, r.close())


def tls_refused(daemon):
    certs = http_sinks.CERTS
    for name, ca in (*((n, certs["ca"]) for n in http_sinks.REFUSED), ("good", None)):
        r = daemon(tls=certs[name])
        account = Account(url(r.port, "tls", **({"ca": ca} if ca else {})), 1)
        check("bytes went to a stranger", not r.close())
        waits(account)
        check(f"{name}: {account.why}", "certificate" in account.why.lower() or
              "mismatch" in account.why.lower())


def keys_of(way):
    return {"ca": http_sinks.CERTS["ca"]} if way == "tls" else {}


def down(way):
    """Over UDP, too, a host says that nobody listens there; one that is silent cannot be heard."""
    waits(Account(url(free_port(), way, **keys_of(way)), 1))


def no_name(way):
    waits(Account(url(514, way, host="nowhere.invalid", **keys_of(way)), 1))


def down_and_back(daemon, way="tcp"):
    port, box = free_port(), []
    tls = http_sinks.CERTS["good"] if way == "tls" else None
    timer = threading.Timer(1.0, lambda: box.append(daemon(port=port, tls=tls)))
    timer.start()
    account = Account(url(port, way, **keys_of(way)), 20)
    timer.join()
    whole(account, box[0].close(), lossy=way == "udp")


class Datagrams:
    """A receiver of our own over UDP, which is told no more often than its kernel has room for."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port, self.ids, self.ended = self.socket.getsockname()[1], set(), threading.Event()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while True:
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                if self.ended.is_set():
                    return
                continue
            self.ids.add(id_of(data))

    def close(self):
        self.ended.set()
        self.thread.join()
        self.socket.close()


def id_of(message):
    return re.search(rb'\[lapwing@32473 id="([^"]+)"', message)[1].decode()


class Reader:
    """A receiver of our own over TCP: what it does with its first connections is @first."""

    def __init__(self, first, n_first=10**9, tls=None):
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(tls["cert"], tls["key"])
        self.listener = socket.socket()
        # inherited: a window so small that what is not read is not confirmed
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.first, self.n_first, self.open, self.ids = first, n_first, [], set()
        self.accepted = 0
        threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            self.accepted += 1
            serve = self.first if self.accepted <= self.n_first else self.read
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def take(self, data):
        """The octet-counted messages in @data; what is left of it."""
        while b" " in data:
            n, _, rest = data.partition(b" ")
            if len(rest) < int(n):
                break
            self.ids.add(id_of(rest[:int(n)]))
            data = rest[int(n):]
        return data

    def secured(self, connection):
        """@connection, after the handshake if there is one; None: it was none."""
        if not self.context:
            return connection
        with contextlib.suppress(OSError):
            self.open.append(self.context.wrap_socket(connection, server_side=True))
            return self.open[-1]
        return None

    def read(self, connection, wait_s=0.0):
        data = b""
        connection = self.secured(connection)
        while connection and (piece := connection.recv(4096)):
            threading.Event().wait(wait_s)
            data = self.take(data + piece)

    def close_after(self, n):
        """What its kernel has taken is delivered, and may be still to be read."""
        wait_until(lambda: len(self.ids) >= n, "all that was acknowledged is read")
        self.close()

    def close(self):
        self.listener.close()
        for connection in self.open:
            connection.close()


def reader(way, first, **more):
    return Reader(first, tls=http_sinks.CERTS["good"] if way == "tls" else None, **more)


def slow(way):
    """It reads a little at a time: that costs time, and nothing else."""
    r = reader(way, lambda c: r.read(c, 0.03))
    account = Account(url(r.port, way, timeout="5s", **keys_of(way)), 30)
    r.close_after(account.ledger["acknowledged"])
    check(f"{account.ledger}", not account.ledger["pending"] and not list(balance(account.ledger)))
    check(f"{len(r.ids)} of {account.ledger}", len(r.ids) == account.ledger["acknowledged"] > 0)


def half_open(way):
    """It accepts and does not read: what its kernel has no room for is not delivered."""
    for first in (lambda c: None, lambda c: r.secured(c)):
        r = reader(way, first)
        account = Account(url(r.port, way, timeout="300ms", **keys_of(way)), 1)
        r.close()
        waits(account)


def half_open_and_back(way):
    r = reader(way, lambda c: None, n_first=2)
    account = Account(url(r.port, way, timeout="300ms", **keys_of(way)), 30)
    r.close_after(account.ledger["acknowledged"])
    check(f"{account.ledger}", not account.ledger["pending"] and not list(balance(account.ledger)))
    check(f"{r.accepted} connections, {len(r.ids)} of {account.ledger}", r.accepted > 2 and
          len(r.ids) == account.ledger["acknowledged"] > 0)


def with_daemon(daemon, case):
    def run(folder, events):
        daemon.need()
        return http_sinks.prepare(case, daemon)(folder, events)
    return run


EACH = {"udp": over("udp"), "tcp": over("tcp"), "cef": cef, "leef": leef,
        "cut": long_messages_are_cut_and_say_so, "tls": tls, "tls_mutual": tls_mutual,
        "tls_refused": tls_refused, "down_and_back": down_and_back,
        "udp_down_and_back": lambda daemon: down_and_back(daemon, "udp"),
        "tls_down_and_back": lambda daemon: down_and_back(daemon, "tls")}
# those over TCP have no word for it in their names
ALONE = {(name if way == "tcp" else f"{way}_{name}"): (case, way)
         for way, cases in {"tcp": {"slow": slow, "half_open": half_open,
                                    "half_open_and_back": half_open_and_back,
                                    "down": down, "no_name": no_name},
                            "tls": {"slow": slow, "half_open": half_open,
                                    "half_open_and_back": half_open_and_back,
                                    "down": down, "no_name": no_name},
                            "udp": {"down": down, "no_name": no_name}}.items()
         for name, case in cases.items()}

CASES = {f"{name}_{n}": with_daemon(daemon, c) for n, c in EACH.items()
         for name, daemon in (("syslog", Rsyslog), ("syslog_ng", SyslogNg))}
CASES.update({f"syslog_{n}": http_sinks.prepare(*c) for n, c in ALONE.items()})
