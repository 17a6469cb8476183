# SPDX-License-Identifier: Apache-2.0
"""Cases of tests/live/supervise: what keeps the sensor from its work without being its fault.

A port that somebody has, a disk that is full: any local user can make these, and must not get a sensor
that looks away for it.
"""

import os
import socket
import subprocess
import urllib.request

from disk import Disk
from sensor import patience, wait_until
from supervised import Supervised


def healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def a_taken_port_is_no_death_and_is_tried_again(binary, folder):
    run = os.path.join(folder, "run")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with Supervised(binary, folder, "--prove", "1",
                        worker=("--run-folder", run, "--listen", f"127.0.0.1:{port}")).start() as s:
            s.wait("full")
            status = subprocess.run([binary, "status", "--run-folder", run], capture_output=True,
                                    text=True, check=False).stdout
            if s.mode("--json")["strikes"] or "NOT answered on" not in s.said():
                yield f"{s.mode()} {s.said()}"
            if f"nobody answers on 127.0.0.1:{port}: Address already in use" not in status:
                yield f"status says {status}"
            taken.close()
            if not wait_until(lambda: healthy(port), 30 * patience()):
                yield f"nobody answers where nobody else is any more: {s.said()}"
            if len(s.pids()) != 1 or "is started again" in s.said():
                yield s.said()


def what_cannot_begin_is_tried_again_and_no_death(binary, folder):
    """A spool that is new, on a disk that is full."""
    with Disk(os.path.join(folder, "disk")) as disk, \
         Supervised(binary, folder, "--prove", "1", before=disk.argv,
                    worker=("--spool", os.path.join(disk.folder, "spool"))) as s:
        disk.fill()
        s.start()
        if not wait_until(lambda: s.said().count("could not begin") >= 4, 60 * patience()):
            yield f"it is not tried again: {s.said()}"
        if s.mode("--json")["strikes"] or "starts in" in s.said() or "No space left" not in s.said():
            yield f"{s.mode()} {s.said()}"
        disk.free()
        s.wait("full")
        if s.mode("--json")["strikes"]:
            yield f"{s.mode()}"


def a_full_disk_under_the_guard_keeps_nobody_from_looking(binary, folder):
    with Disk(os.path.join(folder, "disk")) as disk, \
         Supervised(binary, folder, "--prove", "1", before=disk.argv,
                    guard=os.path.join(disk.folder, "guard")) as s:
        s.start().wait("full")
        s.close()
        disk.fill()
        os.unlink(s.out)
        s.start()
        if not wait_until(lambda: s.heartbeat() == ("full", ""), 60 * patience()):
            yield f"what is proven here does not start: {s.heartbeat()} {s.said()}"
        if "cannot be written: No space left" not in s.said():
            yield s.said()
        s.close()


def what_is_new_is_met_with_care_while_no_mark_can_be_kept(binary, folder):
    """Until there is room: then it is tried as it would have been."""
    guard = os.path.join(folder, "disk", "guard")
    with Disk(os.path.join(folder, "disk")) as disk, \
         Supervised(binary, folder, "--prove", "100000", before=disk.argv, guard=guard) as s:
        s.start()
        if not wait_until(s.heartbeat, 60 * patience()):
            yield s.said()
        s.close()
        os.unlink(os.path.join(disk.seen, "guard", "mark"))
        disk.fill()
        os.unlink(s.out)
        s.start()
        if not wait_until(lambda: (s.heartbeat() or [""])[0] == "core", 60 * patience()) or \
           "the disk does not take" not in s.heartbeat()[1]:
            yield f"what was never proven here: {s.heartbeat()} {s.said()}"
        disk.free()
        if not wait_until(lambda: (s.heartbeat() or [""])[0] == "full", 60 * patience()) or \
           s.mode("--json")["strikes"]:
            yield f"with room again: {s.heartbeat()} {s.mode()} {s.said()}"


def without_a_folder_of_its_own_it_waits(binary, folder):
    """A disk without an inode left; one of full blocks still takes a folder, here."""
    with Disk(os.path.join(folder, "disk"), "size=2m,nr_inodes=2") as disk, \
         Supervised(binary, folder, "--prove", "1", before=disk.argv,
                    guard=os.path.join(disk.folder, "guard")) as s:
        with open(os.path.join(disk.seen, "last"), "wb"):
            pass
        s.start()
        if not wait_until(lambda: s.said().count("cannot be used: No space left") >= 2 or s.child.poll() is not None,
                          30 * patience()) or s.child.poll() is not None:
            yield f"it does not wait ({s.child.poll()}): {s.said()}"
        subprocess.run([*disk.argv, "mount", "-o", "remount,nr_inodes=100", disk.folder], check=True)
        s.wait("full")


def an_output_that_takes_no_more_is_no_death(binary, folder):
    """It ends for that, as it must; and is not made less for it."""
    with Disk(os.path.join(folder, "disk")) as disk, \
         Supervised(binary, folder, "--prove", "1000", before=disk.argv,
                    worker=("-o", f"json:{disk.folder}/more.json")) as s:
        s.start()
        if not wait_until(s.heartbeat, 60 * patience()):
            yield s.said()
        disk.fill()

        def ended_twice():
            subprocess.run(["/bin/true"], check=True)
            return s.said().count("could not begin, or go on") >= 2

        if not wait_until(ended_twice, 90 * patience()) or s.mode("--json")["strikes"]:
            yield f"{s.mode()} {s.said()}"


CASES = (a_taken_port_is_no_death_and_is_tried_again, what_cannot_begin_is_tried_again_and_no_death,
         a_full_disk_under_the_guard_keeps_nobody_from_looking,
         what_is_new_is_met_with_care_while_no_mark_can_be_kept,
         without_a_folder_of_its_own_it_waits, an_output_that_takes_no_more_is_no_death)
