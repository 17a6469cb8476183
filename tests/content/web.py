# SPDX-License-Identifier: Apache-2.0
"""web: a static web server with TLS for tests, which can also serve badly."""

import http.server
import os
import ssl
import sys
import threading

sys.path.append(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from waiting import wait_until  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the server's folder; how they are served stands in server.manner."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        manner = self.server.manner
        self.server.asked.append(self.path)
        if manner == "redirect":
            self.send_response(301)
            self.send_header("Location", f"https://127.0.0.1:{self.server.server_port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif manner == "broken":
            self.send_error(500)
        elif manner == "slow":  # a byte each second, for longer than anybody should wait
            self.send_response(200)
            self.send_header("Content-Length", "4096")
            self.end_headers()
            for _ in range(600):
                self.wfile.write(b"x")
                self.wfile.flush()
                if self.server.over.wait(1):
                    break
        elif manner == "truncated":
            path = self.translate_path(self.path)
            if not os.path.exists(path):
                self.send_error(404)
                return
            with open(path, "rb") as f:
                data = f.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            self.close_connection = True
        elif manner == "endless":
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            block = bytes(65536)
            while not self.server.over.is_set():
                self.wfile.write(block)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class Web(http.server.ThreadingHTTPServer):
    """Serves @folder on a port of its own, with TLS if there is a @pair of {cert, key}."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder, pair=None, manner=""):
        super().__init__(("127.0.0.1", 0),
                         lambda *args: Handler(*args, directory=folder))
        self.manner, self.asked, self.over = manner, [], threading.Event()
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair["cert"], pair["key"])
            self.context = context
        else:
            self.context = None
        self.url = f"{'https' if pair else 'http'}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def finish_request(self, request, client_address):
        """The handshake is made in the request's own thread: a bad one holds up nobody."""
        try:
            if self.context:
                request.settimeout(30)
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
        except (OSError, ssl.SSLError):
            pass
        finally:
            if self.context:
                request.close()

    def close(self):
        self.over.set()
        self.shutdown()
        self.server_close()
