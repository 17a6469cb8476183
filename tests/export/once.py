# SPDX-License-Identifier: Apache-2.0
"""once: a loss that was told and not acknowledged has the same id when it is told again."""

import os

from link import Peer
from rig import Received, Rig, wait_until


class Keeper(Peer):
    """Keeps every event that comes, in a file that `lapwing cat` reads; acknowledges when it is told to."""

    def __init__(self, path):
        self.path, self.acks, self.taken = path, False, 0
        super().__init__(self.take)

    def take(self, _, connection):
        for number, _ in self.batches(connection):
            if self.acks:
                self.ack(connection, number)

    def batch(self, data):
        number = None
        with open(self.path, "ab") as f:
            for field, value in self.fields(data):
                if field == 1:
                    number = value
                elif field == 2:
                    f.write(self.varint(len(value)) + value)
                    self.taken += 1
        return number, None


def grown(folder, events):
    """The gap grows while it is not known whether the receiver was told of it."""
    path = os.path.join(folder, "got.pb")
    peer = Keeper(path)
    try:
        rig = Rig(folder, events, f"tcp://127.0.0.1:{peer.port}?timeout=500ms",
                  config="spool: {max_bytes: 1MiB, grace: 100ms}\n")
        for _ in range(3):  # more than the spool holds; all that is taken is one batch
            before = peer.taken
            rig.run(1000)
            process = rig.source()
            wait_until(lambda n=before: peer.taken > n, "a batch is taken")
            process.kill()
            process.wait()
            if rig.acknowledged():
                yield f"acknowledged: {rig.ledger()}"
        told = [e["id"] for e in Received(path).gaps]
        if len(told) == len(set(told)):
            yield f"no gap was told twice: {told}"
        peer.acks = True
        rig.drained()
    finally:
        peer.close()
    received = Received(path)
    ledger = rig.ledger()
    # what came, was not acknowledged, and was lost then is in both sums: docs/export.md
    lost = {e["id"]: (e["host"]["lost_class"], int(e["host"]["lost_count"])) for e in received.gaps}
    dropped = sum(ledger["dropped"].values())
    if sum(n for _, n in lost.values()) != dropped:
        yield f"{dropped} dropped, and told: {lost}"
    if len(received.numbers) + dropped < rig.status()["seq"]:
        yield f"{len(received.numbers)} came and {dropped} are told of {rig.status()['seq']}"


CASES = {"a_gap_that_grew_before_it_was_acknowledged_is_told_once": grown}
