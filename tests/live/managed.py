# SPDX-License-Identifier: Apache-2.0
"""A sensor with a run folder of its own, and what systemd is to it."""

import contextlib
import os
import select
import socket
import struct
import subprocess

from sensor import Failed, end, patience, wait_until

CRED = struct.Struct("iII")


class Manager:
    """What systemd is to a service: a datagram socket, and who spoke."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(self.path)
        self.heard = []

    def listen(self, seconds):
        """All of [(pid, line)] so far, after waiting for one more for at most so long."""
        while select.select([self.socket], [], [], seconds)[0]:
            data, control, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(CRED.size))
            pid = CRED.unpack(control[0][2])[0]
            self.heard += [(pid, line) for line in data.decode().splitlines()]
            seconds = 0
        return self.heard


class Running:
    """A sensor with a run folder and a spool of its own."""

    def __init__(self, binary, folder, *options, command=("run",), before=(), **more):
        os.makedirs(folder, exist_ok=True)
        self.binary, self.folder = binary, folder
        self.run, self.spool = os.path.join(folder, "run"), os.path.join(folder, "spool")
        self.log = os.path.join(folder, "log")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [*before, binary, *command, "--config", "/dev/null", "--scope", str(os.getpid()),
                 "--run-folder", self.run, "--listen", f"127.0.0.1:{self.port}", *options],
                stdin=subprocess.DEVNULL, stdout=more.pop("stdout", log), stderr=log, **more)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read().strip()

    def connect(self, unix):
        s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        s.settimeout(20 * patience())
        try:
            s.connect(os.path.join(self.run, "health") if unix else ("127.0.0.1", self.port))
        except OSError:
            s.close()
            raise
        return s

    def get(self, path, unix=True, method="GET"):
        """(status, headers, body)"""
        with self.connect(unix) as s:
            s.sendall(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
            data = b"".join(iter(lambda: s.recv(65536), b""))
        head, _, body = data.decode().partition("\r\n\r\n")
        return int(head.split()[1]) if head else 0, head, body

    def status_of(self, path):
        with contextlib.suppress(OSError):
            return self.get(path)[0]
        return None

    def lapwing(self, *words):
        r = subprocess.run([self.binary, *words, "--run-folder", self.run], text=True,
                           capture_output=True, check=False)
        return r.returncode, r.stdout, r.stderr

    def wait(self, path="/readyz", status=200, seconds=60):
        if not wait_until(lambda: self.status_of(path) == status, seconds * patience()):
            raise Failed(f"{path} never gave {status}: {self.said()}")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.child)
