# SPDX-License-Identifier: Apache-2.0
"""run: ready, told to end, told to read its rules again, and for a given time."""

import json
import os
import re
import select
import signal
import subprocess
import time

from sensor import SLOW_S, Failed, end, patience, read_events, wait_until

RULE = """title: {title}
id: {id}
status: test
description: a rule of the tests
author: Lapwing
logsource:
    product: linux
    category: process_creation
detection:
    selection:
        Image|endswith: '/{name}'
    condition: selection
level: low
"""


class Shell:
    """The process that is looked at: it does what it is told, and says when it is done."""

    def __init__(self):
        self.child = subprocess.Popen(["/bin/sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        self.n = 0

    def do(self, command):
        self.n += 1
        self.child.stdin.write(f"{command}\necho {self.n}\n")
        self.child.stdin.flush()
        if self.child.stdout.readline().strip() != str(self.n):
            raise Failed(f"the shell did not do '{command}'")

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        end(self.child)


class Running:
    """`run`, scoped to a shell of ours or its cgroup, and waited for until it is attached."""

    def __init__(self, sensor, name, *options, scope=None, first=()):
        self.sensor, self.out = sensor, sensor.path(f"{name}.json")
        with open(sensor.log, "wb"):
            pass
        self.shell = Shell()
        self.child = None
        read, write = os.pipe()
        try:
            self.child = sensor.start(
                ["run", "--hooks", sensor.hooks, "--scope",
                 scope or str(self.shell.child.pid), "--ready-fd", str(write), *first, "-o", f"json:{self.out}", *options], pass_fds=(write,))
        finally:
            os.close(write)
        ready = select.select([read], [], [], SLOW_S)[0]
        self.said = os.read(read, 16) if ready else None
        os.close(read)
        if self.said != b"\n":
            self.close()
            raise Failed(f"--ready-fd gave {self.said!r}, not a newline")

    def events(self):
        """What is there so far; the last line may be half written."""
        if not os.path.exists(self.out):
            return []
        with open(self.out, "rb") as f:
            lines = f.read().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def signal(self, number):
        self.child.send_signal(number)

    def close(self):
        self.shell.close()
        if self.child:
            end(self.child)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def ends_on(number):
    def case(sensor):
        with Running(sensor, f"signal-{number}") as run:
            for _ in range(200):
                run.shell.do("/bin/true")
            start = time.monotonic()
            run.signal(number)
            status = run.child.wait(SLOW_S)
            took = time.monotonic() - start
        if status != 0:
            yield f"exit status {status}: {sensor.said()}"
        if took > 1 * patience():
            yield f"it took {took:.2f} s"
        events = read_events(run.out)
        runs = sum(e.kind == "PROCESS_EXEC" and e.fields.get("process.name") == "true"
                   for e in events)
        if runs != 200:
            yield f"{runs} of 200 execs are in the file"
        if not events or events[-1].kind != "HOST_STOP":
            yield "the last event is not HOST_STOP"
    return case


def equal_deeds(sensor):
    """What is the same again and again: its protobuf is copied, and its opens are folded and counted."""
    same, proto = sensor.path("same"), sensor.path("equal.pb")
    with Running(sensor, "equal", first=("-o", f"proto:{proto}")) as run:
        for _ in range(100):
            run.shell.do("/bin/true")
        run.shell.do(f"i=0; while [ $i -lt 2000 ]; do : >'{same}'; i=$((i + 1)); done")
        run.signal(signal.SIGTERM)
        status = run.child.wait(SLOW_S)
    if status:
        yield f"exit status {status}: {sensor.said()}"
    lines = subprocess.run([sensor.binary, "cat", "--json", proto], stdout=subprocess.PIPE, check=False).stdout
    with open(run.out, "rb") as f:
        if f.read() != lines:
            yield "the protobuf says something else than the JSON of the same run"
    counts = [int(e.fields["fold.count"]) for e in read_events(run.out) if "fold" in e.raw]
    said = re.search(r"(\d+) equal deeds folded into (\d+) events", sensor.said())
    if not counts or not said or [int(n) for n in said.groups()] != [sum(counts), len(counts)]:
        yield f"{sum(counts)} deeds in {len(counts)} folds, and the summary says: {said and said[0]}"


def write_rule(folder, file, title, number):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
        f.write(RULE.format(title=title, name="true",
                            id=f"00000000-0000-4000-8000-{number:012d}"))


def titles(run, after):
    return {d.get("title") for e in run.events()[after:] for d in e.get("detections", [])}


def becomes(run, want):
    """Whether, from some exec on, exactly the rules @want hold."""
    def now():
        before = len(run.events())
        run.shell.do("/bin/true")
        wait_until(lambda: any(e.get("kind") == "PROCESS_EXIT" for e in run.events()[before:]), 60)
        return titles(run, before) == want
    return wait_until(now, 60)


def hangup(sensor):
    rules = sensor.path("rules")
    write_rule(rules, "a.yml", "the first rule", 1)
    with Running(sensor, "hangup", "--rules", rules) as run:
        if not becomes(run, {"the first rule"}):
            yield f"the first rule does not hold: {titles(run, 0)}"
        write_rule(rules, "a.yml", "the second rule", 2)
        run.signal(signal.SIGHUP)
        if not becomes(run, {"the second rule"}):
            yield f"the second rule does not hold after SIGHUP: {titles(run, 0)}"
        with open(os.path.join(rules, "bad.yml"), "w", encoding="utf-8") as f:
            f.write("title: bad\ndetection: [\n")
        run.signal(signal.SIGHUP)
        if not wait_until(lambda: re.search(r"bad\.yml:\d+:\d+: .", sensor.said()), 60):
            yield f"the bad rule's place is not said: {sensor.said()}"
        if not becomes(run, {"the second rule"}):
            yield "the old rules are not in force after bad ones came"
        if run.child.poll() is not None:
            yield f"it ended with {run.child.poll()}"


CORRELATION = """---
title: three of them
correlation: {type: event_count, rules: 00000000-0000-4000-8000-000000000001, generate: true,
              group-by: process.uid, timespan: 1h, condition: {gte: 3}}
"""


def hangup_keeps_windows(sensor):
    """Two hits before SIGHUP and one behind it make three; another rule changes meanwhile."""
    rules = sensor.path("kept")
    write_rule(rules, "a.yml", "counted", 1)
    with open(os.path.join(rules, "a.yml"), "a", encoding="utf-8") as f:
        f.write(CORRELATION)
    with Running(sensor, "kept", "--rules", rules) as run:
        def hits(title):
            return [e for e in run.events()
                    for d in e.get("detections", []) if d.get("title") == title]
        run.shell.do("/bin/true")
        run.shell.do("/bin/true")
        if not wait_until(lambda: len(hits("counted")) == 2, 60):
            yield f"two execs gave {len(hits('counted'))} hits: {sensor.said()}"
        write_rule(rules, "b.yml", "added", 2)
        run.signal(signal.SIGHUP)
        if not wait_until(lambda: "reloaded 2 rules" in sensor.said(), 60):
            yield f"the rules were not read again: {sensor.said()}"
        if hits("three of them"):
            yield "the correlation fired too early"
        run.shell.do("/bin/true")
        if not wait_until(lambda: hits("three of them"), 60):
            yield f"the window was lost: {len(hits('counted'))} hits, {sensor.said()}"
        for e in hits("three of them"):
            of = [d for d in e["detections"] if d["title"] == "three of them"][0]
            if of["evidence"] != "COMPLETE" or of["events"] != [x["id"] for x in hits("counted")]:
                yield f"the events that led to it are not those: {of}"


LOG_RULE = """title: {title}
logsource: {{product: linux, service: {service}}}
detection: {{keywords: ['{text}'], condition: keywords}}
"""


def follows_logs(sensor):
    """Lines that come are told, also behind a rotation and when the file is cut short."""
    rules, log = sensor.path("logrules"), sensor.path("auth.log")
    os.makedirs(rules, exist_ok=True)
    for service in ("sshd", "auth", "cron"):
        with open(os.path.join(rules, f"{service}.yml"), "w", encoding="utf-8") as f:
            f.write(LOG_RULE.format(title=service, service=service, text="no such user"))

    def line(text, mode="a"):
        with open(log, mode, encoding="utf-8") as f:
            f.write(f"Nov 25 23:00:01 box sshd[7]: {text}\n")

    line("no such user before the sensor")
    with Running(sensor, "logs", "--rules", rules, "--log", f"auth={log}") as run:
        def told(text):
            return [e for e in run.events() if text in e.get("log", {}).get("text", "")]

        def comes(text):
            if not wait_until(lambda: told(text), 60):
                yield f"'{text}' was not told: {sensor.said()}"
        line("no such user one")
        yield from comes("user one")
        for e in told("user one"):
            fired = {d["title"] for d in e.get("detections", [])}
            if fired != {"sshd", "auth"} or e["log"]["services"] != ["auth", "sshd"]:
                yield f"{fired} fired for {e['log']}"
        os.rename(log, log + ".1")
        line("two")
        yield from comes("]: two")
        line("3", "w")  # shorter than what was there
        yield from comes("]: 3")
        if told("before the sensor"):
            yield "a line from before the sensor was told"


REMOTE = "/lib/systemd/systemd-journal-remote"


def follows_the_journal(sensor):
    """Within the sandbox: what comes, what is in a file that was not there, and nothing of before."""
    rules, folder = sensor.path("journalrules"), sensor.path("journal")
    os.makedirs(rules, exist_ok=True)
    os.makedirs(folder, exist_ok=True)
    for service in ("sshd", "auth", "cron"):
        with open(os.path.join(rules, f"{service}.yml"), "w", encoding="utf-8") as f:
            f.write(LOG_RULE.format(title=service, service=service, text="no such user"))

    def write(name, text):
        now = time.time_ns() // 1000
        entry = (f"__REALTIME_TIMESTAMP={now}\n__MONOTONIC_TIMESTAMP={now}\n"
                 f"_BOOT_ID={'5' * 32}\n_HOSTNAME=box\nSYSLOG_IDENTIFIER=sshd\n_PID=7\n"
                 f"SYSLOG_FACILITY=10\nMESSAGE={text}\n\n")
        subprocess.run([REMOTE, "-o", os.path.join(folder, f"{name}.journal"), "-"], check=True,
                       input=entry.encode(), capture_output=True)

    write("a", "no such user before the sensor")
    with Running(sensor, "journal", "--rules", rules, "--log", f"syslog=journal:{folder}") as run:
        def told(text):
            return [e for e in run.events() if text in e.get("log", {}).get("text", "")]

        for name, text in (("a", "no such user one"), ("b", "no such user two"),
                           ("b", "no such user three")):
            write(name, text)
            if not wait_until(lambda text=text: told(text), 60):
                yield f"'{text}' was not told: {sensor.said()}"
        for e in told("no such user"):
            fired = {d["title"] for d in e.get("detections", [])}
            if fired != {"sshd", "auth"} or e["log"]["services"] != ["auth", "sshd"]:
                yield f"{fired} fired for {e['log']}"
        if told("before the sensor"):
            yield "an entry from before the sensor was told"
    if "cannot be read" in sensor.said():
        yield sensor.said()


def ready(sensor):
    with Running(sensor, "ready") as run:
        run.shell.do("/bin/true")
        run.signal(signal.SIGTERM)
        run.child.wait(SLOW_S)
    if not any(e.kind == "PROCESS_EXEC" for e in read_events(run.out)):
        yield "it said that it was ready, and missed the next exec"


def duration(sensor):
    with Running(sensor, "duration", "--duration", "3") as run:
        start = time.monotonic()
        run.shell.do("/bin/true")
        status = run.child.wait(SLOW_S)
        took = time.monotonic() - start
    if status != 0:
        yield f"exit status {status}: {sensor.said()}"
    if not 2.5 <= took <= 3 + 2 * patience():
        yield f"it watched for {took:.2f} s, not 3"
    if not re.search(r"(?m)^events +\d+$", sensor.said()):
        yield f"there is no summary: {sensor.said()}"


NEEDS = {"entries_of_the_journal_are_told_and_rules_of_services_fire": [REMOTE]}

CASES = {
    "ready_is_said_when_hooks_are_attached": ready,
    "sigterm_ends_run_with_everything_written": ends_on(signal.SIGTERM),
    "sigint_ends_run_with_everything_written": ends_on(signal.SIGINT),
    "equal_deeds_are_written_alike_and_counted": equal_deeds,
    "sighup_reads_rules_again_and_bad_ones_change_nothing": hangup,
    "sighup_keeps_the_windows_of_correlations": hangup_keeps_windows,
    "lines_of_logs_are_told_and_rules_of_services_fire": follows_logs,
    "entries_of_the_journal_are_told_and_rules_of_services_fire": follows_the_journal,
    "run_for_a_duration_ends_with_a_summary": duration,
}
