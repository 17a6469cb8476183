#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""containers.py FOLDER: in a guest with systemd, the image as a container, with exactly what the DaemonSet gives it,
beside a privileged container and one with a PID and user namespace of its own: each event carries the right one, and its
name and image once podman has told them, by the socket that the chart's names.socket mounts.

FOLDER has oci/, the image, and daemonset.json, the pod as kustomize makes it and its configuration.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
import inside
from inside import run, wait_until
from report import Report

PATIENCE_S = 240
STATE = "/var/lib/lapwing"
CONFIG = "/srv/config"
EVENTS = STATE + "/all.json"
ALL = f'''
  - name: all
    url: file:{EVENTS}
    format: json
'''
# POSIX shell: processes and files of each workload, with its mark
DEEDS = "i=0; while :; do i=$((i + 1)); /bin/cat /mark-{0} >/dev/null; : >/tmp/file-{0}-$i; sleep 1; done"
SOCKET = "/run/podman/podman.sock"
CAPABILITIES = {"DAC_READ_SEARCH": 2, "SYS_PTRACE": 19, "PERFMON": 38, "BPF": 39}


def podman(*argv):
    return run("podman", "--runtime", "/usr/sbin/runc", "--log-level", "error", *argv)


def make_root(name):
    """A workload's files: a shell and two programs, with their libraries."""
    root = f"/srv/{name}"
    for folder in ("bin", "tmp", "proc", "sys", "dev", "etc", "run"):
        os.makedirs(f"{root}/{folder}")
    os.chmod(f"{root}/tmp", 0o1777)
    for program in ("/bin/sh", "/bin/cat", "/bin/sleep"):
        shutil.copy(os.path.realpath(program), f"{root}/bin/{os.path.basename(program)}")
        for line in run("ldd", program).stdout.splitlines():
            path = next((w for w in line.split() if w.startswith("/")), None)
            if path and not os.path.exists(root + path):
                os.makedirs(os.path.dirname(root + path), exist_ok=True)
                shutil.copy(os.path.realpath(path), root + path)
    inside.write(f"{root}/mark-{name}", "x\n")
    return root


def import_image(name, root):
    """The workload's files as an image."""
    tar = subprocess.run(["tar", "-C", root, "-c", "."], check=True, capture_output=True).stdout
    made = subprocess.run(["podman", "--log-level", "error", "import", "-q", "-", f"localhost/{name}:1"], input=tar,
                          capture_output=True, check=False)
    if made.returncode:
        raise ValueError(made.stderr.decode())
    return f"localhost/{name}:1"


def who(event):
    box = event.get("container", {})
    return box.get("name"), box.get("image"), box.get("labels")


def seccomp():
    """What newer runtimes do by default: bpf(2) is for who has CAP_BPF, too. podman 4.3 asks for CAP_SYS_ADMIN."""
    with open("/usr/share/containers/seccomp.json", encoding="utf-8") as f:
        profile = json.load(f)
    for rule in profile["syscalls"]:
        rule["names"] = [n for n in rule["names"] if n not in ("bpf", "perf_event_open")]
    profile["syscalls"] = [r for r in profile["syscalls"] if r["names"]]
    profile["syscalls"].append({"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "args": [],
                                "includes": {"caps": ["CAP_BPF"]}, "excludes": {}})
    inside.write("/srv/seccomp.json", json.dumps(profile))
    return "/srv/seccomp.json"


def mounts(pod):
    """podman's words for the pod's volumes."""
    of = {v["name"]: v for v in pod["volumes"]}
    for mount in pod["containers"][0]["volumeMounts"]:
        volume, to = of[mount["name"]], mount["mountPath"]
        mode = "ro" if mount.get("readOnly") else "rw"
        if "hostPath" in volume:
            if volume["hostPath"]["type"] == "DirectoryOrCreate":
                os.makedirs(volume["hostPath"]["path"], exist_ok=True)
            yield f"--volume={volume['hostPath']['path']}:{to}:{mode}"
        elif "configMap" in volume:
            yield f"--volume={CONFIG}:{to}:{mode}"
        elif "secret" in volume:
            os.makedirs("/srv/secret", exist_ok=True)
            yield f"--volume=/srv/secret:{to}:{mode}"
        elif "emptyDir" in volume:
            yield f"--mount=type=tmpfs,destination={to},tmpfs-size={64 << 20}"
        else:
            raise ValueError(f"a volume that this test does not know: {volume}")


def as_podman(pod, image):
    """The command line that gives the container what the DaemonSet gives it, and nothing besides."""
    box = pod["containers"][0]
    may = box["securityContext"]
    assert may["privileged"] is False and pod["hostPID"] is True and not pod.get("hostNetwork")
    argv = ["run", "--detach", "--name", "sensor", "--network", "none", "--pid", "host",
            f"--user={may['runAsUser']}", "--cap-drop=all",
            f"--security-opt=seccomp={seccomp()}", "--security-opt=apparmor=unconfined"]
    argv += [f"--cap-add={c}" for c in may["capabilities"]["add"]]
    if may["readOnlyRootFilesystem"]:
        argv += ["--read-only", "--read-only-tmpfs=false"]
    if not may["allowPrivilegeEscalation"]:
        argv += ["--security-opt=no-new-privileges"]
    argv += [f"--memory={box['resources']['limits']['memory'].replace('Mi', 'm')}"]
    argv += [f"--env={e['name']}={e.get('value', 'the-node')}" for e in box["env"]]
    return [*argv, *mounts(pod), f"--volume={SOCKET}:{SOCKET}:ro", image, *box["args"]]


def serve():
    """podman's API, as its socket unit would start it."""
    os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
    service = subprocess.Popen(["podman", "--log-level", "error", "system", "service", "--time=0",
                                f"unix://{SOCKET}"], stdin=subprocess.DEVNULL)
    if not wait_until(lambda: os.path.exists(SOCKET), 120):
        sys.exit("podman serves no API")
    return service


class Containers:
    """Each case yields what is wrong."""

    def __init__(self, folder):
        with open(f"{folder}/daemonset.json", encoding="utf-8") as f:
            made = json.load(f)
        self.folder, self.pod, self.ids, self.said = folder, made["pod"], {}, {}
        inside.write(f"{CONFIG}/lapwing.yaml", made["config"]["lapwing.yaml"] + ALL, 0o600)

    def events(self):
        try:
            with open(EVENTS, encoding="utf-8") as f:
                return [json.loads(line) for line in f if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def probe(self, name):
        command = self.pod["containers"][0][name]["exec"]["command"]
        self.said[name] = podman("exec", "sensor", *command)
        return self.said[name].returncode == 0

    def the_image_has_one_program_and_no_shell(self):
        pulled = podman("pull", "-q", f"oci:{self.folder}/oci")
        self.image = pulled.stdout.strip().splitlines()[-1] if pulled.stdout.strip() else ""
        if pulled.returncode or not self.image:
            sys.exit(f"no image: {pulled.stdout}{pulled.stderr}")
        where = podman("image", "mount", self.image).stdout.strip()
        programs = [p for p in glob.glob(f"{where}/**", recursive=True)
                    if os.path.isfile(p) and os.access(p, os.X_OK) and ".so" not in p]
        if [p[len(where):] for p in programs] != ["/usr/sbin/lapwing"]:
            yield f"programs: {programs}"

    def it_runs_with_what_the_daemonset_gives(self):
        began = time.monotonic()
        done = podman(*as_podman(self.pod, self.image))
        if done.returncode:
            yield done.stderr
        if not wait_until(lambda: self.probe("readinessProbe"), PATIENCE_S):
            yield f"never ready: {self.said['readinessProbe'].stderr}"
            yield podman("logs", "sensor").stderr[-3000:]
        print(f"# ready after {time.monotonic() - began:.0f} s")
        if not self.probe("livenessProbe"):
            yield f"not alive: {self.said['livenessProbe'].stderr}"
        pid = podman("inspect", "--format", "{{.State.Pid}}", "sensor").stdout.strip()
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            bound = int(next(line for line in f if line.startswith("CapBnd")).split()[1], 16)
        wanted = sum(1 << CAPABILITIES[c]
                     for c in self.pod["containers"][0]["securityContext"]["capabilities"]["add"])
        if bound != wanted:
            yield f"capabilities {bound:x}, not {wanted:x}"

    def every_hook_of_the_host_is_there(self):
        told = [e["coverage"] for e in self.events() if e["kind"] == "HOST_COVERAGE"]
        if not told:
            yield f"no HOST_COVERAGE; {len(self.events())} events"
            return
        served = " ".join(told[-1]["served"])
        if "lsm/" not in served or told[-1].get("silent"):
            yield f"{told[-1]}"
        missing = [d for d in told[-1].get("missing", []) if d]
        if missing:
            print(f"# not served: {missing}")

    def each_event_carries_the_right_container(self):
        roots = {name: make_root(name) for name in ("privileged", "apart")}
        for name, more in (("privileged", ["--privileged", "--pid=host"]),
                           ("apart", ["--uidmap=0:100000:65536", "--gidmap=0:100000:65536"])):
            image = import_image(name, roots[name])
            done = podman("run", "--detach", "--name", name, "--network", "none", "--label", f"app={name}", *more,
                          image, "/bin/sh", "-c", DEEDS.format(name))
            if done.returncode:
                yield f"{name}: {done.stderr}"
            self.ids[name] = podman("inspect", "--format", "{{.Id}}", name).stdout.strip()
        inside.write("/mark-host", "x\n")
        host = subprocess.Popen(["/bin/sh", "-c", DEEDS.format("host")], stdin=subprocess.DEVNULL)
        self.ids["host"] = None
        try:
            wait_until(lambda: all(len(self.of(name)) >= 10 for name in self.ids), 120)
        finally:
            host.kill()
            host.wait()
        for name, container in self.ids.items():
            seen = self.of(name)
            kinds = {k: sum(e["kind"] == k for e in seen) for k in sorted({e["kind"] for e in seen})}
            print(f"# {name}: {kinds}")
            if kinds.get("PROCESS_EXEC", 0) < 3 or kinds.get("FILE_CREATE", 0) < 3:
                yield f"of {name} there are only {kinds}"
            wrong = [e for e in seen if e.get("container", {}).get("id") != container]
            if wrong:
                yield f"{len(wrong)} of {len(seen)} events of {name} carry another: {wrong[0]}"

    def each_event_carries_the_name_and_image_that_podman_tells(self):
        for name in ("privileged", "apart"):
            wait_until(lambda n=name: self.named(n), 120)
            told = self.named(name)
            if not told:
                yield f"nobody says who {name} is: {podman('exec', 'sensor', '/usr/sbin/lapwing', 'status').stdout}"
                continue
            seq = told[0]["seq"]
            wait_until(lambda n=name, s=seq: sum(e["seq"] > s for e in self.of(n)) >= 5, 120)
            want = (name, f"localhost/{name}:1", [f"app={name}"])
            after = [e for e in self.of(name) if e["seq"] > seq]
            wrong = [e for e in after if who(e) != want or "CONTAINER_UNNAMED" in e.get("degraded", [])]
            print(f"# {name}: {len(after)} events with its name, {len(self.of(name)) - len(after)} before it was told")
            if len(after) < 5 or wrong:
                yield f"{len(wrong)} of {len(after)} events of {name} do not carry {want}: {wrong[:1]}"
        named = [e for e in self.of("host") if "container" in e]
        if named:
            yield f"the host is in a container: {named[0]}"

    def named(self, name):
        return [e for e in self.events() if e["kind"] == "HOST_CONTAINER" and e["container"]["id"] == self.ids[name]]

    def of(self, name):
        """Events that only this workload causes."""
        def of_it(e):
            if e["kind"] == "PROCESS_EXEC":
                return e["process"].get("executable", "").endswith("/cat") and f"/mark-{name}" in json.dumps(e)
            return e["kind"] == "FILE_CREATE" and f"/tmp/file-{name}-" in e["file"].get("path", "")

        return [e for e in self.events() if of_it(e)]

    def it_sees_what_the_host_watches(self):
        before = len(self.events())
        run("cat", "/etc/shadow")

        def seen():
            return [e for e in self.events()[before:] if e["kind"] == "FILE_READ"
                    and "/etc/shadow" in json.dumps(e)]

        if not wait_until(seen, 60):
            yield "a read of the host's /etc/shadow is not told"

    def it_is_the_host_that_events_name(self):
        with open("/etc/machine-id", encoding="utf-8") as f:
            machine = f.read().strip()
        ids = {e.get("host_id") for e in self.events()}
        if ids != {machine}:
            yield f"{ids}, not {machine}"
        names = {e.get("host_name") for e in self.events()}
        if names != {"the-node"}:
            yield f"{names}, not the node's name"
        users = {e["process"].get("user") for e in self.of("host") if e["kind"] == "PROCESS_EXEC"}
        if "root" not in json.dumps([u for u in users if u] or list(users)):
            print(f"# users: {users}")

    def stopped_it_ends_in_order(self):
        began = time.monotonic()
        podman("stop", "--time", str(self.pod["terminationGracePeriodSeconds"]), "sensor")
        code = podman("inspect", "--format", "{{.State.ExitCode}}", "sensor").stdout.strip()
        print(f"# stop took {time.monotonic() - began:.1f} s")
        if code != "0":
            yield f"exit code {code}: {podman('logs', 'sensor').stderr[-1500:]}"


def main():
    inside.refuse_elsewhere()
    folder = sys.argv[1]
    print(f"# the guest is {inside.settle()}")
    # no overlay on the overlay that all files are in here
    inside.write("/etc/containers/storage.conf",
                 '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\n'
                 'graphroot = "/var/lib/containers/storage"\n')
    report, containers, service = Report("containers/"), Containers(folder), serve()
    for case in (containers.the_image_has_one_program_and_no_shell,
                 containers.it_runs_with_what_the_daemonset_gives,
                 containers.every_hook_of_the_host_is_there,
                 containers.each_event_carries_the_right_container,
                 containers.each_event_carries_the_name_and_image_that_podman_tells,
                 containers.it_sees_what_the_host_watches,
                 containers.it_is_the_host_that_events_name,
                 containers.stopped_it_ends_in_order):
        report.result(case.__name__, case())
    if report.failed:
        print(podman("logs", "sensor").stderr[-4000:], file=sys.stderr)
    for name in ("privileged", "apart"):
        podman("kill", name)
    service.kill()
    service.wait()
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
