# SPDX-License-Identifier: Apache-2.0
"""A supervisor whose worker looks at this process, and what it says."""

import contextlib
import json
import os
import signal
import subprocess

from sensor import Failed, end, patience, wait_until


class Supervised:
    """A supervisor with a folder of its own; its worker looks at this process."""

    def __init__(self, binary, folder, *options, worker=(), guard=None, before=()):
        self.binary, self.folder, self.before = binary, folder, list(before)
        self.guard, self.off = guard or os.path.join(folder, "guard"), os.path.join(folder, "off")
        self.log, self.options, self.worker = os.path.join(folder, "log"), options, worker
        self.out = os.path.join(folder, "out.json")
        os.makedirs(folder, exist_ok=True)
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [*self.before, self.binary, "supervise", "--guard", self.guard, "--off-file", self.off,
                 "--settle-ms", "1", *self.options, "--", "--scope", str(os.getpid()),
                 "--no-rules", "-o", f"json:{self.out}", *self.worker],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read().strip()

    def pids(self):
        """Of the worker, if there is one: exec'ed children of the supervisor."""
        listed = subprocess.run(["pgrep", "-P", str(self.child.pid)], text=True,
                                capture_output=True, check=False).stdout
        return [int(p) for p in listed.split()]

    def mode(self, *words):
        r = subprocess.run([*self.before, self.binary, "mode", "--guard", self.guard, *words], text=True,
                           capture_output=True, check=False)
        if r.returncode:
            raise Failed(f"mode {words} gave {r.returncode}: {r.stderr}")
        return json.loads(r.stdout) if "--json" in words else r.stdout

    def is_at(self, mode, state=None):
        with contextlib.suppress(Failed, json.JSONDecodeError):
            now = self.mode("--json")
            return now["mode"] == mode and (state is None or now["state"] == state)
        return False

    def wait(self, mode, state="proven"):
        if not wait_until(lambda: self.is_at(mode, state), 60 * patience()):
            raise Failed(f"never {mode}, {state}: {self.mode()}")

    def kill_worker(self):
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)

    def heartbeat(self):
        """(mode, reason) of the last one in the stream of the worker that runs."""
        if not os.path.exists(self.out):
            return None
        with open(self.out, encoding="utf-8") as f:
            beats = [json.loads(line)["host"] for line in f.read().split("\n")[:-1]
                     if '"HOST_HEARTBEAT"' in line]
        return (beats[-1]["mode"], beats[-1].get("mode_reason", "")) if beats else None

    def size(self):
        return os.path.getsize(self.out) if os.path.exists(self.out) else 0

    def events(self, word="", at=0):
        """Those with @word in their line, which begins behind byte @at."""
        if not os.path.exists(self.out):
            return []
        with open(self.out, "rb") as f:
            f.seek(at)
            return [json.loads(line) for line in f.read().split(b"\n")[1 if at else 0:-1]
                    if word.encode() in line]

    def content(self, gate):
        return [e["content"] for e in self.events('"HOST_CONTENT"') if e["content"]["gate"] == gate]

    def close(self):
        if self.child:
            end(self.child)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
