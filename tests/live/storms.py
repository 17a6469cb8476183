# SPDX-License-Identifier: Apache-2.0
"""Thousands of short-lived processes: every birth, exec and end told once, and nothing else."""

import glob
from collections import Counter

import stream
from sensor import patience

STORMS = {
    "storm_one_after_another": (1, 20000),
    "storm_eight_at_a_time": (8, 2500),
}


def read_entities(pattern):
    entities = Counter()
    for path in glob.glob(pattern):
        with open(path, encoding="ascii") as f:
            entities.update(line.split()[1] for line in f)
    return entities


def difference(kind, want, got):
    lost, more = want - got, got - want
    if lost:
        yield f"{kind}: {sum(lost.values())} of {sum(want.values())} not told, {min(lost)} first"
    if more:
        yield f"{kind}: {sum(more.values())} told that were not, or twice, {min(more)} first"


def told(events, kind, entities):
    return Counter(e.fields.get("process.entity_id") for e in events if e.kind == kind and
                   e.fields.get("process.entity_id") in entities)


def malformed(events, stage):
    tiny = stage.actor("tiny")
    for e in events:
        if e.kind == "PROCESS_EXEC" and e.fields.get("exec.invoked") == tiny and (
                e.fields.get("exec.args") != [tiny] or e.degraded or
                e.fields.get("process.executable") != tiny):
            yield f"malformed: {e.raw}"
            return
        if e.kind == "HOST_LOSS":
            yield f"HOST_LOSS: {e.fields}"


def storm(sensor, stage, name, workers, n):
    out = sensor.path(name)
    status, events = sensor.trace([stage.actor("storm"), str(workers), str(n), out])
    want = read_entities(f"{out}.*")
    if status or sum(want.values()) != workers * n:
        yield f"the storm itself failed: status {status}, {sum(want.values())} processes"
        return
    for kind in ("PROCESS_FORK", "PROCESS_EXEC", "PROCESS_EXIT"):
        yield from difference(kind, want, told(events, kind, want))
    tiny = stage.actor("tiny")
    execs = Counter(e.fields.get("process.entity_id") for e in events
                    if e.kind == "PROCESS_EXEC" and e.fields.get("exec.invoked") == tiny)
    yield from difference("PROCESS_EXEC", want, execs)
    yield from malformed(events, stage)
    for check in (stream.sequence, stream.cpu_sequence, stream.entity_ids, stream.loss,
                  stream.lives):
        yield from check(events)


def run(sensor, stage, report):
    share = patience()
    for name, (workers, n) in STORMS.items():
        if not report.wants(name):
            continue
        if share > 1:
            print(f"# {workers * n // share} processes, not {workers * n}: this CPU is emulated")
        report.result(name, storm(sensor, stage, name, workers, n // share))
