# SPDX-License-Identifier: Apache-2.0
"""A flood of connections: each is told whole or is in the number of a fold, and none is lost."""

import os

import stream
from sensor import patience

CONNECTIONS = 60000
WHOLE = 16  # KNOBS_FOLD_WHOLE of proto/knobs.h
GOAL_PER_SECOND = 20000
FLOODS = ("flood_of_connections",)


def tally(events, pid, kind):
    """(told whole, folded, bytes sent, bytes received) of one process"""
    mine = [e for e in events if e.pid == pid and e.kind == kind]
    folds = [e for e in mine if "fold" in e.raw]
    whole = [e for e in mine if "fold" not in e.raw]
    sent, received = (
        sum(int(e.fields.get(f"net.{way}_bytes", 0)) for e in whole) +
        sum(int(e.fields.get(f"fold.bytes_{side}", 0)) for e in folds)
        for way, side in (("sent", "out"), ("received", "in")))
    return len(whole), sum(int(e.fields["fold.count"]) for e in folds), sent, received


def faults(events, said):
    pid, made, size, took_ns = (int(word) for word in said.split())
    print(f"# {made * 10**9 // took_ns} connections a second; the goal is {GOAL_PER_SECOND}")
    told = 0
    for kind in ("NET_CONNECT", "NET_ACCEPT"):
        whole, folded, _, _ = tally(events, pid, kind)
        told += whole
        if not stream.adds_up(whole + folded, made, stream.not_run(events)):
            yield f"{kind}: {whole} told whole + {folded} folded, and there were {made}"
        if whole < WHOLE:
            yield f"{kind}: {whole} told whole, and the first {WHOLE} must be"
    whole, folded, sent, received = tally(events, pid, "NET_CLOSE")
    # those whose beginning was folded are nobody's, and out of the scope of trace
    if whole + folded != told:
        yield f"NET_CLOSE: {whole} told whole + {folded} folded, of {told} that were told"
    if sent + received != told * size:
        yield f"NET_CLOSE: {sent} + {received} bytes of {told} ends that moved {size} each"
    yield from stream.lost(events)
    for check in (stream.sequence, stream.cpu_sequence, stream.loss):
        yield from check(events)


def run(sensor, stage, report):
    for name in FLOODS:
        if not report.wants(name):
            continue
        out = os.path.join(stage.room(name), "said")
        flood, n = stage.actor("flood"), CONNECTIONS // patience()
        status, events = sensor.trace(["/bin/sh", "-c", f"'{flood}' {n} >'{out}'"])
        if status:
            report.result(name, [f"the flood itself failed: {status}: {sensor.said()}"])
            continue
        with open(out, encoding="ascii") as f:
            report.result(name, faults(events, f.read()))
