# SPDX-License-Identifier: Apache-2.0
"""syslog: against rsyslog, over UDP, TCP and TLS."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading

import http_sinks
from http_sinks import N, Account, check, free_port
from rig import Failed, balance, slurp, wait_until

CONFIG = """
global(workDirectory="{d}" maxMessageSize="64k" {ca})
module(load="imudp")
module(load="imtcp" {driver})
template(name="line" type="string" string="%pri%|%timereported:::date-rfc3339%|%hostname%|\
%app-name%|%procid%|%msgid%|%structured-data%|%msg%\\n")
input(type="imudp" address="127.0.0.1" port="{port}")
input(type="imtcp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{d}/out" template="line")
"""
# the certificates as rsyslog wants them; what a client must show is asked for by name
DRIVER = """streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="{auth}" {peer}"""
FILES = """defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{cert}" \
defaultNetstreamDriverKeyFile="{key}" """


class Rsyslog:
    def __init__(self, tls=None, clients=False, port=0):
        self.folder, self.port = tempfile.mkdtemp(), port or free_port()
        ca = FILES.format(ca=http_sinks.CERTS["ca"], **tls) if tls else ""
        peer = 'permittedPeer=["client"]' if clients else ""
        driver = DRIVER.format(auth="x509/name" if clients else "anon", peer=peer) if tls else ""
        config = os.path.join(self.folder, "conf")
        with open(config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(d=self.folder, port=self.port, ca=ca, driver=driver))
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(["rsyslogd", "-n", "-f", config, "-i",
                                         os.path.join(self.folder, "pid")], stdout=self.log,
                                        stderr=self.log)
        wait_until(self.listens, "rsyslog listens", 60)

    def listens(self):
        if self.process.poll() is not None:
            raise Failed(f"rsyslog ended: {slurp(self.log.name).decode()[-300:]}")
        with open("/proc/net/tcp", encoding="ascii") as f:
            return f"0100007F:{self.port:04X} 00000000:0000 0A" in f.read()

    def close(self):
        """What it has, once it is stopped and has written all."""
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        path = os.path.join(self.folder, "out")
        lines = slurp(path).decode().splitlines() if os.path.exists(path) else []
        shutil.rmtree(self.folder)
        return [Message(line) for line in lines]


class Message:
    def __init__(self, line):
        (self.pri, self.time, self.host, self.app, self.procid, self.msgid, self.data,
         self.text) = line.split("|", 7)
        found = re.fullmatch(r'\[lapwing@32473 id="([^"]+)" seq="\d+"(?: cut="(\d+)")?\]', self.data)
        check(f"structured data {self.data}", found)
        self.id, self.cut = found[1], found[2]
        check(f"head of {line[:200]}", self.app == "lapwing" and self.host and
              self.procid.isdigit() and self.msgid.startswith("PROCESS_") and
              re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", self.time))


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
    def case():
        r = Rsyslog()
        account = Account(url(r.port, transport))
        messages = r.close()
        whole(account, messages, lossy=transport == "udp")
        check("not JSON", all(json.loads(m.text)["detections"] for m in messages))
        check("a priority", all(int(m.pri) // 8 == 10 for m in messages))
    return case


def cef():
    r = Rsyslog()
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


def leef():
    r = Rsyslog()
    account = Account(url(r.port, "tcp", format="leef"))
    messages = r.close()
    whole(account, messages)
    for m in messages:
        parts = m.text.strip().split("|")
        check(m.text, len(parts) == 6 and parts[0] == "LEEF:1.0")
        # rsyslog writes a TAB as #011
        keys = dict(p.split("=", 1) for p in parts[5].replace("#011", "\t").split("\t"))
        check(f"{keys}", {"devTime", "sev", "usrName", "process"} <= set(keys))


def long_messages_are_cut_and_say_so():
    r = Rsyslog()
    account = Account(url(r.port, "tcp", max_bytes=600))
    messages = r.close()
    whole(account, messages)
    check("none was cut", any(m.cut and len(m.text) < int(m.cut) for m in messages))


def tls():
    r = Rsyslog(tls=http_sinks.CERTS["good"])
    account = Account(url(r.port, "tls", ca=http_sinks.CERTS["ca"]))
    whole(account, r.close())


def tls_mutual():
    certs = http_sinks.CERTS
    r = Rsyslog(tls=certs["good"], clients=True)
    account = Account(url(r.port, "tls", ca=certs["ca"], **certs["client"]))
    whole(account, r.close())


def tls_refused():
    certs = http_sinks.CERTS
    for name, ca in (("wrong", certs["ca"]), ("expired", certs["ca"]), ("good", None)):
        r = Rsyslog(tls=certs[name])
        account = Account(url(r.port, "tls", **({"ca": ca} if ca else {})), 1)
        check("bytes went to a stranger", not r.close())
        waits(account)
        check(f"{name}: {account.why}", "certificate" in account.why.lower() or
              "mismatch" in account.why.lower())


def down():
    waits(Account(url(free_port(), "tcp"), 1))


def no_name():
    waits(Account(url(514, "tcp", host="nowhere.invalid"), 1))
    waits(Account(url(514, "udp", host="nowhere.invalid"), 1))


def down_and_back():
    port, box = free_port(), []
    timer = threading.Timer(1.0, lambda: box.append(Rsyslog(port=port)))
    timer.start()
    account = Account(url(port, "tcp"), 20)
    timer.join()
    whole(account, box[0].close())


def skip_without_rsyslog(case):
    def run(folder, events):
        if not shutil.which("rsyslogd", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            raise NotImplementedError("rsyslogd is not installed; scripts/deps test installs it")
        return http_sinks.prepare(case)(folder, events)
    return run


CASES = {f"syslog_{n}": skip_without_rsyslog(c) for n, c in
         (("udp", over("udp")), ("tcp", over("tcp")), ("cef", cef), ("leef", leef),
          ("cut", long_messages_are_cut_and_say_so), ("tls", tls), ("tls_mutual", tls_mutual),
          ("tls_refused", tls_refused), ("down", down), ("no_name", no_name),
          ("down_and_back", down_and_back))}
