# SPDX-License-Identifier: Apache-2.0
"""The sensor, and what delivers for it, killed at any moment; the disk damaged or full."""

import os
import random
import signal
import subprocess

from rig import Failed, Received, Rig, account, balance, framed, messages, slurp, wait_until

KILLS = int(os.environ.get("LAPWING_KILLS", "12"))  # 100 for the full test
FLIPS = int(os.environ.get("LAPWING_FLIPS", "8"))


def children(pid):
    r = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], text=True, capture_output=True,
                       check=False)
    return [int(word) for word in r.stdout.split()]


def couriers(pid):
    return [c for keeper in children(pid) for c in children(keeper)]


def killed_sensor(folder, events):
    """kill -9 at random moments; every event that was ever numbered is accounted for."""
    rng = random.Random(1)
    rig = Rig(folder, events, f"file:{folder}/out.pb?sync=no")
    for _ in range(KILLS):
        process = rig.source()
        try:
            while rng.random() < 0.9:
                rig.feed(process, rng.randrange(1, 200))
        except BrokenPipeError as e:
            raise Failed(f"the source died by itself: {rig.said()}") from e
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.detach()
    rig.run(1)
    rig.drained()
    status = rig.status()
    received = Received(*rig.files("out.pb"))
    if status["seq"] < events.n * KILLS:
        yield f"only {status['seq']} events were numbered"
    yield from account(status["sinks"][0], received, status["seq"])


def killed_courier(folder, events):
    """The process of a sink dies: it is started again, and goes on where it was."""
    rng = random.Random(2)
    rig = Rig(folder, events, f"file:{folder}/out.pb?sync=no")
    process = rig.source()
    for _ in range(3):
        wait_until(lambda: couriers(process.pid), "there is a courier")
        rig.feed(process, rng.randrange(100, 1000))
        for pid in couriers(process.pid):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: couriers(process.pid), "there is a courier again")
    wait_until(lambda: rig.ledger()["active"], "it says that it is")
    process.stdin.close()
    if process.wait():
        yield f"the source ended with {process.returncode}: {rig.said()}"
    if rig.ledger()["active"]:
        yield "it says that somebody delivers when all have ended"
    rig.drained()
    status = rig.status()
    if status["seq"] != rig.made:
        yield f"{rig.made} made, and {status['seq']} numbered"
    yield from account(status["sinks"][0], Received(rig.path("out.pb")), rig.made)


def flipped(folder, events):
    """One byte of a segment changed while nobody delivers: one event at most, and it is told."""
    rng = random.Random(3)
    for i in range(FLIPS):
        sub = os.path.join(folder, str(i))
        os.makedirs(os.path.join(sub, "dir"))
        rig = Rig(sub, events, f"file:{sub}/out.pb")
        rig.run(1)  # the cursor is there
        rig.sinks = []
        rig.run(50)
        names = [n for n in os.listdir(rig.spool) if n.endswith(".seg")]
        path = os.path.join(rig.spool, rng.choice(names))
        data = bytearray(slurp(path))
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        with open(path, "wb") as f:
            f.write(data)
        rig.sinks = [f"file:{sub}/out.pb"]
        rig.drained()
        status = rig.status()
        received = Received(rig.path("out.pb"))
        yield from account(status["sinks"][0], received, status["seq"])
        if received.missing > 1:
            yield f"{received.missing} events are gone for one byte"


def half_written(folder, events):
    """A file that ends in half an event, as the machine's end leaves it, is cut to whole ones."""
    rig = Rig(folder, events, f"file:{folder}/out.pb", f"file:{folder}/out.json?format=json")
    rig.run(3)
    for name, n in (("out.pb", 7), ("out.json", 9)):
        with open(rig.path(name), "r+b") as f:
            f.truncate(os.path.getsize(rig.path(name)) - n)
    rig.run(2)
    for name in ("out.pb", "out.json"):
        received = Received(rig.path(name))
        lost = rig.made - len(received.numbers)
        if lost != 1:
            yield f"{name}: {lost} events are gone, not the one that was cut"
    for ledger in rig.status()["sinks"]:
        yield from balance(ledger)


def damaged(folder, events):
    """A byte that was changed in a sink's file, or another format there: all of it is kept aside."""
    rig = Rig(folder, events, f"file:{folder}/out")
    rig.run(30)
    with open(rig.path("out"), "r+b") as f:
        at = len(framed([next(messages(f.read()))]))
        f.seek(at)
        f.write(b"\xff\xff")
    before = slurp(rig.path("out"))
    rig.run(1)
    if slurp(rig.path("out.aside-1")) != before or "out.aside-1" not in rig.said():
        yield f"it is not kept, or not told: {rig.said()}"
    if len(Received(rig.path("out")).numbers) != events.n:
        yield "the new file has not what came since"
    before = slurp(rig.path("out"))
    rig.sinks = (f"file:{folder}/out?format=json",)
    rig.run(1)
    if slurp(rig.path("out.aside-2")) != before:
        yield "what was there in another format is not kept"
    if len(Received(rig.path("out")).numbers) != events.n:
        yield "the file of the other format has not what came since"


def other_fields(folder, events):
    """A filter that leaves out what events began with, and then does so no more: one file of them."""
    rig = Rig(folder, events, f"file:{folder}/out")
    for filters in ("", "?omit=schema", "?omit=schema,id", ""):
        rig.sinks = (f"file:{folder}/out{filters}",)
        rig.run(2)
    if os.path.exists(rig.path("out.aside-1")):
        yield f"it was put aside: {rig.said()}"
    lost = rig.made - len(Received(rig.path("out")).numbers)
    if lost:
        yield f"{lost} events are not in the file"
    for ledger in rig.status()["sinks"]:
        yield from balance(ledger)


def rotated(folder, events):
    """Rotation loses nothing, keeps as many files as asked, and all for their owner only."""
    rig = Rig(folder, events, f"file:{folder}/out.pb?max_bytes=20K&keep=30&sync=no")
    for _ in range(20):
        rig.run(10)
    names = rig.files("out.pb")
    received = Received(*names)
    if len(names) < 3:
        yield f"it was not rotated: {names}"
    if received.numbers != set(range(1, rig.made + 1)):
        yield f"{len(received.numbers)} of {rig.made} events are there"
    for name in names:
        if os.stat(name).st_mode & 0o777 != 0o600:
            yield f"{name} has mode {os.stat(name).st_mode:o}"
        for _ in messages(slurp(name)):
            pass


CASES = {
    "killed_at_any_moment_it_accounts_for_every_number": killed_sensor,
    "a_sink_whose_process_dies_is_started_again_and_loses_nothing": killed_courier,
    "a_changed_byte_in_the_spool_costs_one_event_and_is_told": flipped,
    "a_file_that_ends_in_half_an_event_is_cut_to_whole_ones": half_written,
    "a_file_that_is_damaged_is_kept_aside": damaged,
    "a_file_of_events_with_other_fields_is_gone_on_with": other_fields,
    "a_rotated_file_loses_nothing_and_is_private": rotated,
}
