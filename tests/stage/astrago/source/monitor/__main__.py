"""Looks after the others."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from monitor.limits import LIMITS


class Handler(BaseHTTPRequestHandler):
    """Answers every question with the limits."""

    def do_GET(self) -> None:
        content = json.dumps({"component": "monitor", "version": os.environ["ASTRAGO_VERSION"], **LIMITS}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", 8080), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"monitor {os.environ['ASTRAGO_VERSION']} started", flush=True)
    server.serve_forever()
    sys.exit(0)
