"""Versions that must never stay in production, each one commit on top of a good version."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.stage.observer.tree import Change, both, replaced

COMPOSE = "docker-compose.server.yml"
SERVER = "src/observer/server.py"
MAIN = "src/observer/__main__.py"
HEALTH_CHECK = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=2)"
JOURNAL = 'Journal(settings.data_dir / "observer.jsonl")'
FIRST_PAGE = '    if path == "/":\n'


@dataclass(frozen=True, slots=True)
class Trap:
    """A version, the good version it is built on, and what is wrong with it in one word."""

    tag: str
    parent: str
    wrong: str
    author: str
    subject: str
    change: Change


def traps(seed: str) -> Iterator[Trap]:
    """List the traps; the seed makes the secret of v1.2.6, which is written down nowhere."""
    yield Trap("v1.2.4", "v1.2.3", "unhealthy", "ben", "Be healthy only once the feed is connected", UNHEALTHY)
    yield Trap(
        "v1.2.5",
        "v1.2.3",
        "volume dropped",
        "chloe",
        "Tidy the compose file",
        replaced(COMPOSE, "      - ./data:/app/data/observer\n", ""),
    )
    yield Trap(
        "v1.2.6",
        "v1.2.3",
        "hardcoded secret",
        "ben",
        "Make the server start without an env file",
        replaced(COMPOSE, "${KIS_API_SECRET:?KIS_API_SECRET required}", invented_secret(seed)),
    )
    yield Trap("v1.2.7", "v1.2.3", "crash loop", "ana", "Read the trading calendar at the start", CRASH_LOOP)
    yield Trap("v1.3.0", "v1.2.8", "slow", "ben", "Sign every answer", SLOW)
    yield Trap("v1.3.1", "v1.2.8", "5xx under load", "chloe", "Share one connection to the store", FAILS_UNDER_LOAD)
    yield Trap(
        "v1.3.2",
        "v1.2.8",
        "writes outside its volumes",
        "ana",
        "Keep the journal beside the program",
        replaced(MAIN, JOURNAL, 'Journal(Path("/app/store/observer/observer.jsonl"))'),
    )
    yield Trap("v1.3.3", "v1.2.8", "wrong environment name", "ben", "Shorten the name of a variable", WRONG_NAME)
    yield Trap("v1.3.4", "v1.2.8", "useless health check", "chloe", "Make the health check cheaper", USELESS_CHECK)
    yield Trap(
        "v1.3.5",
        "v1.2.8",
        "failing tests",
        "ana",
        "Count observations once they are written",
        replaced("src/observer/journal.py", "        self.count += 1\n", "        self.count = max(self.count, 1)\n"),
    )
    yield Trap(
        "v1.3.6",
        "v1.2.8",
        "volume idle",
        "ben",
        "Keep the journal next to the state",
        replaced(MAIN, JOURNAL, 'Journal(settings.config_dir / "observer" / "observer.jsonl")'),
    )


def invented_secret(seed: str) -> str:
    """Make a value that looks like a real credential; the same seed makes the same one."""
    return base64.b64encode(hashlib.sha512(seed.encode()).digest())[:64].decode().replace("/", "x").replace("+", "Z")


UNHEALTHY = both(
    replaced(SERVER, "    requests: int = 0\n", "    requests: int = 0\n    feed_connected: bool = False\n"),
    replaced(
        SERVER,
        'def health(status: Status) -> tuple[int, str, str]:\n    return 200, "application/json", ',
        "def health(status: Status) -> tuple[int, str, str]:\n    if not status.feed_connected:\n"
        '        return 503, "application/json", json.dumps({"status": "feed not connected"})\n'
        '    return 200, "application/json", ',
    ),
    replaced("tests/test_server.py", "    return Status()\n", "    return Status(feed_connected=True)\n"),
)

CRASH_LOOP = replaced(
    MAIN,
    "    status = Status()\n",
    '    status = Status()\n    log.info("trading days: %d", len(Path("calendar.json").read_text(encoding="utf-8")))\n',
)

SLOW = both(
    replaced(SERVER, "def answer(", "SIGNING_SECONDS = 0.4\n\n\ndef answer("),
    replaced(
        SERVER,
        "        code, kind, body = answer(self.path, self.server.status)\n",
        "        code, kind, body = answer(self.path, self.server.status)\n        time.sleep(SIGNING_SECONDS)\n",
    ),
)

FAILS_UNDER_LOAD = replaced(
    SERVER,
    FIRST_PAGE,
    '    if path == "/" and status.requests % 3 == 0:\n'
    '        print("ERROR the store closed the connection", flush=True)\n'
    '        return 500, "application/json", json.dumps({"error": "store"})\n' + FIRST_PAGE,
)

WRONG_NAME = both(
    *(
        replaced(path, "QTS_OBSERVER_STANDALONE", "OBSERVER_STANDALONE")
        for path in (COMPOSE, "src/observer/settings.py", "tests/test_settings.py", ".env.example")
    )
)

USELESS_CHECK = both(
    *(replaced(path, HEALTH_CHECK, "import sys; sys.exit(0)") for path in (COMPOSE, "Dockerfile")),
)
