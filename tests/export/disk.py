# SPDX-License-Identifier: Apache-2.0
"""A file system that is full: under the spool, and under a sink's file."""

import json
import os
import subprocess

from rig import LAPWING, TOP, Events, Received, Rig, account, balance, framed, messages

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


CLASSES = ["bulk", "life", "alarm"]


def by_class(folder):
    """One event of each class, as the bytes of a stream: a file's, a process's, and a detection."""
    found = {}
    for name in ("cron_write.fire", "cron_write.quiet"):
        rig = Events(folder, name, "--rules", os.path.join(TOP, "rules"))
        r = subprocess.run([LAPWING, "cat", "--json", rig.path], capture_output=True, check=True)
        for line, message in zip(r.stdout.splitlines(), messages(rig.bytes)):
            e = json.loads(line)
            found.setdefault("alarm" if "detections" in e else
                             {"FILE": "bulk", "PROCESS": "life"}.get(e["kind"].split("_")[0]),
                             framed([message]))
    return found


def gone(names):
    """By class, of how many events only a gap is left, and of how many segments there are."""
    gaps, segments = dict.fromkeys(CLASSES, 0), dict.fromkeys(CLASSES, 0)
    for name in (n for n in names if n.endswith((".seg", ".gap"))):
        which = CLASSES[int(name[0])]
        if name.endswith("-full.gap"):
            gaps[which] += int(name.split("-")[2], 16) - int(name.split("-")[1], 16)
        segments[which] += name.endswith(".seg")
    return gaps, segments


def full_by_class(folder, events):
    """What is worth least goes first, though it is the youngest, and detections last; all is told."""
    disk, made = Disk(folder), {"alarm": 0, "life": 0, "bulk": 0}
    if not disk.possible():
        raise NotImplementedError("no mount namespace can be had")
    one = by_class(folder)
    rig = Rig(folder, events, config="spool: {max_bytes: 8MiB}\n"
                                     f"sinks: [{{name: s, url: 'file:{folder}/out.pb?max_bytes=1G'}}]\n")
    rig.spool = os.path.join(disk.folder, "spool")
    with open(os.path.join(folder, "lapwing.yaml"), "w", encoding="utf-8") as f:
        f.write(rig.config)
    script = """
replay() { "$LAPWING" replay --rules "$RULES" --config "$RIG/$1.yaml" --spool "$SMALL/spool" "$2"; }
: >"$RIG/none.pb"
replay lapwing "$RIG/none.pb"
sed 's/^sinks.*//' "$RIG/lapwing.yaml" >"$RIG/alone.yaml"
"""
    # each a flood of its own, larger than the disk but for the first
    for i, (which, n_bytes) in enumerate((("alarm", 200_000), ("life", 300_000), ("bulk", 5_000_000),
                                          ("life", 5_000_000), ("alarm", 5_000_000))):
        n = n_bytes // len(one[which])
        made[which] += n
        with open(os.path.join(folder, f"{i}.pb"), "wb") as f:
            f.write(one[which] * n)
        script += f'replay alone "$RIG/{i}.pb"; echo `ls "$SMALL/spool"`\n'
    script += 'replay lapwing "$RIG/none.pb"; "$LAPWING" status --json --spool "$SMALL/spool"\n'
    code, out, err = inside(rig, disk, f'export LAPWING="{rig.lapwing}" RULES="{TOP}/rules"\n' + script)
    if code:
        yield f"it ended with {code}: {err}"
        return
    *listed, status = out.splitlines()
    after = [gone(line.split()) for line in listed]
    for i, (gaps, _) in enumerate(after[:2]):
        if any(gaps.values()):
            yield f"after {i + 1} floods the disk is not full, and yet: {gaps}"
    gaps, _ = after[2]
    if not 0 < gaps["bulk"] < made["bulk"] or gaps["life"] or gaps["alarm"]:
        yield f"files and the network do not go first: {gaps}"
    gaps, segments = after[3]
    if gaps["bulk"] != made["bulk"] or segments["bulk"] or not gaps["life"] or gaps["alarm"]:
        yield f"then processes do not go, or others do: {gaps}, {segments}"
    gaps, segments = after[4]
    if gaps["life"] != made["life"] or segments["life"] or not 0 < gaps["alarm"] < made["alarm"]:
        yield f"detections do not go last: {gaps}, {segments}"
    ledger, received = rig.parse(status)["sinks"][0], Received(*rig.files("out.pb"))
    yield from account(ledger, received, sum(made.values()))
    told = dict.fromkeys(CLASSES, 0)
    for e in {g["id"]: g["host"] for g in received.gaps}.values():
        told[e["lost_class"]] += int(e["lost_count"])
    if told != gaps or ledger["dropped"]["full"] != sum(gaps.values()):
        yield f"{gaps} are gone, and {told} are told: {ledger}"


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
    "a_full_disk_costs_the_lowest_class_first_and_detections_last": full_by_class,
    "a_full_disk_under_the_spool_costs_the_oldest_and_is_told": full_under_the_spool,
    "a_full_disk_under_a_sink_costs_nothing": full_under_a_sink,
}
