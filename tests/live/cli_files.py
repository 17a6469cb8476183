# SPDX-License-Identifier: Apache-2.0
"""The same events in every form, and what is left of a file that was cut short."""

import json
import os
import re
import signal
import stat
import struct
import subprocess
import time

from sensor import Failed, read_events

WORKLOAD = ["/bin/sh", "-c",
            "/bin/ls / >\"$0\"; mv \"$0\" \"$0.2\"; chmod 700 \"$0.2\"; rm \"$0.2\"; exit 3"]
TAPE_HEADER_BYTES = 16  # userspace/probe/tape.h
TAPE_RECORD_HEADER_BYTES = 8


def slurp(path):
    with open(path, "rb") as f:
        return f.read()


def record(sensor):
    """One trace in every form at once; made once, for all cases of this file."""
    names = {form: sensor.path(f"all.{form}") for form in ("json", "proto", "text", "tape")}
    if not os.path.exists(names["tape"]):
        outputs = [word for form in ("json", "proto", "text")
                   for word in ("-o", f"{form}:{names[form]}")]
        status = sensor.run(["trace", "--hooks", sensor.hooks, *outputs, "--tape", names["tape"],
                             "--", *WORKLOAD, sensor.path("work")])
        if status != 3:
            raise Failed(f"trace ended with {status}, and the command with 3")
    return names


def ask(sensor, *arguments):
    """(exit status, standard output, standard error) of a command that needs no kernel."""
    r = subprocess.run([sensor.binary, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=60, check=False)
    return r.returncode, r.stdout, r.stderr.decode(errors="replace")


COUNTED = """title: {title}
logsource: {{product: linux, {source}}}
detection: {{s: {{{field}: x}}, condition: s}}
"""


def coverage_counts_what_comes_by_another_name(sensor):
    """A session is seen by the deed "setsid", a line of a log by no hook at all."""
    folder = sensor.path("counted")
    os.makedirs(folder)
    for title, source, field in (("session", "category: process_session", "process.name"),
                                 ("log", "service: sshd", "log.text"),
                                 ("dns", "category: dns", "query")):
        with open(os.path.join(folder, f"{title}.yml"), "w", encoding="utf-8") as f:
            f.write(COUNTED.format(title=title, source=source, field=field))
    status, out, err = ask(sensor, "rules", "coverage", folder)
    for title in ("session", "log", "dns"):
        if status or f"fully   {title}\n".encode() not in out:
            yield f"{title}: exit status {status}, {out!r}, {err}"


def several_outputs(sensor):
    names = record(sensor)
    events = read_events(names["json"])
    if not any(e.kind == "PROCESS_EXEC" and e.fields.get("process.name") == "ls" for e in events):
        yield "the JSON does not tell that ls was run"
    if b"ls" not in slurp(names["text"]):
        yield "the text does not tell that ls was run"
    if len(list(proto_events(slurp(names["proto"])))) != len(events):
        yield "the protobuf file and the JSON have not the same number of events"


def default_output(sensor):
    status = sensor.run(["trace", "--hooks", sensor.hooks, "--", *WORKLOAD, sensor.path("work")])
    if status != 3 or "/ls" not in sensor.said():
        yield f"trace ended with {status}, and said: {sensor.said()}"


def private_files(sensor):
    for name in record(sensor).values():
        mode = stat.S_IMODE(os.stat(name).st_mode)
        if mode != 0o600:
            yield f"'{name}' has mode {mode:o}"


def same(what, got, want):
    if got == want:
        return
    rows, right = got.splitlines(), want.splitlines()
    yield f"{what}: {len(rows)} lines, and {len(right)} are right"
    for a, b in zip(rows, right):
        if a != b:
            yield f"first difference: {a!r}"
            yield f"and it was:       {b!r}"
            return


def replay_is_live(sensor):
    names = record(sensor)
    status, out, err = ask(sensor, "replay", "-o", "json:-", names["tape"])
    if status:
        yield f"replay ended with {status}: {err}"
    yield from same("replay", out, slurp(names["json"]))


def cat_is_live(sensor):
    names = record(sensor)
    status, out, err = ask(sensor, "cat", "--json", names["proto"])
    if status:
        yield f"cat ended with {status}: {err}"
    yield from same("cat --json", out, slurp(names["json"]))


def sink_is_live(sensor):
    """Through the spool and a courier of its own to a file: the same bytes, and all acknowledged."""
    spool, direct, sunk = (sensor.path(n) for n in ("spool", "direct.json", "sunk.json"))
    status = sensor.run(["trace", "--hooks", sensor.hooks, "--spool", spool, "-o", f"json:{direct}",
                         "-o", f"file:{sunk}?format=json", "--", *WORKLOAD, sensor.path("work")])
    if status != 3:
        yield f"trace ended with {status}, and the command with 3: {sensor.said()}"
    yield from same("the sink", slurp(sunk), slurp(direct))
    ledger = json.loads(ask(sensor, "status", "--json", "--spool", spool)[1])["sinks"][0]
    n = len(slurp(direct).splitlines())
    if ledger["produced"] != n or ledger["acknowledged"] != n:
        yield f"{n} events, and the ledger says {ledger}"


def rules_in_status(sensor):
    """What each rule was asked, found and took, while the spool is there, and by --rules for people."""
    spool, rules = sensor.path("rules-spool"), sensor.path("rule.yml")
    with open(rules, "w", encoding="ascii") as f:
        f.write("title: Lists\nid: 0f0e0d0c-0000-4000-8000-000000000001\nlevel: low\n"
                "logsource: {product: linux, category: process_creation}\n"
                "detection: {s: {Image|endswith: /ls}, condition: s}\n---\n"
                "title: Never\nlevel: high\n"
                "logsource: {product: linux, category: process_creation}\n"
                "detection: {s: {Image|endswith: /no-such-program}, condition: s}\n")
    status = sensor.run(["trace", "--hooks", sensor.hooks, "--rules", rules, "--spool", spool,
                         "-o", f"json:{sensor.path('rules.json')}", "--", *WORKLOAD,
                         sensor.path("work")])
    if status != 3:
        yield f"trace ended with {status}, and the command with 3: {sensor.said()}"
    told = json.loads(ask(sensor, "status", "--json", "--spool", spool)[1])["rules"]
    if [r["title"] for r in told] != ["Lists", "Never"]:
        raise Failed(f"the rules are {told}")
    lists, never = told
    if lists["hits"] != 1 or lists["evaluations"] < 1:
        yield f"the rule for ls, which ran once, has {lists}"
    if never["hits"] or never["level"] != "high" or never["id"] is not None:
        yield f"the rule that cannot hold has {never}"
    text = [ask(sensor, "status", *more, "--spool", spool)[1].decode() for more in ((), ("--rules",))]
    if "2 rules: " not in text[0] or "Lists" not in text[0] or "Never" in text[0]:
        yield f"status says: {text[0]}"
    if "Never" not in text[1]:
        yield f"status --rules says: {text[1]}"


def proto_events(data):
    """(start, end) of each event: a varint, and so many bytes."""
    at = 0
    while at < len(data):
        start, length, shift = at, 0, 0
        while True:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        at += length
        yield start, at


def tape_records(data):
    at = TAPE_HEADER_BYTES
    while at < len(data):
        length, = struct.unpack_from("<I", data, at)
        end = at + TAPE_RECORD_HEADER_BYTES + (length + 7) // 8 * 8
        yield at, end
        at = end


def cuts(pieces):
    """Where to cut, and where the piece begins that is then not whole; None: at its border."""
    for start, end in pieces[:3] + pieces[len(pieces) // 2:][:2] + pieces[-2:]:
        yield start, None
        for at in {start + 1, start + 4, (start + end) // 2, end - 1}:
            if start < at < end:
                yield at, start


def truncated(sensor, form, pieces_of, arguments):
    data = slurp(record(sensor)[form])
    whole = ask(sensor, *arguments, record(sensor)[form])[1]
    path = sensor.path(f"cut.{form}")
    for at, broken in cuts(list(pieces_of(data))):
        with open(path, "wb") as f:
            f.write(data[:at])
        status, out, err = ask(sensor, *arguments, path)
        if not whole.startswith(out) or (out and not out.endswith(b"\n")):
            yield f"cut at {at}: the output is not the first whole events"
        if broken is None and status != 0:
            yield f"cut at the border {at}: status {status}: {err}"
        if broken is not None and (status != 1 or not re.search(rf"\b{broken}\b", err)):
            yield f"cut at {at}, byte {broken} begins it: status {status}: {err}"


def truncated_proto(sensor):
    yield from truncated(sensor, "proto", proto_events, ["cat", "--json"])


def truncated_tape(sensor):
    yield from truncated(sensor, "tape", tape_records, ["replay", "-o", "json:-"])


def flipped_tape(sensor):
    """A byte that was changed: its record and what follows are not played."""
    data = bytearray(slurp(record(sensor)["tape"]))
    start, end = list(tape_records(data))[5]
    data[(start + TAPE_RECORD_HEADER_BYTES + end) // 2] ^= 0x20
    path = sensor.path("flipped.tape")
    with open(path, "wb") as f:
        f.write(data)
    status, _, err = ask(sensor, "replay", "-o", "json:-", path)
    if status != 1 or not re.search(rf"\b{start}\b", err):
        yield f"a changed byte in the record at {start}: status {status}: {err}"


def preflight_as_json(sensor):
    status, out, err = ask(sensor, "preflight", "--json")
    ways = json.loads(out)["ways"]
    serving = {w["deed"] for w in ways if w["serves"]}
    if "process.exec" not in serving or any(w["serves"] and not w["usable"] for w in ways):
        yield f"it says {ways}: {err}"
    if (status != 0) != ({w["deed"] for w in ways} != serving):
        yield f"it gave {status}, and {len(serving)} deeds are served: {err}"


def preflight_shows_how_far_it_has_come(sensor):
    """On a terminal, which is not where the answer goes; held up, as work of a second says nothing."""
    ours, theirs = os.openpty()
    try:
        child = subprocess.Popen([sensor.binary, "preflight", "--json"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"})
        time.sleep(0.1)
        child.send_signal(signal.SIGSTOP)
        time.sleep(1.1)
        child.send_signal(signal.SIGCONT)
        ways = json.loads(child.communicate()[0])["ways"]
    finally:
        os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # what a terminal whose other end is closed says
        pass
    os.close(ours)
    if not re.search(rb"\rhooks \[[#.]{40}\] +[0-9]+ %", shown) or b"\r\x1b[K" not in shown:
        yield f"it shows {shown[:300]!r} of {len(ways)} ways"


CASES = {
    "preflight_shows_on_a_terminal_how_far_it_has_come": preflight_shows_how_far_it_has_come,
    "preflight_says_as_json_which_hook_serves_each_deed": preflight_as_json,
    "coverage_counts_what_comes_by_another_name": coverage_counts_what_comes_by_another_name,
    "several_outputs_are_written_at_once": several_outputs,
    "trace_tells_on_standard_error_by_itself": default_output,
    "files_are_for_their_owner_only": private_files,
    "replay_gives_the_bytes_of_the_live_json": replay_is_live,
    "cat_gives_the_bytes_of_the_live_json": cat_is_live,
    "a_sink_gets_the_bytes_of_the_live_json_and_acknowledges": sink_is_live,
    "status_tells_what_each_rule_was_asked_found_and_took": rules_in_status,
    "truncated_proto_gives_whole_events_and_the_place": truncated_proto,
    "truncated_tape_gives_whole_events_and_the_place": truncated_tape,
    "changed_tape_is_refused_at_its_place": flipped_tape,
}
