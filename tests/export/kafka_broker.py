# SPDX-License-Identifier: Apache-2.0
"""kafka: against a broker of Apache Kafka itself, where there is a Java to run it.

Its jars come from Maven's central repository, once, into the cache.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import threading

import http_sinks
from http_sinks import Account, check, free_port
from kafka_sinks import Cluster, whole
from rig import BUILD, Failed, Rig, messages, slurp, temporary, wait_until

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
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
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
    """One broker that is its own controller; messages are read as from the mock cluster."""

    def __init__(self, more=""):  # pylint: disable=super-init-not-called
        self.java = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", jars()]
        self.folder, self.port = tempfile.mkdtemp(), free_port()
        self.brokers = f"127.0.0.1:{self.port}"
        self.config, self.log = f"{self.folder}/conf", f"{self.folder}/log"
        with open(self.config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(port=self.port, controller=free_port(), folder=self.folder,
                                  more=more))
        self.broker = None
        self.tool("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self.config).wait()
        self.start()
        self.process = subprocess.Popen([f"{BUILD}/tests/export/mockafka", self.brokers],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()

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
            return f"0100007F:{self.port:04X} " in f.read() + g.read()

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


CASES = {c.__name__: http_sinks.prepare(c) for c in
         (kafka_broker_takes_everything, kafka_broker_is_killed_and_comes_back,
          kafka_broker_refuses_what_is_too_large_alone)}
