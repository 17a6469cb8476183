# SPDX-License-Identifier: Apache-2.0
"""How the hooks are loaded: the same ones whoever says so, and however many CPUs verify them."""

import json
import os
import subprocess

from sensor import Failed, SLOW_S


def served(events):
    """{deed: hook} of the sensor that wrote these"""
    rows = next(e for e in events if e.kind == "HOST_START").fields["host.coverage"]
    return {deed: hook for deed, _, hook in (row.partition("=") for row in rows)
            if not hook.startswith("none: ")}


def differ(what, one, other):
    for deed in sorted(one.keys() | other.keys()):
        if one.get(deed) != other.get(deed):
            yield f"{deed}: {what[0]} {one.get(deed)}, {what[1]} {other.get(deed)}"


def traced(sensor, name, **more):
    status, events = sensor.trace(["/bin/true"], ["--no-rules"], out=f"{name}.json", **more)
    if status:
        raise Failed(f"trace ended with {status}")
    return served(events)


def on_one_cpu_the_same(sensor):
    one = {min(os.sched_getaffinity(0))}
    alone = traced(sensor, "one-cpu", preexec_fn=lambda: os.sched_setaffinity(0, one))
    if not alone:
        yield "nothing is covered"
    yield from differ(("one CPU has it by", "all by"), alone, traced(sensor, "all-cpus"))


def preflight_and_trace_agree(sensor):
    out = subprocess.run([sensor.binary, "preflight", "--json", "--hooks", sensor.hooks], check=False,
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=SLOW_S).stdout
    said = {way["deed"]: way["hook"] for way in json.loads(out)["ways"] if way["serves"]}
    yield from differ(("preflight says", "trace uses"), said, traced(sensor, "after-preflight"))


CASES = {
    "one_cpu_loads_what_all_of_them_load": on_one_cpu_the_same,
    "preflight_says_which_hooks_a_sensor_then_uses": preflight_and_trace_agree,
}
