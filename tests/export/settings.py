# SPDX-License-Identifier: Apache-2.0
"""lapwing.yaml: what it says holds, and what is wrong in it is told with its place."""

import os
import subprocess

from rig import BUILD, LAPWING, TOP, Received, Rig, account


def write(folder, text):
    path = os.path.join(folder, "lapwing.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def lapwing(*argv, **env):
    r = subprocess.run([LAPWING, *argv], capture_output=True, text=True, check=False,
                       env={**os.environ, **env})
    return r.returncode, r.stdout, r.stderr


def delivers(folder, events):
    """Sinks of the file get events, under the names that it gives them."""
    rig = Rig(folder, events, config=f"""
sinks:
  - name: plain
    url: file:{folder}/plain.pb
  - {{name: alarms, url: "file:{folder}/alarms.json", format: json, only: detections}}
""")
    rig.run(5)
    status = {s["sink"]: s for s in rig.status()["sinks"]}
    if sorted(status) != ["alarms", "plain"]:
        yield f"the sinks are {sorted(status)}"
    yield from account(status["plain"], Received(rig.path("plain.pb")), rig.made)
    alarms = Received(rig.path("alarms.json"))
    if not alarms.events or any(not e.get("detections") for e in alarms.events):
        yield "the sink of detections has none, or others"
    if status["alarms"]["dropped"]["filtered"] + len(alarms.events) != rig.made:
        yield f"what was filtered is not counted: {status['alarms']}"


def faults(folder, _):
    for text, place, word in (
            ("spol:\n", "1:1", "spool"),
            ("spool:\n  max_byte: 1\n", "2:3", "max_bytes"),
            ("spool:\n  max_bytes: lots\n", "2:14", "unit"),
            ("sinks:\n  - name: a\n", "2:5", "url"),
            ("sinks:\n  - url: gopher://x\n", "2:5", "no sink"),
            ("sinks:\n  - name: a\n    url: otpl://x\n", "3:5", "otlp"),
            ("sinks:\n  - url: tcp://h:99999\n", "2:5", "port"),
            ("sinks:\n  - {name: a, url: file:/y}\n  - {name: a, url: file:/x}\n", "3:6", "twice"),
            ("sinks:\n  - url: file:/y\n    name: a/b\n", "3:5", "letters"),
            ("sinks:\n  - url: file:/y\n    severity: hihg\n", "3:5", "high"),
            ("sinks:\n  - url: file:/y\n    kinds: exce\n", "3:5", "exce"),
            ("sinks:\n  - url: file:/y\n    omit: process.cmdline\n", "3:5", "no field"),
            ("sinks:\n  - url: tcp://h:1\n    omit: process.cwd,kind\n", "3:5", "receive"),
            ("sinks:\n  - url: syslog://h\n    timeout: 0s\n", "3:5", "1ms"),
            ("sinks:\n  - url: otlp://h\n    timeout: 2h\n", "3:5", "1h"),
            ("sinks:\n  - url: file:/y\n    hash_key: k\n    hash: proces.user\n", "4:5", "no field"),
            ("sinks:\n  - url: file:/y\n    max_rate: -5\n", "3:5", "-5"),
            ("sinks:\n  - url: file:/x\n    format: jsn\n", "3:5", "format"),
            ("sinks:\n  - format: otlp\n    url: elastic://h\n", "2:5", "ecs"),
            ("sinks:\n  - url: file:/x?format=jsn\n", "2:5", "format"),
            ("sinks:\n  - url: file:/x\n    max_bytes: lots\n", "3:5", "lots"),
            ("sinks:\n  - url: file:/x\n    keep: 3\n    sync: maybe\n", "4:5", "maybe"),
            ("sinks:\n  - url: syslog://h\n    facility: '99'\n", "3:5", "facility"),
            ("sinks:\n  - url: syslog://h\n    only: all\n    over: sctp\n", "4:5", "udp"),
            ("sinks:\n  - url: splunk://h\n    token: t\n    timeout: soon\n", "4:5", "soon"),
            ("sinks:\n  - url: splunk://h\n    token: t\n    ack: perhaps\n", "4:5", "ack"),
            ("sinks:\n  - url: splunk://h\n", "2:10", "token"),
            ("sinks:\n  - url: splunk://h\n    token: \"a\\r\\nX: b\"\n", "3:5", "control"),
            ("sinks:\n  - url: elastic://h/Logs\n", "2:10", "Logs"),
            ("sinks:\n  - url: otlp://h\n    headers: nothing\n", "3:5", "headers"),
            ("sinks:\n  - url: kafka://h/t\n    librdkafka: bogus=1\n", "3:5", "bogus"),
            ("sinks:\n  - url: kafka://u:p@h/t\n    sasl: SCRAM\n", "3:5", "SCRAM-SHA-512"),
            ("sinks:\n  - url: kafka://h/t\n    acks: all\n", "3:5", "acks"),
            ("rings: {bulk: 3MiB}\n", "1:15", "power of two"),
            ("limits:\n  cgroup: 3000000000\n", "2:11", "at most"),
            ("watch:\n  - /etc/shadow\n  - relative\n", "3:5", "relative"),
            ("env: LD_*,a-b\n", "1:6", "a-b"),
            ("outputs: ['text:-', 'txt:-']\n", "1:21", "txt"),
            ("run: {listen: nowhere}\n", "1:15", "nowhere"),
            ("containers:\n  sources: ['docker:/run/x', 'dockr:/x']\n", "2:30", "dockr"),
            ("content:\n  exact: abc\n", "2:10", "hash"),
            ("content: {part: 3/2}\n", "1:17", "part"),
            ("content: {source: 'http://example.com/x'}\n", "1:19", "https"),
            ("rules: ['${LAPWING_NOT_SET}']\n", "1:9", "LAPWING_NOT_SET"),
            ("spool:\n  key_file: ${file:/nowhere/key}\n", "2:13", "/nowhere/key"),
            ("sinks:\n  - url: file:/x\n    kep: 3\n", "3:5", "keep"),
            ("sinks:\n  - url: file:/x\n    tokn: 3\n", "3:5", "no key"),
            ("hooks: [lsm]\n", "1:8", "text"),
            ("hooks: lsm\nhooks: lsm\n", "2:1", "twice")):
        path = write(folder, text)
        status, _, err = lapwing("config", "check", path)
        if status != 2 or f"{path}:{place}: " not in err or word not in err:
            yield f"{text!r} gives {status} and {err!r}"


def checked(folder, _):
    """What a sink would refuse when it starts is refused by the check."""
    for sink, word, want in (("url: tls://x:1, ca: /nowhere/ca.pem", "/nowhere/ca.pem", 1),
                             ("url: file:/nowhere/at/all", "/nowhere/at/all", 1),
                             (f"url: 'file:{folder}/x', max_rate: often", "often", 2),
                             ("url: tcp://x", "port", 2)):
        status, _, err = lapwing("config", "check", write(folder, f"sinks:\n  - {{{sink}}}\n"))
        if status != want or word not in err or "yaml:2:" not in err:
            yield f"{sink} gives {status} and {err!r}"
    secret = os.path.join(folder, "secret")
    with open(secret, "w", encoding="ascii") as f:
        f.write("short")
    for text, place, word, want in (
            ("spool:\n  key_file: /nowhere/k\n", "2:13", "/nowhere/k", 1),
            (f"spool:\n  key_file: {secret}\n", "2:13", "32 random bytes", 2),
            ("sinks:\n  - url: tls://h:1\n    name: n\n    ca: /nowhere/ca\n", "4:5", "/nowhere/ca", 1),
            (f"sinks:\n  - {{url: 'tls://h:1', cert: {secret}, key: {secret}}}\n", "2:24", secret, 1),
            ("sinks:\n  - url: syslog://h\n    ca: /nowhere/ca\n", "3:5", "/nowhere/ca", 1),
            ("sinks:\n  - url: otlp://h\n    ca: /nowhere/ca\n", "3:5", "/nowhere/ca", 1),
            ("sinks:\n  - url: otlp://h\n    cert: /nowhere/c\n", "3:5", "/nowhere/c", 1),
            ("sinks:\n  - url: kafka://h/t\n    ca: /nowhere/ca\n", "3:5", "/nowhere/ca", 1),
            ("containers:\n  token: /nowhere/t\n", "2:10", "/nowhere/t", 1),
            ("sinks:\n  - url: otlp://h\n    ca: /etc/passwd\n", "3:5", "PEM", 1),
            ("sinks:\n  - url: kafka://h/t\n    cert: /etc/passwd\n", "3:5", "PEM", 1),
            ("sinks:\n  - url: syslog://h\n    ca: /etc/passwd\n", "3:5", "PEM", 1),
            ("content:\n  ca: /nowhere/ca\n", "2:7", "/nowhere/ca", 1),
            ("rules: [/nowhere/rules]\n", "1:9", "/nowhere/rules", 1)):
        path = write(folder, text)
        status, _, err = lapwing("config", "check", path)
        if status != want or f"{path}:{place}: " not in err or word not in err:
            yield f"{text!r} gives {status} and {err!r}"
    status, out, err = lapwing("config", "check", write(folder, f"sinks: [{{url: 'file:{folder}/x'}}]"))
    if status or "ok, 1 sinks" not in out:
        yield f"a good one gives {status}, {out!r} and {err!r}"


def shown(folder, _):
    """What is shown can be read again, says the same, and tells no secret."""
    first = write(folder, "spool: {max_bytes: 5MiB}\noutputs: ['text:-', 'a\"b$$']\n"
                          f"sinks: [{{name: x, url: 'file:{folder}/x', hash_key: '${{SECRET}}'}}]\n")
    status, out, err = lapwing("config", "show", first, SECRET="hidden")
    if status or "hidden" in out or "5242880" not in out or "file:" not in out:
        yield f"show gives {status}, {out!r}, {err!r}"
    for url in ("splunk://h:1?token=hidden", "elastic://u:a@hidden@h:1",
                "kafka://h:1?librdkafka=sasl.password=hidden"):
        status, out_url, _ = lapwing("config", "show", write(folder, f"sinks: [{{url: '{url}'}}]\n"))
        if status or "hidden" in out_url or "***" not in out_url:
            yield f"show gives {status}, {out_url!r}"
    for url in ("splunk://x:hidden@h:99999", "splunk://h:0?token=hidden"):
        status, _, err = lapwing("config", "check", write(folder, f"sinks: [{{url: '{url}'}}]\n"))
        if status != 2 or "hidden" in err or "port" not in err:
            yield f"the check of a bad URL gives {status}, {err!r}"
    again = lapwing("config", "show", write(folder, out))
    if again[1] != out:
        yield f"shown again it is {again}"


def wrong_is_2(folder, events):
    """What the user wrote wrong ends with 2, whatever command reads it; what is not there with 1."""
    bad, absent = write(folder, "spol: 1\n"), os.path.join(folder, "absent.yaml")
    good = f"unix:{folder}/s"
    later = os.path.join(folder, "later.yaml")
    with open(later, "w", encoding="utf-8") as f:
        f.write(f"sinks: [{{url: 'file:{folder}/x', max_bytes: lots}}]\n")
    status, _, err = lapwing("replay", "--no-rules", "--config", later, events.path, "--spool",
                             os.path.join(folder, "spool"))
    if status != 2 or f"{later}:1:" not in err:
        yield f"what a sink refuses at its start gives {status} and {err!r}"
    for argv, want in ((["config", "check", bad], 2), (["config", "show", bad], 2),
                       (["config", "check", absent], 1),
                       (["replay", "--no-rules", "--config", bad, events.path], 2),
                       (["replay", "--no-rules", "-o", "file:relative", events.path], 2),
                       (["replay", "--no-rules", "-o", "elastic://h:99999", events.path], 2),
                       (["receive", "--listen", "gopher://x", "--to", f"file:{folder}/x"], 2),
                       (["receive", "--listen", "tls://127.0.0.1:1", "--to", f"file:{folder}/x"], 2),
                       (["receive", "--listen", good, "--to", "tcp://127.0.0.1:1"], 2),
                       (["receive", "--listen", good, "--to", f"file:{folder}/x?kep=3"], 2),
                       (["receive", "--listen", good + "?idle=soon", "--to", f"file:{folder}/x"], 2),
                       (["receive", "--listen", f"unix:{folder}/no/s", "--to", f"file:{folder}/x"], 1)):
        status, _, err = lapwing(*argv, "--spool", os.path.join(folder, "spool")) \
            if argv[0] == "replay" else lapwing(*argv)
        if status != want or not err:
            yield f"{argv} ends with {status}, not {want}: {err!r}"


def cut_short(folder, _):
    """A tape of which the end is gone before it is read: a fault, and not the program's end."""
    story, tape = os.path.join(folder, "story"), os.path.join(folder, "tape")
    with open(os.path.join(TOP, "tests/replay/reverse_shell_command.fire.story"), "rb") as f, \
            open(story, "wb") as g:
        g.write(f.read() * 300)
    subprocess.run([os.path.join(BUILD, "tests/replay/story"), story, tape], check=True)
    p = subprocess.Popen([LAPWING, "replay", "--no-rules", "-o", "json:-", tape],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.read(100)  # it waits until the pipe has room again
    os.truncate(tape, 8192)
    out, err = p.communicate()
    if p.returncode != 1 or b"cut short" not in err or not out:
        yield f"it ends with {p.returncode}: {err.decode()}"


def begun(folder, _):
    path = os.path.join(folder, "new.yaml")
    status, _, err = lapwing("config", "init", path)
    if status or os.stat(path).st_mode & 0o777 != 0o600:
        yield f"init gives {status} and {err}, mode {os.stat(path).st_mode:o}"
    if lapwing("config", "init", path)[0] != 1:
        yield "init overwrites a file"
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    # every default uncommented, without the sinks of the example, is what holds anyway
    plain = "\n".join(line[1:] for line in lines[3:] if not line.startswith(("#  -", "#    ")))
    if lapwing("config", "show", write(folder, plain))[1:] != lapwing("config", "show",
                                                                     write(folder, ""))[1:]:
        yield f"the defaults of the sample are not those that hold: {plain}"


CASES = {
    "sinks_of_the_configuration_get_events_by_their_names": delivers,
    "a_fault_of_the_configuration_is_told_with_its_place": faults,
    "config_check_opens_what_the_sinks_name": checked,
    "config_show_can_be_read_again_and_tells_no_secret": shown,
    "config_init_writes_the_defaults": begun,
    "what_was_written_wrong_ends_with_2": wrong_is_2,
    "a_tape_that_is_cut_short_while_it_is_read_is_a_fault": cut_short,
}
