# SPDX-License-Identifier: Apache-2.0
"""otlp:, splunk: and elastic: through nginx, which is an HTTP server of its own mind.

It passes requests on to a receiver that checks the grammar, by HTTP/1.1 over TLS, and answers by
itself when it has something to say: too many requests, too long a body, nobody behind it.
"""

import os
import shutil
import subprocess
import tempfile

import http_sinks
from http_sinks import N, SINKS, Account, check, feed, free_port, holds, whole
from rig import Failed, slurp, wait_until
from syslogds import PATH, unpacked

CONFIG = """daemon off;
{user}
pid {d}/pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {d}/body; proxy_temp_path {d}/proxy; fastcgi_temp_path {d}/f;
  uwsgi_temp_path {d}/u; scgi_temp_path {d}/s;
  {http}
  server {{
    listen 127.0.0.1:{port} {ssl};
    {tls}
    {server}
    location / {{ proxy_pass http://127.0.0.1:{behind}; {location} }}
  }}
}}
"""


class Nginx:
    def __init__(self, behind, http="", server="", location="", tls=None, clients=None):
        # its package would start a server on port 80; so it is unpacked only
        program = shutil.which("nginx", path=PATH) or \
            os.path.join(unpacked("nginx", "usr/sbin/nginx"), "usr/sbin/nginx")
        self.folder, self.port = tempfile.mkdtemp(), free_port()
        certificate = ""
        if tls:
            certificate = f"ssl_certificate {tls['cert']}; ssl_certificate_key {tls['key']};"
        if clients:
            certificate += f" ssl_client_certificate {clients}; ssl_verify_client on;"
        with open(os.path.join(self.folder, "conf"), "w", encoding="ascii") as f:
            # what a long body is kept in must be its own
            user = "user root;" if os.geteuid() == 0 else ""
            f.write(CONFIG.format(user=user, d=self.folder, port=self.port, behind=behind, http=http,
                                  server=server, location=location, ssl="ssl" if tls else "",
                                  tls=certificate))
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen([program, "-e", "stderr", "-p", self.folder, "-c",
                                         os.path.join(self.folder, "conf")], stdout=self.log,
                                        stderr=self.log)
        wait_until(self.listens, "nginx listens", 60)

    def listens(self):
        if self.process.poll() is not None:
            raise Failed(f"nginx ended: {slurp(self.log.name).decode()[-300:]}")
        with open("/proc/net/tcp", encoding="ascii") as f:
            return f"0100007F:{self.port:04X} 00000000:0000 0A" in f.read()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        shutil.rmtree(self.folder)


def tls(sink):
    certs = http_sinks.CERTS
    with sink.receiver() as r, Nginx(r.port, tls=certs["good"]) as n:
        whole(r, feed(sink, n, tls="yes", ca=certs["ca"]))
        account = feed(sink, n, seconds=1)
        check(f"{account.ledger}", account.ledger["pending"] == N)
        check(account.why, "HTTPS" in account.why)
    with sink.receiver() as r, Nginx(r.port, tls=certs["good"], clients=certs["ca"]) as n:
        whole(r, feed(sink, n, tls="yes", ca=certs["ca"], **certs["client"]))
        # "400 No required SSL certificate was sent", with a page: no fault of any event
        account = feed(sink, n, seconds=1, tls="yes", ca=certs["ca"])
        holds(account, [], left=N)
        check(account.why, "ertificate" in account.why)


def limited(sink):
    """One request in two seconds and no more: the others are told 429."""
    with sink.receiver() as r:
        with Nginx(r.port, http="limit_req_zone $server_name zone=z:1m rate=30r/m; "
                                "limit_req_status 429;", location="limit_req zone=z;") as n:
            for _ in range(2):
                whole(r, feed(sink, n, seconds=60))


def too_long(sink):
    """A body of 16 KiB at most, as it lies on the wire: it is sent in pieces."""
    with sink.receiver() as r, Nginx(r.port, server="client_max_body_size 16k;") as n:
        account = feed(sink, n, seconds=60, gzip="no")
        whole(r, account)
        check("it was not sent in pieces", len(r.times) >= 4)


def nobody_behind(sink):
    """502, with a page of HTML: everything waits."""
    with Nginx(free_port()) as n:
        account = feed(sink, n, seconds=1)
        holds(account, [], left=N)
        check(account.why, "502" in account.why)


EACH = [tls, limited, too_long, nobody_behind]
CASES = {f"nginx_{s.scheme}_{c.__name__}": http_sinks.prepare(c, s) for s in SINKS for c in EACH}
