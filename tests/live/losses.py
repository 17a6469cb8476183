# SPDX-License-Identifier: Apache-2.0
"""Load as fast as the machine can, held against counters of its own: nothing is lost, or all of it is
accounted for.

Each deed is told whole, or is in the number of a fold or a limit, or in that of a loss. Of the life of
processes none may be lost, whatever else is going on.
"""

import json
import os
import signal
import time
from collections import Counter

import stream
from sensor import SLOW_S, Failed, end, patience, wait_until

SHORT_S = 2
FLOOD = 500000  # opens, of all workers
STOPPED_S = 5
LITTLE = ["--ring-bulk", "256KiB"]  # of a sensor that is stopped: full on a busy or emulated CPU, too

# kind of load -> kinds of events that each of its deeds gives
GIVES = {"watched": ("FILE_READ",), "opens": ("FILE_OPEN",), "tcp": ("NET_CONNECT", "NET_ACCEPT"),
         "exec": ("PROCESS_FORK", "PROCESS_EXEC", "PROCESS_EXIT")}

# name: (loads as (kind, workers), whether the sensor is stopped for a while, what may be lost)
RUNS = {
    "load_of_watched_opens": ([("watched", 8)], False, ()),
    "load_of_execs": ([("exec", 4)], False, ()),
    "load_of_connections": ([("tcp", 4)], False, ()),
    "load_while_the_sensor_is_stopped":
        ([("watched", 2), ("opens", 4), ("exec", 1), ("tcp", 1)], True, ("FILE_", "NET_")),
}
# on an emulated CPU the first three show little and take long: only when --seconds asks for more
LONG = tuple(RUNS)[:3]
FLOODS = {"flood_of_opens_around_an_exec": False,
          "flood_of_opens_around_an_exec_while_the_sensor_is_stopped": True}
NAMES = (*RUNS, *FLOODS)


class Tally:
    """What a file of events says of each kind, without keeping the events."""

    def __init__(self, path, workers, tiny):
        self.told, self.folded, self.limited, self.lost = (Counter() for _ in range(4))
        self.spoken, self.ledger, self.not_run = set(), None, 0
        with open(path, encoding="utf-8") as f:
            for line in f:
                self.take(json.loads(line), workers, tiny)

    def take(self, e, workers, tiny):
        kind, process, parent = e["kind"], e.get("process", {}), e.get("parent", {})
        if kind == "HOST_LOSS":
            self.lose(e["host"])
        elif kind == "HOST_STOP":
            self.ledger = e["host"]
        elif kind == "HOST_LIMIT":
            self.limited[e["limit"]["kind"]] += e["limit"]["count"]
        elif kind == "PROCESS_FORK":
            self.told[kind] += parent.get("pid") in workers
        elif kind in ("PROCESS_EXEC", "PROCESS_EXIT"):
            self.told[kind] += process.get("executable") == tiny
            if kind == "PROCESS_EXEC" and process.get("executable") == tiny:
                self.spoken.add((parent.get("pid"), *e["exec"]["args"][1:]))
        elif process.get("pid") in workers:
            if "fold" in e:
                self.folded[kind] += e["fold"]["count"]
            else:
                self.told[kind] += 1

    def lose(self, host):
        if host.get("lost_cause") != "not_run":
            self.lost[host["lost_kind"]] += host["lost_count"]
        elif stream.SKIPS:
            self.not_run += host["lost_count"]

    def sum(self, kind):
        return sum(c[kind] for c in (self.told, self.folded, self.limited, self.lost))

    def adds_up(self, kind, made):
        return stream.adds_up(self.sum(kind), made, 0 if kind.startswith("PROCESS_") else self.not_run)

    def words(self, kind):
        return (f"{self.told[kind]} told + {self.folded[kind]} folded + {self.limited[kind]} over a "
                f"limit + {self.lost[kind]} lost")


def read_said(path):
    """({pid: deeds}, seconds) of one load."""
    with open(path, encoding="ascii") as f:
        rows = [line.split() for line in f]
    if not rows or rows[-1][0] != "CLOCK":
        raise Failed(f"{path}: the load did not say how it ended")
    return {int(a): int(b) for a, b in rows[:-1]}, (int(rows[-1][2]) - int(rows[-1][1])) / 1e9


def play(sensor, stage, name, loads, amount, stop_s):
    """Runs the loads under the sensor, which is stopped for @stop_s in the middle of them, or, if that is
    negative, until they are over; ([(kind, made, seconds)] , path of the events)."""
    room, out = stage.room(name), sensor.path(f"{name}.json")
    with open(os.path.join(room, "secret"), "wb"):
        pass
    go, done = os.path.join(room, "go"), os.path.join(room, "done")
    each = [f"'{stage.actor('burden')}' {kind} {n} {amount} >said.{kind} &" for kind, n in loads]
    script = f"cd '{room}'; until test -e go; do sleep 0.1; done; {' '.join(each)} wait; : >done"
    trace = sensor.start(["trace", "--hooks", sensor.hooks, "--no-rules", "--limit-process",
                          "0", *(LITTLE if stop_s else []), "--watch", f"{room}/secret",
                          "-o", f"json:{out}", "--", "/bin/sh", "-c", script])
    try:
        if not wait_until(lambda: os.path.exists(out) and os.path.getsize(out) > 0 or
                          trace.poll() is not None):
            raise Failed("the sensor did not begin")
        if stop_s < 0:
            trace.send_signal(signal.SIGSTOP)
        with open(go, "wb"):
            pass
        if stop_s > 0:
            time.sleep(1)
            trace.send_signal(signal.SIGSTOP)
            time.sleep(stop_s)
            trace.send_signal(signal.SIGCONT)
        finished = wait_until(lambda: os.path.exists(done) or trace.poll() is not None)
        trace.send_signal(signal.SIGCONT)
        status = trace.wait(SLOW_S)
    finally:
        trace.send_signal(signal.SIGCONT)
        end(trace)
    if status or not finished:
        raise Failed(f"trace ended with {status}: {sensor.said()}")
    said = [(kind, *read_said(os.path.join(room, f"said.{kind}"))) for kind, _ in loads]
    return said, out


def ledger_faults(tally):
    host = tally.ledger
    if not host:
        yield "there is no HOST_STOP"
    elif host["lost"] != sum(tally.lost.values()):
        yield f"HOST_STOP: lost is {host['lost']}, and HOST_LOSS says {sum(tally.lost.values())}"


def faults(said, out, tiny, may_lose, must_lose, extra_execs=0):
    workers = {pid for _, made, _ in said for pid in made}
    tally = Tally(out, workers, tiny)
    for kind, made, seconds in said:
        n = sum(made.values())
        print(f"# {kind}: {n} in {seconds:.1f} s, {n / seconds:.0f} a second; "
              f"{tally.words(GIVES[kind][0])}")
        for gives in GIVES[kind]:
            if not tally.adds_up(gives, n):
                yield f"{gives}: {tally.words(gives)}, and {n} were done"
    if extra_execs:
        for kind in GIVES["exec"]:
            if tally.told[kind] != extra_execs:
                yield f"{kind}: {tally.told[kind]} told of {extra_execs} in the middle of the flood"
        missing = {(pid, str(pid)) for pid in workers} - tally.spoken
        if missing:
            yield f"PROCESS_EXEC: {sorted(missing)[0]} is not told with its parent and arguments"
    for kind, n in tally.lost.items():
        if not kind.startswith(may_lose or ("nothing",)):
            yield f"HOST_LOSS: {n} of {kind}"
    if must_lose and not tally.lost:
        yield "nothing was lost: the flood was not enough to show anything"
    yield from ledger_faults(tally)


def skipped(name, seconds):
    """Why a case is left out, or None. The short form is what every run of all cases has time for."""
    if name in LONG and seconds <= SHORT_S and patience() > 1:
        return f"this CPU is emulated: --seconds {SHORT_S + 1} or more"
    if name in FLOODS and FLOODS[name] and seconds <= SHORT_S:
        return f"takes long: --seconds {SHORT_S + 1} or more"
    return None


def run_loads(sensor, stage, name, seconds):
    loads, stopped, may_lose = RUNS[name]
    stop_s = (STOPPED_S if seconds > SHORT_S else SHORT_S) if stopped else 0
    said, out = play(sensor, stage, name, loads, f"{max(seconds, stop_s + 1)}s", stop_s)
    return said, out, may_lose, stopped, 0


def run_flood(sensor, stage, name):
    stopped, n = FLOODS[name], FLOOD // patience()
    if n < FLOOD:
        print(f"# {n} opens, not {FLOOD}: this CPU is emulated")
    said, out = play(sensor, stage, name, [("opens", 4)], n // 4, -1 if stopped else 0)
    return said, out, ("FILE_",), stopped, 4


def run(sensor, stage, report, seconds):
    tiny = os.path.realpath(stage.actor("tiny"))
    for name in NAMES:
        if not report.wants(name):
            continue
        reason = skipped(name, seconds)
        if reason:
            report.skip(name, reason)
            continue
        said, out, *rest = run_loads(sensor, stage, name, seconds) if name in RUNS else \
            run_flood(sensor, stage, name)
        report.result(name, faults(said, out, tiny, *rest))
        os.unlink(out)
