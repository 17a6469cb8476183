# SPDX-License-Identifier: Apache-2.0
"""A fake CRI runtime for tests/live/who: gRPC over HTTP/2 on a Unix socket, written from the public definition.

HTTP/2 is that of the Python package h2, which pip fetches once, into the cache; protobuf is written by hand here.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading

H2 = "h2==4.1.0"
NOT_FOUND, UNIMPLEMENTED = 5, 12


class Missing(Exception):
    """It cannot be had here."""


def h2_of(cache):
    """The package's modules, from the cache."""
    folder = os.path.join(cache, H2.replace("==", "-"))
    if not os.path.isdir(folder):
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target",
                                   os.path.join(scratch, "made"), H2], capture_output=True, text=True, check=False)
            if done.returncode:
                raise Missing(f"{H2}: {done.stderr.strip().splitlines()[-1:]}")
            os.rename(os.path.join(scratch, "made"), folder)
    sys.path.insert(0, folder)
    import h2.config  # pylint: disable=import-outside-toplevel,import-error
    import h2.connection  # pylint: disable=import-outside-toplevel,import-error
    import h2.events  # pylint: disable=import-outside-toplevel,import-error
    return h2


def field(number, value):
    """One of type string, bytes or message."""
    data = value.encode() if isinstance(value, str) else value
    length, n = b"", len(data)
    while n > 127:
        length, n = length + bytes([n & 127 | 128]), n >> 7
    return bytes([number << 3 | 2]) + length + bytes([n]) + data


def pairs(number, labels):
    return b"".join(field(number, field(1, k) + field(2, v)) for k, v in labels.items())


def container(ident, name, image, labels):
    """ContainerStatusResponse"""
    started = bytes([4 << 3, 1, 5 << 3, 2])  # created_at, started_at: passed over
    return field(1, field(1, ident) + field(2, field(1, name)) + started + field(8, field(1, image)) +
                 field(9, "sha256:1") + pairs(12, labels) + field(15, "/var/log/x"))


def sandbox(ident, name, uid, namespace, labels):
    """PodSandboxStatusResponse"""
    return field(1, field(1, ident) + field(2, field(1, name) + field(2, uid) + field(3, namespace)) +
                 pairs(7, labels))


class Cri:
    """`answer(call, id)` gives a message, or a gRPC status, or None to say nothing."""

    def __init__(self, h2, path, answer):
        self.h2, self.answer, self.asked = h2, answer, []
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(4)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError):  # who asked has gone
            self.talk(client)

    def talk(self, client):
        conn = self.h2.connection.H2Connection(self.h2.config.H2Configuration(client_side=False))
        conn.initiate_connection()
        bodies, paths = {}, {}
        with client:
            client.sendall(conn.data_to_send())
            for data in iter(lambda: client.recv(65536), b""):
                for event in conn.receive_data(data):
                    if isinstance(event, self.h2.events.RequestReceived):
                        paths[event.stream_id] = dict(event.headers)
                        bodies[event.stream_id] = b""
                    elif isinstance(event, self.h2.events.DataReceived):
                        bodies[event.stream_id] += event.data
                        conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, self.h2.events.StreamEnded):
                        self.one(conn, event.stream_id, paths[event.stream_id], bodies[event.stream_id])
                client.sendall(conn.data_to_send())

    def one(self, conn, stream, headers, body):
        headers = {k.decode() if isinstance(k, bytes) else k: v.decode() if isinstance(v, bytes) else v
                   for k, v in headers.items()}
        # one frame, and in it field 1
        if body[:5] != b"\0" + (len(body) - 5).to_bytes(4, "big") or body[5:6] != b"\x0a" or \
                headers["content-type"] != "application/grpc" or headers["te"] != "trailers":
            self.asked.append(("wrong", headers, body))
            conn.send_headers(stream, [(":status", "400")], end_stream=True)
            return
        ident = body[7:7 + body[6]].decode()
        call = headers[":path"].rpartition("/")[2]
        self.asked.append((headers[":path"], ident))
        answer = self.answer(call, ident)
        head = [(":status", "200"), ("content-type", "application/grpc")]
        if answer is None:
            return
        if isinstance(answer, int):
            conn.send_headers(stream, [*head, ("grpc-status", str(answer)), ("grpc-message", "no")], end_stream=True)
            return
        conn.send_headers(stream, head)
        conn.send_data(stream, b"\0" + len(answer).to_bytes(4, "big") + answer)
        conn.send_headers(stream, [("grpc-status", "0")], end_stream=True)

    def close(self):
        self.listener.close()
