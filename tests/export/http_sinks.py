# SPDX-License-Identifier: Apache-2.0
"""http: otlp:, splunk: and elastic: against receivers that check the grammar, and their faults.

In every case the ledger balances, and no acknowledged event is missing at the receiver.
"""

import os
import signal
import socket
import subprocess
import threading
import time

import certs
from crash import couriers
from receivers import Elastic, Otlp, Splunk
from rig import BUILD, Failed, Rig, balance, framed, messages, temporary, wait_until

N = 120
EVENTS = CERTS = None
MAKING = threading.Lock()
GRACE_S = 3  # of a courier, once the source is gone
LONG_S = 60  # at most, until all is delivered; a busy machine needs some of it
REFUSED = ("wrong", "expired", "early")  # certificates of servers
PATIENT = "spool: {grace: 60s}\n"


class Numbered:
    """Events, each with an id of its own."""

    def __init__(self, events, n=N):
        with open(events.path, "rb") as f:
            self.bytes = subprocess.run([f"{BUILD}/tests/export/many", str(n)], stdin=f, check=True,
                                        stdout=subprocess.PIPE).stdout
        self.n = n
        self.ids = {f"e{i}" for i in range(n)}


class Account:
    """What the ledger says of some events that went to one sink, and was told why."""

    def __init__(self, url, seconds=LONG_S):
        with temporary() as folder:
            self.rig = Rig(folder, EVENTS, url)
            self.rig.run(1)
            end = time.monotonic() + seconds - GRACE_S
            while self.rig.ledger()["pending"] and time.monotonic() < end:
                self.rig.run(0)
            self.ledger = self.rig.ledger()
        self.why = self.ledger["why"]


def check(what, condition):
    if not condition:
        raise Failed(what)


def holds(account, received, left=0, refused=0):
    """The ledger balances, and what it calls acknowledged is at the receiver."""
    ledger, there = account.ledger, set(received) & EVENTS.ids
    for wrong in balance(ledger):
        raise Failed(wrong)
    check(f"{ledger}", ledger["produced"] == N and ledger["pending"] == left)
    check(f"{ledger}", ledger["dropped"]["refused"] == refused)
    check(f"{ledger['acknowledged']} acknowledged, {len(there)} there",
          ledger["acknowledged"] <= len(there))
    if not left:
        check(f"missing {sorted(EVENTS.ids - there)[:3]}", len(EVENTS.ids - there) == refused)


class Sink:
    def __init__(self, scheme, receiver, path, extra):
        self.scheme, self.receiver, self.path, self.extra = scheme, receiver, path, extra

    def url(self, port, host="127.0.0.1", **keys):
        keys = {"tls": "no", **self.extra, **keys}
        query = "&".join(f"{k}={v}" for k, v in keys.items())
        return f"{self.scheme}://{host}:{port}{self.path}?{query}"


SINKS = [Sink("otlp", Otlp, "/v1/logs", {}),
         Sink("splunk", Splunk, "", {"token": "T0K3N"}),
         Sink("elastic", Elastic, "/logs-test-default", {})]


def feed(sink, r, seconds=LONG_S, **keys):
    return Account(sink.url(r.port, **keys), seconds)


def whole(r, account, **kw):
    holds(account, r.ids, **kw)
    check(f"grammar: {sorted(set(r.faults))[:3]}", not r.faults)
    check("a secret left the machine", not r.secrets)


def plain(sink):
    with sink.receiver() as r:
        whole(r, feed(sink, r))


def every_format(sink):
    formats = {"otlp": ["otlp", "otlp_ocsf"], "splunk": ["json", "ocsf", "ecs"],
               "elastic": ["ecs", "json", "ocsf"]}[sink.scheme]
    for form in formats:
        with sink.receiver() as r:
            whole(r, feed(sink, r, format=form))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def down(sink):
    account = Account(sink.url(free_port()), 1)
    holds(account, [], left=N)
    check(account.why, account.why)


def down_and_back(sink):
    port = free_port()
    box = []
    timer = threading.Timer(1.0, lambda: box.append(sink.receiver(port=port)))
    timer.start()
    account = Account(sink.url(port), LONG_S)
    timer.join()
    with box[0] as r:
        whole(r, account)


def slow(sink):
    with sink.receiver(delay=0.4) as r:
        whole(r, feed(sink, r))


def too_slow(sink):
    """An answer that comes too late is none: what it acknowledged is sent again."""
    with sink.receiver(plan=["hang", "cut"]) as r:
        whole(r, feed(sink, r, timeout="500ms"))


def half_open(sink):
    """Somebody accepts, and never says a word."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(16)
        account = Account(sink.url(s.getsockname()[1], timeout="300ms"), 1)
    holds(account, [], left=N)


def retry_after(sink):
    for status in (429, 503):
        with sink.receiver(plan=[(status, {"Retry-After": "1"}, b"busy")]) as r:
            whole(r, feed(sink, r))
            check(f"{status}: came back after {r.times[1] - r.times[0]:.2f} s",
                  r.times[1] - r.times[0] >= 0.95)


def retry_after_date(sink):
    then = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
    with sink.receiver(plan=[(503, {"Retry-After": then}, b"busy")]) as r:
        whole(r, feed(sink, r))
        check("came back at once", r.times[1] - r.times[0] >= 0.9)


def one_bad_item(sink):
    with sink.receiver(poison=["e7", "e50"]) as r:
        whole(r, feed(sink, r), refused=2)
        check("others were refused", EVENTS.ids - set(r.ids) == {"e7", "e50"})


def too_large(sink):
    with sink.receiver(plan=[(413, {}, b""), (413, {}, b"")]) as r:
        whole(r, feed(sink, r))
        check("it was not sent in pieces", len(r.times) >= 4)


def not_let_in(sink):
    """No right, a wrong path, a proxy without its server: not the events' fault, and all are kept."""
    for status in (401, 403, 404, 301):
        with sink.receiver(plan=[(status, {}, b"who are you?")] * 50) as r:
            account = feed(sink, r, seconds=1)
            holds(account, [], left=N)
            check(account.why, str(status) in account.why)


def tls(sink):
    with sink.receiver(tls=CERTS["good"]) as r:
        whole(r, feed(sink, r, tls="yes", ca=CERTS["ca"]))


def tls_mutual(sink):
    server = {**CERTS["good"], "clients": CERTS["ca"]}
    with sink.receiver(tls=server) as r:
        whole(r, feed(sink, r, tls="yes", ca=CERTS["ca"], **CERTS["client"]))
    with sink.receiver(tls=server) as r:
        holds(feed(sink, r, seconds=1, tls="yes", ca=CERTS["ca"]), r.ids, left=N)
        check("somebody without a certificate was let in", not r.ids)


def tls_refused(sink):
    for name, ca in (*((n, CERTS["ca"]) for n in REFUSED), ("good", None)):
        keys = {"tls": "yes", **({"ca": ca} if ca else {})}
        with sink.receiver(tls=CERTS[name]) as r:
            account = feed(sink, r, seconds=1, **keys)
            holds(account, [], left=N)
            check(f"{name}: {account.why}", "ertificate" in account.why or "SSL" in account.why)
            check("bytes went to a stranger", not r.times)


def busy_for_a_while(sink):
    """A server's own faults, and times to come back at that say nothing: it is tried again."""
    answers = [(429, {}), (502, {"Retry-After": "0"}), (503, {"Retry-After": "-3"}),
               (504, {"Retry-After": "soon"}),
               (503, {"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"})]
    if sink.scheme != "otlp":  # whose protocol says that these are not to be tried again
        answers += [(500, {}), (507, {}), (408, {})]
    with sink.receiver(plan=[(*answer, b"busy") for answer in answers]) as r:
        whole(r, feed(sink, r, 40))
        check(f"{len(r.times)} requests", len(r.times) > len(answers))


def a_page(sink):
    """What a portal or a proxy answers, with a status that is all right: nobody has the events."""
    page = (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html>Log in first</html>")
    for keys in ({}, {"ack": "no"}) if sink.scheme == "splunk" else ({},):
        with sink.receiver(plan=[page] * 50) as r:
            account = feed(sink, r, seconds=1, **keys)
            holds(account, [], left=N)
            check("no reason is told", account.why)


def not_by_tls(sink):
    """Plain HTTP to a port that speaks TLS: what servers say to that is no word on any event."""
    for answer in (b"Client sent an HTTP request to an HTTPS server.\n",
                   b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title>"):
        with sink.receiver(plan=[(400, {"Content-Type": "text/plain"}, answer)] * 1000) as r:
            account = feed(sink, r, seconds=1)
            holds(account, [], left=N)
            check(account.why, "HTTPS" in account.why)


def no_name(sink):
    account = Account(sink.url(9, host="nowhere.invalid"), 1)
    holds(account, [], left=N)
    check(account.why, "resolve" in account.why)


def filters():
    """What a filter keeps back is in the ledger, and a secret goes where it is told to."""
    with Elastic() as r:
        account = feed(SINKS[2], r, secrets="no", kinds="exec", omit="exec,parent")
        ledger = account.ledger
        check(f"{ledger}", 0 < ledger["dropped"]["filtered"] < N and not list(balance(ledger)))
        check(f"{ledger}", ledger["acknowledged"] == N - ledger["dropped"]["filtered"] ==
              len(EVENTS.ids & set(r.ids)))
        check("the secret was masked", r.secrets)
    with Elastic() as r:
        account = feed(SINKS[2], r, hash="process.user,process.command_line")
        holds(account, r.ids)
        check("hashed, and yet told", not r.secrets)


def told_of_cap(r, ledger):
    """By the receiver's own data: each event is there, or of those that the cap left out."""
    told = [loss["host"] for loss in r.losses.values()]
    check(f"{told}", all(t["lost_cause"] == "capped" and t["lost_kind"] for t in told))
    check(f"grammar: {sorted(set(r.faults))[:3]}", not r.faults)
    for wrong in balance(ledger):
        raise Failed(wrong)
    n = sum(int(t["lost_count"]) for t in told)
    check(f"{n} told: {ledger}", n == ledger["dropped"]["filtered"] > 0)
    check(f"{ledger}", ledger["acknowledged"] == len(EVENTS.ids & set(r.ids)) == N - n)


def capped():
    """A cap on the rate: what it left out is counted, and told as a loss at the latest at the end."""
    with Elastic() as r, temporary() as folder:
        rig = Rig(folder, EVENTS, SINKS[2].url(r.port, max_rate=10, format="json"), config=PATIENT)
        rig.run(1)
        told_of_cap(r, rig.ledger())


def capped_and_hidden():
    """What a sink is not to have of events, it is not to have of what is said of those left out."""
    with Elastic() as r, temporary() as folder:
        rig = Rig(folder, EVENTS, SINKS[2].url(r.port, max_rate=10, format="json", hash="host_id",
                                               omit="host_name"), config=PATIENT)
        rig.run(1)
        told_of_cap(r, rig.ledger())
        with open("/etc/machine-id", encoding="ascii") as f:
            machine = f.read().strip()
        check("nothing is told", r.losses)
        for name, loss in r.losses.items():
            check(f"{name}: {loss}", machine not in f"{name} {loss}" and "host_name" not in loss)


def capped_and_refused():
    """A receiver that will not be told of them: they stay untold, and the end is not held up by it."""
    with Elastic() as r, temporary() as folder:
        r.refused = []
        rig = Rig(folder, EVENTS, SINKS[2].url(r.port, max_rate=10, format="json"), config=PATIENT)
        rig.run(1)
        check(f"{len(r.refused)} refused", 0 < len(r.refused) < 20 and not r.losses)
        r.refused = None
        told_of_cap(r, rig.drained().ledger())


def capped_and_killed():
    """What a courier knew of what it left out, the one after it knows, and tells it once."""
    with Elastic(delay=0.1) as r, temporary() as folder:
        rig = Rig(folder, EVENTS, SINKS[2].url(r.port, max_rate=10, format="json"), config=PATIENT)
        source, each = rig.source(), list(messages(EVENTS.bytes))
        try:
            for end in range(N // 3, N + 1, N // 3):
                source.stdin.write(framed(each[end - N // 3:end]))
                source.stdin.flush()
                wait_until(lambda n=end: rig.settled() == n, "all is settled")
                for pid in couriers(source.pid):
                    os.kill(pid, signal.SIGKILL)
            source.stdin.close()
            check(rig.said(), not source.wait(60))
        finally:
            source.kill()
        told_of_cap(r, rig.drained().ledger())


def capped_and_away():
    """The receiver is not there when the source ends: the run after it tells what is left."""
    port = free_port()
    with temporary() as folder:
        rig = Rig(folder, EVENTS, SINKS[2].url(port, max_rate=10, format="json"),
                  config="spool: {grace: 100ms}\n")
        rig.run(1)
        with Elastic(port=port) as r:
            rig.config = PATIENT
            told_of_cap(r, rig.drained().ledger())


def otlp_partial():
    """Which records were rejected is not said, so that only the number can be right."""
    with Otlp(plan=[{"rejected": 3}]) as r:
        account = feed(SINKS[0], r)
        check(f"{account.ledger}", account.ledger["dropped"]["refused"] == 3 and
              account.ledger["acknowledged"] == N - 3 and not list(balance(account.ledger)))
        check("sent again", len(r.times) == 1)


def otlp_partial_odd():
    """More than there were, fewer than none: it is still each once that is counted."""
    for answer, refused in ((b"\x0a\x03\x08\xd0\x0f", N), (b"\x0a\x00", 0), (b"\x08\x01", 0),
                            (b"\x0a\x0b\x08" + b"\xff" * 9 + b"\x01", 0)):
        with Otlp(plan=[(200, {}, answer)]) as r:
            ledger = feed(SINKS[0], r).ledger
            check(f"{answer}: {ledger}", ledger["dropped"]["refused"] == refused and
                  ledger["acknowledged"] == N - refused and not list(balance(ledger)))


def otlp_statuses():
    """Of 500 and 408 the protocol says that they are not to be tried again."""
    for status in (500, 408):
        with Otlp(plan=[(status, {}, b"")] * 1000) as r:
            holds(feed(SINKS[0], r), [], refused=N)


def by_variables(seconds=LONG_S, **variables):
    names = {f"OTEL_EXPORTER_OTLP_{name}": value for name, value in variables.items()}
    os.environ.update(names)
    try:
        return Account("otlp:", seconds)
    finally:
        for name in names:
            del os.environ[name]


def otlp_variables():
    with Otlp() as r:
        whole(r, by_variables(ENDPOINT=f"http://127.0.0.1:{r.port}/", COMPRESSION="none",
                              HEADERS="x-team=blue, x-site=a%20b"))
        check(f"{r.head}", r.head["x-team"] == "blue" and r.head["x-site"] == "a b")
        check("gzip, against the variable", "Content-Encoding" not in r.head)
    with Otlp() as r:  # the one for logs is whole, and goes before
        whole(r, by_variables(ENDPOINT="http://127.0.0.1:1/", HEADERS="x-team=blue",
                              LOGS_ENDPOINT=f"http://127.0.0.1:{r.port}/v1/logs",
                              LOGS_HEADERS="x-team=red"))
        check(f"{r.head}", r.head["x-team"] == "red")
    with Otlp(delay=1) as r:
        account = by_variables(1, ENDPOINT=f"http://127.0.0.1:{r.port}/", TIMEOUT="100")
        check(f"{account.ledger}", account.ledger["pending"] == N and not list(balance(account.ledger)))
    # as the cases run side by side, and share one environment, it is all one case
    with Otlp(tls={**CERTS["good"], "clients": CERTS["ca"]}) as r:
        end, who = f"https://127.0.0.1:{r.port}/", CERTS["client"]
        whole(r, by_variables(ENDPOINT=end, CERTIFICATE=CERTS["ca"], CLIENT_CERTIFICATE=who["cert"],
                              CLIENT_KEY=who["key"]))
    with Otlp(tls={**CERTS["good"], "clients": CERTS["ca"]}) as r:
        holds(by_variables(1, ENDPOINT=f"https://127.0.0.1:{r.port}/", CERTIFICATE=CERTS["ca"]), [],
              left=N)
    with Otlp() as r:
        end = f"http://127.0.0.1:{r.port}/"
        try:
            by_variables(1, ENDPOINT=end, PROTOCOL="grpc")
            check("it took a protocol that it does not speak", False)
        except Failed as e:
            check(f"{e}", "ended with 2" in str(e) and "grpc" in str(e))
        whole(r, by_variables(ENDPOINT=end, PROTOCOL="grpc", LOGS_PROTOCOL="http/protobuf"))


def prepare(case, *args):
    """A case for tests/export/run, which gives the events: made once, as are the certificates."""
    def run(_, events):
        global EVENTS, CERTS
        with MAKING:
            EVENTS = EVENTS or Numbered(events)
            CERTS = CERTS or certs.make(os.path.dirname(events.path))
        case(*args)
        return []
    return run


EACH = [plain, every_format, down, down_and_back, slow, too_slow, half_open, retry_after,
        retry_after_date, one_bad_item, too_large, not_let_in, tls, tls_mutual, tls_refused, busy_for_a_while, a_page, not_by_tls,
        no_name]
ALONE = [filters, capped, capped_and_hidden, capped_and_refused, capped_and_killed, capped_and_away, otlp_partial, otlp_partial_odd, otlp_statuses, otlp_variables]

CASES = {f"{s.scheme}_{c.__name__}": prepare(c, s) for s in SINKS for c in EACH}
CASES.update({c.__name__: prepare(c) for c in ALONE})
