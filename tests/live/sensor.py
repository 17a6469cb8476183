# SPDX-License-Identifier: Apache-2.0
"""Running the sensor, and reading what it wrote."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.append(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
# pylint: disable=wrong-import-position,unused-import
from compare import Event  # noqa: E402
from waiting import wait_until  # noqa: E402,F401

SLOW_S = 600  # an emulated guest loads for 10 s, and runs ten times slower
GRACE_S = 10


class Failed(Exception):
    """The sensor did not do what it was run for."""


class Sensor:
    """A binary, a folder of its own to write to, and the hooks that it is to use."""

    def __init__(self, binary, folder, hooks):
        self.binary, self.folder, self.hooks = binary, folder, hooks
        os.makedirs(folder, exist_ok=True)
        self.log = os.path.join(folder, "log")

    def path(self, name):
        return os.path.join(self.folder, name)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read().strip()

    def start(self, arguments, **options):
        """The sensor as a child; its output goes to the log."""
        with open(self.log, "ab") as log:
            return subprocess.Popen([self.binary, *arguments], stdin=subprocess.DEVNULL,
                                    stdout=options.pop("stdout", log), stderr=log, **options)

    def run(self, arguments, timeout=SLOW_S, **options):
        """Its exit status; it is ended when it takes too long."""
        with open(self.log, "wb"):
            pass
        child = self.start(arguments, **options)
        try:
            return child.wait(timeout)
        except subprocess.TimeoutExpired:
            end(child)
            raise Failed(f"'{' '.join(arguments[:3])} …' did not end in {timeout} s") from None

    def trace(self, command, options=(), out="events.json", **more):
        """Runs a command under trace; (exit status, events)."""
        where = self.path(out)
        status = self.run(["trace", "--hooks", self.hooks, *options, "-o", f"json:{where}", "--",
                           *command], **more)
        if not os.path.exists(where):
            raise Failed(f"trace ended with {status} and wrote nothing: {self.said()}")
        return status, read_events(where)


def end(child):
    """Ends a process that we started, gently first."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def read_events(path):
    with open(path, "rb") as f:
        data = f.read()
    if data and not data.endswith(b"\n"):
        raise Failed(f"'{path}' does not end in a newline")
    return [Event(json.loads(line.decode("utf-8"))) for line in data.splitlines()]


def patience():
    """How often slower than usual this machine is: emulated ones are ten times."""
    with open("/proc/cmdline", encoding="utf-8", errors="replace") as f:
        return 10 if "lapwing.guest" in f.read().split() else 1


def hooks_of(events):
    """The set of hooks that the sensor says it used: HOST_START names one for each deed."""
    for e in events:
        if e.kind == "HOST_START":
            coverage = e.fields.get("host.coverage", [])
            return "lsm" if any("=lsm/" in row for row in coverage) else "tracepoint"
    raise Failed("there is no HOST_START")
