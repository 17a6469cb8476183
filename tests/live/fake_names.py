# SPDX-License-Identifier: Apache-2.0
"""Fake runtimes for tests/live/who: Docker's API on a Unix socket, a kubelet over TLS, and what goes wrong with both."""

import json
import os
import socket
import ssl
import subprocess
import threading
import time


class Fake:
    """A server that answers each request as `answer(path, headers)` says: (status, bytes), or None to say nothing."""

    def __init__(self, listener, answer, context=None):
        self.listener, self.answer, self.context = listener, answer, context
        self.asked, self.over = [], False
        listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.over:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            with client, client.makefile("rb") as lines:
                while self.one(client, lines):
                    pass
        except (OSError, ValueError):
            pass

    def one(self, client, lines):
        first = lines.readline().split()
        if len(first) < 2:
            return False
        headers = {}
        for line in iter(lines.readline, b"\r\n"):
            if not line:
                return False
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        path = first[1].decode()
        self.asked.append(path)
        answer = self.answer(path, headers)
        while answer is None and not self.over:  # it holds the line, and says nothing
            time.sleep(0.05)
        if answer is None:
            return False
        status, body = answer
        client.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return True

    def close(self):
        self.over = True
        self.listener.close()


def docker(path, answer):
    """On the Unix socket `path`."""
    if os.path.exists(path):
        os.unlink(path)
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    return Fake(s, answer)


def inspected(ident, name, image="registry.example/web:1", **labels):
    return 200, json.dumps({"Id": ident, "Name": "/" + name, "Image": "sha256:" + "0" * 64,
                            "Config": {"Image": image, "Labels": labels}}).encode()


NOT_FOUND = (404, b'{"message":"No such container"}')


def certificate(folder):
    """(certificate, key) of localhost, which is its own authority."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


def kubelet(folder, answer):
    """(server, URL, authority)"""
    cert, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return Fake(s, answer, context), f"https://localhost:{s.getsockname()[1]}/pods", cert


def full_node(n, *containers):
    """A PodList as a full node has it: @n pods of some 30 KB, of which the first are those of pods()."""
    listed = json.loads(pods(*containers)[1])
    for i in range(n - len(containers)):
        fields = {f'k:{{"name":"V{v}"}}': {".": {}, "f:name": {}, "f:value": {}} for v in range(250)}
        listed["items"].append({
            "metadata": {"name": f"p{i}", "namespace": "x", "uid": f"{i:032x}", "labels": {"app": "x"},
                         "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:spec": {"f:containers": fields}}}]},
            "spec": {"containers": [{"name": "c", "env": [{"name": f"V{v}", "value": "x" * 20} for v in range(250)]}]},
            "status": {"containerStatuses": [{"name": "c", "image": "x", "imageID": "sha256:1",
                                              "containerID": f"containerd://{i:064x}"}]}})
    return 200, json.dumps(listed).encode()


def pods(*containers):
    """A PodList of (pod, namespace, uid, labels, [(name, image, id)])."""
    return 200, json.dumps({"kind": "PodList", "items": [
        {"metadata": {"name": pod, "namespace": space, "uid": uid, "labels": labels},
         "status": {"containerStatuses": [
             {"name": name, "image": image, "imageID": "sha256:1", "containerID": f"containerd://{ident}"}
             for name, image, ident in inside]}}
        for pod, space, uid, labels, inside in containers]}).encode()
