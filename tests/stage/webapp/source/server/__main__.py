"""Serve until SIGTERM."""

import argparse
import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from server.answers import Answer, Answers
from server.board import Board

ROOT = Path(__file__).parents[1]


class Handler(BaseHTTPRequestHandler):
    answers: Answers

    def do_GET(self) -> None:
        self._send(self.answers.get(self.path.partition("?")[0]))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._send(self.answers.post(self.path, self.rfile.read(length)))

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are not logged."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


def main() -> None:
    parser = argparse.ArgumentParser(prog="server")
    parser.add_argument("--address", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free, which is told")
    parser.add_argument("--database", type=Path, default=Path("webapp.db"))
    parser.add_argument("--pages", type=Path, help="built pages to serve, too")
    options = parser.parse_args()
    limits = json.loads((ROOT / "shared" / "limits.json").read_text())
    board = Board(options.database, ROOT / "migrations", limits)
    Handler.answers = Answers(board, options.pages)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    server = ThreadingHTTPServer((options.address, options.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    version = os.environ.get("WEBAPP_VERSION", "dev")
    print(f"migrated: {', '.join(board.migrated) or 'nothing new'}", flush=True)
    print(f"webapp backend {version} started on port {server.server_port}", flush=True)
    stop.wait()
    server.shutdown()


if __name__ == "__main__":
    main()
