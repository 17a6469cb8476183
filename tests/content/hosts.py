# SPDX-License-Identifier: Apache-2.0
"""hosts: sensors without hooks, each with folders and an identity of its own, that follow one log.

The log's canary lines are what each must detect, whatever happens to content meanwhile.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading

from forge import LAPWING, Failed, Forge, lapwing
from web import wait_until

CANARY = "5f3c1f4e-1f3c-4d1a-9d0e-0123456789ab"
RULE = """title: {title}
id: {id}
status: test
logsource:
  product: linux
  service: auth
detection:
  keywords:
    - '{word}'
  condition: keywords
level: low
"""
STORY = """rule: {id}
positive:
  - message: a {word} 1
negative:
  - message: all is quiet
"""
CONFIG = """content:
  folder: {top}/state
  tapes: {top}/tapes
  source: {source}
{ca}  poll: {poll}
  weekends: yes
  control: {stage}
  shadow: {stage}
  shadow_events: 2
  probation: {probation}
{more}"""


class Song:
    """A log in which a canary sings once a second while the `with` lasts."""

    def __init__(self, path, period=1):
        self.path, self.period, self.sung, self.noise = path, period, 0, ""
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.sing)
        with open(path, "w", encoding="utf-8"):
            pass

    def write(self, line):
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def sing(self):
        while not self.over.wait(self.period):
            self.sung += 1
            self.write(f"a canary sings {self.sung}" + "\n{0}".format(self.noise) * 30 *
                       bool(self.noise))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Content(Forge):
    """Bundles of rules about log lines, the canary's always among them, and orders for them."""

    def __init__(self, folder, source):
        os.makedirs(folder, exist_ok=True)
        super().__init__(folder)
        self.source, self.number = source, 0
        os.makedirs(source, exist_ok=True)

    def about(self, *more, version, story=True, title="Canary"):
        """(hash, path) of a bundle with a rule for the canary's song, and one for each of @more."""
        rules, stories = [], []
        for i, word in enumerate(("canary sings", *more)):
            words = {"title": title if not i else f"Rule {i}", "word": word,
                     "id": CANARY if not i else f"00000000-0000-4000-8000-{i:012}"}
            rules.append(RULE.format(**words))
            stories.append(STORY.format(**words))
        path = self.file(self.bundle("---\n".join(rules), "---\n".join(stories) if story else None,
                                     f2=version))
        digest = lapwing("bundle", "inspect", path).stdout.split()[1]
        shutil.copy(path, f"{self.source}/{digest}.lwb")
        return digest, path

    def order(self, bundle, state="run", percent=100, *more):
        """The next order is in force."""
        self.number += 1
        path = self.path("order.new")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        lapwing("bundle", "order", "-o", path, "--number", self.number, "--bundle", bundle[1],
                "--state", state, "--percent", percent, "--ring", 4, *more)
        self.sign(path, "roll")
        os.replace(path, f"{self.source}/order")
        return self.number


class Host:
    """A supervisor and its worker."""

    def __init__(self, top, name, song, source, poll="1s", stage="1s", probation="1s", ca=None,
                 like=None, worker=("--hooks", "none"), more="", before=(), env=None):
        """@more: of its configuration; @before: of its command line"""
        self.env = {**os.environ, "LAPWING_HOST_ID": name, **(env or {})}
        self.top, self.name, self.song, self.child, self.before = top, name, song, None, before
        self.options, self.binary = worker, LAPWING
        os.makedirs(top)
        if like:  # the state folder of a host that was set up
            shutil.copytree(like, f"{top}/state")
        self.state, self.out, self.log = f"{top}/state", f"{top}/out.json", f"{top}/log"
        self.config = f"{top}/lapwing.yaml"
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(top=top, source=source, poll=poll, stage=stage,
                                  probation=probation, ca=f"  ca: {ca}\n" if ca else "",
                                more=more))

    def trust(self, forge, bundle):
        lapwing("content", "--folder", self.state, "trust", forge.root)
        lapwing("content", "--folder", self.state, "--tapes", f"{self.top}/tapes", "install", "--now",
                bundle[1])

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [*self.before, self.binary, "supervise", "--guard", f"{self.top}/guard", "--off-file",
                 f"{self.top}/off", "--prove", "2", "--", "--config", self.config, *self.options,
                 "--log", f"auth={self.song.path}", "-o", f"json:{self.out}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.env)
        return self

    def ready(self, seconds=60):
        if not wait_until(lambda: self.beats() > 0, seconds):
            raise Failed(f"{self.name} did not start: {self.said()}")

    def content(self, *words):
        """As its owner: `lapwing content ...`"""
        return lapwing("content", "--folder", self.state, *words).stdout

    def stop(self, how=signal.SIGTERM):
        if self.child and self.child.poll() is None:
            self.child.send_signal(how)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def said(self, n=600):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()[-n:]

    def worker(self):
        """Its pid, or None."""
        r = subprocess.run(["pgrep", "-P", str(self.child.pid)], text=True, capture_output=True,
                           check=False)
        return int(r.stdout.split()[0]) if r.stdout.split() else None

    def rows(self):
        """Of the file `state`, as {key: [words]}."""
        rows = {}
        with open(f"{self.state}/state", encoding="utf-8") as f:
            for line in f.read().splitlines()[1:]:
                key, *words = line.split()
                rows.setdefault(key, words)
        return rows

    def live(self):
        return self.rows().get("live", [None])[0]

    def settled(self, digest):
        rows = self.rows()
        return rows.get("live", [None])[0] == digest and "trial" not in rows

    def history(self):
        """(gate, verdict, reason, order, sentence) of each line."""
        with open(f"{self.state}/history", encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f if line.endswith("\n")]
        return [(*r[1:4], int(r[6]), r[7]) for r in rows]

    def has(self, *wanted):
        """A verdict: gate, verdict, reason, and an order, which may be left out."""
        return any(h[:len(wanted)] == wanted for h in self.history())

    def events(self):
        if not os.path.exists(self.out):
            return []
        with open(self.out, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def beats(self):
        return sum(e["kind"] == "HOST_HEARTBEAT" for e in self.events())

    def songs(self):
        """[(number of the song, how often it was told and detected)], over all files of it."""
        told = {}
        for e in self.events():
            text = e.get("log", {}).get("text", "")
            if text.startswith("a canary sings "):
                n = int(text.split()[-1])
                found = sum(d["title"] == "Canary" for d in e.get("detections", []))
                told.setdefault(n, []).append(found)
        return told

    def faults(self, first, last):
        """Songs from @first to @last that were not told once and detected once."""
        songs = self.songs()
        wrong = {n: songs.get(n, []) for n in range(first, last + 1) if songs.get(n) != [1]}
        if wrong:
            yield f"{self.name}: of songs {first} to {last}, not told once and detected: {wrong}"
