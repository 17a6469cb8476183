# SPDX-License-Identifier: Apache-2.0
"""What the sensor's own couriers do is no news: their connections, look-ups, and files."""

import json
import os
import select
import signal
import socket
import subprocess

from sensor import Failed, end, read_events, wait_until

# what the scope is set to: its children are the sensor, with all that it starts, and a command
WRAPPER = 'fifo=$1; shift; "$@" --scope $$ & read go <"$fifo"; /bin/ls / >/dev/null; wait'


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], text=True, check=False,
                         capture_output=True).stdout
    return [int(p) for p in out.split()]


def named(pids, name):
    found = []
    for pid in pids:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
            if f.read().strip() == name:
                found.append(pid)
    return found


def couriers_are_not_told(sensor):
    """
    The sensor is in its own scope, as on a host that is watched whole: were a courier's connect an
    event, that event would be the next thing to deliver.
    """
    out, spool, fifo = (sensor.path(n) for n in ("own.json", "own-spool", "own-go"))
    taken = socket.create_server(("127.0.0.1", 0))
    ports = closed_port(), taken.getsockname()[1]
    with open(sensor.log, "wb"):
        pass
    os.mkfifo(fifo)
    ready, tell = os.pipe()
    with open(sensor.log, "ab") as log:
        wrapper = subprocess.Popen(
            ["/bin/sh", "-c", WRAPPER, "sh", fifo, sensor.binary, "run", "--hooks", sensor.hooks,
             "--no-rules", "--ready-fd", str(tell), "--spool", spool, "-o", f"json:{out}",
             "-o", f"file:{sensor.path('own.pb')}?max_bytes=20K&keep=2",
             "-o", f"tcp://127.0.0.1:{ports[0]}", "-o",
             f"tcp://127.0.0.1:{ports[1]}?timeout=300ms",
             "-o", f"elastic://nowhere.invalid:{ports[0]}/x?tls=no"],
            stdout=log, stderr=log, pass_fds=[tell])
    os.close(tell)
    try:
        if not select.select([ready], [], [], 120)[0] or os.read(ready, 1) != b"\n":
            raise Failed("it is not ready")
        main, = [p for p in children(wrapper.pid)]
        keeper, = named(children(main), "lw-keeper")
        own = {keeper, *children(keeper)}
        if len(own) != 5:
            yield f"there are {len(own) - 1} couriers, not 4"
        with open(fifo, "w", encoding="ascii") as f:
            f.write("go\n")

        def failures():
            r = subprocess.run([sensor.binary, "status", "--json", "--spool", spool], check=True,
                               capture_output=True)
            return sorted(s["failures"] for s in json.loads(r.stdout)["sinks"])

        # the file's never fails
        if not wait_until(lambda: min(failures()[1:]) >= 2, 60):
            yield f"the couriers have not tried: {failures()}"
        # one is killed, and started again: the new one is the sensor's own too
        os.kill(sorted(own)[-1], signal.SIGKILL)
        if not wait_until(lambda: len(children(keeper)) == 4 and set(children(keeper)) - own, 60):
            yield "a courier was not started again"
        own |= set(children(keeper))
        end_main(main, wrapper)
    finally:
        os.close(ready)
        taken.close()
        end(wrapper)
    events = read_events(out)
    if not any(e.fields.get("process.name") == "ls" for e in events):
        yield "what the shell ran is not told"
    for e in events:
        if e.pid in own and e.kind != "PROCESS_CENSUS" or \
                e.fields.get("net.destination_port") in ports:
            yield f"{e.kind} of the sensor's own process {e.pid} is told"


def end_main(main, wrapper):
    os.kill(main, signal.SIGTERM)
    if wrapper.wait(60):
        raise Failed("the sensor did not end well")


SUSPECT = 'cp /bin/true "$0"; chmod u+s "$0"; sleep 2'
RULE = "Setuid Or Setgid Bit Set"
RULES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))), "rules")


def looking_back(sensor):
    """As a service has it: only detections have a sink, which has them at once, and it starts again."""
    spool, out = sensor.path("back-spool"), sensor.path("back.json")
    options = ["--hooks", sensor.hooks, "--rules", RULES, "--spool", spool, "-o", f"file:{out}?format=json&only=detections"]
    for command in (["/bin/sh", "-c", SUSPECT, sensor.path("back-x")], ["/bin/sleep", "3"]):
        if sensor.run(["trace", *options, "--", *command]):
            raise Failed(f"trace failed: {sensor.said()}")
    names = os.listdir(spool)
    if not any(name.endswith(".kept") for name in names):
        yield f"nothing is kept: {names}"
    for words in (["--spool", spool], [out]):
        r = subprocess.run([sensor.binary, "explain", "--rules", RULES, RULE, *words], text=True, capture_output=True,
                           timeout=60, check=False)
        if r.returncode or "selection_setuid: file.new_mode = 2541 (04755)" not in r.stdout:
            yield f"explain {words} gave {r.returncode}: {r.stdout} {r.stderr}"
        if words[0] == "--spool" and ("What it did before: 0" in r.stdout or "sh[" not in r.stdout):
            yield f"what led to it is not there: {r.stdout}"
    r = subprocess.run([sensor.binary, "status", "--json", "--spool", spool], check=True, text=True,
                       capture_output=True)
    if json.loads(r.stdout)["kept"] < 1:
        yield f"status says {r.stdout}"


CASES = {"what_couriers_do_is_not_told": couriers_are_not_told,
         "what_was_delivered_can_be_looked_back_at": looking_back}
