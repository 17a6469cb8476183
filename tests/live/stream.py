# SPDX-License-Identifier: Apache-2.0
"""What must be true of every run: numbers without holes, ids that are what they say, no loss."""

import os
from collections import Counter, defaultdict

KERNEL = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])


def slurp(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read().strip()
    except OSError:
        return None


def sequence(events):
    got = [e.raw.get("seq") for e in events]
    if got != list(range(1, len(got) + 1)):
        first = next(i for i, n in enumerate(got) if n != i + 1)
        yield f"seq: event {first + 1} of the file has {got[first]}"


def cpu_sequence(events):
    """Each CPU's numbers, of what hooks sent: none twice, none missing."""
    seen = defaultdict(list)
    for e in events:
        if "hook" in e.raw and "fold" not in e.raw:
            seen[e.raw.get("cpu")].append(e.raw.get("cpu_seq"))
    for cpu, numbers in sorted(seen.items()):
        twice = [n for n, times in Counter(numbers).items() if times > 1]
        holes = sorted(set(range(min(numbers), max(numbers) + 1)) - set(numbers))
        if twice:
            yield f"cpu_seq: {len(twice)} numbers of CPU {cpu} come twice, {twice[0]} first"
        if holes:
            yield f"cpu_seq: {len(holes)} numbers of CPU {cpu} are missing, {holes[0]} first"


def entity_ids(events):
    for e in events:
        for who in ("process", "parent", "target"):
            pid, start = e.fields.get(f"{who}.pid"), e.fields.get(f"{who}.start_ns")
            got = e.fields.get(f"{who}.entity_id")
            if None not in (pid, start) and got != f"{start // 10_000_000:x}-{pid:x}":
                yield f"{who}.entity_id: {got}, of pid {pid} started at {start}"
                return


def event_ids(events):
    ids = Counter(e.raw.get("id") for e in events)
    if None in ids:
        yield f"id: {ids[None]} events have none"
    elif max(ids.values(), default=1) > 1:
        yield f"id: {ids.most_common(1)[0]} is not one event's alone"


# The kernel skips a program that runs on this CPU already: one that an interrupt has come into (the
# network's hooks), and one in the middle of which a task lost the CPU: fentry and fexit where it may be
# taken away in the kernel, as on Debian's since 6.13 (PREEMPT_LAZY), and since 7.0 tracepoints: bpf/trace.h.
SKIPS = KERNEL >= (6, 13)
FEW = 5


def not_run(events):
    """How many hooks the kernel skipped, where it does: for each of them a deed may be missing."""
    return sum(e.fields.get("host.lost_count", 0) for e in events if SKIPS and
               e.kind == "HOST_LOSS" and e.fields.get("host.lost_cause") == "not_run")


def adds_up(told, made, skipped):
    """Whether all that was made is told, but for what was skipped, and nothing else is."""
    return told <= made <= told + skipped


def lost(events):
    """What was lost, a line each. What the kernel skipped is said aloud, and is no fault of a test
    that compares deed by deed all that must be there: births, execs and ends."""
    for e in events:
        if e.kind != "HOST_LOSS":
            continue
        count = e.fields.get("host.lost_count", 0)
        if e.fields.get("host.lost_cause") == "not_run" and (SKIPS or count <= FEW):
            print(f"# not run, says the sensor: {count} hooks")
        else:
            yield f"HOST_LOSS: {e.fields}"


def loss(events):
    yield from lost(events)
    stop = [e for e in events if e.kind == "HOST_STOP"]
    if len(stop) != 1 or events[-1].kind != "HOST_STOP":
        yield "HOST_STOP is not there once, at the end"
    elif stop[0].fields.get("host.lost") != 0:
        yield f"HOST_STOP: lost is {stop[0].fields.get('host.lost')}"
    elif not stop[0].fields.get("host.produced"):
        yield "HOST_STOP: produced is not told"


def host(events):
    uname = os.uname()
    want = {
        "schema": 1, "host_id": slurp("/etc/machine-id") or None, "host_name": uname.nodename,
        "boot_id": slurp("/proc/sys/kernel/random/boot_id"),
    }
    for key, value in want.items():
        wrong = next((e for e in events if e.raw.get(key) != value), None)
        if wrong:
            yield f"{key}: {wrong.raw.get(key)!r}, and it is {value!r}"
    first = events[0] if events else None
    if not first or first.kind != "HOST_START":
        yield "the first event is not HOST_START"
        return
    for key, value in (("host.kernel", uname.release), ("host.arch", uname.machine)):
        if first.fields.get(key) != value:
            yield f"{key}: {first.fields.get(key)!r}, and it is {value!r}"


def lives(events):
    """A process is born once and ends once; each end has a birth, unless trace itself made it."""
    births, ends = (Counter(e.fields.get("process.entity_id") for e in events if e.kind == kind)
                    for kind in ("PROCESS_FORK", "PROCESS_EXIT"))
    for what, counter in (("PROCESS_FORK", births), ("PROCESS_EXIT", ends)):
        for entity, times in counter.items():
            if times > 1:
                yield f"{what}: {entity} has {times}"
    orphans = set(ends) - set(births)
    if len(orphans) > 1:
        yield f"PROCESS_EXIT: {len(orphans)} processes end that were not born"
    if births and not ends:
        yield "PROCESS_EXIT: nobody ends"


# Deeds that userspace/probe/trial.c does, wherever a hook serves them.
TRIED = {f"file.{deed}" for deed in ("create", "open", "chmod", "chown", "link", "symlink", "rename",
                                     "unlink", "truncate", "mkdir", "rmdir", "mknod", "setxattr",
                                     "removexattr", "close")} | \
    {"net.bind", "net.listen", "net.send", "net.socket", "net.unix", "inject.executable", "inject.memfd",
     "inject.map", "kernel.bpf_load", "kernel.key"}


def coverage(events):
    """The report of the start: every deed once, what was tried is proven, and nothing is silent."""
    report = next((e for e in events if e.kind == "HOST_COVERAGE"), None)
    if not report:
        yield "there is no HOST_COVERAGE"
        return
    told = {name: report.fields.get(f"coverage.{name}", [])
            for name in ("served", "gaps", "proven", "silent", "untried")}
    served = sorted(row.split("=")[0] for row in told["served"])
    gaps = sorted(row.split(":")[0] for row in told["gaps"])
    start = sorted(row.split("=")[0] for e in events if e.kind == "HOST_START"
                   for row in e.fields.get("host.coverage", []))
    if sorted(served + gaps) != start:
        yield f"coverage: {sorted(set(served + gaps) ^ set(start))} are in one list only"
    if sorted(told["proven"] + told["silent"] + told["untried"]) != served:
        yield "coverage: a deed that is served has not one state"
    if told["silent"]:
        yield f"coverage.silent: {told['silent']}"
    missing = TRIED & set(served) - set(told["proven"])
    if missing:
        yield f"coverage.proven: {sorted(missing)} are missing"


def own_deeds(events):
    """The sensor's own deeds, in its trial and after it, are told to nobody."""
    for e in events:
        path = e.fields.get("file.path") or ""
        if "/lapwing-" in path and "/dev/shm/" in path:
            yield f"{e.kind}: {path} is the sensor's own"


CHECKS = {
    "coverage_is_proven_by_own_deeds": coverage,
    "the_sensors_own_deeds_are_not_told": own_deeds,
    "events_are_numbered_without_holes": sequence,
    "cpu_numbers_have_no_holes": cpu_sequence,
    "entity_ids_are_start_and_pid": entity_ids,
    "event_ids_are_unique": event_ids,
    "nothing_is_lost": loss,
    "host_facts_are_right": host,
    "a_process_is_born_once_and_ends_once": lives,
}
