# SPDX-License-Identifier: Apache-2.0
"""A deed against the events: every field of the truth, and nothing that was not done."""

from cases import (NOT_REACHED_BY_LSM, NOT_SEEN_BY_TRACEPOINT, ONLY_BY_LSM, REQUIRED, STALE, TORN, excuses,
                   outcome)

ABSENT = None

# Clocks: the sensor adds an offset, refreshed now and then, to the boot clock to get wall time.
WALL_SLACK_NS = 1_000_000_000
# ktime_get_boot_fast_ns() may lag an update of the clock by a tick: kernel/time/timekeeping.c.
BOOT_SLACK_NS = 10_000_000

# proto/wire.h; what is cut is cut by whole components, of 255 bytes and a slash at most.
PATH_BYTES = 4096
NAME_BYTES = 256

# file::f_flags loses these when the open is done (do_dentry_open()); F_GETFL shows the rest.
OPEN_ONLY = 0o100 | 0o200 | 0o400 | 0o1000

# What hooks tell by its path within the file system only.
CUT_AT_MOUNT = ("FILE_SETXATTR", "FILE_REMOVEXATTR")

WINDOW_KINDS = ("FILE_", "NET_")

# What tells one deed of a process from another, when an event is looked for.
KEYS = ("process.pid", "exec.invoked", "exec.args_bytes", "file.path", "file.old_path",
        "file.inode", "file.new_mode", "target.pid", "signal.number", "credentials.euid", "net.socket_inode", "net.destination_port")



class Event:
    """One JSON line, flat: "process.pid" is the key of a field."""

    def __init__(self, raw):
        self.raw = raw
        self.fields = {}
        for key, value in raw.items():
            if isinstance(value, dict):
                self.fields.update({f"{key}.{name}": v for name, v in value.items()})
            else:
                self.fields[key] = value
        self.kind = raw.get("kind")
        self.degraded = set(raw.get("degraded", []))
        self.pid = self.fields.get("process.pid")
        self.boot_ns = raw.get("boot_ns", 0)


def in_range(value, least, most):
    return isinstance(value, int) and least <= value <= most


def path_agrees(want, got, kind):
    """A cut path is the lower end of the true one, as far as a record reaches, or a file system."""
    return want == got or isinstance(got, str) and want.endswith("/" + got) and (
        kind in CUT_AT_MOUNT or len(got.encode()) > PATH_BYTES - 2 * NAME_BYTES)


def agree(key, want, got, event):
    if isinstance(want, dict):
        return in_range(got, want["min"], want["max"])
    if "PATH_CUT" in event.degraded and key in ("file.path", "file.old_path"):
        return path_agrees(want, got, event.kind)
    if key == "lineage.names" and got and not got[-1]:
        return got[:-1] == want[:-1]  # some kernels leave init out of the census
    if key == "file.flags" and isinstance(got, int):
        return got & ~OPEN_ONLY == want & ~OPEN_ONLY
    return want == got and isinstance(want, bool) == isinstance(got, bool)


# What a child has from its parent and its fork does not tell again.
INHERITED = {f"process.{name}" for name in (
    "egid", "suid", "sgid", "fsuid", "fsgid", "login_uid", "login_session", "tty", "session", "group",
    "cap_effective", "cap_permitted", "cap_inheritable", "cap_bounding", "cap_ambient", "cgroup")}


def told(deed, key):
    """Whether events of a kind have a field at all: event.proto, Process."""
    if key == "parent.command_line":
        return deed.kind == "PROCESS_EXEC"
    return deed.kind != "PROCESS_FORK" or key not in INHERITED


def expected(deed, event, hooks):
    """Field -> values that are right for this event; the deed's, or its state after the deed."""
    want = {key: [value] for key, value in deed.fields.items() if told(deed, key)}
    for key, value in deed.late.items():
        if "FILE_LATE" in event.degraded:
            want[key] = [value]
        elif key not in deed.fields:
            want[key] = [ABSENT]
    if "PATH_RACY" in event.degraded:
        for key, value in deed.given.items():
            want[key] = want[key] + [value]
    for key, value in deed.other.items():
        want[key] = want[key] + [value]
    if hooks == "tracepoint":
        want.update({key: [value] for key, value in deed.done.items()})
    if hooks == "lsm":
        want.update({key: [value] for key, value in deed.seen.items() if value})
    for key, value in deed.known.items():
        want[key] = [value, ABSENT]
    return want


def degradation_faults(deed, event, hooks, case):
    allowed = set(excuses(hooks, deed.kind, case)) | {"TEXT_ESCAPED"}
    must = set()
    if deed.fields.get("process.user", "") is ABSENT:
        must.add("USER_UNKNOWN")
    if deed.escaped:
        must.add("TEXT_ESCAPED")
    flag, kind = REQUIRED.get(case, (None, None))
    if flag and kind in (None, deed.kind):
        must.add(flag)
    for name in sorted(event.degraded - allowed - must):
        yield f"degraded: {name} is not excused here"
    if not set(deed.late) <= set(deed.fields) and \
            not event.degraded & {"FILE_LATE", "FILE_UNRESOLVED"}:
        yield "degraded: there was no inode before the deed, and nothing says so"
    for name in sorted(must - event.degraded):
        yield f"degraded: {name} is missing"


def time_faults(deed, event):
    if not deed.after:
        return
    boot, wall = event.fields.get("boot_ns"), event.fields.get("time_ns")
    if not in_range(boot, deed.after[0] - BOOT_SLACK_NS, deed.before[0] + BOOT_SLACK_NS):
        yield f"boot_ns: {boot} is not within the deed, {deed.after[0]} to {deed.before[0]}"
    if not in_range(wall, deed.after[1] - WALL_SLACK_NS, deed.before[1] + WALL_SLACK_NS):
        yield f"time_ns: {wall} is not within the deed, {deed.after[1]} to {deed.before[1]}"


def outcome_faults(deed, event, hooks):
    want = deed.outcome or outcome(hooks, event.kind, deed.error)
    got = event.fields.get("outcome")
    if got != want:
        yield f"outcome: {got}, and it was {want}"
    error = deed.error if want == "FAILED" else ABSENT
    if event.fields.get("error") != error:
        yield f"error: {event.fields.get('error')}, and it was {error}"


def faults(deed, event, hooks, case):
    """What is wrong with an event that is held to tell a deed; one line each."""
    found = list(outcome_faults(deed, event, hooks))
    found += time_faults(deed, event)
    found += degradation_faults(deed, event, hooks, case)
    rows = excuses(hooks, deed.kind, case)
    excused = set().union(*(rows[name] for name in event.degraded if name in rows))
    for key, values in sorted(expected(deed, event, hooks).items()):
        got = event.fields.get(key)
        if (got is ABSENT and key in excused) or (case, key) in STALE:
            continue
        if (case, key) in TORN and "PATH_CUT" in event.degraded:
            values = values + [value.rsplit("/", 1)[1] for value in values]
        if not any(agree(key, want, got, event) for want in values):
            right = " or ".join(clip(want) for want in values)
            found.append(f"{key}: {clip(got)}, and it was {right}")
    return found


def clip(value):
    shown = "absent" if value is ABSENT else repr(value)
    return shown if len(shown) <= 300 else f"{shown[:140]} … {shown[-140:]} ({len(shown)} long)"


def nearness(deed, event, hooks):
    """How many keys agree: to find the event that was meant when none is right."""
    want = expected(deed, event, hooks)
    return sum(any(agree(key, v, event.fields.get(key), event) for v in want[key])
               for key in KEYS if key in want) + (event.fields.get("outcome") == deed.outcome)


def times(deed, hooks, case):
    if hooks == "lsm" and case in NOT_REACHED_BY_LSM:
        return 0, 0
    if hooks == "tracepoint" and (case in NOT_SEEN_BY_TRACEPOINT or deed.kind in ONLY_BY_LSM):
        return 0, 0
    return deed.least, deed.most


def forbidden(deed, events):
    """Events of a deed that must not be told."""
    path = deed.fields.get("file.path")
    return [e for e in events if e.kind in deed.kinds and e.pid == deed.pid and
            (path is None or e.fields.get("file.path") == path)]


def compare(truth, events, hooks, case):
    """All faults of one case; none is good. Events are those of the whole run."""
    found, taken = [], set()
    for deed in truth.deeds:
        least, most = times(deed, hooks, case)
        near = [e for e in events
                if e.kind in deed.kinds and e.pid == deed.pid and id(e) not in taken]
        if most == 0:
            found += [f"{e.kind}: told, and must not be: {clip(e.raw)}"
                      for e in forbidden(deed, near)]
            continue
        good = [e for e in near if not faults(deed, e, hooks, case)]
        taken.update(id(e) for e in good[:most])
        if least <= len(good) <= most:
            continue
        if len(good) > most:
            found.append(f"{deed.kind}: told {len(good)} times, and happened {most} times")
        elif not near:
            found.append(f"{deed.kind}: not told")
        else:
            best = max(near, key=lambda e: nearness(deed, e, hooks))
            taken.add(id(best))
            found += [f"{deed.kind}: {fault}" for fault in faults(deed, best, hooks, case)]
    return found + list(phantoms(truth, events, taken))


def by_overlay(event):
    """Whether overlayfs did it, for somebody that changes a file of a lower layer: its marks on the copy."""
    return event.kind == "FILE_SETXATTR" and \
        str(event.fields.get("file.xattr")).startswith("trusted.overlay.")


def phantoms(truth, events, taken):
    """File and net events of the doer, while it did its deeds, that no deed explains."""
    for pid, start, end in truth.windows:
        for e in events:
            if e.pid == pid and start <= e.boot_ns <= end and id(e) not in taken and \
                    str(e.kind).startswith(WINDOW_KINDS) and not by_overlay(e):
                yield f"{e.kind}: told, and nothing like it was done: {clip(e.raw)}"
