# SPDX-License-Identifier: Apache-2.0
"""A Debian file tree for a guest, made once by mmdebstrap and kept: CACHE/trees/NAME-HASH.

HASH names what it was made of, so that another list of packages makes another tree. The tree is never
written to by a guest (scripts/vmtest --root lays a layer over it).
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

import kernels


def _acquire():
    """The machine's own proxies and the like, in a form that mmdebstrap hands to apt."""
    dump = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True,
                          check=True).stdout
    return [line for line in dump.splitlines()
            if re.match(r"Acquire::(http|https|ftp)::\S* \"[^\"]+\";", line)]


def _relative_links(top):
    """Links that begin at the tree's own root, for who looks into it from outside, as a linker does."""
    for folder, folders, files in os.walk(top):
        for path in (os.path.join(folder, name) for name in folders + files):
            to = os.readlink(path) if os.path.islink(path) else ""
            if to.startswith("/") and os.path.lexists(top + to):
                os.unlink(path)
                os.symlink(os.path.relpath(top + to, folder), path)


def _finish_foreign(top):
    """What of the packages' own scripts a tree needs that is only unpacked: they cannot run here."""
    _relative_links(top)
    for name in ("passwd", "group"):
        shutil.copy(f"{top}/usr/share/base-passwd/{name}.master", f"{top}/etc/{name}")


def _make(suite, packages, target, arch):
    sources = [kernels.source(s, arch) for s in (suite, suite + "-security")]
    kind = ["--variant=standard"] if arch == "amd64" else \
        ["--variant=extract", f"--arch={arch}", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"]
    command = ["mmdebstrap", "--quiet", "--mode=root", *kind, "--format=directory",
               '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"',
               *(f"--aptopt={line.rstrip(';')}" for line in _acquire()),
               "--include=" + ",".join(packages), suite, target, *sources]
    print(f"vmtest: making a tree of {suite} for {arch} with {len(packages)} packages and what these need",
          file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise kernels.Unavailable(f"mmdebstrap: {lines[0] if lines else done.stderr[-300:]}")
    if arch != "amd64":
        _finish_foreign(target)


def ready(name, suite, packages, arch="amd64"):
    """The folder of the tree; raises kernels.Unavailable where it cannot be had."""
    what = (suite, sorted(packages)) if arch == "amd64" else (suite, sorted(packages), arch)
    key = hashlib.sha256(repr(what).encode()).hexdigest()[:12]
    trees = os.path.join(kernels.cache_dir(), "trees")
    path = os.path.join(trees, f"{name}-{key}")
    if os.path.isdir(path):
        return path
    if os.geteuid() != 0:
        raise kernels.Unavailable("making a file tree needs root")
    os.makedirs(trees, exist_ok=True)
    with open(path + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(path):
            return path
        if not shutil.which("mmdebstrap") or not os.path.exists(kernels.KEYRING):
            raise kernels.Unavailable("needs mmdebstrap and debian-archive-keyring")
        with tempfile.TemporaryDirectory(prefix="make-", dir=trees) as folder:
            made = os.path.join(folder, "tree")
            _make(suite, packages, made, arch)
            os.rename(made, path)
    return path
