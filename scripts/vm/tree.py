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


def _make(suite, packages, target):
    sources = [kernels.source(suite), kernels.source(suite + "-security")]
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=standard", "--format=directory",
               '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"',
               *(f"--aptopt={line.rstrip(';')}" for line in _acquire()),
               "--include=" + ",".join(packages), suite, target, *sources]
    print(f"vmtest: making a tree of {suite} with {len(packages)} packages besides the standard ones",
          file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise kernels.Unavailable(f"mmdebstrap: {lines[0] if lines else done.stderr[-300:]}")


def ready(name, suite, packages):
    """The folder of the tree; raises kernels.Unavailable where it cannot be had."""
    if os.geteuid() != 0:
        raise kernels.Unavailable("making a file tree needs root")
    key = hashlib.sha256(repr((suite, sorted(packages))).encode()).hexdigest()[:12]
    trees = os.path.join(kernels.cache_dir(), "trees")
    path = os.path.join(trees, f"{name}-{key}")
    os.makedirs(trees, exist_ok=True)
    with open(path + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(path):
            return path
        if not shutil.which("mmdebstrap") or not os.path.exists(kernels.KEYRING):
            raise kernels.Unavailable("needs mmdebstrap and debian-archive-keyring")
        with tempfile.TemporaryDirectory(prefix="make-", dir=trees) as folder:
            made = os.path.join(folder, "tree")
            _make(suite, packages, made)
            os.rename(made, path)
    return path
