# SPDX-License-Identifier: Apache-2.0
"""What an actor printed: its deeds, and the time in which nothing else of it may be reported."""

import hashlib
import json


def text(byte_text):
    """The sensor's form of a byte string: UTF-8, and \\xNN for what is not."""
    return byte_text.encode("latin-1").decode("utf-8", "backslashreplace")


def broken(byte_text):
    """Whether a byte string is not UTF-8."""
    try:
        byte_text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def as_text(value):
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [as_text(v) for v in value]
    return value


def any_broken(value):
    if isinstance(value, list):
        return any(any_broken(v) for v in value)
    return isinstance(value, str) and broken(value)


def executable(path):
    """A path from /proc as event.proto has it: without a note, a file in memory without a root."""
    path = path.removesuffix(" (deleted)")
    return path[1:] if path.startswith("/memfd:") else path


ARGS_INLINE, ARGS_WHOLE = 4096, 131072  # proto/wire.h


def pieces(area):
    """The arguments in a piece of memory; its first and last may be cut."""
    return area.removesuffix(b"\0").split(b"\0") if area else []


def told_args(raw):
    """What an exec event says of the arguments that a program got: whole, or head and tail."""
    area = b"".join(arg.encode("latin-1") + b"\0" for arg in raw["exec.args"])
    if len(area) <= ARGS_INLINE:
        return {"exec.args_sha256": None, "exec.args_tail": None}
    told, tail = {}, None
    if len(area) > ARGS_WHOLE:
        halves = [pieces(area[:ARGS_WHOLE // 2]), pieces(area[-ARGS_WHOLE // 2:])]
        lists = [[arg.decode("latin-1") for arg in half] for half in halves]
        told = {"exec.args": lists[0] + lists[1],
                "process.command_line": " [...] ".join(" ".join(one) for one in lists)}
        tail = len(lists[0])
        area = area[:ARGS_WHOLE // 2] + area[-ARGS_WHOLE // 2:]
    return {**told, "exec.args_sha256": hashlib.sha256(area).hexdigest(), "exec.args_tail": tail}


class Deed:
    """One event that must be there: expected fields, and what else is known of it."""

    def __init__(self, raw):
        if "exec.args" in raw:
            raw = {**raw, **told_args(raw)}
        self.kind = raw["kind"]
        self.kinds = {self.kind, raw.get("@kinds", self.kind)}
        self.error = raw.get("@error", 0)
        self.least, self.most = raw.get("@times", [1, 1])
        self.after, self.before = raw.get("@after"), raw.get("@before")
        self.outcome = raw.get("outcome")
        self.late, self.given, self.done, self.known, self.seen, self.other = ({
            key.removeprefix(prefix): as_text(value) for key, value in raw.items()
            if key.startswith(prefix)} for prefix in (
                "@late.", "@given.", "@done.", "@known.", "@seen.", "@or."))
        self.fields = {key: as_text(value) for key, value in raw.items()
                       if not key.startswith("@") and key not in ("kind", "outcome")}
        # what the record itself holds; names of earlier records are escaped when they are told
        self.escaped = any(any_broken(value) for key, value in raw.items()
                           if not key.startswith(("@", "parent.")) and
                           key not in ("process.name", "process.executable"))
        for key in ("process.executable", "parent.executable"):
            if self.fields.get(key):
                self.fields[key] = executable(self.fields[key])

    @property
    def pid(self):
        return self.fields["process.pid"]


class Truth:
    """All that one actor said."""

    def __init__(self):
        self.deeds, self.windows, self.skip = [], [], None

    def read(self, lines):
        opened = {}
        for line in lines:
            raw = json.loads(line)
            if "@skip" in raw:
                self.skip = raw["@skip"]
            elif "@window" in raw:
                pid = raw["process.pid"]
                if pid in opened:
                    self.windows.append((pid, opened.pop(pid), raw["@window"]))
                else:
                    opened[pid] = raw["@window"]
            else:
                self.deeds.append(Deed(raw))
        return self


def read_truth(path):
    with open(path, encoding="ascii") as f:
        return Truth().read(f)
