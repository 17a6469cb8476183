# SPDX-License-Identifier: Apache-2.0
"""run --scope with a cgroup: its processes and those of the cgroups below it, and nobody else's."""

import os
import signal

import cgroups
from cli_signals import Running
from sensor import Failed, end, wait_until

BELOW = "below"
# a child that asks for a signal when its parent ends, and then waits for it
BEREAVED = ("/usr/bin/python3 -c \"import ctypes, os, time;"
            " asked = os.pipe(); child = os.fork() == 0;"
            " child and ctypes.CDLL(None).prctl(1, 10) == 0 and os.write(asked[1], b'.');"
            " child and time.sleep(60); os.read(asked[0], 1)\"")


class Group:
    """A cgroup of v2 with one below it, and the way into both."""

    def __init__(self):
        self.name = f"/lapwing-scope-{os.getpid()}"
        top = cgroups.unified()
        if not top:
            raise Failed("no cgroup v2 is mounted")
        self.path = top + self.name
        os.makedirs(os.path.join(self.path, BELOW))

    def enter(self, below=""):
        return f"echo 0 >{os.path.join(self.path, below, 'cgroup.procs')}"

    def __enter__(self):
        return self

    def pids(self):
        for path in (os.path.join(self.path, BELOW), self.path):
            with open(os.path.join(path, "cgroup.procs"), encoding="ascii") as f:
                yield from map(int, f)

    def __exit__(self, *_):
        for pid in list(self.pids()):
            os.kill(pid, signal.SIGKILL)
        if not wait_until(lambda: not list(self.pids())):
            raise Failed("a process of the cgroup does not end")
        os.rmdir(os.path.join(self.path, BELOW))
        os.rmdir(self.path)


def holds_its_cgroup(sensor):
    with Group() as group, Running(sensor, "scope-cgroup", scope=group.name) as run:
        for echo in ("/bin/echo before", f"{group.enter()}; /bin/echo inside",
                     f"{group.enter(BELOW)}; /bin/echo below", "/bin/echo after"):
            run.shell.do(f"({echo}) >/dev/null")
        end(run.child)
        told = [e["exec"]["args"][1] for e in run.events()
                if e["kind"] == "PROCESS_EXEC" and e["exec"]["args"][0] == "/bin/echo"]
    if told != ["inside", "below"]:
        yield f"told were {told}"


def orphans_signal_is_nobodys(sensor):
    def died():
        return [e for e in run.events() if e["kind"] == "PROCESS_EXIT"
                and e["exit"].get("signal") == signal.SIGUSR1]

    with Group() as group, Running(sensor, "scope-bereaved", scope=group.name) as run:
        run.shell.do(f"({group.enter()}; {BEREAVED}) >/dev/null")
        if not wait_until(died):
            yield "the child was not seen to end by the signal that it asked for"
        end(run.child)
        events = run.events()
    if any(e["kind"] == "PROCESS_SIGNAL" for e in events):
        yield "what the kernel sent for a parent that ended is told as the parent's deed"


CASES = {
    "scope_of_a_cgroup_holds_it_and_those_below": holds_its_cgroup,
    "signal_for_a_parent_that_ended_is_nobodys": orphans_signal_is_nobodys,
}
