# SPDX-License-Identifier: Apache-2.0
"""Where runtimes put containers: the hierarchy of cgroup v2, or of a controller that is in one of v1."""

CONTROLLERS = ("memory", "pids", "devices", "freezer")


def mounts():
    """Every mount of a whole file system: its path, kind and options."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
        rows = [line.split() for line in f]
    return [(row[4], row[row.index("-") + 1], row[-1].split(",")) for row in rows if row[3] == "/"]


def unified():
    """Where cgroup v2 is mounted, or None."""
    return next((path for path, kind, _ in mounts() if kind == "cgroup2"), None)


def root():
    """Where that hierarchy is mounted, or None."""
    for controller in CONTROLLERS:
        for path, kind, options in mounts():
            if kind == "cgroup" and controller in options:
                return path
    return unified()
