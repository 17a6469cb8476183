# SPDX-License-Identifier: Apache-2.0
"""Who says too much is counted and named, exactly; who is quiet beside it is told whole."""

import os

import stream
from losses import Tally, read_said
from sensor import Failed, patience, read_events

RATE = 200
NAMED = 8  # TALKERS of userspace/probe/limit.c
QUIET = 10

# name: (workers, opens of each, options)
CASES = {
    "limit_of_a_process_beside_a_quiet_one": (1, 20000, ["--ring-bulk", "16MiB", "--limit-process", str(RATE)]),
    "limit_names_who_said_most": (12, 2000, ["--limit-process", str(RATE // 4)]),
    "limit_of_a_cgroup": (3, 6000, ["--limit-process", "0", "--limit-cgroup", str(RATE)]),
}


def quiet_faults(events, room):
    """The shell beside the talkers: each of its files."""
    want = {os.path.join(room, f"quiet.{i}") for i in range(QUIET)}
    got = [e.fields.get("file.path") for e in events if e.kind == "FILE_CREATE" and
           e.fields.get("file.path") in want]
    if sorted(got) != sorted(want):
        yield f"the quiet one made {QUIET} files, and {len(got)} are told"


def limit_faults(events, made, by):
    limits = [e for e in events if e.kind == "HOST_LIMIT" and e.fields["limit.kind"] == "FILE_OPEN"]
    for e in limits:
        count, talkers = int(e.fields["limit.count"]), e.fields.get("limit.talkers")
        if e.fields["limit.by"] != by or not count:
            yield f"HOST_LIMIT: {e.fields}"
        if e.pid is not None and (e.pid not in made or e.fields.get("process.name") != "burden" or
                                  talkers != 1):
            yield f"HOST_LIMIT: names {e.pid} {e.fields.get('process.name')!r}"
    if not any(e.pid in made for e in limits):
        yield "HOST_LIMIT: nobody is named"
    if len(made) <= NAMED and any(e.pid is None and e.fields.get("limit.talkers") for e in limits):
        yield f"HOST_LIMIT: {len(made)} could be named"
    # of those whose hooks the kernel skipped it may be too few
    if len(made) > NAMED and by == "process" and not stream.not_run(events) and not any(
            e.pid is None and e.fields.get("limit.talkers") for e in limits):
        yield "HOST_LIMIT: more were over it than can be named, and none tells of the others"


def faults(said, out, options, room, tiny):
    made, seconds = said
    events, n = read_events(out), sum(made.values())
    tally = Tally(out, set(made), tiny)
    print(f"# opens: {n} in {seconds:.1f} s; {tally.words('FILE_OPEN')}")
    if not tally.adds_up("FILE_OPEN", n):
        yield f"FILE_OPEN: {tally.words('FILE_OPEN')}, and {n} were done"
    by = "cgroup" if "--limit-cgroup" in options else "process"
    rate, whose = int(options[-1]), 1 if by == "cgroup" else len(made)
    yield from limit_faults(events, made, by)
    # windows begin with the first deed after the last one's end; a few race for the entry
    if tally.told["FILE_OPEN"] > (rate + rate // 10) * whose * (seconds + 2):
        yield f"FILE_OPEN: {tally.told['FILE_OPEN']} told in {seconds:.1f} s, past {rate} a second"
    if by == "process":
        yield from quiet_faults(events, room)
    for check in (stream.sequence, stream.cpu_sequence, stream.loss):
        yield from check(events)


HIDE, HIDDEN = "limit_does_not_hide_what_a_rule_asks_for", 60
RULE = """title: keys
id: 5a0c25a0-0000-4000-8000-000000000001
status: test
level: low
logsource: {product: linux, category: file_event}
detection:
  s:
    TargetFilename|endswith:
      - /.ssh/authorized_keys
      - /.ssh/authorized_keys2
  condition: s
"""
# where a system call's end has to do, a rename's names are text, and no name counts apart
BY_NAME = ("FILE_OPEN", "FILE_CREATE", "FILE_RENAME")


def hide_faults(events, said, room, hooks):
    pid, *made = (int(word) for word in said.split())
    deeds = dict(zip(BY_NAME, made))
    keys = dict(zip(BY_NAME, (os.path.join(room, name) for name in (
        ".ssh/authorized_keys", ".ssh/authorized_keys2", "away/.ssh/authorized_keys"))))
    for kind, n in deeds.items():
        mine = [e for e in events if e.kind == kind and e.pid == pid]
        told = sum("fold" not in e.raw for e in mine)
        folded = sum(int(e.fields["fold.count"]) for e in mine if "fold" in e.raw)
        over = sum(int(e.fields["limit.count"]) for e in events if e.kind == "HOST_LIMIT" and
                   e.fields["limit.kind"] == kind)
        if told + folded + over != n or not over:
            yield f"{kind}: {told} told + {folded} folded + {over} over the limit, and {n} were done"
        found = [e for e in mine if e.fields.get("file.path") == keys[kind]]
        if len(found) != 1 and not (kind == "FILE_RENAME" and hooks == "tracepoint"):
            yield f"{kind}: {keys[kind]} is told {len(found)} times"
        if any([d["title"] for d in e.raw.get("detections", [])] != ["keys"] for e in found):
            yield f"{kind}: {keys[kind]}: {[e.raw.get('detections') for e in found]}"


def run_hide(sensor, stage, report):
    room = stage.room(HIDE)
    rules = os.path.join(room, "rule.yml")
    with open(rules, "w", encoding="ascii") as f:
        f.write(RULE)
    status, events = sensor.trace(
        ["/bin/sh", "-c", f"cd '{room}'; '{stage.actor('hide')}' {HIDDEN} >said"],
        ["--rules", rules, "--limit-process", str(RATE)])
    if status:
        raise Failed(f"trace ended with {status}: {sensor.said()}")
    with open(os.path.join(room, "said"), encoding="ascii") as f:
        report.result(HIDE, hide_faults(events, f.read(), room, sensor.hooks))


def run(sensor, stage, report):
    tiny = os.path.realpath(stage.actor("tiny"))
    if report.wants(HIDE):
        run_hide(sensor, stage, report)
    for name, (workers, n, options) in CASES.items():
        if not report.wants(name):
            continue
        room = stage.room(name)
        quiet = f"for i in $(seq 0 {QUIET - 1}); do : >quiet.$i; done"
        script = (f"cd '{room}'; '{stage.actor('burden')}' opens {workers} {n // patience()} >said & "
                  f"until test -e many/00100; do :; done; {quiet}; wait")
        status, _ = sensor.trace(["/bin/sh", "-c", script], ["--no-rules", *options], out=f"{name}.json")
        if status:
            report.result(name, [f"trace ended with {status}: {sensor.said()}"])
            continue
        report.result(name, faults(read_said(os.path.join(room, "said")),
                                   sensor.path(f"{name}.json"), options, room, tiny))
        os.unlink(sensor.path(f"{name}.json"))
