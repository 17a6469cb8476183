#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No guest: is what scripts/efficacy says of a guest's folder true, and does it refuse elsewhere?"""

import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
# pylint: disable=wrong-import-position
import judge

GUID, RULE = "9ae28d3f-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000001"
RUN = {"guid": GUID, "pid": 50, "began_ns": 1000, "ended_ns": 2000, "status": 3, "said": "no x",
       "missing": [], "cgroups_before": ["/system.slice/cron.service"]}
SCRIPT = {"kind": "PROCESS_EXEC", "boot_ns": 1001, "process": {"entity_id": "a-1", "pid": 50},
          "exec": {"args": ["sh", f"/opt/art/run/{GUID}.sh"]}, "lineage": {"ids": ["0-1"]}}
HIT = {"rule_id": RULE, "title": "T", "level": "HIGH"}
TEST = {"guid": GUID, "technique": "T1", "n": 1, "name": "x",
        "command_resolved": "systemctl link /tmp/art.service",
        "expected_visible_rules": [{"rule_id": RULE, "rule": "r", "title": "T", "level": "high",
                                    "confidence": "high", "channels": ["process_creation"],
                                    "needs_invoked_path": False}]}
COVERED = {RULE: {"coverage": "fully", "why": ""}}


def hit(entity="b-2", ids=(), cgroup="/init.scope", boot_ns=1500, **more):
    return {"kind": "PROCESS_EXEC", "boot_ns": boot_ns, "detections": [HIT],
            "process": {"entity_id": entity, "pid": 60, "cgroup": cgroup, "command_line": "x"},
            "lineage": {"ids": list(ids)}, **more}


def put_tests(folder):
    with open(folder + "/tests.json", "w", encoding="utf-8") as f:
        json.dump([TEST], f)


def rows(events, run=None, tail="", coverage=None):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/out")
        with open(folder + "/out/events.jsonl", "w", encoding="utf-8") as f:
            f.write("".join(json.dumps(e) + "\n" for e in events) + tail)
        with open(folder + "/out/tests.jsonl", "w", encoding="utf-8") as f:
            f.write(json.dumps(run or RUN) + "\n")
        put_tests(folder)
        found = judge.detections(folder)
    return list(judge.pairs([TEST], found, COVERED if coverage is None else coverage))


def a_descendant_of_the_script_counts():
    row = rows([SCRIPT, hit(ids=["x-3", "a-1", "0-1"])])[0]
    return row["fired"] and row["by"] == "ancestry"


def another_process_at_that_time_does_not():
    return not rows([SCRIPT, hit(ids=["0-1"])])[0]["fired"]


def a_cgroup_that_came_to_be_in_its_time_counts():
    row = rows([SCRIPT, hit(cgroup="/system.slice/art.service")])[0]
    return row["fired"] and row["by"] == "cgroup"


def that_cgroup_at_another_time_does_not():
    late = RUN["ended_ns"] + 3 * 10 ** 9
    return not rows([SCRIPT, hit(cgroup="/system.slice/art.service", boot_ns=late)])[0]["fired"]


def a_cgroup_that_was_there_before_does_not():
    return not rows([SCRIPT, hit(cgroup="/system.slice/cron.service")])[0]["fired"]


def what_the_manager_does_to_a_file_of_the_test_counts():
    asked = hit(ids=[], file={"path": "/etc/systemd/system/art.service"})
    asked["process"]["pid"] = 1
    other = json.loads(json.dumps(asked))
    other["file"]["path"] = "/etc/systemd/system/other.service"
    return rows([SCRIPT, asked])[0]["by"] == "request" and not rows([SCRIPT, other])[0]["fired"]


def a_pid_that_was_used_before_is_not_the_script():
    other = json.loads(json.dumps(SCRIPT))
    other["exec"]["args"][1] = f"/opt/art/check/{GUID}.sh"
    other["process"]["entity_id"] = "0-50"
    row = rows([other, hit(ids=["0-50"])])[0]
    return not row["fired"] and "script was not seen" in row["why"]


def half_a_line_is_no_event():
    return rows([SCRIPT, hit(ids=["a-1"])], tail='{"kind": "PROC')[0]["fired"]


def why_not_tells_of_the_rule_and_of_the_test():
    plain = rows([SCRIPT])[0]["why"]
    never = rows([SCRIPT], coverage={RULE: {"coverage": "none", "why": "no hook"}})[0]["why"]
    gone = rows([SCRIPT], coverage={"": {}})[0]["why"]
    return "ended with 3" in plain and "no hook" in never and "not loaded" in gone


def only_confident_pairs_are_counted():
    fired, low = rows([SCRIPT, hit(ids=["a-1"])]), rows([SCRIPT])
    low[0]["confidence"] = "low"
    return judge.recall(fired + low) == (1, 1)


def what_fired_beyond_is_told():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/out")
        other = dict(HIT, rule_id="other")
        event = hit(ids=["a-1"])
        event["detections"] = [HIT, other]
        put_tests(folder)
        for name, what in (("events", [SCRIPT, event]), ("tests", [RUN])):
            with open(f"{folder}/out/{name}.jsonl", "w", encoding="utf-8") as f:
                f.write("".join(json.dumps(w) + "\n" for w in what))
        return [b["rule_id"] for b in judge.beyond([TEST], judge.detections(folder))] == ["other"]


def honest_work_has_its_detections_once_and_until_its_end():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/out")
        done = [{"system": "running"},
                {"work": "cron", "budgeted": True, "began_ns": 1000, "ended_ns": 2000, "failed": []},
                {"work": "web", "budgeted": False, "began_ns": 2100, "ended_ns": 3000, "failed": []},
                {"ended": True}]
        events = [hit(boot_ns=t) for t in (1100, 1200, 2050, 2500, 3001)]
        for name, what in (("events", events), ("done", done)):
            with open(f"{folder}/out/{name}.jsonl", "w", encoding="utf-8") as f:
                f.write("".join(json.dumps(w) + "\n" for w in what))
        quiet = judge.benign(folder)
    told = [(d["work"], d["budgeted"], d["times"]) for d in quiet["detections"]]
    return quiet["whole"] and told == [("cron", True, 2), ("between", True, 1), ("web", False, 1)]


def outside_a_guest_it_refuses():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/out")
        with open(folder + "/tests.json", "w", encoding="utf-8") as f:
            json.dump([dict(TEST, executor="sh", command_resolved=f"touch {folder}/deed",
                            cleanup=None, prerequisites=[], inputs={})], f)
        for program in ("attack.py", "benign.py"):
            done = subprocess.run([sys.executable, os.path.join(HERE, program), folder],
                                  capture_output=True, text=True, timeout=60, check=False)
            if done.returncode != 1 or "refused" not in done.stderr or os.listdir(folder + "/out"):
                return False
        return not os.path.exists(folder + "/deed")


TESTS = [a_descendant_of_the_script_counts, another_process_at_that_time_does_not,
         a_cgroup_that_came_to_be_in_its_time_counts, that_cgroup_at_another_time_does_not,
         a_cgroup_that_was_there_before_does_not,
         what_the_manager_does_to_a_file_of_the_test_counts, a_pid_that_was_used_before_is_not_the_script,
         half_a_line_is_no_event, why_not_tells_of_the_rule_and_of_the_test,
         only_confident_pairs_are_counted, what_fired_beyond_is_told,
         honest_work_has_its_detections_once_and_until_its_end, outside_a_guest_it_refuses]


def main():
    failed = 0
    for test in TESTS:
        fine = test()
        failed += not fine
        print(f"{'ok' if fine else 'not ok'} {test.__name__}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
