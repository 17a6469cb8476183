# SPDX-License-Identifier: Apache-2.0
"""kafka: against a broker of Apache Kafka itself, where there is a Java to run it.

Its jars come from Maven's central repository, once, into the cache.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading

import certs
import http_sinks
from http_sinks import N, Account, check, free_port, holds
from kafka_sinks import Cluster, whole
from rig import BUILD, Failed, Rig, balance, framed, messages, slurp, temporary, wait_until

VERSION = "4.1.1"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>lapwing</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
<version>{VERSION}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId>
<version>1.7.36</version></dependency>
</dependencies>
</project>
"""
CONFIG = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners={listeners},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listeners}
listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={folder}/data
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
{more}
"""
# a listener's certificate, and whose certificates it asks for; what is read back comes in plain
SECURE = """listener.name.{name}.ssl.client.auth=required
listener.name.{name}.ssl.keystore.type=PEM
listener.name.{name}.ssl.keystore.location={pem}
listener.name.{name}.ssl.truststore.type=PEM
listener.name.{name}.ssl.truststore.location={ca}
"""
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
FETCHING = threading.Lock()
START_S = 180


def jars():
    """The class path of a broker."""
    cache = os.environ.get("LAPWING_CACHE") or os.path.expanduser("~/.cache/lapwing")
    folder = os.path.join(cache, f"kafka-{VERSION}")
    if not shutil.which("java"):
        raise NotImplementedError("there is no Java to run a broker with")
    with FETCHING:
        if os.path.isdir(folder):
            return f"{folder}/*"
        if not shutil.which("mvn"):
            raise NotImplementedError("there is no mvn to fetch a broker with")
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as place:
            with open(os.path.join(place, "pom.xml"), "w", encoding="ascii") as f:
                f.write(POM)
            r = subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies",
                                "-DincludeScope=runtime", f"-DoutputDirectory={place}/jars"],
                               cwd=place, check=False, capture_output=True, text=True, timeout=300)
            if r.returncode:
                raise NotImplementedError("the broker's jars are not to be had: "
                                          f"{(r.stdout.splitlines() or ['?'])[0]}")
            os.rename(os.path.join(place, "jars"), folder)
    return f"{folder}/*"


class Broker(Cluster):
    """One broker that is its own controller; messages are read as from the mock cluster.

    @secure: names of certificates, each of which has a listener of its own, with mutual TLS.
    """

    def __init__(self, more="", secure=()):  # pylint: disable=super-init-not-called
        self.java = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", jars()]
        self.folder, self.port = tempfile.mkdtemp(), free_port()
        self.brokers = f"127.0.0.1:{self.port}"
        self.config, self.log = f"{self.folder}/conf", f"{self.folder}/log"
        self.secure = {name: free_port() for name in secure}
        ports = {"PLAINTEXT": self.port, **{n.upper(): p for n, p in self.secure.items()}}
        with open(self.config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(
                listeners=",".join(f"{n}://127.0.0.1:{p}" for n, p in ports.items()),
                protocols=",".join(f"{n}:{'SSL' if n != 'PLAINTEXT' else n}" for n in ports),
                controller=free_port(), folder=self.folder, more=more + self.certificates()))
        self.broker = None
        self.tool("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self.config).wait()
        self.start()
        self.process = subprocess.Popen([f"{BUILD}/tests/export/mockafka", self.brokers],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()

    def certificates(self):
        lines = ""
        for name in self.secure:
            pem = f"{self.folder}/{name}.pem"
            with open(pem, "wb") as f:
                f.write(slurp(http_sinks.CERTS[name]["key"]) + slurp(http_sinks.CERTS[name]["cert"]))
            lines += SECURE.format(name=name, pem=pem, ca=http_sinks.CERTS["ca"])
        return lines

    def secure_url(self, name, **keys):
        """Of the listener that shows the certificate @name."""
        keys = {"ca": http_sinks.CERTS["ca"], **keys}
        return f"kafka://127.0.0.1:{self.secure[name]}/lapwing?" + "&".join(
            f"{k}={v}" for k, v in keys.items())

    def tool(self, *argv):
        with open(self.log, "ab") as log:
            return subprocess.Popen(self.java + list(argv), stdout=log, stderr=log, cwd=self.folder)

    def start(self):
        self.broker = self.tool("kafka.Kafka", self.config)
        wait_until(self.listens, "the broker listens", START_S)

    def listens(self):
        if self.broker.poll() is not None:
            raise Failed(f"the broker ended: {slurp(self.log).decode()[-400:]}")
        with open("/proc/net/tcp6", encoding="ascii") as f, \
                open("/proc/net/tcp", encoding="ascii") as g:
            here = f.read() + g.read()
        return all(f"0100007F:{port:04X} " in here for port in [self.port, *self.secure.values()])

    def kill(self):
        self.broker.send_signal(signal.SIGKILL)
        self.broker.wait(60)

    def __exit__(self, *args):
        super().__exit__(*args)
        self.kill()
        shutil.rmtree(self.folder)


def kafka_broker_takes_everything():
    """Each once and in order: the producer is idempotent."""
    with Broker() as b:
        ids = [m[0] for m in whole(b, Account(b.url(), 60))]
        check("not each once, and in order", ids == [f"e{i}" for i in range(http_sinks.N)])


def kafka_broker_is_killed_and_comes_back():
    with Broker() as b:
        b.kill()
        timer = threading.Timer(1.0, b.start)
        timer.start()
        account = Account(b.url(timeout="5s"), START_S)
        timer.join()
        whole(b, account)


class Patient(Account):
    """One courier to the end: it halves the batch again and again, which takes some seconds."""

    def __init__(self, url):  # pylint: disable=super-init-not-called
        with temporary() as folder:
            self.rig = Rig(folder, http_sinks.EVENTS, url, config="spool: {grace: 60s}\n")
            self.rig.run(1)
            self.ledger = self.rig.ledger()
        self.why = self.ledger["why"]


def kafka_broker_refuses_what_is_too_large_alone():
    """Of a batch, only those that are longer than the broker takes."""
    sizes = sorted(len(m) for m in messages(http_sinks.EVENTS.bytes))
    # between two sizes that differ; a record has some 250 bytes of headers and its batch's own
    limit = sizes[len(sizes) // 2] + 250
    with Broker(f"message.max.bytes={limit}") as b:
        account = Patient(b.url(librdkafka="compression.type=none"))
        refused = account.ledger["dropped"]["refused"]
        check(f"{account.ledger}", 0 < refused < http_sinks.N)
        whole(b, account, refused=refused)


def strangers(folder):
    """An authority that nobody trusts, and a client of its."""
    os.mkdir(folder)
    return certs.make(folder)


def refused(url, word):
    """Nothing is taken, nothing is lost, and it is said why."""
    account = Account(url, 6)
    holds(account, [], left=N)
    check(f"{word}: {account.why}", word in account.why.lower())


def restarted(b, url):
    """The broker dies when it has one half, and comes back while the other one waits."""
    each = list(messages(http_sinks.EVENTS.bytes))
    with temporary() as folder:
        rig = Rig(folder, http_sinks.EVENTS, url)
        source = rig.source()
        try:
            source.stdin.write(framed(each[:N // 2]))
            source.stdin.flush()
            wait_until(lambda: rig.acknowledged() == N // 2, "the first half is acknowledged")
            b.kill()
            source.stdin.write(framed(each[N // 2:]))
            source.stdin.flush()
            wait_until(lambda: rig.ledger()["failures"], "that it is gone is noticed")
            b.start()
            wait_until(lambda: not rig.ledger()["pending"], "the rest is delivered", START_S)
        finally:
            source.stdin.close()
            source.wait(60)
        ledger = rig.ledger()
        check(f"{ledger}", ledger["acknowledged"] == N and not list(balance(ledger)))
        check("events are missing", {m[0] for m in b.messages(0)} == http_sinks.EVENTS.ids)


def kafka_broker_with_mutual_tls():
    """It and we show who we are; whoever cannot gets nothing, and a restart in the middle is none."""
    own = http_sinks.CERTS["client"]
    with Broker(secure=("good", *http_sinks.REFUSED)) as b, contextlib.ExitStack() as stack:
        others = strangers(os.path.join(stack.enter_context(temporary()), "ca"))
        for name in http_sinks.REFUSED:
            refused(b.secure_url(name, timeout="2s", **own), "certificate")
        refused(b.secure_url("good", timeout="2s", **{**own, "ca": others["ca"]}), "certificate")
        refused(b.secure_url("good", timeout="2s"), "ssl")
        refused(b.secure_url("good", timeout="2s", **others["client"]), "ssl")
        check("somebody was let in", not b.messages(0))
        restarted(b, b.secure_url("good", timeout="5s", **own))


CASES = {c.__name__: http_sinks.prepare(c) for c in
         (kafka_broker_takes_everything, kafka_broker_is_killed_and_comes_back,
          kafka_broker_refuses_what_is_too_large_alone)}
# what takes too long for every day: make check-export-all
LONG = {c.__name__: http_sinks.prepare(c) for c in (kafka_broker_with_mutual_tls,)}
