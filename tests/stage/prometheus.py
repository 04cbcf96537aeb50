"""A real Prometheus on a free loopback port that scrapes one service every second."""

import http.client
import json
import shutil
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tests.stage.daemon import Daemon
from tests.stage.packages import prometheus_program
from tests.stage.ports import LOOPBACK, free_port


class Prometheus:
    """One server; its data lies below its folder and goes with it."""

    def __init__(self, directory: Path, target: str, *, port: int = 0) -> None:
        self.directory = directory
        self.target = target
        self.port = port or free_port()
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def url(self) -> str:
        """Where the bot asks it."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it and return once it answers queries."""
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = self.directory / "prometheus.json"  # JSON is YAML
        job = {"job_name": "service", "static_configs": [{"targets": [self.target]}]}
        every = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        settings.write_text(json.dumps({"global": every, "scrape_configs": [job]}))
        argv = (
            str(prometheus_program()),
            f"--config.file={settings}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self.port}",
            "--log.level=warn",
        )
        self._daemon = Daemon(argv, self.directory / "prometheus.log", {})
        self._daemon.wait_until(lambda: self._get("/-/ready")[0] == http.HTTPStatus.OK)

    def stop(self) -> None:
        """End it."""
        if self._daemon is not None:
            self._daemon.stop()
            self._daemon = None

    def knows(self, query: str) -> bool:
        """Tell whether a query has a value by now."""
        status, body = self._get(f"/api/v1/query?query={quote(query)}")
        return status == http.HTTPStatus.OK and bool(json.loads(body)["data"]["result"])

    def _get(self, path: str) -> tuple[int, str]:
        line = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            line.close()
