# SPDX-License-Identifier: Apache-2.0
"""The table of faults in docs/sinks.md: each test that it names is there, and no sink is left out."""

import os
import re

from rig import TOP

# what a receiver over a network can do; disk, spool and kill are of all sinks
NETWORK = ["down for the whole test", "down and back", "slow", "half-open connection",
           "a certificate of another name, or expired", "DNS that fails"]
ALL = ["disk full under the spool", "spool changed at a random byte", "kill -9 at random moments"]


def rows():
    fault = None
    with open(os.path.join(TOP, "docs/sinks.md"), encoding="utf-8") as f:
        text = f.read().partition("## Faults")[2]
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] not in ("fault", "---"):
            fault = cells[0] or fault
            sinks = re.findall(r"`(\w+):`", cells[1]) or [cells[1]]
            yield fault, sinks, re.findall(r"`([^`]+)`", cells[2])


def schemes():
    with open(os.path.join(TOP, "userspace/sink/sink.c"), encoding="utf-8") as f:
        table = f.read().partition("types[] = {")[2].partition("}")[0]
    return set(re.findall(r"&sink_(\w+)", table))


def every_fault(known):
    """@known: the names of all cases."""
    seen = {}
    for fault, sinks, tests in rows():
        seen.setdefault(fault, set()).update(sinks)
        for test in tests:
            for name in {test.replace("*", sink) for sink in sinks}:
                if name not in known:
                    yield f"{fault}: there is no test {name}"
    networked = schemes() - {"file"}
    for fault in NETWORK:
        if missing := networked - seen.get(fault, set()):
            yield f"{fault}: no test of {', '.join(sorted(missing))}"
    for fault in ALL:
        if "all" not in seen.get(fault, set()):
            yield f"{fault}: no test"
