# SPDX-License-Identifier: Apache-2.0
"""Receivers over HTTP on loopback that hold what they get to its protocol's grammar.

A receiver answers by a plan: a list of actions, one for each request, then "ok" for ever. What it
took is in .ids; what broke the grammar is in .faults. A poisoned id is refused wherever it stands.
"""

import gzip
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))


class Receiver:
    path = None
    kind = None

    def __init__(self, plan=(), poison=(), tls=None, port=0, delay=0.0):
        self.plan, self.poison, self.delay = list(plan), set(poison), delay
        self.ids, self.faults, self.times = [], [], []
        self.secrets = 0
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_POST(self):
                receiver.handle(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request, address):
                pass  # a client that left, or that did not like our certificate

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls["cert"], tls["key"])
            if "clients" in tls:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(tls["clients"])
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def fault(self, text):
        self.faults.append(text)

    def handle(self, h):
        body = h.rfile.read(int(h.headers["Content-Length"]))
        if h.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.check_head(h)
        self.secrets += b"hunter2" in body
        with self.lock:
            if not self.is_question(h):
                self.times.append(time.monotonic())
            action = self.plan.pop(0) if self.plan and not self.is_question(h) else "ok"
        time.sleep(self.delay)
        if action == "hang":
            time.sleep(3)
            h.close_connection = True
            return
        if action == "cut":
            h.close_connection = True
            return
        if action == "ok":
            status, headers, answer = self.take(h, body)
        elif isinstance(action, dict):
            status, headers, answer = self.take(h, body, **action)
        else:
            status, headers, answer = action
        h.send_response(status)
        for name, value in headers.items():
            h.send_header(name, value)
        h.send_header("Content-Length", str(len(answer)))
        h.end_headers()
        h.wfile.write(answer)

    def is_question(self, h):
        return False

    def check_head(self, h):
        self.head = h.headers
        if h.path.split("?")[0] not in self.paths:
            self.fault(f"path {h.path}")
        if h.headers.get("Content-Type") != self.kind:
            self.fault(f"content type {h.headers.get('Content-Type')}")

    def accept(self, ids):
        with self.lock:
            self.ids += ids


class Otlp(Receiver):
    paths, kind = ["/v1/logs"], "application/x-protobuf"

    def records(self, body):
        r = subprocess.run(["protoc", f"-I{HERE}", "--decode=otlp.ExportLogsServiceRequest",
                            "logs.proto"], input=body, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, check=False)
        text = r.stdout.decode()
        if r.returncode or re.search(r"^\s*\d+[:{ ]", text, re.M):
            self.fault("not a request of logs")
        if text.count("resource_logs {") != 1 or 'key: "service.name"' not in text:
            self.fault("no resource")
        return re.split(r"^    log_records \{$", text, flags=re.M)[1:]

    def take(self, h, body, rejected=0):
        ids = []
        for record in self.records(body):
            found = re.search(r'key: "lapwing.id"\s*value \{\s*string_value: "([^"]+)"', record)
            keys = re.findall(r'^        key: "([^"]+)"', record, re.M)
            if not found or len(keys) != len(set(keys)):
                self.fault("no id, or a key twice")
            for want in ("time_unix_nano: 1", "severity_number: ", "event_name: \"lapwing.",
                         "observed_time_unix_nano: 1", "body {"):
                if want not in record:
                    self.fault(f"a record without {want}")
            ids.append(found[1] if found else "?")
        if self.poison & set(ids):
            return 400, {}, b"poison"
        self.accept(ids[:len(ids) - rejected])
        answer = b"\x0a\x08\x08" + bytes([rejected]) + b"\x12\x04some" if rejected else b""
        return 200, {"Content-Type": self.kind}, answer


class Splunk(Receiver):
    paths = ["/services/collector/event", "/services/collector/ack"]
    kind = "application/json"

    def __init__(self, *args, indexing=1, token="T0K3N", forgets=False, **kw):
        self.indexing, self.token, self.forgets = indexing, token, forgets
        self.asked, self.waiting = {}, {}
        self.channels, self.gone = [], set()  # as they were first used; those that it has forgotten
        super().__init__(*args, **kw)

    def is_question(self, h):
        return "/ack" in h.path

    def check_head(self, h):
        super().check_head(h)
        channel = h.headers.get("X-Splunk-Request-Channel", "")
        if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                            channel):
            self.fault(f"channel {channel!r}")
        if channel not in self.channels:
            self.channels.append(channel)
        if self.is_question(h) and not h.path.endswith(f"?channel={channel}"):
            self.fault(f"asked for another channel than {channel}: {h.path}")
        if h.headers.get("Authorization") != f"Splunk {self.token}":
            self.fault("authorization")

    def forget(self, channel):
        """What an indexer does with a channel that was idle, and one that was started anew with all."""
        self.gone.add(channel)
        self.waiting.clear()

    def answer_acks(self, body):
        states = {}
        for i in json.loads(body)["acks"]:
            self.asked[i] = self.asked.get(i, 0) + 1
            states[str(i)] = self.asked[i] > self.indexing and i in self.waiting
            if states[str(i)]:
                self.accept(self.waiting.pop(i))
        return 200, {}, json.dumps({"acks": states}).encode()

    def take(self, h, body, forget=False, unknown=0):
        channel = h.headers.get("X-Splunk-Request-Channel")
        if unknown or channel in self.gone:
            code = unknown or 11
            self.gone.add(channel)
            text = {10: "Data channel is missing", 11: "Invalid data channel"}[code]
            return 400, {}, json.dumps({"text": text, "code": code}).encode()
        if self.is_question(h):
            return self.answer_acks(body)
        answer = self.take_events(body)
        if forget:
            self.forget(channel)
        return answer

    def take_events(self, body):
        ids, at, text, decoder = [], 0, body.decode(), json.JSONDecoder()
        while at < len(text):
            event, at = decoder.raw_decode(text, at)
            at += len(text[at:]) - len(text[at:].lstrip())
            if not isinstance(event.get("time"), float) or "event" not in event:
                self.fault("no time or event")
            if set(event) - {"time", "host", "source", "sourcetype", "index", "event", "fields"}:
                self.fault(f"keys {sorted(event)}")
            doc = event["event"]
            ids.append(doc.get("id") or doc.get("metadata", doc.get("event", {})).get(
                "uid", doc.get("event", {}).get("id") if isinstance(doc.get("event"), dict) else None))
            if ids[-1] in self.poison:
                answer = {"text": "Invalid data format", "code": 6,
                          "invalid-event-number": len(ids) - 1}
                if not self.forgets:
                    self.accept(ids[:-1])
                return 400, {}, json.dumps(answer).encode()
        number = len(self.asked) + len(self.waiting) + 1000
        self.waiting[number] = ids
        return 200, {}, json.dumps({"text": "Success", "code": 0, "ackId": number}).encode()


class Elastic(Receiver):
    paths, kind = ["/logs-test-default/_bulk"], "application/x-ndjson"

    def __init__(self, *args, wordy=0, **kw):
        self.wordy = wordy  # bytes that it says more of each document
        self.losses = {}  # by id, as JSON
        self.refused = None  # their ids, when it will have none
        super().__init__(*args, **kw)

    def take(self, h, body, busy=(), denied=None, error=None, cause=None):
        lines = body.decode().split("\n")
        if lines[-1] != "" or len(lines) % 2 != 1:
            self.fault("no newline at the end, or half a pair")
        items, ids = [], []
        for action, doc in zip(lines[:-1:2], lines[1::2]):
            name = json.loads(action)["create"].get("_id")
            if not name:
                self.fault("a document without an id")
            is_loss = json.loads(doc).get("kind") == "HOST_LOSS"
            if is_loss and self.refused is None:
                self.losses.setdefault(name, json.loads(doc))
            if list(json.loads(action)) != ["create"] or not isinstance(json.loads(doc), dict):
                self.fault("not a create and a document")
            if not re.match(r'{"@timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"', doc):
                self.fault("no @timestamp, which a data stream needs")
            if error:
                items.append({"status": 400, "error": {"type": error[0], "reason": error[1],
                                                       **({"caused_by": cause} if cause else {})}})
            elif denied:
                items.append({"status": denied, "error": {"type": "security", "reason": "denied"}})
            elif is_loss and self.refused is not None:
                self.refused.append(name)
                items.append({"status": 400, "error": {"type": "mapper", "reason": "no losses"}})
            elif name in self.poison:
                items.append({"status": 400, "error": {"type": "mapper", "reason": "bad field"}})
            elif len(items) in busy:
                items.append({"status": 429, "error": {"type": "es_rejected", "reason": "busy"}})
            elif name in self.ids or name in ids:
                items.append({"status": 409, "error": {"type": "version_conflict", "reason": "is"}})
            else:
                items.append({"status": 201})
                ids.append(name)
        self.accept(ids)
        answer = {"took": 1, "errors": any(i["status"] > 201 for i in items),
                  "items": [{"create": {**i, "_index": "i" * self.wordy}} for i in items]}
        return 200, {}, json.dumps(answer).encode()
