"""A small HTTP server with a health endpoint."""

import json
import signal
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORT = 8080
Answer = Callable[[str], dict[str, Any] | None]


def respond(name: str, version: str, path: str, answer: Answer) -> tuple[int, dict[str, Any]]:
    """Tell status and body of an answer."""
    if path == "/health":
        return 200, {"status": "ok", "component": name, "version": version}
    body = answer(path)
    return (404, {"error": "not found"}) if body is None else (200, body)


def make_server(name: str, version: str, answer: Answer, port: int = PORT) -> ThreadingHTTPServer:
    """Make a server that has not begun to listen to requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = respond(name, version, self.path, answer)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("", port), Handler)


def serve(name: str, version: str, answer: Answer) -> None:
    """Serve until SIGTERM."""
    server = make_server(name, version, answer)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"{name} {version} started", flush=True)
    server.serve_forever()
    sys.exit(0)
