"""What the observer answers over HTTP."""

import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from observer import __version__, metrics


@dataclass
class Status:
    """What is known while the program runs; `requests` counts the answers given."""

    observations: int = 0
    requests: int = 0
    newest_at: float = field(default_factory=time.monotonic)

    def observed(self, count: int) -> None:
        self.observations = count
        self.newest_at = time.monotonic()


def answer(path: str, status: Status) -> tuple[int, str, str]:
    """Answer one path with a status code, a content type and a body."""
    status.requests += 1
    if path == "/health":
        return health(status)
    if path == "/metrics":
        return 200, "text/plain; version=0.0.4", metrics.exposition(status.observations, status.requests)
    if path == "/":
        about = {"service": "observer", "version": __version__, "observations": status.observations}
        about["newest_seconds_ago"] = round(time.monotonic() - status.newest_at, 1)
        return 200, "application/json", json.dumps(about)
    return 404, "application/json", json.dumps({"error": "no such path"})


def health(status: Status) -> tuple[int, str, str]:
    return 200, "application/json", json.dumps({"status": "ok", "version": __version__})


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        code, kind, body = answer(self.path, self.server.status)
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are counted, not logged."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, status: Status) -> None:
        super().__init__(("0.0.0.0", port), Handler)
        self.status = status
