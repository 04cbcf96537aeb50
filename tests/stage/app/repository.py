"""The sample repository of `app`: a first version, later ones that are good, and ones that must not get through."""

from dataclasses import dataclass
from pathlib import Path

from tests.stage.commands import execute
from tests.stage.observer.tree import Change, Tree, both, replaced
from tests.stage.versions import begin, publish

SOURCE = Path(__file__).parent / "source"
FIRST, GOOD, NEWEST = "v1.0.0", "v1.1.0", "v1.2.0"
_ANSWERS, _TESTS = "app/answers.py", "tests/test_answers.py"
_HEALTH = """

def test_health_tells_the_version() -> None:
    assert json.loads(answer("/health", SETTINGS)[1])["status"] == "ok"
"""
_NEVER_TESTED = '''"""Numbers that nobody checks."""


def spread(values: list[float]) -> float:
    """Tell how far values lie apart."""
    if not values:
        return 0.0
    lowest = min(values)
    highest = max(values)
    distance = highest - lowest
    if distance < 0:
        raise ValueError(distance)
    return distance
'''
_WORDS = '''"""Greetings in other words."""


def loudly(greeting: str) -> str:
    """Say it so that everybody hears it."""
    return f"{greeting.upper()}!"
'''
_WORDS_TESTED = """from app.words import loudly


def test_a_loud_greeting_is_in_capitals() -> None:
    assert loudly("hello") == "HELLO!"
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One version: what it changes on top of another one."""

    tag: str
    on: str
    subject: str
    change: Change


def added(path: str, text: str) -> Change:
    """Add a file."""
    return lambda tree: tree | {path: text}


def appended(path: str, text: str) -> Change:
    """Write something at the end of a file."""
    return lambda tree: tree | {path: tree[path] + text}


MOVED = both(replaced(_ANSWERS, 'path == "/"', 'path == "/index"'), replaced(_TESTS, 'answer("/",', 'answer("/index",'))
LATER = (
    Version(GOOD, FIRST, "Test what health tells", appended(_TESTS, _HEALTH)),
    Version(
        NEWEST, GOOD, "Greet loudly", both(added("app/words.py", _WORDS), added("tests/test_words.py", _WORDS_TESTED))
    ),
    Version("v1.1.1", GOOD, "Read the clock", replaced(_ANSWERS, "import json\n", "import json\nimport time\n")),
    Version("v1.1.2", GOOD, "Name the port", replaced("app/server.py", "PORT = 8000", "PORT=8000")),
    Version("v1.1.3", GOOD, "Tell the spread", added("app/spread.py", _NEVER_TESTED)),
    Version("v1.1.4", GOOD, "Move the greeting", MOVED),
)
"""v1.1.1 fails lint, v1.1.2 the format, v1.1.3 the coverage; v1.1.4 is healthy and answers 404 where users ask."""


def build_app(bare: Path, *, base_image: str, image: str) -> None:
    """Make the bare repository; `main` is at the newest good version."""
    own = both(
        replaced("Dockerfile", "python:3.11-slim", base_image),
        replaced("docker-compose.yml", "ghcr.io/acme/app", image),
    )
    begin(bare, FIRST, own(_released(FIRST)(_tree())), "Greet whoever asks")
    for version in LATER:
        change = both(_released(version.tag, version.on), version.change)
        publish(bare, version.tag, on=version.on, change=change, subject=version.subject)
    execute(("git", f"--git-dir={bare}", "update-ref", "refs/heads/main", f"{NEWEST}^0"))


def _tree() -> Tree:
    files = (file for file in sorted(SOURCE.rglob("*")) if file.is_file() and "cache" not in str(file))
    return {file.relative_to(SOURCE).as_posix(): file.read_text(encoding="utf-8") for file in files}


def _released(tag: str, before: str = "v0.0.0") -> Change:
    return replaced("app/__init__.py", f'"{before.removeprefix("v")}"', f'"{tag.removeprefix("v")}"')
