#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attack.py FOLDER: in a guest, runs the attack tests of FOLDER/tests.json one after the other.

Each runs as a script file outside of /tmp, as it was written: put into one command line its text
would make rules fire that are about command lines. What is needed before it, and its cleanup, run as
scripts of other names, so that what they do is not taken for what the test does.
"""

import glob
import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
import inside

ATOMICS = "/opt/AtomicRedTeam/atomics"
SCRIPTS = "/opt/art"
# of a test; a search of the whole disk need not come to its end to be seen
SECONDS, SETUP_SECONDS = 25, 120
NEXT_MINUTE_S = 123  # jobs begin at the minute, timers up to a minute (AccuracySec=) later
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash",
               "LANG": "C.UTF-8", "TERM": "dumb", "HISTFILE": "/root/.bash_history",
               "PathToAtomicsFolder": ATOMICS}


def seed():
    """What tests look for on a machine that is in use."""
    inside.write("/root/.ssh/id_rsa", "no key\n", 0o600)
    for name in (".bash_history", ".sh_history", ".history"):
        inside.write("/root/" + name, "ssh -p 22 admin@example.com\n", 0o600)
    inside.write("/var/log/messages", "begin\n")
    with open("/etc/ssh/ssh_host_ed25519_key.pub", encoding="utf-8") as key:
        inside.write("/root/.ssh/known_hosts", "localhost " + key.read(), 0o600)
    os.makedirs("/tmp/AtomicRedTeam", exist_ok=True)
    os.makedirs("/root/data", exist_ok=True)
    os.makedirs("/var/spool/mail", exist_ok=True)
    os.makedirs(ATOMICS, exist_ok=True)
    subprocess.run(["sh", os.path.join(os.path.dirname(os.path.realpath(__file__)), "stand_ins.sh"),
                    ATOMICS], stdin=subprocess.DEVNULL, check=True)


def cgroups():
    return {folder[len("/sys/fs/cgroup"):] for folder, _, _ in os.walk("/sys/fs/cgroup")}


def scheduled():
    """Jobs and timers as they stand: a test that adds one is only done when it has run."""
    patterns = ("/run/systemd/transient/*.timer", "/etc/systemd/system/*.timer", "/etc/cron.d/*",
                "/var/spool/cron/crontabs/*")
    return {(path, os.path.getmtime(path)) for p in patterns for path in glob.glob(p)}


def resolved(text, test):
    for name, value in test["inputs"].items():
        text = text.replace("#{" + name + "}", str(value))
    return text.replace("PathToAtomicsFolder", ATOMICS).replace("${" + ATOMICS + "}", ATOMICS) \
               .replace("$" + ATOMICS, ATOMICS)


def script(kind, test, text, seconds, shell="bash"):
    """Runs @text by @shell; what prepares is written for bash more often than it says. Its process, exit status (None: it had to be stopped) and the end of its output."""
    path = f"{SCRIPTS}/{kind}/{test['guid']}.sh"
    inside.write(path, text + "\n", 0o755)
    log = f"{SCRIPTS}/{kind}.log"
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen([shell, path], stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=out, env=ENVIRONMENT, cwd="/root", start_new_session=True)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    with open(log, "rb") as f:
        said = f.read()[-600:].decode(errors="replace")
    return process.pid, status, said


def prepare(test):
    """Meets the prerequisites; what could not be."""
    missing = []
    for need in test["prerequisites"]:
        check = resolved(need["check"] or "true", test)
        if script("check", test, check, SETUP_SECONDS)[1] == 0:
            continue
        script("get", test, resolved(need["get"] or "true", test), SETUP_SECONDS)
        if script("check", test, check, SETUP_SECONDS)[1] != 0:
            missing.append(check.strip().splitlines()[0])
    return missing


def attack(test, record):
    missing = prepare(test)
    before, jobs, began = cgroups(), scheduled(), inside.now_ns()
    seconds = min(test.get("timeout_s") or SECONDS, SECONDS)
    pid, status, said = script("run", test, resolved(test["command_resolved"], test), seconds,
                               test["executor"])
    time.sleep(NEXT_MINUTE_S if scheduled() - jobs else 0.3)
    ended = inside.now_ns()
    if test["cleanup"]:
        script("cleanup", test, resolved(test["cleanup"], test), SETUP_SECONDS)
    record.put(guid=test["guid"], pid=pid, began_ns=began, ended_ns=ended, status=status, said=said,
               missing=missing, cgroups_before=sorted(before))


def main():
    inside.refuse_elsewhere()
    work = sys.argv[1]
    record = inside.Record(work, "tests.jsonl")
    with open(os.path.join(work, "tests.json"), encoding="utf-8") as f:
        tests = json.load(f)
    sensor = inside.Sensor(work)  # loads while the system starts
    seed()
    state = inside.settle()
    sensor.wait()
    record.put(system=state, settled_ns=inside.now_ns())
    for test in tests:
        attack(test, record)
    record.put(ended=True, sensor=sensor.end())


if __name__ == "__main__":
    main()
