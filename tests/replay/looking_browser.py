# SPDX-License-Identifier: Apache-2.0
"""The page of `lapwing report` in Chromium, for tests/replay/looking."""

import os
import shutil

from browser import Browser


FOCUS = """(() => { const a = document.activeElement, s = getComputedStyle(a);
    return {tag: a.tagName.toLowerCase(), name: a.getAttribute("aria-label") || a.textContent.slice(0, 80),
            shown: s.outlineStyle != "none" && parseFloat(s.outlineWidth) > 0}; })()"""


ROWS = "[...document.querySelectorAll('svg a')].filter(a => a.checkVisibility())"


def of_the_picture(b):
    """One of the pictures is there, all of it in sight: rows, their words and marks lie in it, below one another."""
    if not b.ask("""(() => { const shown = [...document.querySelectorAll("svg")].filter(s => s.checkVisibility());
            const box = shown[0].getBoundingClientRect(), into = shown[0].parentElement.getBoundingClientRect();
            const rows = %s.map(a => a.getBoundingClientRect());
            return shown.length == 1 && box.left >= into.left && box.right <= into.right && rows.length > 3 &&
                rows.every((r, i) => r.left >= box.left && r.right <= box.right + 1 &&
                r.bottom <= box.bottom && (!i || r.top >= rows[i - 1].top + 10)); })()""" % ROWS):
        yield "there is not one picture, or its rows lie over one another, or outside"


def at_a_desk(b, keep, title):
    b.screen(1100, 1400)
    b.picture(os.path.join(keep, "report.png"), whole=True)
    if b.ask("document.title") != title:
        yield f"its title is {b.ask('document.title')!r}: what is from an event has run"
    if b.ask("document.images.length + document.scripts.length"):
        yield "an event has made elements"
    # each square of the picture lies in the picture, and below the row before
    yield from of_the_picture(b)


def by_keyboard(b):
    """Tab comes to the picture, each of its rows and each event, and shows where it is."""
    b.screen(1100, 1400)
    rows, events = b.ask(f"{ROWS}.length"), b.ask(
        "document.querySelectorAll('summary').length")
    stops = []
    for _ in range(1 + rows + events):
        b.press("Tab")
        stops.append(b.ask(FOCUS))
    if [s["tag"] for s in stops] != ["div"] + ["a"] * rows + ["summary"] * events:
        yield f"Tab stops at {stops}"
    yield from (f"nothing shows that {s['name']} has the focus" for s in stops if not s["shown"])
    b.press("Space")
    if not b.ask("document.activeElement.parentElement.open"):
        yield "the space bar does not unfold an event"
    link = f"{ROWS}.find(a => a.textContent.includes('203.0.113.9'))"
    b.ask(f"{link}.focus()")
    b.press("Enter")
    b.wait("location.hash != ''")
    where = "document.querySelector(location.hash)"
    if not b.ask(f"{where}.closest('details').open && {where}.checkVisibility()"):
        yield "Enter on a row of the picture does not unfold its event"
    if not b.ask(f"(r => r.top >= -1 && r.top < innerHeight)({where}.getBoundingClientRect())"):
        yield "Enter on a row of the picture does not go to its event"


def on_a_phone(b, keep):
    b.screen(360, 740)
    b.picture(os.path.join(keep, "report-phone.png"), whole=True)
    if b.ask("document.documentElement.scrollWidth") > 360:
        yield "the page is wider than a phone"
    small = b.ask("""[...document.querySelectorAll("main *")].filter(e => e.childNodes.length &&
        [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) &&
        parseFloat(getComputedStyle(e).fontSize) < 11).map(e => e.textContent.slice(0, 40))""")
    if small:
        yield f"too small to read: {small}"
    yield from of_the_picture(b)


def in_the_dark_and_on_paper(b, keep):
    """The text stands out from what is behind it, and paper is white whatever the screen is."""
    light = """(() => { const c = getComputedStyle(document.body), of = s => s.match(/[0-9.]+/g).slice(0, 3)
        .reduce((sum, v) => sum + Number(v), 0) / 765; return [of(c.color), of(c.backgroundColor)]; })()"""
    b.screen(1100, 1400, scheme="dark")
    b.picture(os.path.join(keep, "report-dark.png"))
    ink, paper = b.ask(light)
    if ink < 0.8 or paper > 0.2:
        yield f"in the dark the ink is {ink}, the paper {paper}"
    b.screen(760, 1000, media="print", scheme="dark")
    ink, paper = b.ask(light)
    if ink > 0.2 or paper < 0.8:
        yield f"on paper the ink is {ink}, the paper {paper}"
    if b.ask("document.documentElement.scrollWidth") > 760:
        yield "the page is wider than the paper"
    yield from of_the_picture(b)
    b.paper(os.path.join(keep, "report.pdf"))
    with open(os.path.join(keep, "report.pdf"), "rb") as f:
        if f.read(5) != b"%PDF-":
            yield "it cannot be printed"


def browser_cases(page, folder, title):
    """[(name, faults, reason to skip)]: Chromium draws it, runs nothing of it, and it can be used."""
    keep, url = os.environ.get("LAPWING_ARTIFACTS", folder), f"file://{page}"
    cases = {"chromium_shows_the_report_and_runs_nothing_of_it": lambda b: at_a_desk(b, keep, title),
             "the_report_can_be_used_by_keyboard": by_keyboard,
             "the_report_can_be_read_on_a_phone": lambda b: on_a_phone(b, keep),
             "the_report_can_be_read_in_the_dark_and_on_paper":
             lambda b: in_the_dark_and_on_paper(b, keep)}
    if not shutil.which("chromium"):
        return [(name, [], "chromium is not installed: apt-get install chromium") for name in cases]
    results = []
    with Browser(folder) as b:
        for name, case in cases.items():
            b.open(url)
            results.append((name, list(case(b)), None))
        asked = {m["params"]["request"]["url"].split("#")[0] for m in b.seen
                 if m["method"] == "Network.requestWillBeSent"} - {"about:blank"}
        said = [m for m in b.seen if m["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")]
    results.append(("the_report_asks_for_nothing_else", [f"it asked for {asked}, and {said}"]
                    if asked != {url} or said else [], None))
    return results
