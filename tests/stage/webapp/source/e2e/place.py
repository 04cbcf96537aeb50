"""The whole app on this machine: pages built, the back end with an empty database, on a port that is free."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def app() -> Iterator[str]:
    """Start the app and tell its address."""
    with tempfile.TemporaryDirectory() as home:
        pages = Path(home) / "pages"
        subprocess.run(("sh", "web/build.sh", pages), cwd=ROOT, check=True)
        options = ("--address", "127.0.0.1", "--port", "0", "--pages", pages, "--database", Path(home) / "webapp.db")
        command = (sys.executable, "-u", "-m", "server", *options)
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            started = (re.search(r"started on port (\d+)", line) for line in server.stdout or ())
            yield f"http://127.0.0.1:{next(filter(None, started)).group(1)}"
        finally:
            server.terminate()
            server.communicate()
