# SPDX-License-Identifier: Apache-2.0
"""tls: with certificates that are right, wrong, expired, or missing."""

import os
import subprocess

import certs
from link import free_port, receiver
from rig import Received, Rig, account, balance

KEYS = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*argv):
    subprocess.run(["openssl", *argv], check=True, capture_output=True)


class Certificates:
    """An authority, and certificates of it."""

    def __init__(self, folder):
        self.folder = folder
        self.authority("ca")

    def path(self, name):
        return os.path.join(self.folder, name)

    def authority(self, name):
        openssl("req", "-x509", *KEYS, "-keyout", self.path(f"{name}.key"), "-out",
                self.path(f"{name}.pem"), "-subj", f"/CN={name}", "-days", "30")

    def make(self, name, host, days="30", ca="ca"):
        openssl("req", *KEYS, "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr"),
                "-subj", f"/CN={name}")
        with open(self.path("ext"), "w", encoding="utf-8") as f:
            f.write(f"subjectAltName={host}\n")
        openssl("x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", self.path(f"{ca}.pem"),
                "-CAkey", self.path(f"{ca}.key"), "-CAcreateserial", "-days", days, "-extfile",
                self.path("ext"), "-out", self.path(f"{name}.pem"))


def case(sink, server="server", client_ca=None, fails=None):
    """Whether a sink with the keys @sink delivers; @fails: what it says when it must not."""
    def run(folder, events):
        c = Certificates(folder)
        c.make("server", "IP:127.0.0.1")
        c.make("named", "DNS:receiver.example")
        c.make("old", "IP:127.0.0.1", days="-1")
        c.make("client", "DNS:sensor.example")
        if server.startswith("early/"):
            os.mkdir(c.path("early"))
            certs.make(c.path("early"))
        c.authority("other")
        c.make("stranger", "DNS:sensor.example", ca="other")
        url = f"tls://127.0.0.1:{free_port()}"
        rig = Rig(folder, events, f"{url}?timeout=5s{sink.format(folder=folder)}")
        listen = f"{url}?cert={folder}/{server}.pem&key={folder}/{server}.key"
        if client_ca:
            listen += f"&ca={folder}/{client_ca}.pem"
        with receiver(listen, f"file:{folder}/got.pb", rig.path("receiver.log")):
            rig.run(3)
            if not fails:
                rig.drained()
        ledger = rig.ledger()
        yield from balance(ledger)
        if not fails:
            yield from account(ledger, Received(rig.path("got.pb")), rig.made)
            if ledger["acknowledged"] != rig.made:
                yield f"not everything was acknowledged: {ledger}"
        elif ledger["acknowledged"] or ledger["pending"] != rig.made:
            yield f"something was delivered: {ledger}"
        elif fails not in ledger["why"]:
            yield f"it says \"{ledger['why']}\", and nothing of \"{fails}\""
    return run


def bad_files(folder, events):
    """A file that is missing or is no certificate is told before anything starts, and may be mended: 1."""
    c = Certificates(folder)
    with open(c.path("no.pem"), "w", encoding="utf-8") as f:
        f.write("nothing\n")
    for key in ("ca=/nowhere", f"ca={folder}/no.pem", f"cert={folder}/no.pem&key={folder}/ca.key",
                f"cert={folder}/ca.pem", f"cert={folder}/ca.pem&key={folder}/no.pem"):
        rig = Rig(folder, events, f"tls://127.0.0.1:1?{key}")
        process = rig.source()
        process.stdin.close()
        if process.wait() != (2 if key == f"cert={folder}/ca.pem" else 1):
            yield f"{key}: the source ended with {process.returncode}"
        if "PEM" not in rig.said():
            yield f"{key}: it says {rig.said()}"
        os.unlink(rig.log)


CA = "&ca={folder}/ca.pem"
MUTUAL = CA + "&cert={folder}/client.pem&key={folder}/client.key"

CASES = {
    "tls_delivers_everything": case(CA),
    "tls_takes_a_name_that_was_given": case(CA + "&name=receiver.example", "named"),
    "tls_both_ways_delivers_everything": case(MUTUAL, client_ca="ca"),
    "a_certificate_for_another_name_is_refused": case(CA, "named", fails="mismatch"),
    "an_expired_certificate_is_refused": case(CA, "old", fails="expired"),
    "a_certificate_that_is_not_valid_yet_is_refused":
        case("&ca={folder}/early/ca.pem", "early/early", fails="not yet valid"),
    "a_certificate_of_an_unknown_authority_is_refused":
        case("&ca={folder}/other.pem", fails="certificate"),
    "the_systems_authorities_do_not_vouch_for_ours": case("", fails="certificate"),
    "any_certificate_will_do_only_when_the_check_is_off": case("&check=no", "old"),
    "a_client_without_a_certificate_is_turned_away": case(CA, client_ca="ca", fails="acknowledge"),
    "a_client_with_a_strangers_certificate_is_turned_away":
        case(CA + "&cert={folder}/stranger.pem&key={folder}/stranger.key", client_ca="ca",
             fails="acknowledge"),
    "files_that_are_no_certificates_are_told_at_the_start": bad_files,
}
