# SPDX-License-Identifier: Apache-2.0
"""What trace itself does: the command's exit status, and whose events are told."""

import os
import signal
import subprocess

from compare import compare
from sensor import end, wait_until
from truth import Truth, read_truth

STATUSES = {
    "trace_gives_status_0": (["/bin/sh", "-c", "exit 0"], 0),
    "trace_gives_status_7": (["/bin/sh", "-c", "exit 7"], 7),
    "trace_gives_status_255": (["/bin/sh", "-c", "exit 255"], 255),
    "trace_gives_128_and_the_signal": (["/bin/sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
    "trace_of_a_missing_command_gives_127": (["/nowhere/at/all"], 127),
}

FOLLOW = "trace_follow_waits_for_the_last_descendant"
SCOPE_CASES = ("scope_holds_children", "scope_holds_nobody_else")


def status_faults(sensor, command, want):
    got = sensor.run(["trace", "--hooks", sensor.hooks, "-o",
                      f"json:{sensor.path('status.json')}", "--", *command])
    if got != want:
        yield f"trace ended with {got}, and the command means {want}: {sensor.said()}"


class Outsider:
    """The same deeds again and again, by processes that are not trace's."""

    def __init__(self, stage):
        self.room = stage.room("outside")
        script = 'i=0; while :; do i=$((i+1)); mkdir $i; "$0" $i >>truth; done'
        self.child = subprocess.Popen(
            ["/bin/sh", "-c", script, stage.actor("scope")], cwd=self.room,
            stdin=subprocess.DEVNULL, start_new_session=True)

    def rounds(self):
        return sum(name.isdigit() for name in os.listdir(self.room))

    def truth(self):
        end(self.child)
        with open(os.path.join(self.room, "truth"), encoding="ascii") as f:
            lines = [line for line in f if line.endswith("}\n")]
        return Truth().read(lines)


def scope(sensor, stage, hooks, report):
    """Trace of `scope` while another scope runs outside: the one is whole, the other is silent."""
    room, out = stage.room("scope"), os.path.join(stage.truth, "scope")
    outside = Outsider(stage)
    try:
        started = wait_until(lambda: outside.rounds() > 1)
        before = outside.rounds()
        command = ["/bin/sh", "-c", f"'{stage.actor('scope')}' '{room}' >'{out}'"]
        status, events = sensor.trace(command, out="scope.json")
        after = outside.rounds()
    finally:
        others = {deed.pid for deed in outside.truth().deeds} | {outside.child.pid}
    truth = read_truth(out)
    faults = [] if status == 0 else [f"trace ended with {status}: {sensor.said()}"]
    if len(truth.deeds) != 6:
        faults.append(f"the actor told {len(truth.deeds)} deeds, not 6")
    report.result(SCOPE_CASES[0], faults + compare(truth, events, hooks, SCOPE_CASES[0]))
    mine = {deed.pid for deed in truth.deeds}
    strangers = [e for e in events if e.pid in others - mine]
    faults = [f"{e.kind} of pid {e.pid}, which is not trace's" for e in strangers[:5]]
    if not started or after <= before:
        faults.append("nothing happened outside meanwhile")
    strays = [e for e in events if "/outside/" in str(e.fields.get("file.path"))]
    faults += [f"{e.kind}: {e.fields['file.path']}" for e in strays[:5]]
    report.result(SCOPE_CASES[1], faults)


def follow_faults(sensor, stage):
    """The command ends at once; what it left behind does its deed a second later."""
    late = os.path.join(stage.room("follow"), "late")
    command = ["/bin/sh", "-c", f"(sleep 1; : >'{late}') & exit 5"]
    status, events = sensor.trace(command, options=["--follow"], out="follow.json")
    if status != 5:
        yield f"trace ended with {status}, and the command with 5"
    if not any(e.kind == "FILE_CREATE" and e.fields.get("file.path") == late for e in events):
        yield "the deed after the command's end is not told"


def run(sensor, stage, report, hooks):
    for name, (command, want) in STATUSES.items():
        if report.wants(name):
            report.result(name, status_faults(sensor, command, want))
    if report.wants(FOLLOW):
        report.result(FOLLOW, follow_faults(sensor, stage))
    if any(report.wants(name) for name in SCOPE_CASES):
        scope(sensor, stage, hooks, report)
