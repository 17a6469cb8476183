# SPDX-License-Identifier: Apache-2.0
"""terminal: `lapwing top` as somebody sees it, on a terminal of tmux's."""

import fcntl
import json
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time

from sensor import end, patience, wait_until

BUSY = """import os, sys, time
while os.getppid() != 1:
    for i in range(10):
        path = f"{sys.argv[1]}/busy-{i}"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        os.unlink(path)
    time.sleep(0.1)
"""


def screen(name):
    return subprocess.run(["tmux", "-L", name, "capture-pane", "-p"], capture_output=True, text=True,
                          check=False).stdout


def top_scrolls(name):
    """On a terminal of 24 lines, all can be come to, and the last line says how."""
    subprocess.run(["tmux", "-L", name, "resize-window", "-x", "80", "-y", "24"], check=True)
    if not wait_until(lambda: re.search(r"^q: leave; up and down: lines 1 to 23 of \d+$", screen(name), re.M),
                      10 * patience()):
        yield f"on 24 lines the last does not say how to see the others: {screen(name)}"
    subprocess.run(["tmux", "-L", name, "send-keys", "Down"], check=True)
    if not wait_until(lambda: "lines 2 to 24 of" in screen(name), 10 * patience()):
        yield f"Down does not go a line down: {screen(name)}"
    for _ in range(3):
        subprocess.run(["tmux", "-L", name, "send-keys", "NPage"], check=True)
    if not wait_until(lambda: "RULES" in screen(name) and not screen(name).startswith("lapwing"),
                      10 * patience()):
        yield f"PageDown does not come to the rules: {screen(name)}"
    for _ in range(4):
        subprocess.run(["tmux", "-L", name, "send-keys", "PPage"], check=True)
    if not wait_until(lambda: screen(name).startswith("lapwing"), 10 * patience()):
        yield f"PageUp does not come back: {screen(name)}"


def top_without_an_input(s):
    """Its input is at its end at once, and no key will come: it goes on drawing, once an interval."""
    screen_of, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    top = subprocess.Popen([s.binary, "top", "--run-folder", s.run],  # pylint: disable=consider-using-with
                           stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL,
                           env={**os.environ, "TERM": "xterm"})
    os.close(terminal)
    drawn, until = b"", time.monotonic() + 4
    try:
        while time.monotonic() < until:
            if select.select([screen_of], [], [], 0.1)[0]:
                drawn += os.read(screen_of, 65536)
        with open(f"/proc/{top.pid}/stat", encoding="utf-8") as f:
            used = sum(int(ticks) for ticks in f.read().rpartition(")")[2].split()[11:13])
        if used > 0.5 * os.sysconf("SC_CLK_TCK") * patience():
            yield f"it took {used} ticks of CPU in 4 s"
        if b"lapwing" not in drawn or b"EVENTS" not in drawn:
            yield f"it drew {drawn[:200]}"
    finally:
        end(top)
        os.close(screen_of)


def top_shows_it_on_a_terminal(s):
    name = f"lapwing-{os.getpid()}"
    wanted = ("healthy, mode full", "EVENTS", "PROCESS_EXEC", "SINKS", "RULES", "q: leave")
    busy = subprocess.Popen([sys.executable, "-c", BUSY, s.folder])  # pylint: disable=consider-using-with
    subprocess.run(["tmux", "-L", name, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y",
                    "60", s.binary, "top", "--run-folder", s.run], check=True)
    try:
        if not wait_until(lambda: all(w in screen(name) for w in wanted), 15 * patience()):
            yield f"the screen is: {screen(name)}"
        row = re.compile(rf"^\S+ +\d+\.\d +{busy.pid}\b", re.M)
        if not wait_until(lambda: row.search(screen(name).partition("PROCESSES")[2]), 20 * patience()):
            yield f"process {busy.pid}, which makes files, is not among the busiest: {screen(name)}"

        def told():
            rows = json.loads(s.lapwing("status", "--json")[1])["sensor"]["busiest"]["processes"]
            return any(r["pid"] == busy.pid and r["events_per_second"] > 0 for r in rows)

        if os.environ.get("LAPWING_ARTIFACTS"):
            with open(os.path.join(os.environ["LAPWING_ARTIFACTS"], "top.txt"), "w", encoding="utf-8") as f:
                f.write(screen(name))
        if not wait_until(told, 20 * patience()):
            yield f"status --json does not have it: {s.lapwing('status', '--json')[1]}"
        yield from top_scrolls(name)
        subprocess.run(["tmux", "-L", name, "resize-window", "-x", "30", "-y", "5"], check=True)
        if not wait_until(lambda: screen(name).startswith("lapwing"), 10 * patience()):
            yield f"a small screen is: {screen(name)}"
        subprocess.run(["tmux", "-L", name, "send-keys", "q"], check=True)
        if not wait_until(lambda: not screen(name), 10 * patience()):
            yield "q does not leave"
    finally:
        end(busy)
        subprocess.run(["tmux", "-L", name, "kill-server"], capture_output=True, check=False)
    yield from top_without_an_input(s)
    code, out, _ = s.lapwing("top", "--once")
    if code or any(w not in out for w in wanted[:-1]):
        yield f"--once gave {code}: {out}"
    code, out, _ = s.lapwing("top", "--json")
    said = json.loads(out)
    if code or said["mode"] != "full" or not 0.5 < said["rates"]["seconds"] < 60 or \
       "PROCESS_EXEC" not in said["rates"]["events"] or not said["sinks"] or not said["rules"]:
        yield f"--json gave {code}: {out}"
