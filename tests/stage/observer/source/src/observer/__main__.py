"""Start observing; SIGTERM ends it in order."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from observer import __version__, feed
from observer.journal import Journal
from observer.server import Server, Status
from observer.settings import Settings, SettingsMissing, load
from observer.state import State

log = logging.getLogger("observer")


def main() -> int:
    try:
        settings = load(os.environ, Path("deployment_config.json"))
    except SettingsMissing as missing:
        print(f"FATAL cannot start: {missing}", file=sys.stderr, flush=True)
        return 2
    write_log(settings.log_dir)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    observe(settings, stop)
    return 0


def write_log(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[logging.StreamHandler(sys.stdout), logging.FileHandler(directory / "observer.log")],
    )


def observe(settings: Settings, stop: threading.Event) -> None:
    journal = Journal(settings.data_dir / "observer.jsonl")
    state = State(settings.config_dir / "observer")
    status = Status()
    server = Server(settings.port, status)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log.info("observer v%s started", __version__)
    for observation in feed.prices():
        journal.record(observation)
        status.observed(journal.count)
        state.save(version=__version__, observations=journal.count, last=observation)
        if stop.wait(settings.interval_seconds):
            break
    server.shutdown()
    journal.close()
    log.info("observer v%s stopped after %d observations", __version__, journal.count)


if __name__ == "__main__":
    sys.exit(main())
