# SPDX-License-Identifier: Apache-2.0
"""Deeds that cost nothing, as many as can be: they are limited, exactly, and push out nobody else's.

While they are done a marker makes a file, connects and execs, again and again: each of that is told.
"""

import os
from collections import Counter

import stream
from sensor import read_events

RATE = 1000
SECONDS = 3
LITTLE = ["--ring-bulk", "512KiB", "--ring-process", "128KiB", "--limit-process", str(RATE)]

# name: (deed, workers, kind with LSM hooks, kind with tracepoints, options); no kind: nothing is told
SPATES = {
    "spate_of_rights_that_stay_the_same": ("capset", 3, None, "PROCESS_CREDENTIALS", LITTLE),
    "spate_of_other_users": ("user", 3, "PROCESS_CREDENTIALS", "PROCESS_CREDENTIALS", LITTLE),
    "spate_of_refused_namespaces": ("unshare", 3, "KERNEL_NAMESPACE", "KERNEL_NAMESPACE", LITTLE),
    "spate_of_files_in_memory": ("memfd", 3, "INJECT_MEMFD", "INJECT_MEMFD", LITTLE),
    "spate_of_signals": ("signal", 3, "PROCESS_SIGNAL", "PROCESS_SIGNAL", LITTLE),
    "spate_of_bpf_calls": ("bpf", 3, "KERNEL_BPF_ATTACH", "KERNEL_BPF_ATTACH", LITTLE),
    "spate_of_scripts_that_do_not_run": ("script", 2, "PROCESS_SCRIPT", None,
                                         [*LITTLE[:-1], str(RATE // 20)]),
    "spate_of_threads_that_race": ("unshare", 1, "KERNEL_NAMESPACE", "KERNEL_NAMESPACE", LITTLE),
    # none of them is over the limit; together they would fill the ring
    "spate_of_many_processes": ("unshare", 48, "KERNEL_NAMESPACE", "KERNEL_NAMESPACE",
                                ["--ring-bulk", "2MiB"]),
}
THREADS = {"spate_of_threads_that_race": 4}
# a signal that waits already is none to the tracepoint, and on a busy machine nearly all do
UNCERTAIN = {("signal", "tracepoint")}


def read_said(path):
    """({pid: deeds}, markers, port)"""
    with open(path, encoding="ascii") as f:
        rows = [line.split() for line in f]
    workers = {int(a): int(b) for a, b in (row for row in rows if len(row) == 2)}
    markers = next(row for row in rows if row[0] == "MARKERS")
    return workers, int(markers[1]), int(markers[2])


def marker_faults(events, room, markers, port, tiny):
    """Each marker is told, but for what the kernel skipped; of execs it skips none."""
    skipped = stream.not_run(events)
    made = {os.path.join(room, f"marker.{i}") for i in range(markers)}
    pids = Counter(e.pid for e in events if e.kind == "FILE_CREATE" and
                   e.fields.get("file.path") in made)
    if not stream.adds_up(sum(pids.values()), markers, skipped):
        yield f"FILE_CREATE: {sum(pids.values())} told of {markers} markers"
    # a marker whose file was skipped may have its connect told
    connects = sum(e.kind == "NET_CONNECT" and (skipped or e.pid in pids) and
                   e.fields.get("net.destination_port") == port for e in events)
    if not stream.adds_up(connects, markers, skipped):
        yield f"NET_CONNECT: {connects} told of {markers} markers"
    execs = [e.raw["exec"]["args"][1:] for e in events if e.kind == "PROCESS_EXEC" and
             e.fields.get("process.executable") == tiny]
    if sorted(execs) != sorted([str(i)] for i in range(markers)):
        yield f"PROCESS_EXEC: {len(execs)} told of {markers} markers"


def not_run(e):
    """Since 6.13 a task may lose the CPU inside a program of fexit, which is then skipped for others:
    the kernel counts how often, and so do we, but nobody knows what it was."""
    return e.kind == "HOST_LOSS" and e.fields["host.lost_cause"] == "not_run"


def flood_faults(events, workers, kind, exact):
    made = sum(workers.values())
    told = sum(e.kind == kind and e.pid in workers for e in events)
    limited = sum(int(e.fields["limit.count"]) for e in events
                  if e.kind == "HOST_LIMIT" and e.fields["limit.kind"] == kind)
    lost = sum(int(e.fields["host.lost_count"]) for e in events
               if e.kind == "HOST_LOSS" and e.fields["host.lost_kind"] == kind)
    skipped = sum(int(e.fields["host.lost_count"]) for e in events if not_run(e))
    words = f"{told} told + {limited} over a limit + {lost} lost"
    print(f"# {kind}: {made} done; {words}; hooks not run: {skipped}")
    if not stream.adds_up(told + limited + lost, made, skipped if exact else made):
        yield f"{kind}: {words}, and {made} were done"
    if exact and not limited:
        yield f"{kind}: {made} were done, and none was over a limit"


def loss_faults(events, kind):
    """Of the ring that they share with execs these get a part, and lose what is past it."""
    stop = [e for e in events if e.kind == "HOST_STOP"]
    losses = [e for e in events if e.kind == "HOST_LOSS" and not not_run(e)]
    if [e.fields["host.lost"] for e in stop] != [sum(e.fields["host.lost_count"] for e in losses)]:
        yield f"HOST_STOP: {[e.fields['host.lost'] for e in stop]}, and there are {losses}"
    for e in losses:
        if (e.fields["host.lost_kind"], e.fields["host.lost_cause"]) != (kind, "ring_reserved"):
            yield f"HOST_LOSS: {e.raw['host']}"


def faults(events, said, room, tiny, deed, kind, hooks):
    workers, markers, port = said
    if kind:
        yield from flood_faults(events, workers, kind, (deed, hooks) not in UNCERTAIN)
    elif any(e.kind.startswith("PROCESS_C") and e.pid in workers for e in events):
        yield f"{deed}: told, though it changes nothing"
    yield from marker_faults(events, room, markers, port, tiny)
    yield from loss_faults(events, kind)
    yield from stream.sequence(events)


def run(sensor, stage, report):
    tiny = os.path.realpath(stage.actor("tiny"))
    for name, (deed, workers, lsm, tracepoint, options) in SPATES.items():
        if not report.wants(name):
            continue
        room = stage.room(name)
        os.chmod(room, 0o755)
        script = f"cd '{room}'; '{stage.actor('spate')}' {deed} {workers} {SECONDS} {THREADS.get(name, 1)} >said"
        out = sensor.path(f"{name}.json")
        status, _ = sensor.trace(["/bin/sh", "-c", script], ["--no-rules", *options], out=f"{name}.json")
        if status:
            report.result(name, [f"trace ended with {status}: {sensor.said()}"])
            continue
        kind = lsm if sensor.hooks == "lsm" else tracepoint
        report.result(name, faults(read_events(out), read_said(os.path.join(room, "said")), room,
                                   tiny, deed, kind, sensor.hooks))
        os.unlink(out)
