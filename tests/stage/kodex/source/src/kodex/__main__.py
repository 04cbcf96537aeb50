"""Serve until SIGTERM."""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from kodex import __version__
from kodex.app import App
from kodex.service import service

PORT = 8000


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        code, kind, body = self.server.app.answer(self.path)
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are counted, not logged."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, app: App) -> None:
        super().__init__(("0.0.0.0", PORT), Handler)
        self.app = app


def main() -> int:
    if not os.environ.get("KODEX_API_KEY"):
        print("FATAL cannot start: KODEX_API_KEY is not set", file=sys.stderr, flush=True)
        return 2
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    app = service(Path("/app/data"), Path("/app/static"), Path("/models"))
    server = Server(app)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"kodex v{__version__} started", flush=True)
    stop.wait()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
