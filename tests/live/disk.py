# SPDX-License-Identifier: Apache-2.0
"""A file system that is full: a tmpfs in a mount namespace that only this test's processes enter."""

import os
import subprocess

from sensor import Failed, wait_until


class Disk:
    """What @argv is put before sees a tmpfs at @folder; we see the same through @seen."""

    def __init__(self, folder, options="size=2m"):
        self.folder = folder
        os.makedirs(folder)
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o {options} none "$1"'
                                        ' && exec sleep infinity', "sh", folder])
        self.seen = f"/proc/{self.holder.pid}/root{folder}"
        self.argv = ["nsenter", "--mount", "--target", str(self.holder.pid), "--"]
        mounts = f"/proc/{self.holder.pid}/mounts"

        def mounted():
            with open(mounts, encoding="utf-8") as f:
                return f" {folder} " in f.read()

        if not wait_until(mounted, 10):
            raise Failed("no mount namespace can be had")

    def fill(self):
        """By whoever may write there; blocks of every size, until there is no room for one."""
        block = 1 << 16
        with open(os.path.join(self.seen, "fill"), "ab", buffering=0) as f:
            while block >= 4096:
                try:
                    f.write(bytes(block))
                except OSError:
                    block //= 2

    def free(self):
        os.unlink(os.path.join(self.seen, "fill"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()
