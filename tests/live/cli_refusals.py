# SPDX-License-Identifier: Apache-2.0
"""What the sensor refuses to begin: bad rules, no rights, no place to write to."""

import os
import re
import struct

BROKEN = "title: broken\nlogsource:\n  category: process_creation\ndetection:\n  selection: [\n"
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def refusal(sensor, want, got, pattern, lines=None):
    said = sensor.said()
    if got != want:
        yield f"exit status {got}, not {want}: {said}"
    if not re.search(pattern, said):
        yield f"nothing like /{pattern}/ is said: {said}"
    if lines and len(said.splitlines()) != lines:
        yield f"{len(said.splitlines())} lines are said, not {lines}: {said}"


def empty_tape(sensor):
    path = sensor.path("empty.tape")
    with open(path, "wb") as f:
        f.write(b"LAPWTAPE" + struct.pack("<II", 1, 0))
    return path


def broken_rule(*arguments):
    def case(sensor):
        rules = os.path.dirname(write(sensor.path("broken-rules/broken.yml"), BROKEN))
        marker = sensor.path("marker")
        words = [{"RULES": rules, "TAPE": empty_tape(sensor), "PID": str(os.getpid()),
                  "HOOKS": sensor.hooks, "MARKER": marker}.get(word, word) for word in arguments]
        status = sensor.run(words, timeout=60)
        yield from refusal(sensor, 2, status, r"broken\.yml:\d+:\d+: .")
        if os.path.exists(marker):
            yield "the command was run all the same"
    return case


def no_privilege(*arguments):
    def case(sensor):
        plain, sensor.binary = sensor.binary, NOBODY[0]
        words = [{"PID": str(os.getpid())}.get(word, word) for word in arguments]
        try:
            status = sensor.run([*NOBODY[1:], plain, *words], timeout=60)
        finally:
            sensor.binary = plain
        yield from refusal(sensor, 1, status, r"(?i)root|sudo|capabilit|CAP_", lines=1)
    return case


def unwritable(*arguments):
    def case(sensor):
        missing, marker = sensor.path("no-such-folder/file"), sensor.path("marker")
        words = [word.replace("MISSING", missing).replace("MARKER", marker).replace(
            "PID", str(os.getpid())) for word in arguments]
        status = sensor.run(words, timeout=60)
        yield from refusal(sensor, 1, status, r"no-such-folder/file.*(?:No such file|does not exist)")
        if os.path.exists(marker):
            yield "the command was run all the same"
    return case


def unknown_output(*arguments):
    def case(sensor):
        marker = sensor.path("marker")
        status = sensor.run([word.replace("MARKER", marker) for word in arguments], timeout=60)
        yield from refusal(sensor, 2, status, r'"jsn:-".*did you mean "json:"\?')
        if os.path.exists(marker):
            yield "the command was run all the same"
    return case


def odd_ring(sensor):
    status = sensor.run(["trace", "--ring-bulk", "3MiB", "--", "/bin/true"], timeout=60)
    yield from refusal(sensor, 2, status, r'--ring-bulk takes a power of two .*"3MiB"')


CASES = {
    "ring_that_is_no_power_of_two_is_refused": odd_ring,
    "broken_rule_is_refused_by_run":
        broken_rule("run", "--scope", "PID", "--duration", "1", "--rules", "RULES"),
    "broken_rule_is_refused_by_trace":
        broken_rule("trace", "--hooks", "HOOKS", "--rules", "RULES", "--", "touch", "MARKER"),
    "broken_rule_is_refused_by_replay": broken_rule("replay", "--rules", "RULES", "TAPE"),
    "run_without_privilege_says_what_to_do":
        no_privilege("run", "--no-rules", "--scope", "PID", "--duration", "1"),
    "trace_without_privilege_says_what_to_do":
        no_privilege("trace", "--no-rules", "--", "/bin/true"),
    "unknown_output_is_refused_by_trace":
        unknown_output("trace", "-o", "jsn:-", "--", "touch", "MARKER"),
    "unknown_output_is_refused_by_replay": unknown_output("replay", "-o", "jsn:-", "MARKER"),
    "unwritable_output_is_refused_by_run":
        unwritable("run", "--scope", "PID", "--duration", "1", "-o", "json:MISSING"),
    "unwritable_output_is_refused_by_trace":
        unwritable("trace", "-o", "proto:MISSING", "--", "touch", "MARKER"),
    "unwritable_tape_is_refused_by_trace":
        unwritable("trace", "-o", "text:/dev/null", "--tape", "MISSING", "--", "touch", "MARKER"),
}
