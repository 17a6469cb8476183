#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pages.py FOLDER: in a guest with systemd that has nothing but the package, the commands of docs/, also those for root,
page by page and in their order, as a new user would.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
import inside

# those last that change what the sensor runs
PAGES = ("README.md", "start.md", "deploy.md", "rules.md", "looking.md", "health.md", "export.md", "trouble.md",
         "safe-change.md")


def main():
    inside.refuse_elsewhere()
    folder = sys.argv[1]
    print(f"# the guest is {inside.settle()}", flush=True)
    done = subprocess.run(["dpkg", "-i", f"{folder}/this.deb"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"dpkg: {done.stdout}{done.stderr}")
    subprocess.run(["systemctl", "disable", "--now", "lapwing"], check=True)  # start.md enables it
    with open("/etc/hosts", "a", encoding="utf-8") as f:
        f.write("127.0.0.1 receiver.example\n")  # export.md's second machine
    return subprocess.run([sys.executable, f"{folder}/tests/docs/run", "--root", "--lapwing",
                           "/usr/sbin/lapwing", *PAGES], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
