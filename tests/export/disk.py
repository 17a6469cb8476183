# SPDX-License-Identifier: Apache-2.0
"""A file system that is full: under the spool, and under a sink's file."""

import os
import subprocess

from rig import Received, Rig, account, balance

SMALL = "3m"


class Disk:
    """A tmpfs of three megabytes, in a mount namespace of whoever uses it."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "small")
        os.makedirs(self.folder)
        script = 'mount -t tmpfs -o size=%s none "$1" && shift && exec "$@"' % SMALL
        self.argv = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh",
                     self.folder]

    def possible(self):
        return subprocess.run([*self.argv, "true"], capture_output=True, check=False).returncode == 0


def inside(rig, disk, script):
    """Runs `lapwing` commands where the disk is mounted; what they print."""
    r = subprocess.run([*disk.argv, "sh", "-ec", script], capture_output=True, text=True, timeout=120,
                       env={**os.environ, "RIG": rig.folder, "SMALL": disk.folder}, check=False)
    return r.returncode, r.stdout, r.stderr


def full_under_the_spool(folder, events):
    """The bound of bytes is larger than the disk: the disk is then the bound."""
    disk = Disk(folder)
    if not disk.possible():
        raise NotImplementedError("no mount namespace can be had")
    rig = Rig(folder, events, config="spool: {max_bytes: 100MiB}\n"
                                     f"sinks: [{{name: s, url: 'file:{folder}/out.pb?max_bytes=1G'}}]\n")
    rig.spool = os.path.join(disk.folder, "spool")
    with open(os.path.join(folder, "many.pb"), "wb") as f:
        f.write(events.bytes * 2000)
    with open(os.path.join(folder, "lapwing.yaml"), "w", encoding="utf-8") as f:
        f.write(rig.config)
    replay = ('"$LAPWING" replay --no-rules --config "$RIG/lapwing.yaml" --spool "$SMALL/spool"')
    code, out, err = inside(rig, disk, f"""
export LAPWING={rig.lapwing}
: >"$RIG/none.pb"
{replay} "$RIG/none.pb"
sed 's/^sinks.*//' "$RIG/lapwing.yaml" >"$RIG/alone.yaml"
"$LAPWING" replay --no-rules --config "$RIG/alone.yaml" --spool "$SMALL/spool" "$RIG/many.pb"
df -k --output=avail "$SMALL" | tail -n 1
{replay} "$RIG/none.pb"
"$LAPWING" status --json --spool "$SMALL/spool"
""")
    if code:
        yield f"it ended with {code}: {err}"
        return
    ledger = rig.parse(out.splitlines()[-1])["sinks"][0]
    made = events.n * 2000
    yield from balance(ledger)
    yield from account(ledger, Received(*rig.files("out.pb")), made)
    if ledger["produced"] != made or not ledger["dropped"]["full"] or not ledger["acknowledged"]:
        yield f"the disk was not full, or nothing was left: {ledger}"


def full_under_a_sink(folder, events):
    """What its file does not take stays in the spool; the file has whole events only."""
    disk = Disk(folder)
    if not disk.possible():
        raise NotImplementedError("no mount namespace can be had")
    rig = Rig(folder, events)
    with open(os.path.join(folder, "many.pb"), "wb") as f:
        f.write(events.bytes * 2000)
    code, out, err = inside(rig, disk, f"""
export LAPWING={rig.lapwing}
"$LAPWING" replay --no-rules --spool "$RIG/spool" -o "file:$SMALL/out.pb" "$RIG/many.pb"
"$LAPWING" cat --json "$SMALL/out.pb" | wc -l
"$LAPWING" status --json --spool "$RIG/spool"
""")
    if code:
        yield f"it ended with {code}: {err}"
        return
    lines = out.splitlines()
    ledger = rig.parse(lines[-1])["sinks"][0]
    yield from balance(ledger)
    if not ledger["failing"] or "space" not in ledger["why"]:
        yield f"it does not say that there is no space: {ledger}"
    if not 0 < ledger["acknowledged"] <= int(lines[-2]) or not ledger["pending"]:
        yield f"{lines[-2]} events are in the file: {ledger}"


CASES = {
    "a_full_disk_under_the_spool_costs_the_oldest_and_is_told": full_under_the_spool,
    "a_full_disk_under_a_sink_costs_nothing": full_under_a_sink,
}
