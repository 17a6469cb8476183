#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""benign.py FOLDER: in a guest, a server's ordinary work, up to ROUNDS times over, while the sensor looks on.

What an hour spreads out comes one after the other here: what a rule may be wrong about is what is
done, not the time between. Accounts, keys, jobs and the container's files are there before the sensor
starts, as on any server.
"""

import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
import inside

ROUNDS, LAST_ROUND_S = 5, 200  # no other round begins after so many seconds
SECONDS = 240  # of one piece of work
DEV, DEV_UID = "dev", 1000
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash",
               "LANG": "C.UTF-8", "TERM": "dumb", "DEBIAN_FRONTEND": "noninteractive"}
SSH = "ssh -o BatchMode=yes -o StrictHostKeyChecking=no dev@localhost"
BUNDLE = "/srv/container"
CONFIG = '''{"ociVersion": "1.0.2", "root": {"path": "rootfs"}, "hostname": "box",
 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"],
  "args": ["/bin/sh", "-c", "ls -l /; ps; wc -l /etc/motd; echo done > /tmp/out"]},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
  {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}],
 "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"},
  {"type": "network"}]}}
'''

WORK = {
    "package install": ["apt-get install -y {debs}/*.deb"],
    "compile": ["runuser -u dev -- sh -c 'cd ~dev/project && make clean all && ./count data.txt'",
                "runuser -u dev -- sh -c 'cd ~dev/project && git add -A && git commit -qm build"
                " && git gc -q && git log --stat | head -n 5'",
                "make -C ~dev/project install"],
    "cron": ["run-parts --report /etc/cron.daily", "sleep 61"],
    "log rotation": ["logger -t app 'a line'", "logrotate -f /etc/logrotate.conf"],
    "ssh login": [f"runuser -u dev -- {SSH} 'uptime; free -m; df -h; ls -la'",
                  f"runuser -u dev -- {SSH} 'cd project && make && tail -n 2 data.txt'",
                  "runuser -u dev -- scp -q -o BatchMode=yes -o StrictHostKeyChecking=no"
                  " dev@localhost:project/data.txt /home/dev/copy.txt",
                  f"runuser -u dev -- {SSH} sudo systemctl status cron"],
    "container start": ["cd {bundle} && runc run --no-pivot box"],
}
# what the budget is not about, because it is rarer; it is told as well
BESIDE = {
    "package removal": ["dpkg --purge memcached hello tree"],
    "services": ["systemctl restart cron", "systemctl restart rsyslog", "systemctl daemon-reload",
                 "journalctl -n 20 --no-pager", "systemctl list-timers --no-pager"],
    "backup": ["tar -czf /var/backups/etc.tar.gz /etc", "rsync -a /etc/ /var/backups/etc/",
               "find /var/backups -name '*.gz' -mtime +30 -delete"],
    "web": ["python3 -m http.server 8000 --bind 127.0.0.1 --directory /usr/share/doc >/dev/null &"
            " server=$!; sleep 4; curl -s http://127.0.0.1:8000/ >/dev/null; kill $server"],
}


def sh(command, seconds=SECONDS):
    """Its exit status, None when it had to be stopped, and the end of what it said."""
    with open("/run/work.log", "w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=ENVIRONMENT, cwd="/root",
                                   start_new_session=True)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
            process.kill()
            process.wait()
        log.seek(0)
        return status, log.read()[-400:]


def seed_project():
    folder = f"/home/{DEV}/project"
    inside.write(folder + "/count.c", '#include <stdio.h>\nint count(FILE *f);\n'
                 'int main(int n, char **v)\n{\n\tFILE *f = n > 1 ? fopen(v[1], "r") : stdin;\n'
                 '\treturn !f || printf("%d\\n", count(f)) < 0;\n}\n')
    inside.write(folder + "/lines.c", '#include <stdio.h>\nint count(FILE *f);\nint count(FILE *f)\n'
                 "{\n\tint n = 0, c;\n\twhile ((c = getc(f)) != EOF)\n\t\tn += c == 10;\n"
                 "\treturn n;\n}\n")
    inside.write(folder + "/data.txt", "one\ntwo\n")
    inside.write(folder + "/Makefile", "all: count\ncount: count.o lines.o\n\t$(CC) -o $@ $^\n"
                 "clean:\n\trm -f count *.o\n"
                 "install: all\n\tinstall -D count $(DESTDIR)/usr/local/bin/count\n")


def seed():
    """The server as it stands before anybody looks."""
    setup = [f"useradd -m -u {DEV_UID} -s /bin/bash {DEV}",
             f"install -d -m 700 -o {DEV} -g {DEV} /home/{DEV}/.ssh",
             f"ssh-keygen -q -t ed25519 -N '' -f /home/{DEV}/.ssh/id_ed25519",
             f"cat /home/{DEV}/.ssh/id_ed25519.pub >/home/{DEV}/.ssh/authorized_keys",
             f"chown -R {DEV}:{DEV} /home/{DEV}",
             f"runuser -u {DEV} -- git -C /home/{DEV}/project init -q",
             f"runuser -u {DEV} -- git config --global user.email dev@example.com",
             f"runuser -u {DEV} -- git config --global user.name dev",
             f"mkdir -p {BUNDLE}/rootfs/bin {BUNDLE}/rootfs/etc {BUNDLE}/rootfs/lib64"
             f" {BUNDLE}/rootfs/proc {BUNDLE}/rootfs/tmp {BUNDLE}/rootfs/lib/x86_64-linux-gnu",
             f"cp /bin/busybox {BUNDLE}/rootfs/bin/; echo hello >{BUNDLE}/rootfs/etc/motd",
             f"cp /lib64/ld-linux-x86-64.so.2 {BUNDLE}/rootfs/lib64/",
             f"ldd /bin/busybox | grep -o '/lib/[^ ]*' |"
             f" xargs -I@ cp @ {BUNDLE}/rootfs/lib/x86_64-linux-gnu/",
             f"for a in sh ls ps wc; do ln -sf busybox {BUNDLE}/rootfs/bin/$a; done"]
    inside.write(f"/etc/sudoers.d/{DEV}", f"{DEV} ALL=(root) NOPASSWD: /usr/bin/systemctl status *\n",
                 0o440)
    inside.write("/usr/local/sbin/tidy", "#!/bin/sh\nfind /var/tmp -mtime +10 -delete\n"
                 "df -h / | logger -t tidy\n", 0o755)
    inside.write("/etc/cron.d/tidy", "* * * * * root /usr/local/sbin/tidy\n")
    inside.write(BUNDLE + "/config.json", CONFIG)
    seed_project()
    for command in setup:
        status, said = sh(command)
        if status:
            sys.exit(f"{command}: {said}")


def main():
    inside.refuse_elsewhere()
    work = sys.argv[1]
    record = inside.Record(work, "done.jsonl")
    seed()
    debs = "/var/tmp/debs"
    shutil.copytree(os.path.join(work, "debs"), debs)
    sensor = inside.Sensor(work)  # loads while the system starts
    state = inside.settle()
    sensor.wait()
    record.put(system=state, settled_ns=inside.now_ns())
    first, number = inside.now_ns(), 0
    while number < ROUNDS and inside.now_ns() - first < LAST_ROUND_S * 10 ** 9:
        number += 1
        for name, commands in [*WORK.items(), *BESIDE.items()]:
            began, said = inside.now_ns(), []
            for command in commands:
                status, text = sh(command.format(debs=debs, bundle=BUNDLE))
                said += [] if status == 0 else [f"{command}: {status}: {text}"]
            record.put(work=name, budgeted=name in WORK, round=number, began_ns=began,
                       ended_ns=inside.now_ns(), failed=said)
    record.put(ended=True, rounds=number, sensor=sensor.end())


if __name__ == "__main__":
    main()
