# SPDX-License-Identifier: Apache-2.0
"""The report's tables, as docs/efficacy.md has them."""

from judge import CONFIDENT, LOUD


def by_rule(rows):
    yield "| rule | level | expected of tests | fired |"
    yield "|---|---|---|---|"
    rules = {}
    for row in rows:
        if row["confidence"] in CONFIDENT:
            rules.setdefault((row["rule"], row["level"]), []).append(row)
    for (rule, level), pairs in sorted(rules.items()):
        missed = ", ".join(f"{p['n']} not" for p in pairs if not p["fired"])
        tests = ", ".join(str(p["n"]) for p in pairs)
        yield (f"| {rule} | {level} | {tests} | {sum(p['fired'] for p in pairs)} of {len(pairs)}"
               f"{': ' + missed if missed else ''} |")


def by_channel(rows):
    yield "| first channel | expected | fired |"
    yield "|---|---|---|"
    channels = {}
    for row in rows:
        if row["confidence"] in CONFIDENT:
            channels.setdefault(row["channels"][0], []).append(row)
            if row["needs_invoked_path"]:
                channels.setdefault("of these, by the invoked path only", []).append(row)
    for channel, pairs in sorted(channels.items()):
        yield f"| {channel} | {len(pairs)} | {sum(p['fired'] for p in pairs)} |"


def missed(rows):
    for row in rows:
        if not row["fired"]:
            yield (f"- {row['technique']} {row['n']} {row['rule']} ({row['confidence']}): "
                   f"{row['why']}")


def of_benign(quiet):
    yield "| work | rule | level | times | by |"
    yield "|---|---|---|---|---|"
    for d in sorted(quiet["detections"], key=lambda d: (d["level"] not in LOUD, d["work"])):
        yield f"| {d['work']} | {d['title']} | {d['level'].lower()} | {d['times']} | `{d['seen']}` |"


def tables(rows, extra, quiet):
    if any(r["fired"] for r in rows):
        yield from by_channel(rows)
        yield ""
        yield from by_rule(rows)
        yield ""
        yield from missed(rows)
        yield ""
        yield f"{len(extra)} rules fired in tests that do not expect them."
    if quiet["ran"]:
        yield ""
        yield from of_benign(quiet)
