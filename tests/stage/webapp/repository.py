"""The sample repository of `webapp`: a version with a migration, ones that change one thing only, and bad ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.stage.commands import execute
from tests.stage.observer.tree import Change, Tree, both, replaced
from tests.stage.versions import begin, publish

SOURCE = Path(__file__).parent / "source"
PYTHON_BASE, NODE_BASE, NGINX_BASE = "python:3.11-slim", "node:20-slim", "nginx:1.22"
FIRST, BOTH, PAGES, API, CONFIG, SHARED = "v1.0.0", "v2.0.0", "v2.0.1", "v2.0.2", "v2.0.3", "v2.0.4"
DEAD_PAGES, TIRING = "v2.1.0", "v2.1.1"
BOARD, ANSWERS, NOTES = "server/board.py", "server/answers.py", "web/src/components/notes.js"
_LISTED = '[{"text": text} for (text,) in self._run("SELECT text FROM notes ORDER BY id DESC")]'
_LIKED = (
    '[\n            {"text": text, "likes": likes}\n'
    '            for text, likes in self._run("SELECT text, likes FROM notes ORDER BY id DESC")\n        ]'
)
_ASKED = '        if path == "/api/notes":\n            return _json(200, '


@dataclass(frozen=True, slots=True)
class Version:
    """One version: what it changes on top of another one."""

    tag: str
    on: str
    subject: str
    change: Change


def _likes(tree: Tree) -> Tree:
    added = "ALTER TABLE notes ADD COLUMN likes INTEGER NOT NULL DEFAULT 0;\n"
    return tree | {"migrations/0002_likes.sql": added}


LIKES = both(
    _likes,
    replaced(BOARD, _LISTED, _LIKED),
    replaced(NOTES, "${escaped(note.text)}", "${escaped(note.text)} <small>${note.likes ?? 0} likes</small>"),
    replaced(
        "web/tests/notes.test.js",
        "</li><li>two</li>",
        " <small>0 likes</small></li><li>two <small>0 likes</small></li>",
    ),
)
WARNED = both(
    replaced("server/Dockerfile", "--interval=2s", "--interval=5s"),
    replaced(
        "audit/advisories.json", '["1.2.0"],\n      "severity": "high"', '["1.3.0"],\n      "severity": "moderate"'
    ),
)
"""The front end's one package has a weakness, a moderate one."""
_TIRED = (
    '            self._asked = getattr(self, "_asked", 0) + 1\n'
    '            if self._asked > 5:\n                return _json(500, {"error": "tired"})\n'
)
LATER = (
    Version(BOTH, FIRST, "Like notes", LIKES),
    Version(PAGES, BOTH, "Greet people", replaced("web/src/pages/index.html", "<h1>Board</h1>", "<h1>Our board</h1>")),
    Version(API, PAGES, "Wait longer for a busy database", replaced(BOARD, "BUSY_SECONDS = 10", "BUSY_SECONDS = 20")),
    Version(CONFIG, PAGES, "Heed a new advisory", WARNED),
    Version(SHARED, PAGES, "Take longer notes", replaced("shared/limits.json", "120", "140")),
    Version(
        DEAD_PAGES,
        PAGES,
        "Compress pages",
        both(
            replaced("web/nginx.conf", "    root /srv;\n", "    root /srv;\n    gzip yes;\n"),
            replaced(BOARD, "BUSY_SECONDS = 10", "BUSY_SECONDS = 30"),
        ),
    ),
    Version(
        TIRING,
        PAGES,
        "Count what is asked",
        both(
            replaced(ANSWERS, _ASKED, _ASKED.replace("            return", f"{_TIRED}            return")),
            replaced("web/src/pages/index.html", "<h1>Our board</h1>", "<h1>Everybody's board</h1>"),
        ),
    ),
)
"""What comes after PAGES lies beside one another: each changes one thing only, or is bad. DEAD_PAGES never start, and
TIRING has an API that is well at first and answers 500 once it was asked a few times."""


def build_webapp(bare: Path, bases: Mapping[str, str], images: Mapping[str, str]) -> None:
    """Make the bare repository; `bases` and `images` say by which names images are known on the stage."""
    begin(bare, FIRST, _placed(bases, images)(_tree()), "Pin notes to a board")
    for version in LATER:
        publish(bare, version.tag, on=version.on, change=version.change, subject=version.subject)
    execute(("git", f"--git-dir={bare}", "update-ref", "refs/heads/main", f"{API}^0"))


def _placed(bases: Mapping[str, str], images: Mapping[str, str]) -> Change:
    files = {PYTHON_BASE: "server/Dockerfile", NODE_BASE: "web/Dockerfile", NGINX_BASE: "web/Dockerfile"}
    based = [replaced(files[name], f"={name}\n", f"={there}\n") for name, there in bases.items()]
    named = [replaced("docker-compose.prod.yml", name, there) for name, there in images.items()]
    return both(*based, *named)


def _tree() -> Tree:
    files = (file for file in sorted(SOURCE.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(SOURCE).as_posix(): file.read_text(encoding="utf-8") for file in files}
