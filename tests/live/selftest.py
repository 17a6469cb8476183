# SPDX-License-Identifier: Apache-2.0
"""The comparer's own test: events made from the truth must pass, and each altered one must fail."""

import copy
import os

import deeds
import stream
from cases import CASES, STALE, excuses, outcome
from compare import BOOT_SLACK_NS, REQUIRED, Event, compare, expected, times
from truth import read_truth


AGAIN = "what_the_kernel_skipped_is_done_again"
AGAIN_WITH = "file_create_open"


def nested(flat):
    raw = {}
    for key, value in flat.items():
        if value is None:
            continue
        message, _, member = key.rpartition(".")
        (raw.setdefault(message, {}) if message else raw)[member] = value
    return raw


def cut(case, kind, flat):
    """Makes a record's limits felt, where the case is about them."""
    flag, of_kind = REQUIRED.get(case, (None, None))
    if flag == "PATH_CUT" and of_kind in (None, kind):
        for key in ("file.path", "file.old_path"):
            if len(flat.get(key) or "") > 4000:
                flat[key] = flat[key][-4000:].partition("/")[2]


def synthesize(deed, hooks, case):
    """The event that a perfect sensor would give."""
    degraded = set()
    if deed.fields.get("process.user", "") is None:
        degraded.add("USER_UNKNOWN")
    if deed.escaped:
        degraded.add("TEXT_ESCAPED")
    flag, kind = REQUIRED.get(case, (None, None))
    if flag and kind in (None, deed.kind):
        degraded.add(flag)
    if deed.late and "FILE_LATE" in excuses(hooks, deed.kind, case):
        degraded.add("FILE_LATE")
    event = Event({"degraded": sorted(degraded)})
    flat = {key: values[0] for key, values in expected(deed, event, hooks).items()}
    flat = {key: value["max"] if isinstance(value, dict) else value for key, value in flat.items()}
    flat["kind"] = deed.kind
    flat["outcome"] = deed.outcome or outcome(hooks, deed.kind, deed.error)
    flat["error"] = deed.error if flat["outcome"] == "FAILED" else None
    if deed.before:
        flat["boot_ns"], flat["time_ns"] = deed.before
    cut(case, deed.kind, flat)
    return Event({**nested(flat), "degraded": sorted(degraded)})


def altered(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 10 * BOOT_SLACK_NS * 1000
    if isinstance(value, list):
        return value + ["more"]
    return value + "x"


def alterations(event):
    """Each field changed, each left out."""
    for key, value in event.fields.items():
        if key in ("process.pid", "degraded"):
            continue
        message, _, member = key.rpartition(".")
        for new in (altered(value), None):
            raw = copy.deepcopy(event.raw)
            place = raw[message] if message else raw
            if new is None:
                del place[member]
            else:
                place[member] = new
            yield f"{key} {'missing' if new is None else 'altered'}", Event(raw)
    raw = copy.deepcopy(event.raw)
    raw["degraded"] = raw.get("degraded", []) + ["PROCESS_UNKNOWN"]
    yield "a degradation that nobody excuses", Event(raw)


def left_open(deed, hooks, case, event):
    """Alterations of @event that the truth does not insist on: (field, how)."""
    excused = {field for flag, fields in excuses(hooks, deed.kind, case).items()
               if flag in event.degraded for field in fields}
    return ({(field, how) for of, field in STALE if of == case for how in ("missing", "altered")}
            | {(field, "missing") for field in excused | set(deed.known)})


def case_faults(truth, hooks, case):
    events = []
    told = [d for d in truth.deeds if times(d, hooks, case)[0]]
    for deed in told:
        events.append(synthesize(deed, hooks, case))
    yield from (f"a perfect event fails: {f}" for f in compare(truth, events, hooks, case))
    for i, deed in enumerate(told):
        rest = events[:i] + events[i + 1:]
        if not compare(truth, rest, hooks, case):
            yield f"{deed.kind}: its absence passes"
        twice = events + [events[i]]
        if deed.most == 1 and not compare(truth, [copy.copy(e) for e in twice], hooks, case):
            yield f"{deed.kind}: told twice, and passes"
        for name, event in alterations(events[i]):
            if tuple(name.split(" ")) not in left_open(deed, hooks, case, events[i]) and \
                    not compare(truth, rest + [event], hooks, case):
                yield f"{deed.kind}: {name}, and passes"


def silence_faults(truth, hooks, case):
    """A deed that must not be told is told."""
    for deed in truth.deeds:
        if times(deed, hooks, case)[1] == 0 and \
                not compare(truth, [synthesize(deed, hooks, case)], hooks, case):
            yield f"{deed.kind}: told although it must not be, and passes"


class Skipping:
    """A sensor of a kernel that skips hooks: of its traces the first @mute tell nothing, and of these
    the first @owned say why."""

    def __init__(self, case, play, mute, owned):
        self.case, self.play, self.mute, self.owned, self.traces = case, play, mute, owned, 0

    def trace(self, command):
        status, events = self.play(command), []
        self.traces += 1
        if self.traces > self.mute:
            truth = read_truth(os.path.join(command[-1], self.case))
            events = [synthesize(deed, "lsm", self.case) for deed in truth.deeds]
        elif self.traces <= self.owned:
            events = [Event({"kind": "HOST_LOSS", "host": {"lost_cause": "not_run", "lost_count": 1}})]
        return status, events


def again_faults(stage, report, play):
    """What the kernel skipped is done again, and only that, and not for ever."""
    case = next(c for c in CASES if c[0] == AGAIN_WITH)
    stream.SKIPS, skips = True, stream.SKIPS
    never = deeds.AGAIN
    for mute, owned, traces, good in ((0, 0, 1, True), (1, 1, 2, True), (1, 0, 1, False), (never, never, never, False)):
        sensor = Skipping(AGAIN_WITH, play, mute, owned)
        faults, _ = deeds.again(sensor, stage.beside(f"{mute}-{owned}"), case, "lsm", report)
        if (not faults, sensor.traces) != (good, traces):
            yield f"{mute} mute, {owned} owned: {sensor.traces} traces, and {faults}"
    stream.SKIPS = skips


def run(stage, report, play):
    """@play runs the driver without a sensor."""
    cases = [c for c in CASES if report.wants(c[0])]
    status = deeds.play(stage, cases, play)
    if status:
        report.result("driver", [f"the driver ended with {status}"])
    for case, _, _ in cases:
        faults = list(stage.actor_faults(case))
        truth = None if faults else read_truth(os.path.join(stage.truth, case))
        if truth and truth.skip:
            report.skip(case, truth.skip)
            continue
        if truth and not truth.deeds:
            faults.append("the actor told no deed")
        for hooks in ("lsm", "tracepoint") if truth else ():
            faults += [f"{hooks}: {f}" for f in case_faults(truth, hooks, case)]
            faults += [f"{hooks}: {f}" for f in silence_faults(truth, hooks, case)]
        report.result(case, faults)
    if report.wants(AGAIN):
        report.result(AGAIN, again_faults(stage, report, play))
