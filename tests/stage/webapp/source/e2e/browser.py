"""Chromium, driven over WebDriver: as much of the protocol as the tests need."""

import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)
PATIENCE_SECONDS = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Browser:
    """One window."""

    def __init__(self, driver: str, home: str) -> None:
        self._driver = driver
        options = {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={home}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options}
        limits = {"implicit": PATIENCE_SECONDS * 1000, "script": PATIENCE_SECONDS * 1000}
        capabilities = {"alwaysMatch": {**wanted, "timeouts": limits}}
        self._session = self._call("POST", "/session", capabilities=capabilities)["sessionId"]

    def open(self, address: str) -> None:
        """Open a page and wait until it has loaded."""
        self._ask("POST", "/url", url=address)

    def find(self, selector: str) -> str:
        """Find an element, waiting for it."""
        return str(self._ask("POST", "/element", using="css selector", value=selector)[ELEMENT])

    def text(self, selector: str) -> str:
        """Read what an element shows."""
        return str(self._ask("GET", f"/element/{self.find(selector)}/text"))

    def types(self, selector: str, text: str) -> None:
        """Type into a field."""
        self._ask("POST", f"/element/{self.find(selector)}/value", text=text)

    def clicks(self, selector: str) -> None:
        """Click on something."""
        self._ask("POST", f"/element/{self.find(selector)}/click")

    def runs(self, script: str) -> Any:
        """Run a script in the page; it hands its result to the last of its arguments."""
        return self._ask("POST", "/execute/async", script=script, args=[])

    def quit(self) -> None:
        self._ask("DELETE", "")

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        return self._call(method, f"/session/{self._session}{path}", **body)

    def _call(self, method: str, path: str, **body: Any) -> Any:
        content = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self._driver}{path}", content, method=method)
        with _DIRECT.open(request, timeout=2 * PATIENCE_SECONDS) as answer:
            return json.load(answer)["value"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium with an empty profile of its own, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        driver = subprocess.Popen(("chromedriver", "--port=0"), stdout=subprocess.PIPE, text=True)
        try:
            port = next(found.group(1) for line in driver.stdout or () if (found := re.search(r"on port (\d{2,})", line)))
            browser = Browser(f"http://127.0.0.1:{port}", str(Path(home)))
            try:
                yield browser
            finally:
                browser.quit()
        finally:
            driver.terminate()
            driver.communicate()
