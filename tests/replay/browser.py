# SPDX-License-Identifier: Apache-2.0
"""browser: Chromium without a screen, told what to do over a pipe (its DevTools protocol)."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

WAIT_S = 120


class Failed(Exception):
    """The browser did not do what it was told."""


class Browser:
    """One page. Use it as a context; @folder holds its profile."""

    def __init__(self, folder):
        theirs_in, self.to = os.pipe()
        self.of, theirs_out = os.pipe()

        def place():  # the descriptors that --remote-debugging-pipe means
            a, b = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.child = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
            [shutil.which("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--remote-debugging-pipe",
             f"--user-data-dir={folder}/profile", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(3, 4), preexec_fn=place)
        os.close(theirs_in)
        os.close(theirs_out)
        self.n, self.rest, self.seen, self.session = 0, b"", [], None
        targets = self.tell("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.tell("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.tell(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        os.close(self.to)
        os.close(self.of)

    def hear(self):
        """The next message; events are kept in seen."""
        end = time.monotonic() + WAIT_S
        while b"\0" not in self.rest:
            if not select.select([self.of], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed("the browser says nothing")
            data = os.read(self.of, 1 << 20)
            if not data:
                raise Failed("the browser has ended")
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(message)
        if "method" in message:
            self.seen.append(message)
        return message

    def tell(self, method, **params):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.hear()
            if answer.get("id") == self.n:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']}")
                return answer["result"]

    def ask(self, script):
        """What JavaScript gives, as JSON has it; the page itself may run none."""
        r = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in r:
            raise Failed(f"{script}: {r['exceptionDetails']}")
        return r["result"].get("value")

    def wait(self, script):
        end = time.monotonic() + WAIT_S
        while not self.ask(script):
            if time.monotonic() > end:
                raise Failed(f"it never came to be that {script}")
            time.sleep(0.05)

    def open(self, url):
        self.tell("Page.navigate", url=url)
        self.wait(f"document.readyState == 'complete' && location.href.startsWith({json.dumps(url)})")

    def screen(self, width, height, **more):
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.tell("Emulation.setEmulatedMedia", media=more.get("media", ""), features=[
            {"name": "prefers-color-scheme", "value": more.get("scheme", "light")}])

    def press(self, key):
        codes = {"Tab": 9, "Enter": 13, "Space": 32, "ArrowRight": 39}
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        names = {"key": " " if key == "Space" else key, "code": key,
                 "windowsVirtualKeyCode": codes[key]}
        self.tell("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **names)
        self.tell("Input.dispatchKeyEvent", type="keyUp", **names)

    def picture(self, path, whole=False):
        data = self.tell("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def paper(self, path):
        data = self.tell("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
