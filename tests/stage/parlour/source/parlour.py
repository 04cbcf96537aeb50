"""Serve, tell the version, take a while to start, and end as ENDING says: finish, drain, exit or ignore."""

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

VERSION = os.environ.get("VERSION", "dev")
START_SECONDS = float(os.environ.get("START_SECONDS", "1"))
ENDING = os.environ.get("ENDING", "finish")
DRAIN_SECONDS = float(os.environ.get("DRAIN_SECONDS", "2"))
PORT = int(os.environ.get("PORT", "8000"))
DRAIN_FILE = os.environ.get("DRAIN_FILE", "/tmp/drain")
FAILING = float(os.environ.get("FAILING", "0"))
"""Share of the answers to GET / that are 500, as those of a bad version."""
SLOWER_SECONDS = float(os.environ.get("SLOWER_SECONDS", "0"))
"""What every answer to GET / takes longer, as those of a slow version."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("", PORT), Handler)
        self.changed = threading.Condition()
        self.open = 0
        self.answered = 0
        self.ending = False

    def handle_error(self, request, client_address):
        """A client that is gone is nobody's concern."""

    def finish_and_stop(self) -> None:
        with self.changed:
            self.ending = True
            self.changed.wait_for(lambda: not self.open, timeout=60)
        self.shutdown()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._counted(self._get)

    def do_POST(self) -> None:
        self._counted(self._post)

    def _get(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/health":
            drained = os.path.exists(DRAIN_FILE)
            return self._answer(503 if drained else 200, {"version": VERSION, "drained": drained})
        if url.path == "/slow":
            time.sleep(float(parse_qs(url.query).get("seconds", ["1"])[0]))
        elif SLOWER_SECONDS:
            time.sleep(SLOWER_SECONDS)
        failing = url.path == "/" and int(self.server.answered * FAILING) != int((self.server.answered + 1) * FAILING)
        self._answer(500 if failing else 200, {"version": VERSION, "path": self.path})

    def _post(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer(200, {"version": VERSION, "echo": body.decode(errors="replace")})

    def _counted(self, answer) -> None:
        with self.server.changed:
            self.server.open += 1
        try:
            answer()
        finally:
            with self.server.changed:
                self.server.open -= 1
                self.server.answered += 1
                self.server.changed.notify_all()

    def _answer(self, status: int, told: dict) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.server.ending:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


def main() -> None:
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    if ENDING == "exit":
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if ENDING == "ignore":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if told.wait(START_SECONDS):
        return
    server = Server()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    print(f"parlour {VERSION} started", flush=True)
    told.wait()
    print(f"parlour {VERSION} ends: {ENDING}", flush=True)
    if ENDING == "drain":
        time.sleep(DRAIN_SECONDS)
    server.finish_and_stop()


if __name__ == "__main__":
    if "crash" in sys.argv[1:] or ENDING == "crash":
        sys.exit("parlour crashes on start")
    with suppress(KeyboardInterrupt):
        main()
