# SPDX-License-Identifier: Apache-2.0
"""A small authority for tests, by openssl: who we are, who we say we are, and who was."""

import os
import subprocess

CONFIG = """[ca]
default_ca = a
[a]
database = {d}/index
new_certs_dir = {d}
serial = {d}/serial
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
"""


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def issue(d, name, san, start="20200101000000Z", end="20990101000000Z"):
    """{cert, key} of @name, signed by the authority in @d."""
    base = os.path.join(d, name)
    with open(base + ".ext", "w", encoding="ascii") as f:
        f.write(f"subjectAltName={san}\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", base + ".key", "-out", base + ".csr",
            "-subj", f"/CN={name}")
    openssl("ca", "-batch", "-config", os.path.join(d, "ca.conf"), "-cert", os.path.join(d, "ca.pem"),
            "-keyfile", os.path.join(d, "ca.key"), "-in", base + ".csr", "-out", base + ".pem",
            "-startdate", start, "-enddate", end, "-extfile", base + ".ext", "-notext")
    return {"cert": base + ".pem", "key": base + ".key"}


def make(d):
    """good, wrong (another name), expired and early server certificates, a client's, and who signed."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.path.join(d, "ca.key"),
            "-out", os.path.join(d, "ca.pem"), "-days", "3650", "-subj", "/CN=test authority")
    with open(os.path.join(d, "ca.conf"), "w", encoding="ascii") as f:
        f.write(CONFIG.format(d=d))
    for name, text in (("index", ""), ("serial", "01\n")):
        with open(os.path.join(d, name), "w", encoding="ascii") as f:
            f.write(text)
    here = "IP:127.0.0.1,DNS:localhost"
    return {"ca": os.path.join(d, "ca.pem"), "good": issue(d, "good", here),
            "wrong": issue(d, "wrong", "DNS:elsewhere.example"),
            "expired": issue(d, "expired", here, end="20210101000000Z"),
            "early": issue(d, "early", here, start="20900101000000Z"),
            "client": issue(d, "client", "DNS:client")}
