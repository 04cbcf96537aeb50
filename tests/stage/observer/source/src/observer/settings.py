"""Settings, in this order: environment, deployment_config.json, the defaults below."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULTS = {
    "QTS_OBSERVER_STANDALONE": "1",
    "OBSERVER_DATA_DIR": "data/observer",
    "OBSERVER_LOG_DIR": "logs",
    "OBSERVER_CONFIG_DIR": "config",
    "OBSERVER_LISTEN_PORT": "8080",
    "OBSERVER_INTERVAL_SECONDS": "1.0",
}
CREDENTIALS = ("KIS_API_KEY", "KIS_API_SECRET")


class SettingsMissing(Exception):
    """The program cannot start; the message names what is missing."""


@dataclass(frozen=True)
class Settings:
    standalone: bool
    data_dir: Path
    log_dir: Path
    config_dir: Path
    port: int
    interval_seconds: float


def load(environ: Mapping[str, str], file: Path) -> Settings:
    missing = [name for name in CREDENTIALS if not environ.get(name)]
    if missing:
        raise SettingsMissing(f"set {' and '.join(missing)} in the environment")
    written = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    known = {name: environ.get(name, str(written.get(name, default))) for name, default in DEFAULTS.items()}
    return Settings(
        standalone=known["QTS_OBSERVER_STANDALONE"] == "1",
        data_dir=Path(known["OBSERVER_DATA_DIR"]),
        log_dir=Path(known["OBSERVER_LOG_DIR"]),
        config_dir=Path(known["OBSERVER_CONFIG_DIR"]),
        port=int(known["OBSERVER_LISTEN_PORT"]),
        interval_seconds=float(known["OBSERVER_INTERVAL_SECONDS"]),
    )
