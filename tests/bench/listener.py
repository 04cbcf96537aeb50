"""The service's users: somebody asks all the time, and notes when the new version answers first."""

import http.client
import json
import threading
import time
from typing import Self

EVERY_SECONDS = 0.01
PATIENCE_SECONDS = 0.2
"""Longer than any answer takes; a connection that was accepted by nobody in particular must not hold the others up."""


class Listener:
    """`with Listener(port, "1.2.3") as ear:`, then whatever makes it run, then `ear.heard()`."""

    def __init__(self, port: int, version: str) -> None:
        self._port = port
        self._version = version
        self._heard = threading.Event()
        self._enough = threading.Event()
        self._at = 0.0
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def heard(self, within: float) -> float:
        """Return the moment (`time.perf_counter`) of the version's first answer."""
        if not self._heard.wait(within):
            raise TimeoutError(f"{self._version} did not answer on port {self._port} within {within:g} s")
        return self._at

    def _listen(self) -> None:
        while not self._enough.is_set() and self._answering() != self._version:
            time.sleep(EVERY_SECONDS)
        self._at = time.perf_counter()
        self._heard.set()

    def _answering(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", "/health")
            return str(json.loads(connection.getresponse().read())["version"])
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return ""
        finally:
            connection.close()
