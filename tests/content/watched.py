# SPDX-License-Identifier: Apache-2.0
"""watched: a host that goes from one bundle to another by order, whose processes are killed.

What is known of it: its state is that of the old bundle or of the new one, whole, and every song that
is told was detected by exactly one of the two. Each bundle is of a higher version than those before.
"""

import contextlib
import os
import random
import signal

from forge import lapwing
from hosts import Content, Host, Song


def processes(top):
    """{name: [pids]} of supervisors, workers and updaters that run for the host in @top."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().decode(errors="replace").split("\0")
            with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                comm = f.read().strip()
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                state = f.read().rpartition(")")[2].split()[0]
            name = ("supervisor" if "supervise" in words else
                    {"lw-content": "updater", "lapwing": "worker"}.get(comm))
            if f"{top}/lapwing.yaml" in words and state != "Z" and name:
                found.setdefault(name, []).append(int(pid))
    return found


class Watched:
    """The host, and what is known of it."""

    def __init__(self, top, seed=0, **how):
        self.dice = random.Random(seed)
        self.song = Song(f"{top}/auth.log", 0.5)
        self.content = Content(f"{top}/author", f"{top}/source")
        self.titles, self.hashes = {}, []
        first = self.another()
        self.host = Host(f"{top}/host", "host", self.song, f"{top}/source", poll="500ms",
                         **how)
        self.host.trust(self.content, first)
        self.told, self.killed = {}, {}

    def keep(self):
        """What was told, before the next worker begins its file anew."""
        for e in self.host.events():
            text = e.get("log", {}).get("text", "")
            if text.startswith("a canary sings "):
                self.told.setdefault((text, e["id"]), [d["title"] for d in e.get("detections", [])])

    def state_faults(self):
        """A bundle of ours is live, and what the state names is there and whole."""
        while True:  # until nobody has changed it meanwhile
            rows = self.host.rows()
            faults = list(self.faults_of(rows))
            if self.host.rows() == rows:
                return faults

    def faults_of(self, rows):
        if rows.get("live", [None])[0] not in self.hashes:
            yield f"live is {rows.get('live')}"
        for key in ("live", "good", "before", "trial"):
            if key not in rows:
                continue
            r = lapwing("bundle", "inspect", f"{self.host.state}/slots/{rows[key][0]}.lwb",
                        check=False)
            if r.stdout.split()[1:2] != rows[key][:1]:
                yield f"{key} is not whole in its slot"
        if not lapwing("content", "--folder", self.host.state, "--json", "status").stdout:
            yield "no status"

    def another(self):
        """A bundle of the next version, whose rule has another title than that of the live one."""
        live = self.titles.get(self.host.live()) if self.titles else None
        title = "Canary Too" if live == "Canary" else "Canary"
        made = self.content.about(version=len(self.hashes) + 1, title=title)
        self.hashes.append(made[0])
        self.titles[made[0]] = title
        return made

    def kill_one(self):
        there = processes(self.host.top)
        names = [n for n in ("supervisor", "worker", "updater") if there.get(n)]
        if names:
            self.kill(self.dice.choice(names))

    def kill(self, name):
        there = processes(self.host.top)
        self.killed[name] = self.killed.get(name, 0) + 1
        self.keep()
        if name == "supervisor":
            self.host.child.kill()
            self.host.child.wait()
            self.host.start()
        else:
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(self.dice.choice(there.get(name, [])), signal.SIGKILL)

    def release(self):
        """Deaths are not to be counted here: the next start is to be a whole one, and soon."""
        lapwing("mode", "--guard", f"{self.host.top}/guard", "release", check=False)

    def song_faults(self):
        self.keep()
        wrong = {text: titles for (text, _), titles in self.told.items() if len(titles) != 1}
        if wrong:
            yield f"{wrong} of {len(self.told)}"
        found = {t for titles in self.told.values() for t in titles}
        if found != {"Canary", "Canary Too"}:
            yield f"detected by {found}"
