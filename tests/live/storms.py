# SPDX-License-Identifier: Apache-2.0
"""Thousands of short-lived processes: every birth, exec and end told once, and nothing else."""

import glob
from collections import Counter

import stream
from sensor import patience

STORMS = {
    "storm_one_after_another": (1, 20000),
    "storm_eight_at_a_time": (8, 2500),
    "storm_of_long_arguments": (4, 500, 120000),
    "storm_of_children_that_live_a_millisecond": (8, 625, 0),
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


def args_right(event, args):
    """Long arguments may be cut in a storm, to the first and last 2 KiB; then it is said. Of a static
    program it is always said that it was not asked for its environment."""
    area = "".join(arg + "\0" for arg in args)
    lacks = event.degraded - {"ENV_SKIPPED"}
    if event.fields.get("exec.args_bytes") != len(area):
        return False
    if lacks == {"ARGS_CUT"} and len(area) > 4096:
        return event.fields.get("exec.args") == [*area[:2048].split("\0"), area[-2048:-1]]
    return event.fields.get("exec.args") == args and not lacks


def malformed(events, args):
    for e in events:
        if e.kind == "PROCESS_EXEC" and e.fields.get("exec.invoked") == args[0] and (
                not args_right(e, args) or e.fields.get("process.executable") != args[0]):
            yield f"malformed: {str(e.raw)[:1000]}"
            return


def storm(sensor, stage, name, workers, n, *padding):
    out = sensor.path(name)
    status, events = sensor.trace([stage.actor("storm"), str(workers), str(n), out,
                                   *map(str, padding)])
    want = read_entities(f"{out}.*")
    if status or sum(want.values()) != workers * n:
        yield f"the storm itself failed: status {status}, {sum(want.values())} processes"
        return
    for kind in ("PROCESS_FORK", "PROCESS_EXIT"):
        yield from difference(kind, want, told(events, kind, want))
    tiny = stage.actor("tiny")
    execs = Counter(e.fields.get("process.entity_id") for e in events
                    if e.kind == "PROCESS_EXEC" and e.fields.get("exec.invoked") == tiny)
    yield from difference("PROCESS_EXEC", Counter() if padding == (0,) else want, execs)
    yield from malformed(events, [tiny, *("#" * bytes for bytes in padding)])
    for check in (stream.sequence, stream.cpu_sequence, stream.entity_ids, stream.loss,
                  stream.lives):
        yield from check(events)


def run(sensor, stage, report):
    share = patience()
    for name, (workers, n, *padding) in STORMS.items():
        if not report.wants(name):
            continue
        if share > 1:
            print(f"# {workers * n // share} processes, not {workers * n}: this CPU is emulated")
        report.result(name, storm(sensor, stage, name, workers, n // share, *padding))
