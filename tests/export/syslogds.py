# SPDX-License-Identifier: Apache-2.0
"""rsyslog and syslog-ng, in the foreground, with a configuration of our own, on one port each.

Debian lets only one of the two be installed; the other is unpacked into the cache, and run from there.
"""

import os
import re
import shutil
import subprocess
import tempfile
import threading

import http_sinks
from http_sinks import check, free_port
from rig import Failed, slurp, wait_until

RSYSLOG = """
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

SYSLOG_NG = """@version: 3.38
options {{ keep-hostname(yes); use-dns(no); stats-freq(0); frac-digits(6); log-msg-size(65536); }};
source s {{
  syslog(transport("udp") ip("127.0.0.1") port({port}));
  syslog(transport("{over}") ip("127.0.0.1") port({port}) max-connections(20) {tls});
}};
destination d {{
  file("{d}/out" template("${{PRI}}|${{ISODATE}}|${{HOST}}|${{PROGRAM}}|${{PID}}|${{MSGID}}|${{SDATA}}|\
${{MSG}}\\n"));
}};
log {{ source(s); destination(d); }};
"""
TLS = """tls(key-file("{key}") cert-file("{cert}") ca-file("{ca}") peer-verify({verify}))"""

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


FETCHING = threading.Lock()


def unpacked(package, version_of):
    """The folder of a Debian package that is not installed."""
    cache = os.environ.get("LAPWING_CACHE") or os.path.expanduser("~/.cache/lapwing")
    folder = os.path.join(cache, package)
    with FETCHING:
        if os.path.exists(os.path.join(folder, version_of)):
            return folder
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as place:
            r = subprocess.run(["apt-get", "-q", "download", package], cwd=place, check=False,
                               capture_output=True, text=True, timeout=120)
            debs = [n for n in os.listdir(place) if n.endswith(".deb")]
            if r.returncode or len(debs) != 1:
                raise NotImplementedError(f"{package} is not installed, and not to be had: "
                                          f"{(r.stderr.splitlines() or ['?'])[0]}")
            subprocess.run(["dpkg", "-x", debs[0], "root"], cwd=place, check=True)
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(os.path.join(place, "root"), folder)
    return folder


class Syslogd:
    program = package = None
    environment = None

    def __init__(self, tls=None, clients=False, port=0):
        self.folder, self.port = tempfile.mkdtemp(), port or free_port()
        self.config = os.path.join(self.folder, "conf")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(self.configuration(tls, clients))
        self.log = open(os.path.join(self.folder, "log"), "wb")
        command = self.command()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log,
                                        cwd=self.folder, env=self.environment)
        wait_until(self.listens, f"{self.program} listens", 60)

    def listens(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.program} ended: {slurp(self.log.name).decode()[-300:]}")
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


class Rsyslog(Syslogd):
    program, package = "rsyslogd", "rsyslog"

    def configuration(self, tls, clients):
        ca = FILES.format(ca=http_sinks.CERTS["ca"], **tls) if tls else ""
        peer = 'permittedPeer=["client"]' if clients else ""
        driver = DRIVER.format(auth="x509/name" if clients else "anon", peer=peer) if tls else ""
        return RSYSLOG.format(d=self.folder, port=self.port, ca=ca, driver=driver)

    @classmethod
    def need(cls):
        if not shutil.which(cls.program, path=PATH):
            raise NotImplementedError("rsyslogd is not installed; scripts/deps test installs it")

    def command(self):
        return [shutil.which(self.program, path=PATH), "-n", "-f", self.config, "-i",
                os.path.join(self.folder, "pid")]


class SyslogNg(Syslogd):
    program, package = "syslog-ng", "syslog-ng-core"

    def configuration(self, tls, clients):
        more = TLS.format(ca=http_sinks.CERTS["ca"], **tls,
                          verify="required-trusted" if clients else "optional-untrusted") if tls else ""
        return SYSLOG_NG.format(d=self.folder, port=self.port, over="tls" if tls else "tcp", tls=more)

    @classmethod
    def need(cls):
        if not shutil.which(cls.program, path=PATH):
            unpacked(cls.package, "usr/sbin/syslog-ng")

    def command(self):
        program = shutil.which(self.program, path=PATH)
        files = [f"--{option}={os.path.join(self.folder, name)}" for option, name in
                 (("cfgfile", "conf"), ("persist-file", "persist"), ("pidfile", "pid"),
                  ("control", "control"))]
        if not program:
            root = unpacked(self.package, "usr/sbin/syslog-ng")
            program = os.path.join(root, "usr/sbin/syslog-ng")
            libraries = os.path.join(root, "usr/lib/syslog-ng")
            modules = next(n for n in os.listdir(libraries) if n[0].isdigit())
            self.environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
            files.append(f"--module-path={os.path.join(libraries, modules)}")
        return [program, "--foreground", "--no-caps", "--stderr", *files]


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
