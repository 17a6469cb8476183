#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""runtime.py FOLDER: in a guest with systemd, containerd with runc, both as Debian has them, asked by the sensor who containers
are. A kubelet's part is played by this file: over CRI it makes two pods with the host's network, one for each way that containerd
has to call cgroups, and a container in each.

FOLDER has the package, this.deb, and Python's h2, of which a client of gRPC is made here.
"""

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
import fake_cri
import inside
from fake_cri import field, pairs
from inside import wait_until
from report import Report

SOCKET = "/run/containerd/containerd.sock"
EVENTS = "/srv/events.jsonl"
IMAGE = "localhost/shop:1"
NODE = 2  # of enum NamespaceMode: no network plugin is needed then
CONFIG = f'''version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "cgroupfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.cgroupfs]
      runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.systemd]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.systemd.options]
        SystemdCgroup = true
'''


def number(place, value):
    return bytes([place << 3, value])


def image():
    """What `docker save` would write of a shell and two programs; it is the pause image, too."""
    layer, out = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        paths = {}
        for program in ("sh", "cat", "sleep"):
            paths[f"bin/{program}"] = f"/bin/{program}"
            for word in inside.run("ldd", f"/bin/{program}").stdout.split():
                if word.startswith("/"):
                    paths[word[1:]] = word
        for path, real in paths.items():
            tar.add(os.path.realpath(real), path)
    layer = layer.getvalue()
    config = json.dumps({"architecture": "amd64", "os": "linux",
                         "config": {"Entrypoint": ["/bin/sleep", "100000"]},
                         "rootfs": {"type": "layers",
                                    "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in (("config.json", config), ("layer.tar", layer), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Client:
    """Calls of CRI, one connection each."""

    def __init__(self, h2):
        self.h2 = h2

    def call(self, name, message):
        """(the answer's bytes, what went wrong)"""
        conn = self.h2.connection.H2Connection(self.h2.config.H2Configuration(client_side=True))
        body, said, over = b"", {}, False
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(180)
            s.connect(SOCKET)
            conn.initiate_connection()
            conn.send_headers(1, [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"),
                                  (":path", f"/runtime.v1.RuntimeService/{name}"),
                                  ("content-type", "application/grpc"), ("te", "trailers")])
            conn.send_data(1, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
            s.sendall(conn.data_to_send())
            while not over:
                data = s.recv(65536)
                if not data:
                    break
                for event in conn.receive_data(data):
                    if isinstance(event, self.h2.events.DataReceived):
                        body += event.data
                        conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif hasattr(event, "headers") and event.headers:
                        said.update((str(k, "utf-8") if isinstance(k, bytes) else k,
                                     str(v, "utf-8") if isinstance(v, bytes) else v) for k, v in event.headers)
                    over = over or isinstance(event, (self.h2.events.StreamEnded, self.h2.events.StreamReset))
                s.sendall(conn.data_to_send())
        return body[5:], "" if said.get("grpc-status") == "0" else f"{name}: {said}"

    def make(self, name, message):
        """The id in its answer."""
        body, wrong = self.call(name, message)
        if wrong:
            raise ValueError(wrong)
        return body[2:2 + body[1]].decode()


class Pod:
    """As a kubelet describes it."""

    def __init__(self, name, runtime, parent):
        self.name, self.runtime = name, runtime
        self.uid = f"{len(name):08x}-89ab-cdef-0123-456789abcdef"
        self.kubelet = {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": "shop",
                        "io.kubernetes.pod.uid": self.uid}
        network = field(1, number(1, NODE))
        self.config = field(1, field(1, name) + field(2, self.uid) + field(3, "shop")) + \
            field(3, f"/var/log/{name}") + pairs(6, {**self.kubelet, "app": name}) + \
            field(8, field(1, parent.format(uid=self.uid, slice=self.uid.replace("-", "_"))) + field(2, network))
        self.sandbox = self.container = ""

    def start(self, client):
        os.makedirs(f"/var/log/{self.name}", exist_ok=True)
        self.sandbox = client.make("RunPodSandbox", field(1, self.config) + field(2, self.runtime))
        command = f"i=0; while :; do i=$((i + 1)); /bin/cat /mark-{self.name} >/dev/null 2>&1; /bin/sleep 1; done"
        box = field(1, field(1, "web")) + field(2, field(1, IMAGE)) + \
            b"".join(field(3, word) for word in ("/bin/sh", "-c", command)) + \
            pairs(9, {**self.kubelet, "io.kubernetes.container.name": "web", "app": self.name, "secret": "x"}) + \
            field(11, "web.log")
        self.container = client.make("CreateContainer",
                                     field(1, self.sandbox) + field(2, box) + field(3, self.config))
        wrong = client.call("StartContainer", field(1, self.container))[1]
        if wrong:
            raise ValueError(wrong)


class Runtime:
    """Each case yields what is wrong."""

    def __init__(self, folder):
        self.folder, self.client, self.sensor = folder, Client(fake_cri.h2_of(folder)), None
        self.pods = [Pod("cart", "cgroupfs", "/kubepods/besteffort/pod{uid}"),
                     Pod("orders", "systemd", "kubepods-besteffort-pod{slice}.slice")]

    def events(self):
        if not os.path.exists(EVENTS):
            return []
        with open(EVENTS, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def start_sensor(self):
        inside.run("dpkg-deb", "-x", f"{self.folder}/this.deb", "/srv/lapwing")
        inside.write("/srv/lapwing.yaml", f"containers:\n  sources: [\"cri:{SOCKET}\"]\n  labels: [app]\n", 0o600)
        with open("/srv/sensor.log", "w", encoding="utf-8") as log:
            self.sensor = subprocess.Popen(
                ["/srv/lapwing/usr/sbin/lapwing", "run", "--config", "/srv/lapwing.yaml", "--no-rules",
                 "-o", f"json:{EVENTS}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not wait_until(lambda: any(e["kind"] == "HOST_COVERAGE" for e in self.events()), 240):
            sys.exit("the sensor does not start: " + said_by_sensor())

    def containerd_runs_two_pods(self):
        inside.write("/etc/containerd/config.toml", CONFIG)
        inside.run("systemctl", "restart", "containerd")
        if not wait_until(lambda: not self.client_fails(), 240):
            sys.exit("containerd: " + inside.run("journalctl", "-u", "containerd", "-n", "30").stdout)
        done = subprocess.run(["ctr", "-n", "k8s.io", "images", "import", "--snapshotter", "native", "-"], input=image(),
                              capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"ctr: {done.stderr.decode()}")
        for pod in self.pods:
            try:
                pod.start(self.client)
            except ValueError as e:
                yield f"{pod.name}: {e}"
        print("# " + inside.run("containerd", "--version").stdout.strip())

    def client_fails(self):
        try:
            return self.client.call("Version", b"")[1]
        except OSError as e:
            return str(e)

    def of(self, pod):
        return [e for e in self.events() if e["kind"] == "PROCESS_EXEC" and f"/mark-{pod.name}" in json.dumps(e)]

    def each_event_carries_what_containerd_says(self):
        for pod in self.pods:
            want = {"id": pod.container, "name": "web", "image": IMAGE, "pod_uid": pod.uid, "pod_name": pod.name,
                    "pod_namespace": "shop", "labels": [f"app={pod.name}"]}
            if pod.runtime == "systemd":  # the other way of cgroups names no runtime, and it is not guessed
                want["runtime"] = "containerd"

            def told(pod=pod, want=want):
                return [e for e in self.of(pod) if all(e["container"].get(k) == v for k, v in want.items())]

            wait_until(lambda told=told: len(told()) >= 5, 120)
            seen = self.of(pod)
            print(f"# {pod.name}: {len(seen)} execs, {len(told())} with all that it is called; "
                  f"{seen[-1]['process'].get('cgroup') if seen else ''}")
            if len(told()) < 5:
                yield f"{pod.name}: {seen[-1]['container'] if seen else 'nothing seen'}, not {want}; {said_by_sensor()}"
            early = [e for e in seen if not e["container"].get("name")]
            if [e for e in early if "CONTAINER_UNNAMED" not in e.get("degraded", [])]:
                yield f"{pod.name}: without a name, and it does not say so"
            wrong = [e for e in seen if e["container"].get("id") != pod.container]
            if wrong:
                yield f"{pod.name}: {wrong[0]['container']}"

    def a_sandbox_is_named_by_its_pod(self):
        for pod in self.pods:
            told = [e["container"] for e in self.events() if e["kind"] == "HOST_CONTAINER"
                    and e["container"]["id"] == pod.sandbox]
            if not told or told[-1].get("pod_name") != pod.name or told[-1].get("name") != "POD":
                yield f"{pod.name}: {told}"

    def without_containerd_nothing_is_lost_and_names_stay(self):
        inside.run("systemctl", "stop", "containerd")
        before = [len(self.of(pod)) for pod in self.pods]
        wait_until(lambda: all(len(self.of(p)) >= n + 5 for p, n in zip(self.pods, before)), 60)
        for pod, n in zip(self.pods, before):
            after = self.of(pod)[n:]
            if len(after) < 5 or any(e["container"].get("name") != "web" for e in after):
                yield f"{pod.name}: {len(after)} execs, {after[-1:]}"

    def end(self):
        self.sensor.terminate()
        self.sensor.wait(60)
        for pod in self.pods:
            for path in inside.run("pgrep", "-f", f"/mark-{pod.name}").stdout.split():
                inside.run("kill", "-9", path)


def said_by_sensor():
    with open("/srv/sensor.log", encoding="utf-8", errors="replace") as f:
        return f.read()[-2000:]


def main():
    inside.refuse_elsewhere()
    print(f"# the guest is {inside.settle()}", flush=True)
    report, runtime = Report("runtime/"), Runtime(sys.argv[1])
    began = time.monotonic()
    runtime.start_sensor()
    print(f"# the sensor runs after {time.monotonic() - began:.0f} s", flush=True)
    try:
        for case in (runtime.containerd_runs_two_pods, runtime.each_event_carries_what_containerd_says,
                     runtime.a_sandbox_is_named_by_its_pod,
                     runtime.without_containerd_nothing_is_lost_and_names_stay):
            report.result(case.__name__, case())
    finally:
        runtime.end()
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
