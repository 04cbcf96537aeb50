"""The HTTP side."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app import __version__
from app.answers import answer
from app.settings import Settings

PORT = 8000


def serve(settings: Settings) -> None:
    """Answer until the process is ended."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path, settings)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing of single requests."""

    print(f"app v{__version__} started", flush=True)
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()
