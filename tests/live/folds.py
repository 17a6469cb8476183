# SPDX-License-Identifier: Apache-2.0
"""Equal deeds: each is told whole or is in the number of a fold, and none is in both or in neither."""

import os
import signal

import stream
from cases import outcome
from compare import BOOT_SLACK_NS
from sensor import SLOW_S, Failed, end, patience, read_events, wait_until

WHOLE = 16  # KNOBS_FOLD_WHOLE of proto/knobs.h: so many of a window are told
NAMED = ("many", "half", "go", "done")

# name: how, workers, opens of each, whether the sensor is stopped for the second half
CASES = {
    "fold_of_one_process": ("processes", 1, 20000, False),
    "fold_of_each_of_eight_processes": ("processes", 8, 5000, False),
    "fold_of_threads_that_race": ("threads", 4, 10000, False),
    "fold_while_the_sensor_is_stopped": ("processes", 2, 10000, True),
}


def play(sensor, stage, name, how, workers, n, stopped):
    """(events, the actor's own words, its folder)"""
    room, out = stage.room(name), sensor.path(f"{name}.json")
    said = os.path.join(room, "said")
    half, go, done = (os.path.join(room, word) for word in NAMED[1:])
    script = f"cd '{room}' && '{stage.actor('fold')}' {how} {workers} {n} >said"
    trace = sensor.start(["trace", "--hooks", sensor.hooks, "-o", f"json:{out}", "--", "/bin/sh",
                          "-c", script])
    try:
        if not wait_until(lambda: os.path.exists(half) or trace.poll() is not None):
            raise Failed("half of the opens are not done")
        if stopped:
            trace.send_signal(signal.SIGSTOP)
        with open(go, "wb"):
            pass
        finished = wait_until(lambda: os.path.exists(done) or trace.poll() is not None)
        if stopped:
            trace.send_signal(signal.SIGCONT)
        status = trace.wait(SLOW_S)
    finally:
        end(trace)
    if status or not finished:
        raise Failed(f"trace ended with {status}: {sensor.said()}")
    with open(said, encoding="ascii") as f:
        words = [line.split() for line in f]
    return read_events(out), words, room


def file_faults(e, path, st, hooks):
    want = {"file.path": path, "file.inode": st.st_ino, "file.dev_major": os.major(st.st_dev),
            "file.dev_minor": os.minor(st.st_dev), "file.mode": st.st_mode, "file.uid": st.st_uid,
            "process.name": "fold", "outcome": outcome(hooks, "FILE_OPEN", 0)}
    for key, value in want.items():
        if e.fields.get(key) != value:
            yield f"{key}: {e.fields.get(key)!r}, and it is {value!r}"


def sum_faults(events, pid, made, seconds, skipped):
    folded = sum(int(e.fields["fold.count"]) for e in events if "fold" in e.raw)
    whole = sum("fold" not in e.raw for e in events)
    if not stream.adds_up(whole + folded, made, skipped):
        yield f"{pid}: {whole} told whole + {folded} folded, and it opened {made} times"
    if whole < WHOLE - skipped:
        yield f"{pid}: {whole} told whole, and the first {WHOLE} must be"
    if not folded and not skipped:
        yield f"{pid}: nothing was folded of {made} opens in {seconds:.1f} s"


def faults(events, words, path, hooks):
    st = os.stat(path)
    begin, finish = (int(n) for n in words[-1][1:])
    opens = [e for e in events if e.kind == "FILE_OPEN" and e.fields.get("file.path") == path]
    for pid, made in ((int(a), int(b)) for a, b in words[:-1]):
        yield from sum_faults([e for e in opens if e.pid == pid], pid, made, (finish - begin) / 1e9,
                              stream.not_run(events))
    for e in opens:
        yield from file_faults(e, path, st, hooks)
        if "fold" not in e.raw:
            continue
        first, last = (int(e.fields[f"fold.{end}_ns"]) for end in ("first", "last"))
        if not begin - BOOT_SLACK_NS <= first <= last <= finish + BOOT_SLACK_NS:
            yield f"fold: {first} to {last}, and the opens were from {begin} to {finish}"
    yield from stream.lost(events)


def run(sensor, stage, report):
    share = patience()
    for name, (how, workers, n, stopped) in CASES.items():
        if not report.wants(name):
            continue
        events, words, room = play(sensor, stage, name, how, workers, n // share, stopped)
        report.result(name, faults(events, words, os.path.join(room, NAMED[0]), sensor.hooks))
