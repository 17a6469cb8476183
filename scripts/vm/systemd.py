# SPDX-License-Identifier: Apache-2.0
"""A guest of a Debian file tree in which systemd is process 1, and one program that runs there."""

import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
TOKEN = "lapwing.efficacy=guest"  # tests/efficacy/inside.py refuses to run without it
# what a guest without devices has no use for
MASKED = ["systemd-udevd.service", "systemd-udev-trigger.service", "systemd-timesyncd.service",
          "systemd-hwdb-update.service", "systemd-journal-catalog-update.service", "ldconfig.service",
          "systemd-sysusers.service", "systemd-update-done.service", "getty@tty1.service",
          "serial-getty@ttyS0.service", "modprobe@drm.service",
          "e2scrub_reap.service", "apparmor.service", "auditd.service", "ufw.service"]


def packages(path):
    """The names in a list of Debian packages, without what stands behind a # at a line's start."""
    with open(path, encoding="utf-8") as f:
        return [w for line in f if not line.startswith("#") for w in line.split()]


def command(kernel, root, folder, program, seconds, smp=2):
    """How scripts/vmtest is called; @program is run with @folder, which guest and host share."""
    masks = " ".join(f"systemd.mask={unit}" for unit in MASKED)
    return [os.path.join(TOP, "scripts/vmtest"), "--kernel", kernel, "--time", "--mem", "3G",
            "--smp", str(smp),
            "--timeout", str(seconds), "--root", root, "--rw", folder,
            "--init", "/lib/systemd/systemd", "--append",
            f"{TOKEN} systemd.log_level=warning systemd.show_status=0 "
            f"systemd.condition-first-boot=0 {masks}",
            "--", "python3", program, folder]
