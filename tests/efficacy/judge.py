# SPDX-License-Identifier: Apache-2.0
"""Which expected pairs of test and rule fired: pure reading of what a guest left in its folder.

A detection belongs to a test by ancestry: the process of its event, or one that made it (lineage), is
the test's own script. What a service manager starts for a test has another ancestor; it belongs to
the test whose time it falls into when it is in the cgroup of a unit or session that was not there before.
What the manager itself does when it is asked to (it makes the links of "enable") belongs to the test
whose time it falls into when the test's text names the file.
"""

import json
import os

CONFIDENT = ("high", "medium")
UNITS = ("/system.slice/", "/user.slice/")


def lines(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.endswith("\n"):  # a guest that died may have left half of one
                    yield json.loads(line)
    except FileNotFoundError:
        return


def root_of(run, events):
    """The entity of the script's process: pids are used again, the exec of its path is not."""
    name = f"/run/{run['guid']}.sh"
    for event in events:
        args = event.get("exec", {}).get("args", [])
        if event["kind"] == "PROCESS_EXEC" and event["process"]["pid"] == run["pid"] and \
           any(a.endswith(name) for a in args):
            return event["process"]["entity_id"]
    return None


def attribution(event, run, root, text=""):
    """How @event belongs to @run, whose script is @text: "ancestry", "cgroup", "request", or None."""
    process = event.get("process", {})
    if root and (process.get("entity_id") == root or
                 root in event.get("lineage", {}).get("ids", [])):
        return "ancestry"
    if not run["began_ns"] <= event.get("boot_ns", 0) <= run["ended_ns"]:
        return None
    group = process.get("cgroup", "")
    if group.startswith(UNITS) and group not in run["cgroups_before"]:
        return "cgroup"
    name = os.path.basename(event.get("file", {}).get("path", ""))
    if process.get("pid") == 1 and name and name in text:
        return "request"
    return None


def detections(folder):
    """For each test that ran: its process, and {rule id: (how, title, level, what it was seen by)}."""
    events = list(lines(os.path.join(folder, "out/events.jsonl")))
    runs = [r for r in lines(os.path.join(folder, "out/tests.jsonl")) if "guid" in r]
    hits = [e for e in events if e.get("detections")]
    with open(os.path.join(folder, "tests.json"), encoding="utf-8") as f:
        texts = {t["guid"]: t["command_resolved"] for t in json.load(f)}
    found = {}
    for run in runs:
        root, fired = root_of(run, events), {}
        for event in hits:
            how = attribution(event, run, root, texts[run["guid"]])
            if not how:
                continue
            what = event.get("file", {}).get("path") or event["process"].get("command_line", "")
            for d in event["detections"]:
                fired.setdefault(d["rule_id"], (how, d["title"], d["level"], what))
        found[run["guid"]] = {"run": run, "root": root, "fired": fired}
    return found


def reason(rule, got, coverage):
    """Why an expected pair is not there, as far as a guest's folder tells."""
    if got is None:
        return "not run: the guest ended before it"
    known = coverage.get(rule["rule_id"])
    if not known:
        return "the rule is not loaded"
    if known["coverage"] == "none":
        return "cannot match on this host: " + known["why"]
    run = got["run"]
    if not got["root"]:
        return "the exec of the test's script was not seen"
    said = " ".join(run["said"].split())[-160:]
    state = "had to be stopped" if run["status"] is None else f"ended with {run['status']}"
    missing = f"; missing: {run['missing']}" if run["missing"] else ""
    partly = f"; rule covered {known['coverage']}: {known['why']}" if known["why"] else ""
    return f"no event of the test met it; the test {state}: {said}{missing}{partly}"


def pairs(tests, found, coverage):
    """One row for each expected pair of @tests."""
    for test in tests:
        got = found.get(test["guid"])
        for rule in test["expected_visible_rules"]:
            fired = got["fired"].get(rule["rule_id"]) if got else None
            yield {"technique": test["technique"], "n": test["n"], "test": test["name"],
                   "guid": test["guid"], "rule": rule["rule"], "rule_id": rule["rule_id"],
                   "title": rule["title"], "level": rule["level"],
                   "confidence": rule["confidence"], "channels": rule["channels"],
                   "needs_invoked_path": rule["needs_invoked_path"], "fired": bool(fired),
                   "by": fired[0] if fired else None,
                   "seen": fired[3][:200] if fired else None,
                   "why": None if fired else reason(rule, got, coverage)}


def beyond(tests, found):
    """Rules that fired in a test which does not expect them: to be looked at, not errors."""
    for test in tests:
        expected = {r["rule_id"] for r in test["expected_visible_rules"]}
        for rule_id, hit in found.get(test["guid"], {}).get("fired", {}).items():
            if rule_id not in expected:
                yield {"technique": test["technique"], "n": test["n"], "test": test["name"],
                       "rule_id": rule_id, "title": hit[1], "level": hit[2], "by": hit[0],
                       "seen": hit[3][:200]}


def recall(rows):
    """(fired, expected) of the pairs that we hold ourselves to."""
    counted = [r for r in rows if r["confidence"] in CONFIDENT]
    return sum(r["fired"] for r in counted), len(counted)


LOUD = ("MEDIUM", "HIGH", "CRITICAL")
BUDGET = 3  # loud detections of a benign hour


def benign(folder):
    """What was detected of ordinary work: each rule once for each thing done, and what was done.

    The sensor's own end, by a signal of ours, is no work.
    """
    done = list(lines(os.path.join(folder, "out/done.jsonl")))
    works = [d for d in done if "work" in d]
    end, seen = max((w["ended_ns"] for w in works), default=0), {}
    for event in lines(os.path.join(folder, "out/events.jsonl")):
        for d in event.get("detections", []) if event["boot_ns"] <= end else []:
            process = event.get("process", {})
            what = event.get("file", {}).get("path") or process.get("command_line", "")
            work = next((w for w in works if w["began_ns"] <= event["boot_ns"] <= w["ended_ns"]),
                        {"work": "between", "budgeted": True})
            key = (d["rule_id"], work["work"])
            seen.setdefault(key, {"rule_id": d["rule_id"], "title": d["title"],
                                  "level": d["level"], "work": work["work"],
                                  "budgeted": work["budgeted"], "seen": what[:200],
                                  "times": 0})["times"] += 1
    return {"ran": bool(done), "whole": any(d.get("ended") for d in done), "works": works,
            "detections": list(seen.values())}
