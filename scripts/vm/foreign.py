# SPDX-License-Identifier: Apache-2.0
"""A Debian tree of another architecture: what a build for it is linked against, and a guest's root."""

import os
import subprocess

import tree

SCRIPTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

# what the tests of tests/live, and those who look into a guest, call
GUEST = ["base-files", "base-passwd", "bash", "coreutils", "dash", "diffutils", "findutils", "gawk", "grep",
         "hostname", "iproute2", "kmod", "libc-bin", "login", "mount", "passwd", "procps", "python3", "sed",
         "util-linux"]


def ready(arch):
    """The folder; made on first use. Raises kernels.Unavailable where it cannot be had."""
    listed = subprocess.run([os.path.join(SCRIPTS, "deps"), "--list", "build"], capture_output=True,
                            text=True, check=True).stdout.split()
    libraries = [name for name in listed if name.endswith("-dev")]
    return tree.ready(arch, "bookworm", libraries + GUEST, arch)
