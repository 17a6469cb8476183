# SPDX-License-Identifier: Apache-2.0
"""Opens for reading: those of watched paths are told, whatever becomes of the path, and no others.

Run as a program in a folder, this file is the actor: it reads, and prints a line of JSON for each
event that must follow.
"""

import contextlib
import ctypes
import glob
import json
import os
import sys
import time

NAMES = ("read_of_a_watched_file", "read_of_a_file_in_a_watched_folder",
         "read_of_a_replaced_watched_file", "read_by_another_mount_of_a_watched_file",
         "read_in_a_watched_folder_made_anew", "read_of_the_unwatched_is_not_told",
         "read_of_what_is_always_watched", "read_of_many_in_one_folder",
         "read_of_a_watched_name_of_any_length", "read_below_a_watched_folder",
         "read_in_a_folder_made_below_a_watched_one", "read_in_a_home",
         "read_in_a_home_of_which_nobody_answers_for_a_part")
WHY_NOT = {NAMES[3]: "no mount can be made here",
           NAMES[6]: "neither /etc/login.defs nor /etc/issue is here",
           NAMES[11]: "it would change this machine; it is done in guests",
           NAMES[12]: "a mount that never answers is made in guests"}
# around the words by which hooks compare names, and the bounds below which an entry holds its own
LENGTHS = (1, 7, 8, 9, 17, 24, 31, 40)
MANY = 24  # files by name in one folder, beside those that are watched by default
HOME = "/home/lapwing-live"  # somebody's; in guests only
STUCK_HOME = "/home/lapwing-stuck"  # another's, whose .ssh is a link into a mount that never answers
STUCK = "/run/lapwing-stuck"
SECRETS = (".ssh", ".aws", ".azure", ".config/gcloud", ".kube", ".docker", ".gnupg")  # app/below.c
AGAIN_S = 30  # the sensor looks for a new folder every second, when it gets its turn


# --- the actor ---------------------------------------------------------------------------------


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def read(path, tell=None):
    with open(path, encoding="ascii") as f:
        st, text = os.fstat(f.fileno()), f.read()
    # overlayfs gives a file of a lower layer another st_dev than the file system's, and no folder
    dev = os.stat(os.path.dirname(path) or ".").st_dev
    if tell:
        print(json.dumps({
            "case": tell, "process.pid": os.getpid(), "file.path": os.path.realpath(path),
            "file.inode": st.st_ino, "file.mode": st.st_mode, "file.uid": st.st_uid,
            "file.dev_major": os.major(dev), "file.dev_minor": os.minor(dev)}),
            flush=True)
    return text


def again(folder, events, case):
    """Reads what is in a new folder until the sensor has told it; the inode says that it is new."""
    wanted = f'"inode":{os.stat(folder + "/id").st_ino},'
    until = time.monotonic() + AGAIN_S
    read(folder + "/id", case)
    while time.monotonic() < until:
        read(folder + "/id")
        with open(events, encoding="utf-8", errors="replace") as f:
            if any('"FILE_READ"' in line and wanted in line for line in f):
                return
        time.sleep(0.1)


def act(events):
    """The folder holds `secret` and `keys/`, which are watched, and `keys/id`, `other`."""
    read("secret", NAMES[0])
    read("keys/id", NAMES[1])
    write("new", "b")
    os.rename("new", "secret")
    read("secret", NAMES[2])
    os.mkdir("mounted")
    if not os.system("mount --bind . mounted 2>/dev/null"):
        read("mounted/secret", NAMES[3])
    for _ in range(3):
        read("other")
    for n in range(MANY):
        read(f"many/file{n}", NAMES[7])
    read("many/file", "")
    for n in LENGTHS:
        read("names/" + "n" * n, NAMES[8])
        read("names/" + "n" * (n - 1) + "o")
    for path in ("/etc/login.defs", "/etc/issue"):
        if os.path.exists(path):
            read(path, NAMES[6])
    read("keys/deep/er/id", NAMES[9])
    os.mkdir("keys/deep/new")
    write("keys/deep/new/id", "d")
    again("keys/deep/new", events, NAMES[10])
    if os.path.exists(HOME):
        read(f"{HOME}/.ssh/deep/id", NAMES[11])
    if os.path.exists(STUCK_HOME):
        read(f"{STUCK_HOME}/.aws/id", NAMES[12])
    os.rename("keys", "old")
    os.mkdir("keys")
    write("keys/id", "c")
    again("keys", events, NAMES[4])


# --- the test ------------------------------------------------------------------------------------


def in_guest():
    with open("/proc/cmdline", encoding="ascii") as f:
        return " lapwing.guest " in f.read()  # scripts/vm/guest.py


def set_up(room):
    os.makedirs(os.path.join(room, "keys/deep/er"))
    os.mkdir(os.path.join(room, "many"))
    os.mkdir(os.path.join(room, "names"))
    lengths = ["names/" + "n" * (n - 1) + last for n in LENGTHS for last in "no"]
    if in_guest():
        os.makedirs(f"{HOME}/.ssh/deep", exist_ok=True)
        write(f"{HOME}/.ssh/deep/id", "e")
    for name in ("secret", "other", "keys/id", "keys/deep/er/id", "many/file",
                 *map("many/file{}".format, range(MANY)), *lengths):
        write(os.path.join(room, name), "a")


@contextlib.contextmanager
def stuck_home():
    """In guests, a home from which a link leads to where whoever looks waits for ever."""
    if not in_guest():
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    os.makedirs(f"{STUCK_HOME}/.aws", exist_ok=True)
    write(f"{STUCK_HOME}/.aws/id", "f")
    os.symlink(f"{STUCK}/keys", f"{STUCK_HOME}/.ssh")
    os.mkdir(STUCK)
    fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"stuck", STUCK.encode(), b"fuse", 0, options):
        raise OSError(ctypes.get_errno(), f"mounting {STUCK}")
    try:
        yield
    finally:
        os.close(fuse)  # whoever waits does so no longer
        libc.umount2(STUCK.encode(), 2)  # MNT_DETACH
        os.rmdir(STUCK)
        os.unlink(f"{STUCK_HOME}/.ssh")


def agrees(e, want):
    return e.kind == "FILE_READ" and all(e.fields.get(key) == value for key, value in want.items()
                                         if key != "case")


def numbers(*tops):
    """Of the folders at and below some: that is all by which the hooks know one."""
    return {os.stat(folder).st_ino for top in tops for folder, _, _ in os.walk(top)}


def of_homes():
    """Numbers of the folders at home that are watched; all of a home would be too much to look through."""
    homes = ["/root", *glob.glob("/home/*")]
    return {os.stat(home).st_ino for home in homes if os.path.isdir(home)} | numbers(
        *(os.path.join(home, name) for home in homes for name in SECRETS))


def judge(events, wants, room):
    """name of each case at fault -> its faults"""
    reads = [e for e in events if e.kind == "FILE_READ"]
    found = {want["case"]: [f"not told: {want}; told were {[e.raw.get('file') for e in reads]}"]
             for want in wants if not any(agrees(e, want) for e in reads)}
    unwatched = [os.path.join(room, name) for name in
                 ("other", "many/file", *("names/" + "n" * (n - 1) + "o" for n in LENGTHS))]
    same = numbers(room, "/etc/ssl/private") | of_homes()
    strays = [e.raw for e in reads if e.fields.get("file.path") in unwatched
              or not str(e.fields.get("file.path")).startswith(("/etc", "/root", "/home", room))
              and os.stat(os.path.dirname(str(e.fields.get("file.path")))).st_ino not in same]
    if strays:
        found[NAMES[5]] = [f"told, and must not be: {strays[0]}"]
    return found


def run(sensor, stage, report):
    if not any(report.wants(name) for name in NAMES):
        return
    room = stage.room("watch")
    set_up(room)
    said = os.path.join(room, "said")
    out = "watch.json"
    script = f"'{sys.executable}' '{os.path.abspath(__file__)}' '{sensor.path(out)}' >said"
    with stuck_home():
        status, events = sensor.trace(
            ["/bin/sh", "-c", f"cd '{room}' && exec unshare -m sh -c \"{script}\""],
            options=[word for name in ("secret", "keys", *map("many/file{}".format, range(MANY)),
                                       *("names/" + "n" * n for n in LENGTHS))
                     for word in ("--watch", f"{room}/{name}")], out=out)
    with open(said, encoding="ascii") as f:
        wants = list(map(json.loads, f))
    found = judge(events, wants, room)
    for name in NAMES:
        if status:
            report.result(name, [f"trace ended with {status}: {sensor.said()}"])
        elif name in WHY_NOT and not any(want["case"] == name for want in wants):
            report.skip(name, WHY_NOT[name])
        else:
            report.result(name, found.get(name, []))


if __name__ == "__main__":
    act(sys.argv[1])
