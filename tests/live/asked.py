# SPDX-License-Identifier: Apache-2.0
"""Opens for reading that a loaded rule asks for: told from when it is loaded, and no more when it is not.

Run as a program in a folder, this file is the actor. It is the sensor's own child, so that it can
tell it to load rules anew.
"""

import os
import signal
import sys
import time

NAMES = ("read_that_a_rule_asks_for", "read_in_a_folder_that_a_rule_asks_for",
         "read_that_a_reloaded_rule_asks_for", "read_that_no_rule_asks_for_any_more",
         "read_that_a_rule_cannot_ask_for_is_refused")
AGAIN_S = 60
RULE = """title: {title}
id: 5a0c25a0-0000-4000-8000-{n:012}
status: test
level: low
logsource: {{product: linux, category: file_access}}
detection:
  s:
    {item}
  condition: s
"""


def write_rules(folder, items):
    text = "---\n".join(RULE.format(title=f"rule {n}", n=n, item=item)
                        for n, item in enumerate(items))
    with open(os.path.join(folder, "new"), "w", encoding="ascii") as f:
        f.write(text)
    os.rename(os.path.join(folder, "new"), os.path.join(folder, "rules", "asked.yml"))


def read(path):
    with open(path, "rb") as f:
        f.read(1)


def until_told(path, events, again):
    """Waits until the sensor has told that @path was read; @again: reads it meanwhile."""
    wanted = f'/{path}"'
    until = time.monotonic() + AGAIN_S
    while time.monotonic() < until:
        if again:
            read(path)
        with open(events, encoding="utf-8", errors="replace") as f:
            if any('"FILE_READ"' in line and wanted in line for line in f):
                return
        time.sleep(0.1)


def act(events):
    here = os.getcwd()
    for path in ("asked", "keys/id", "unasked"):
        read(path)
    until_told("keys/id", events, False)  # the rules are those of when it is looked at
    write_rules(here, [f"TargetFilename: {here}/later"])
    os.kill(os.getppid(), signal.SIGHUP)
    until_told("later", events, True)
    read("asked")
    read("keys/id")


def set_up(room):
    for name in ("rules", "keys"):
        os.mkdir(os.path.join(room, name))
    for name in ("asked", "keys/id", "unasked", "later"):
        with open(os.path.join(room, name), "w", encoding="ascii") as f:
            f.write("a")
    write_rules(room, [f"TargetFilename: {room}/asked", f"TargetFilename|startswith: {room}/keys/",
                       "TargetFilename: no/absolute/path"])


def told(events, path):
    return [e for e in events if e.kind == "FILE_READ" and e.fields.get("file.path") == path]


def titles(event):
    return [d.get("title") for d in event.raw.get("detections", [])]


def judge(events, room, said):
    """name of each case -> its faults"""
    first, inner, later, never = (told(events, os.path.join(room, name))
                                  for name in ("asked", "keys/id", "later", "unasked"))
    return {
        NAMES[0]: [] if first and "rule 0" in titles(first[0]) else
                  [f"told were {[e.raw for e in first]}"],
        NAMES[1]: [] if inner and "rule 1" in titles(inner[0]) else
                  [f"told were {[e.raw for e in inner]}"],
        NAMES[2]: [] if later and "rule 0" in titles(later[0]) else
                  [f"told were {[e.raw for e in later[:1]]}; the sensor said {said}"],
        NAMES[3]: [] if len(first) == 1 and len(inner) == 1 and not never else
                  [f"told {len(first)} and {len(inner)} times, was asked for once each; "
                   f"{len(never)} times, was never asked for"],
        NAMES[4]: [] if "reads of 'no/absolute/path', which the rule 'rule 2' asks for, are not " \
                        "watched" in said else [f"the sensor said {said}"]}


def run(sensor, stage, report):
    if not any(report.wants(name) for name in NAMES):
        return
    room = stage.room("asked")
    set_up(room)
    out = "asked.json"
    status, events = sensor.trace(
        [sys.executable, os.path.abspath(__file__), room, sensor.path(out)],
        options=["--rules", os.path.join(room, "rules")], out=out)
    found = judge(events, room, sensor.said())
    for name in NAMES:
        report.result(name, [f"trace ended with {status}: {sensor.said()}"] if status
                      else found[name])


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    act(sys.argv[2])
