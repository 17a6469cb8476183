# SPDX-License-Identifier: Apache-2.0
"""All deeds in one trace: the driver runs actor after actor, then each case is compared."""

import os
import shutil

import cgroups
import stream
from cases import CASES
from compare import compare
from sensor import Failed, hooks_of
from truth import read_truth

LINGER_MS = "400"  # late look-ups are made when the sensor next comes by
AGAIN = 3  # turns for a case, where the kernel skips hooks


def own_cgroup():
    """A folder for one actor where containers are, or None."""
    try:
        path = os.path.join(cgroups.root() or "", f"lapwing-live-{os.getpid()}")
        os.mkdir(path)
        return path
    except OSError:
        return None


class Stage:
    """The folders of one run: the actors, a place for each case, the truth."""

    def __init__(self, folder, actors):
        self.folder, self.actors = folder, actors
        self.bin, self.truth = os.path.join(folder, "bin"), os.path.join(folder, "truth")
        shutil.copytree(actors, self.bin, ignore=shutil.ignore_patterns("*.d", "lib"))
        os.mkdir(self.truth)

    def beside(self, name):
        """Another stage, for what is done anew."""
        return Stage(f"{self.folder}-{name}", self.actors)

    def actor(self, name):
        return os.path.join(self.bin, name)

    def room(self, case):
        path = os.path.join(self.folder, "room", case, "work")
        os.makedirs(path)
        return path

    def plan(self, cases):
        """The driver's orders; their path."""
        path = os.path.join(self.folder, "plan")
        with open(path, "w", encoding="ascii") as f:
            for name, actor, arguments in cases:
                f.write("\t".join([name, self.room(name), self.actor(actor), *arguments]) + "\n")
        return path

    def said(self, case, suffix):
        try:
            with open(os.path.join(self.truth, case + suffix), encoding="utf-8",
                      errors="replace") as f:
                return f.read().strip()
        except OSError:
            return None

    def actor_faults(self, case):
        status = self.said(case, ".status")
        if status != "0":
            yield f"the actor itself failed, wait status {status}: {self.said(case, '.err')}"


def play(stage, cases, run):
    """Runs the driver by @run(command), in a cgroup and with a clock that lets look-ups be late."""
    cgroup = own_cgroup()
    os.environ["LIVE_LINGER_MS"] = LINGER_MS
    if cgroup:
        os.environ["LIVE_CGROUP"] = cgroup
    try:
        return run([stage.actor("driver"), stage.plan(cases), stage.truth])
    finally:
        os.environ.pop("LIVE_CGROUP", None)
        if cgroup:
            os.rmdir(cgroup)


def judge(stage, case, events, hooks):
    """(faults, why it is skipped) of one case."""
    faults = list(stage.actor_faults(case))
    if faults:
        return faults, None
    truth = read_truth(os.path.join(stage.truth, case))
    if truth.skip:
        return [], truth.skip
    return compare(truth, events, hooks, case) if truth.deeds else ["the actor told no deed"], None


def again(sensor, stage, case, hooks, report):
    """The verdict on a case that is done anew, alone, because the kernel skipped hooks when it was done first.
    Which, nobody can know. What the sensor itself always gets wrong is wrong then, too; what it gets wrong
    now and then, other kernels must show."""
    for turn in range(AGAIN):
        alone = stage.beside(f"{case[0]}-{turn}")
        status, events = play(alone, [case], sensor.trace)
        if status:
            raise Failed(f"trace of {case[0]} alone ended with {status}: {sensor.said()}")
        faults, skip = judge(alone, case[0], events, hooks)
        skipped = stream.not_run(events)
        report.remark(f"{case[0]}: done again alone; {len(faults)} faults, {skipped} hooks not run")
        if not faults or not skipped:
            break
    return faults, skip


def run(sensor, stage, report, hooks):
    """One trace, all cases; what it says of itself is checked as well."""
    cases = [c for c in CASES if report.wants(c[0])]
    if not cases and not any(report.wants(name) for name in stream.CHECKS):
        return
    status, events = play(stage, cases, sensor.trace)
    used = hooks_of(events)
    if status:
        raise Failed(f"trace of all deeds ended with {status}: {sensor.said()}")
    if used != hooks:
        raise Failed(f"asked for {hooks}, and HOST_START says {used}")
    for case in cases:
        faults, skip = judge(stage, case[0], events, hooks)
        if faults and stream.not_run(events):
            report.remark(*faults)
            faults, skip = again(sensor, stage, case, hooks, report)
        if skip:
            report.skip(case[0], skip)
        else:
            report.result(case[0], faults)
    for name, check in stream.CHECKS.items():
        report.result(name, check(events))
