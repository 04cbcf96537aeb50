"""How the good versions came about: each commit, and what the tree lacked before it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.stage.observer.tree import Change, both, removed, replaced

NOTHING = both()
STARTED = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of the main line; `undo` takes its work out of the newest tree."""

    author: str
    subject: str
    body: str = ""
    undo: Change = NOTHING
    tag: str = ""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The pull request behind the metrics of v1.2.3, for whoever plays GitHub."""

    number: int
    title: str
    body: str
    author: str
    branch: str


PULL_REQUEST = PullRequest(
    number=7,
    title="Expose counters for Prometheus",
    body="Adds `/metrics` with the number of observations and of requests.\n\nThe dashboard wants both as counters.",
    author="ben",
    branch="feature/metrics",
)

STEPS = (
    Step("ana", "Watch a price feed and keep what was seen", tag="v1.2.0"),
    Step(
        "ben",
        "Number every observation",
        "A gap in the numbers shows a lost line.",
        both(
            replaced("src/observer/journal.py", '{"sequence": self.count, **observation}', "observation"),
            removed("tests/test_sequence.py"),
        ),
        tag="v1.2.1",
    ),
    Step(
        "chloe",
        "Keep the newest observation in the state file",
        "The next start can show it before the first price arrives.",
        replaced("src/observer/__main__.py", ", last=observation)", ")"),
        tag="v1.2.2",
    ),
    Step(
        "ana",
        "Write the journal to disk before the program ends",
        "After SIGTERM the newest lines could be lost with the host's cache.",
        both(
            replaced("src/observer/journal.py", "        os.fsync(self._file.fileno())\n", ""),
            replaced("src/observer/journal.py", "import json\nimport os\n", "import json\n"),
        ),
    ),
    Step(
        "chloe",
        "Say which setting wins",
        "Environment, then deployment_config.json, then the defaults.",
        replaced(
            "README.md",
            "The environment wins over `deployment_config.json`, and that over the defaults in "
            "`src/observer/settings.py`.\n",
            "",
        ),
    ),
    Step(
        "ben",
        f"{PULL_REQUEST.title} (#{PULL_REQUEST.number})",
        PULL_REQUEST.body,
        both(
            removed("src/observer/metrics.py"),
            removed("tests/test_metrics.py"),
            replaced(
                "src/observer/server.py",
                "from observer import __version__, metrics",
                "from observer import __version__",
            ),
            replaced(
                "src/observer/server.py",
                '    if path == "/metrics":\n        return 200, "text/plain; version=0.0.4", '
                "metrics.exposition(status.observations, status.requests)\n",
                "",
            ),
            replaced("README.md", "| `/metrics` | counters for Prometheus |\n", ""),
        ),
        tag="v1.2.3",
    ),
    Step(
        "ana",
        "Tell how old the newest observation is",
        undo=replaced(
            "src/observer/server.py",
            '        about["newest_seconds_ago"] = round(time.monotonic() - status.newest_at, 1)\n',
            "",
        ),
        tag="v1.2.8",
    ),
)


def moment(number: int) -> datetime:
    """Tell when a commit was made: one every 26 hours."""
    return STARTED + number * timedelta(hours=26)
