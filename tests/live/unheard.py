# SPDX-License-Identifier: Apache-2.0
"""An exec that is lost: what the process does after it is not told as the deed of its program before."""

import os
import signal

from sensor import SLOW_S, Failed, end, read_events, wait_until

NAME = "exec_that_is_lost"
EXECS = 400  # more than the ring holds
OPTIONS = ["--no-rules", "--ring-process", "64KiB", "--limit-process", "0"]


def play(sensor, stage):
    """(events, pid, child's pid, folder)"""
    room, out = stage.room(NAME), sensor.path(f"{NAME}.json")
    script = (f"cd '{room}'; until test -e go; do sleep 0.1; done; "
              f"'{stage.actor('burden')}' exec 1 {EXECS} >full; exec '{stage.actor('after')}' >said")
    trace = sensor.start(["trace", "--hooks", sensor.hooks, *OPTIONS, "-o", f"json:{out}", "--",
                          "/bin/sh", "-c", script])
    try:
        if not wait_until(lambda: os.path.exists(out) and os.path.getsize(out) > 0 or
                          trace.poll() is not None):
            raise Failed("the sensor did not begin")
        trace.send_signal(signal.SIGSTOP)
        with open(os.path.join(room, "go"), "wb"):
            pass
        done = wait_until(lambda: os.path.exists(os.path.join(room, "after")))
        trace.send_signal(signal.SIGCONT)
        # what waited has been read when something after it is told
        told = wait_until(lambda: b'/after"' in open(out, "rb").read() or trace.poll() is not None)
        with open(os.path.join(room, "resumed"), "wb"):
            pass
        status = trace.wait(SLOW_S)
    finally:
        trace.send_signal(signal.SIGCONT)
        end(trace)
    if status or not done or not told:
        raise Failed(f"trace ended with {status}: {sensor.said()}")
    with open(os.path.join(room, "said"), encoding="ascii") as f:
        pid, child = (int(word) for word in f.read().split())
    return read_events(out), pid, child, room


def faults(events, pid, child, room, tiny):
    lost = sum(e.fields["host.lost_count"] for e in events if e.kind == "HOST_LOSS" and
               e.fields["host.lost_kind"] == "PROCESS_EXEC")
    spans = [(e.fields.get("host.lost_cpu"), e.fields.get("host.lost_first_ns"),
              e.fields.get("host.lost_last_ns")) for e in events if e.kind == "HOST_LOSS" and
             e.fields["host.lost_cause"] == "ring_full"]
    if not lost:
        yield "no exec was lost: this shows nothing"
    if any(None in span or span[0] >= os.cpu_count() or span[1] >= span[2] for span in spans):
        yield f"HOST_LOSS: CPU and time are {spans}"
    whole = [e for e in events if e.kind == "PROCESS_EXEC" and e.pid == pid and
             e.fields.get("process.name") == "after"]
    if whole:
        yield "the exec of `after` was not lost: this shows nothing"
    for name, who in (("after", pid), ("child", child)):
        e = next((e for e in events if e.kind == "FILE_CREATE" and
                  e.fields.get("file.path") == os.path.join(room, name)), None)
        if not e or e.pid != who:
            yield f"FILE_CREATE of {name} is not told"
            continue
        if e.fields.get("process.executable") or "PROCESS_UNKNOWN" not in e.raw.get("degraded", []):
            yield f"{name}: is {e.fields.get('process.executable')}, {e.raw.get('degraded')}"
        if name == "child" and e.fields.get("parent.executable"):
            yield f"{name}: its parent is {e.fields['parent.executable']}"
    last = [e for e in events if e.kind == "PROCESS_EXEC" and e.pid == pid and
            e.fields.get("process.executable") == tiny]
    end_of = [e for e in events if e.kind == "PROCESS_EXIT" and e.pid == pid]
    if len(last) != 1 or [e.fields.get("process.executable") for e in end_of] != [tiny]:
        yield f"the exec after it: {len(last)} told, and {[e.fields for e in end_of]}"


def run(sensor, stage, report):
    if report.wants(NAME):
        report.result(NAME, faults(*play(sensor, stage), os.path.realpath(stage.actor("tiny"))))
