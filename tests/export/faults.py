# SPDX-License-Identifier: Apache-2.0
"""The table of faults in docs/sinks.md: each test that it names is there, and no sink is left out."""

import os
import re

from rig import TOP

# what a receiver over a network can do
NETWORK = ["down for the whole test", "down and back", "slow", "half-open connection",
           "a certificate of another name, or expired", "DNS that fails"]
# of what all sinks share one test is enough
SHARED = ["disk full under the spool"]
# each sink has its own reasons to lose something
EACH = ["spool changed at a random byte", "kill -9 at random moments"]
# by each of these ways syslog goes, and knows other faults
SYSLOG = {"tcp": set(NETWORK + EACH) - {"a certificate of another name, or expired"},
          "tls": set(NETWORK + EACH),
          "udp": {"down for the whole test", "down and back", "DNS that fails", *EACH}}


def rows():
    fault = None
    with open(os.path.join(TOP, "docs/sinks.md"), encoding="utf-8") as f:
        text = f.read().partition("## Faults")[2]
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0] not in ("fault", "---"):
            fault = cells[0] or fault
            sinks = re.findall(r"`(\w+):`", cells[1]) or [cells[1]]
            ways = re.findall(r"over (\w+)", cells[1])
            yield fault, sinks, ways, re.findall(r"`([^`]+)`", cells[2])


def schemes():
    with open(os.path.join(TOP, "userspace/sink/sink.c"), encoding="utf-8") as f:
        table = f.read().partition("types[] = {")[2].partition("}")[0]
    return set(re.findall(r"&sink_(\w+)", table))


def every_fault(known):
    """@known: the names of all cases."""
    seen, seen_ways = {}, {way: set() for way in SYSLOG}
    for fault, sinks, ways, tests in rows():
        if not tests:
            yield f"{fault}: a row of {sinks} without a test"
        seen.setdefault(fault, set()).update(sinks)
        for way in ways if sinks == ["syslog"] else []:
            seen_ways.setdefault(way, set()).add(fault)
        for test in tests:
            for name in {test.replace("*", sink) for sink in sinks}:
                if name not in known:
                    yield f"{fault}: there is no test {name}"
    networked = schemes() - {"file", "stdout"}
    for faults, sinks in ((NETWORK, networked), (SHARED, {"all"}), (EACH, schemes() | {"all"})):
        for fault in faults:
            if missing := sinks - seen.get(fault, set()):
                yield f"{fault}: no test of {', '.join(sorted(missing))}"
    for way, wanted in SYSLOG.items():
        if missing := wanted - seen_ways[way]:
            yield f"syslog: over {way}: no test of {', '.join(sorted(missing))}"
