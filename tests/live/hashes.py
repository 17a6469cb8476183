# SPDX-License-Identifier: Apache-2.0
"""Hashes of what ran: the true one, with its exec or behind it, and never that of what took its place."""

import hashlib
import os
import shutil
import tempfile

NAMES = ("hash_of_what_ran", "hash_is_in_the_exec_once_it_is_known",
         "hash_of_what_took_its_place_is_not_told", "every_pending_hash_is_told_of_once_more")
PLACE = "/dev/shm"  # in memory, so not served by another machine: a guest's files are

# The second `ran` waits until the first has its hash; others, such as grep, have theirs before. `swapped`
# gets other bytes as soon as it has ended. With its quotes, for the exec of `ran` has this script's text.
SCRIPT = """
cd "$1" || exit 1
cp /bin/true ran; cp /bin/true swapped
sleep 0.2
./ran
i=0
until grep '"kind":"PROCESS_HASH"' "$2" | grep -q '"executable":"[^"]*/ran"' || [ $i = 600 ]; do i=$((i+1)); sleep 0.1; done
./ran again
./swapped; cat /bin/false >swapped; ./swapped 2>/dev/null
exit 0
"""


def sum_of(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def of(events, kinds, path, argument=None):
    return [e for e in events if e.kind in kinds and e.fields.get("process.executable") == path
            and (argument is None or argument in e.fields.get("exec.args", []))]


def judge(events, folder):
    """name of each case at fault -> its faults"""
    found, true = {}, sum_of("/bin/true")
    ran, swapped = os.path.join(folder, "ran"), os.path.join(folder, "swapped")
    told = [e.fields.get("exec.sha256") for e in of(events, ("PROCESS_EXEC", "PROCESS_HASH"), ran)]
    if true not in told or set(told) - {true, None}:
        found[NAMES[0]] = [f"{true} ran, and told was {told}"]
    again = of(events, ("PROCESS_EXEC",), ran, "again")
    if [e.fields.get("exec.sha256") for e in again] != [true]:
        found[NAMES[1]] = [f"told was {[e.raw for e in again]}"]
    for e in of(events, ("PROCESS_EXEC", "PROCESS_HASH"), swapped)[:1] + [
            e for e in of(events, ("PROCESS_HASH",), swapped)][:1]:
        got = e.fields.get("exec.sha256")
        if got not in (true, None) or (got is None and not e.degraded & {
                "HASH_PENDING", "HASH_UNRESOLVED"}):
            found[NAMES[2]] = [f"told was {e.raw}"]
    pending = sorted(e.pid for e in events if "HASH_PENDING" in e.degraded)
    followed = sorted(e.pid for e in events if e.kind == "PROCESS_HASH")
    if not pending or pending != followed:
        found[NAMES[3]] = [f"pending were {pending}, told once more {followed}"]
    return found


def run(sensor, stage, report):
    del stage
    if not any(report.wants(name) for name in NAMES):
        return
    folder = tempfile.mkdtemp(prefix="lapwing-hash-", dir=PLACE if os.path.isdir(PLACE) else None)
    try:
        out = "hashes.json"
        status, events = sensor.trace(["/bin/sh", "-c", SCRIPT, "sh", folder, sensor.path(out)],
                                      options=["--no-rules", "--hash-rate", "1GiB"], out=out)
        found = judge(events, os.path.realpath(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name in NAMES:
        report.result(name, [f"trace ended with {status}: {sensor.said()}"] if status
                      else found.get(name, []))
