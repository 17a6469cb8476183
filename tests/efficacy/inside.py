# SPDX-License-Identifier: Apache-2.0
"""What runs in the guest has in common: it refuses to run elsewhere, and starts and ends the sensor.

The folder that guest and host share (argv[1]) holds lapwing, rules/ and what is asked; what came of it
goes to its out/.
"""

import json
import os
import socket
import subprocess
import sys
import time

# in a guest it lies beside this file
sys.path.append(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from waiting import wait_until  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import

TOKEN = "lapwing.efficacy=guest"  # on the kernel's command line; scripts/efficacy puts it there


def refuse_elsewhere():
    """Attacks are run in a guest that is thrown away, and nowhere else."""
    with open("/proc/cmdline", encoding="utf-8") as f:
        if TOKEN not in f.read().split():
            sys.exit("this is no guest of scripts/efficacy: refused")


def settle(seconds=600):
    """Waits until systemd has started what it starts; the state that it says, or why it says none.

    Where the host is busy systemd answers late, and not only here: systemctl's own patience is 25 s.
    """
    os.environ["SYSTEMD_BUS_TIMEOUT"] = str(seconds)
    write("/etc/hosts", f"127.0.0.1 localhost {socket.gethostname()}\n::1 localhost\n")
    write("/etc/resolv.conf", "")
    deadline, state = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:  # at first there is no bus to ask by
        asked = run("systemctl", "is-system-running")
        state = asked.stdout.strip() or asked.stderr.strip()
        if state in ("running", "degraded"):
            break
        time.sleep(1)
    return state


def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, check=False, **more)


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


class Sensor:
    """lapwing with all rules, until it is told to end."""

    def __init__(self, work):
        self.out = os.path.join(work, "out")
        self.binary = os.path.join(work, "lapwing")
        self.rules = os.path.join(work, "rules")
        for log in ("auth.log", "syslog"):
            open(f"/var/log/{log}", "a", encoding="utf-8").close()
        self.read, ready = os.pipe()
        with open(os.path.join(self.out, "sensor.log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [self.binary, "run", "--hooks", "lsm", "--rules", self.rules,
                 "--log", "auth=/var/log/auth.log", "--log", "syslog=/var/log/syslog",
                 "-o", "json:" + os.path.join(self.out, "events.jsonl"), "--ready-fd", str(ready)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[ready])
        os.close(ready)

    def wait(self):
        """Until all is attached."""
        if not os.read(self.read, 1):
            sys.exit("the sensor did not start: see sensor.log")
        os.close(self.read)

    def end(self):
        time.sleep(3)  # what the last deed left behind still comes
        self.process.terminate()
        return self.process.wait(120)


class Record:
    """Lines of JSON that are on the host's disk when the guest dies at the next one."""

    def __init__(self, work, name):
        self.file = open(os.path.join(work, "out", name), "w", encoding="utf-8")

    def put(self, **what):
        self.file.write(json.dumps(what) + "\n")
        self.file.flush()
