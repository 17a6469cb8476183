#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""service.py FOLDER: in a guest with systemd, the package's life: installed, used, reloaded, restarted under load,
upgraded, stopped, purged. Detections go to the rsyslog beside it.

FOLDER has this.deb and next.deb, and is where logs are left when something is wrong.
"""

import contextlib
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
import inside
from inside import run, wait_until
from report import Report

PATIENCE_S = 180
RECEIVED = "/var/log/received.log"
RSYSLOG = f'''module(load="imtcp")
template(name="whole" type="string" string="%rawmsg%\\n")
ruleset(name="lapwing") {{ action(type="omfile" file="{RECEIVED}" template="whole") }}
input(type="imtcp" port="5514" address="127.0.0.1" ruleset="lapwing")
'''
CONFIG = '''rules: [/usr/share/lapwing/rules, /etc/lapwing/rules]
sinks:
  - name: syslog
    url: syslog://127.0.0.1:5514
    over: tcp
    format: json
  - name: all
    url: file:/var/log/lapwing/all.json
    format: json
'''
RULE = '''title: A Word Of Mine
id: 3f0c2e0e-5a3e-4f6d-9a35-0d6f2a1c7b11
status: experimental
logsource: {product: linux, category: process_creation}
detection:
    selection: {CommandLine|contains: word-of-mine}
    condition: selection
level: high
'''
DROP_IN = "/etc/systemd/system/lapwing.service.d"
FOUR = 0x4 | 0x80000 | 0x4000000000 | 0x8000000000  # DAC_READ_SEARCH, SYS_PTRACE, PERFMON, BPF
TWO = 0x4 | 0x80000
# what dpkg, systemd, rsyslog and logs keep of their own
OTHERS = re.compile(r"/var/(lib/(dpkg|systemd|rsyslog|apt)|cache|log|backups|tmp)(/|$)|/etc/\.pwd\.lock")


def show(name):
    return run("systemctl", "show", "lapwing", "-P", name).stdout.strip()


def processes():
    """Of lapwing, by pid: what /proc/PID/status says."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/exe"):
        try:
            if os.readlink(path).startswith("/usr/sbin/lapwing"):
                with open(path[:-3] + "status", encoding="utf-8") as f:
                    found[int(path.split("/")[2])] = dict(line.rstrip("\n").split(":\t", 1)
                                                          for line in f if ":\t" in line)
        except OSError:
            pass
    return found


def files():
    found = set()
    for top in ("/etc", "/usr", "/var", "/run", "/root", "/lib", "/opt", "/srv", "/tmp"):
        for folder, dirs, names in os.walk(top):
            dirs[:] = [d for d in dirs if not os.path.ismount(os.path.join(folder, d))]
            found.update(os.path.join(folder, n) for n in dirs + names)
    return {f for f in found if not OTHERS.match(f) or "lapwing" in f}


def received(word):
    """How many lines rsyslog has that say @word."""
    try:
        with open(RECEIVED, encoding="utf-8", errors="replace") as f:
            return sum(word in line for line in f)
    except FileNotFoundError:
        return 0


class Service:
    """Each case yields what is wrong."""

    def __init__(self, folder):
        self.folder = folder
        self.before = files()
        self.deeds = 0

    def deed(self, word, title):
        """Does what a rule is about until the detection is in rsyslog's file; a fault, or None."""
        before = received(title)

        def seen():
            self.deeds += 1
            shutil.copy("/bin/true", f"/tmp/deed-{self.deeds}")
            run(f"/tmp/deed-{self.deeds}", word)
            os.unlink(f"/tmp/deed-{self.deeds}")
            return wait_until(lambda: received(title) > before, 10)

        return None if wait_until(seen, PATIENCE_S) else f"rsyslog has no line of '{title}'"

    def events(self, kind):
        try:
            with open("/var/log/lapwing/all.json", encoding="utf-8") as f:
                return [json.loads(line) for line in f if f'"{kind}"' in line and line.endswith("\n")]
        except FileNotFoundError:
            return []

    def is_installed_and_runs(self):
        done = run("dpkg", "-i", f"{self.folder}/this.deb")
        if done.returncode:
            yield f"dpkg: {done.stdout}{done.stderr}"
        if not wait_until(lambda: show("ActiveState") == "active", 60):
            yield f"the service is {show('ActiveState')}, {show('Result')}"
        if run("systemctl", "is-enabled", "lapwing").stdout.strip() != "enabled":
            yield "it is not enabled"
        if os.stat("/etc/lapwing/lapwing.yaml").st_mode & 0o77:
            yield "others can read the configuration"

    def a_detection_arrives_in_rsyslog(self):
        inside.write("/etc/rsyslog.d/lapwing.conf", RSYSLOG)
        done = run("systemctl", "restart", "rsyslog")
        inside.write("/etc/lapwing/lapwing.yaml", CONFIG, 0o600)
        os.makedirs("/etc/lapwing/rules", exist_ok=True)
        check = run("lapwing", "config", "check")
        if done.returncode or check.returncode:
            yield f"{done.stderr}{check.stdout}{check.stderr}"
        run("systemctl", "restart", "lapwing")
        fault = self.deed("first", "Execution From A Temporary Folder")
        if fault:
            yield fault

    def it_holds_four_capabilities_and_after_the_start_two(self):
        all_of_it = processes()
        main = int(show("MainPID") or 0)
        if int(all_of_it.get(main, {}).get("CapBnd", "0"), 16) != FOUR:
            yield f"the supervisor may: {all_of_it.get(main)}"
        worker = [s for s in all_of_it.values() if int(s["PPid"]) == main]
        if not worker or any(int(s["CapEff"], 16) & ~TWO for s in worker):
            yield f"the sensor may: {[s['CapEff'] for s in worker]}"
        if any(s["NoNewPrivs"].strip() != "1" for s in all_of_it.values()):
            yield "a process can gain privileges"

    def hardening_leaves_no_hook_silent(self):
        told = wait_until(lambda: self.events("HOST_COVERAGE"), PATIENCE_S)
        if not told:
            yield "no HOST_COVERAGE"
            return
        text = json.dumps(told[-1])
        if told[-1]["coverage"].get("silent") or not told[-1]["coverage"].get("proven"):
            yield f"of what was tried: {text[:2000]}"

    def a_reload_takes_a_new_rule(self):
        inside.write("/etc/lapwing/rules/mine.yml", RULE)
        pid = show("MainPID")
        done = run("systemctl", "reload", "lapwing")
        if done.returncode:
            yield done.stderr
        fault = self.deed("word-of-mine", "A Word Of Mine")
        if fault:
            yield fault
        if show("MainPID") != pid:
            yield "it was started anew"

    def its_owner_has_hooks_costs_counted(self):
        """By the file that comes with it; without CAP_SYS_ADMIN, and without a restart."""
        def programs():
            return json.loads(run("lapwing", "status", "--json").stdout)["sensor"]

        if "not counted; sysctl" not in run("lapwing", "status").stdout:
            yield f"status does not say why nothing is counted: {run('lapwing', 'status').stdout}"
        shutil.copy("/usr/share/lapwing/sysctl.d/60-lapwing-cost.conf", "/etc/sysctl.d/")
        run("systemctl", "restart", "systemd-sysctl")
        if not wait_until(lambda: programs()["bpf_stats_enabled"] and
                          any(p["run_ns"] for p in programs()["programs"]), 90):
            yield f"nothing is counted: {programs()['programs']}"
        os.unlink("/etc/sysctl.d/60-lapwing-cost.conf")
        with open("/proc/sys/kernel/bpf_stats_enabled", "w", encoding="utf-8") as f:
            f.write("0")

    def it_is_restarted_under_load(self):
        load = subprocess.Popen(["sh", "-c", "while :; do /bin/true; cat /etc/hostname >/dev/null; done"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            for i in range(3):
                began = time.monotonic()
                done = run("systemctl", "restart", "lapwing")
                print(f"# restart {i + 1} took {time.monotonic() - began:.1f} s")
                if done.returncode:
                    yield f"restart {i + 1}: {done.stderr}"
                fault = self.deed("load", "Execution From A Temporary Folder")
                if fault:
                    yield f"restart {i + 1}: {fault}"
        finally:
            load.kill()
            load.wait()
        log = run("journalctl", "-u", "lapwing", "-o", "cat").stdout
        wrong = [line for line in log.splitlines()
                 if re.search(r"is killed|the sensor died|failed after|exited|timed out", line)]
        if wrong:
            yield "it did not end in order: " + "; ".join(wrong)
        ledger = json.loads(run("lapwing", "status", "--json").stdout or "{}")
        for sink in ledger.get("sinks", []):
            dropped = sink.get("dropped")
            lost = {k: v for k, v in dropped.items() if k != "filtered"} if isinstance(
                dropped, dict) else dropped
            if isinstance(lost, dict) and any(lost.values()):
                yield f"{sink['sink']} dropped {lost}"
        if not ledger.get("sinks"):
            yield f"no ledger: {ledger}"

    def it_stays_below_its_limits(self):
        tasks, top = int(show("TasksCurrent") or 0), 0
        with open("/sys/fs/cgroup/system.slice/lapwing.service/memory.events", encoding="utf-8") as f:
            events = dict(line.split() for line in f)
        with open("/sys/fs/cgroup/system.slice/lapwing.service/memory.current",
                  encoding="utf-8") as f:
            top = int(f.read())
        print(f"# {tasks} tasks of 64, memory {top / 2**20:.1f} MiB of 192, events {events}")
        if not 0 < tasks < 32 or not 0 < top < 160 << 20 or int(events["oom"]):
            yield "near its limits, or beyond"

    def an_upgrade_restarts_it_and_keeps_the_configuration(self):
        pid = show("MainPID")
        done = run("dpkg", "-i", f"{self.folder}/next.deb", stdin=subprocess.DEVNULL)
        if done.returncode:
            yield f"dpkg: {done.stdout}{done.stderr}"
        with open("/etc/lapwing/lapwing.yaml", encoding="utf-8") as f:
            if f.read() != CONFIG:
                yield "the configuration is another"
        if not wait_until(lambda: show("ActiveState") == "active", 60) or show("MainPID") == pid:
            yield f"{show('ActiveState')}, process {pid} before and {show('MainPID')} after"
        fault = self.deed("upgraded", "Execution From A Temporary Folder")
        if fault:
            yield fault

    def the_switch_keeps_it_off(self):
        run("systemctl", "stop", "lapwing")
        inside.write("/etc/lapwing/disable", "")
        run("systemctl", "start", "lapwing")
        if wait_until(lambda: show("ActiveState") == "active", 5) or processes():
            yield f"it is {show('ActiveState')}: {processes().keys()}"
        os.unlink("/etc/lapwing/disable")
        run("systemctl", "start", "lapwing")
        if not wait_until(lambda: show("ActiveState") == "active", 60):
            yield "it does not start without the switch"

    def a_disk_that_is_full_is_waited_for(self):
        """Where a spool cannot be made nothing is seen, and that is said; with room it goes on by itself."""
        run("systemctl", "stop", "lapwing")
        killed = show("Result") == "timeout"  # in a slow guest, while it still began: a death of its own
        run("mount", "-t", "tmpfs", "-o", "size=16m,nr_inodes=64", "none", "/var/lib/lapwing/spool")
        with contextlib.suppress(OSError):
            for n in range(64):
                with open(f"/var/lib/lapwing/spool/{n}", "wb"):
                    pass
        run("systemctl", "start", "--no-block", "lapwing")
        if not wait_until(lambda: "nothing is seen" in show("StatusText"), 120):
            yield f"its status is '{show('StatusText')}'"
        log = run("journalctl", "-u", "lapwing", "-o", "cat", "-n", "30").stdout
        if show("ActiveState") != "active" or "No space left on device" not in log:
            yield f"it is {show('ActiveState')}: {log[-1500:]}"
        for name in glob.glob("/var/lib/lapwing/spool/*"):
            os.unlink(name)
        if not wait_until(lambda: not show("StatusText"), 240):
            yield f"with room again its status is '{show('StatusText')}'"
        fault = self.deed("mended", "Execution From A Temporary Folder")
        if fault:
            yield fault
        mode = json.loads(run("lapwing", "mode", "--json").stdout)
        if show("NRestarts") != "0" or mode["strikes"] != int(killed) or mode["mode"] != "full":
            yield f"{show('NRestarts')} restarts; {mode}"
        run("systemctl", "stop", "lapwing")
        run("umount", "/var/lib/lapwing/spool")

    def what_no_time_mends_ends_as_failed(self):
        """Each start is tried until it times out; the unit's limits, shortened, say how often."""
        run("systemctl", "stop", "lapwing")
        inside.write(f"{DROP_IN}/short.conf",
                     "[Unit]\nStartLimitBurst=3\n[Service]\nTimeoutStartSec=40\nRestartSec=1\n"
                     "ExecStart=\nExecStart=/usr/sbin/lapwing supervise -- -o json:/nowhere/events.json\n")
        for words in (["daemon-reload"], ["reset-failed", "lapwing"], ["start", "--no-block", "lapwing"]):
            run("systemctl", *words)
        if not wait_until(lambda: show("ActiveState") == "failed", 600):
            yield f"it is {show('ActiveState')} after {show('NRestarts')} restarts"
        log = run("journalctl", "-u", "lapwing", "-o", "cat").stdout
        if show("NRestarts") != "3" or "Start request repeated too quickly" not in log:
            yield f"{show('NRestarts')} restarts: {log[-1500:]}"
        shutil.rmtree(DROP_IN)
        for words in (["daemon-reload"], ["reset-failed", "lapwing"], ["start", "lapwing"]):
            run("systemctl", *words)
        fault = self.deed("mended again", "Execution From A Temporary Folder")
        if fault:
            yield fault

    def stopped_it_leaves_no_process(self):
        began = time.monotonic()
        done = run("systemctl", "stop", "lapwing")
        print(f"# stop took {time.monotonic() - began:.1f} s")
        if done.returncode or processes():
            yield f"{done.stderr} {list(processes())}"
        if show("Result") != "success":
            yield f"its result is {show('Result')}"

    def purged_it_leaves_nothing(self):
        run("systemctl", "start", "lapwing")
        self.deed("last", "Execution From A Temporary Folder")
        done = run("dpkg", "--purge", "lapwing")
        if done.returncode or "not empty" in done.stdout + done.stderr:
            yield f"dpkg: {done.stdout}{done.stderr}"
        if processes():
            yield f"processes are left: {processes()}"
        os.unlink("/etc/rsyslog.d/lapwing.conf")
        left = {f for f in files() - self.before if "/systemd/" not in f or "lapwing" in f}
        left = sorted(f for f in left if f != RECEIVED and not f.startswith("/run/"))
        left += glob.glob("/run/**/*lapwing*", recursive=True)
        if left:
            yield f"left behind: {left}"
        if "lapwing" in run("systemctl", "list-units", "--all").stdout:
            yield "systemd still knows it"


def main():
    inside.refuse_elsewhere()
    folder = sys.argv[1]
    print(f"# the guest is {inside.settle()}")
    report, service = Report("deploy/"), Service(folder)
    for case in (service.is_installed_and_runs, service.a_detection_arrives_in_rsyslog,
                 service.it_holds_four_capabilities_and_after_the_start_two,
                 service.hardening_leaves_no_hook_silent, service.a_reload_takes_a_new_rule,
                 service.its_owner_has_hooks_costs_counted,
                 service.it_is_restarted_under_load, service.it_stays_below_its_limits,
                 service.an_upgrade_restarts_it_and_keeps_the_configuration,
                 service.the_switch_keeps_it_off,
                 service.a_disk_that_is_full_is_waited_for,
                 service.what_no_time_mends_ends_as_failed, service.stopped_it_leaves_no_process,
                 service.purged_it_leaves_nothing):
        report.result(case.__name__, case())
        sys.stdout.flush()
    if report.failed:
        with open(f"{folder}/journal", "w", encoding="utf-8") as f:
            f.write(run("journalctl", "-o", "short-monotonic", "--no-pager").stdout)
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
