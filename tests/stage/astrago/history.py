"""How the monorepo came about, one commit per version: what changed in each, and what is wrong with some."""

from dataclasses import dataclass

from tests.stage.observer.tree import Change, both, replaced

FIRST, CORE_ONLY, WEB_ONLY, SHARED, EVERYTHING = "v1.0.0", "v1.0.1", "v1.0.2", "v1.0.3", "v1.1.0"
CRASHING, FAILING, NOTHING_BUILT, BOTH_SIDES = "v1.1.1", "v1.1.2", "v1.1.3", "v1.1.4"

QUESTIONS, LIMITS, PAGE = "core/questions.py", "monitor/limits.py", "web/src/pages/index.html"


@dataclass(frozen=True, slots=True)
class Version:
    """One commit with its tag, on top of another version."""

    tag: str
    on: str
    message: str
    change: Change
    built: tuple[str, ...]
    """Components that must be built where `on` runs."""


GOOD = (
    Version(
        CORE_ONLY,
        FIRST,
        "Tell the second half of the year\n\nCloses BE-577.",
        replaced(QUESTIONS, '"Virgo")', '"Virgo", "Libra", "Scorpio")'),
        ("core",),
    ),
    Version(
        WEB_ONLY,
        CORE_ONLY,
        "Say what the page is for",
        replaced(PAGE, "<h1>Astrago</h1>", "<h1>Astrago</h1>\n  <p>Ask the stars.</p>"),
        ("web",),
    ),
    Version(
        SHARED,
        WEB_ONLY,
        "BE-581: tell how to go on after an unknown question",
        replaced("libs/astrago/serving.py", '{"error": "not found"}', '{"error": "not found", "see": "/health"}'),
        ("core", "batch"),
    ),
    Version(
        EVERYTHING,
        SHARED,
        "Ask for more at once, and show it\n\nRefs BE-590 and BE-577.",
        both(
            replaced("batch/work.py", "PORTION = 100", "PORTION = 120"),
            replaced(QUESTIONS, '"Scorpio")', '"Scorpio", "Sagittarius")'),
            replaced(LIMITS, '"latency_ms": 500', '"latency_ms": 400'),
            replaced(PAGE, "Ask the stars.", "Ask the stars, all of them."),
            replaced("tests/test_batch.py", "[PORTION, PORTION, 50]", "[PORTION, PORTION, 10]"),
        ),
        ("core", "batch", "monitor", "web"),
    ),
)
"""The main line."""

OTHERS = (
    Version(
        CRASHING,
        EVERYTHING,
        "Read the limits from the environment",
        replaced(
            "monitor/__main__.py",
            "from monitor.limits import LIMITS\n",
            'from monitor.limits import LIMITS\n\nLIMITS["latency_ms"] = int(os.environ["MONITOR_LATENCY_MS"])\n',
        ),
        ("monitor",),
    ),
    Version(
        FAILING,
        EVERYTHING,
        "BE-600: answer everything",
        replaced(QUESTIONS, "    return None\n", "    return {}\n"),
        ("core",),
    ),
    Version(
        NOTHING_BUILT,
        EVERYTHING,
        "Write down who looks after what",
        replaced("README.md", "# Astrago\n", "# Astrago\n\nOwners: hana for the back end, max for the pages.\n"),
        (),
    ),
    Version(
        BOTH_SIDES,
        EVERYTHING,
        "BE-612: greet people",
        both(
            replaced(
                QUESTIONS,
                '    if path == "/houses":',
                '    if path == "/hello":\n        return {"hello": "you"}\n    if path == "/houses":',
            ),
            replaced(PAGE, "Ask the stars, all of them.", "Hello! Ask the stars."),
        ),
        ("core", "web"),
    ),
)
"""Beside the main line, each on top of its newest version: one that crashes, one whose tests fail, and so on."""
