"""P19: each claim of the model is grounded in the change or flagged."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.words.claims import Draft, Stated, Words, ground
from agents.words.excerpt import excerpt
from agents.words.facts import ReleaseFacts, by_category
from agents.words.patch import removed_protections
from agents.words.tested import Covered
from tests.unit.agents.test_patch import patch
from tools.changes import ChangedFile

SERVER, COMPOSE, TEST, LOGO = "src/observer/server.py", "deploy/compose.yml", "tests/test_server.py", "logo.png"
DIFF = (
    patch(SERVER, ["    return None"], ["def exposition(observations):", "    return observations[:250]"])
    + patch(COMPOSE, ["    healthcheck:", "      test: curl localhost", "      memory: 512M"], ["      memory: 1G"])
    + patch(TEST, [], ["def test_exposition() -> None:"])
)
FACTS = ReleaseFacts(
    "v2",
    "a" * 40,
    files=by_category(
        [
            *(ChangedFile(path, "modified", None, 1, 1) for path in (SERVER, COMPOSE)),
            ChangedFile(TEST, "added", None, 1),
            ChangedFile("legacy/old.py", "deleted", None, 0, 900),
            ChangedFile(LOGO, "added", binary=True),
            ChangedFile("new.txt", "renamed", "old.txt"),
        ]
    ),
    tested=Covered(touched=(TEST,)),
    removed_protections=removed_protections(DIFF),
)
EXPOSED, GONE, TESTED = "+def exposition(observations):", "-    healthcheck:", "+def test_exposition() -> None:"
LIMIT = "+      memory: 1G"

ACCEPTED = [
    ("The exposition of observations is returned.", [SERVER], [EXPOSED]),
    ("It comes from `exposition`.", [SERVER], [EXPOSED]),
    ("The file server.py returns up to 250 observations.", [SERVER], ["+    return observations[:250]"]),
    ("The health check is removed.", [COMPOSE], [GONE]),
    ("The container no longer has a health check, and its memory limit changes.", [COMPOSE], [GONE, LIMIT]),
    ("The memory limit is raised to 1G.", [COMPOSE], [LIMIT]),
    ("A test of the exposition is added.", [TEST], [TESTED]),
    ("The logo is added.", [LOGO], []),
    ("The file old.txt is now called new.txt.", ["new.txt"], []),
]
REFUSED = [
    ("The exposition is returned.", [], [EXPOSED], "names no file"),
    ("The exposition is returned.", ["src/metrics.py"], [EXPOSED], "not in this change: src/metrics.py"),
    ("It also touches infra/prod.tf/main.", [SERVER], [EXPOSED], "not in this change: infra/prod.tf/main"),
    ("The settings.py file changes.", [SERVER], [EXPOSED], "not in this change: settings.py"),
    ("It calls `drop_table`.", [SERVER], [EXPOSED], "does not occur in this change: drop_table"),
    ("It reads REDIS_URL.", [SERVER], [EXPOSED], "does not occur in this change: REDIS_URL"),
    ("It calls dropTable().", [SERVER], [EXPOSED], "does not occur in this change: dropTable"),
    ("It returns at most 500 observations.", [SERVER], [EXPOSED], "number not in this change: 500"),
    ("It adds three endpoints for observations.", [SERVER], [EXPOSED], "number not in this change: three"),
    ("The exposition is returned.", [SERVER], [], "quotes no line"),
    ("The exposition is returned.", [SERVER], ["+def invented():"], "quotes a line that is not there"),
    ("The exposition is returned.", [SERVER], [EXPOSED.replace("+", "-")], "quotes a line that is not there"),
    ("The exposition is returned.", [COMPOSE], [EXPOSED], "quotes a line that is not there"),
    ("The old program is rewritten.", ["legacy/old.py"], [], "rests on files that the model was not shown"),
    ("The health check is kept.", [COMPOSE], [LIMIT], "the change takes a health check away"),
    ("A health check is added.", [COMPOSE], [LIMIT], "the change takes a health check away"),
    ("The health check is not removed.", [COMPOSE], [GONE], "the change takes a health check away"),
    ("The health check answers in the container.", [COMPOSE], [GONE], "the change takes a health check away"),
    ("The volume is removed.", [COMPOSE], [GONE], "no volume goes there"),
    ("An authentication of the observations is added.", [SERVER], [EXPOSED], "no access check comes there"),
    ("A memory limit remains as before.", [COMPOSE], [LIMIT], "the change takes a limit away, or changes it"),
    ("The exposition is removed.", [SERVER], [EXPOSED], "says removed of what comes"),
    ("The `healthcheck` of curl is added.", [COMPOSE], [GONE], "says added of what goes"),
    ("The exposition remains as it was.", [SERVER], [EXPOSED], "says that something stays"),
    ("The exposition has tests.", [SERVER], [EXPOSED], "names no test that this change touches"),
    ("The exposition comes without tests.", [SERVER], [EXPOSED], "tests are touched"),
    ("The exposition of observations is safe.", [SERVER], [EXPOSED], "a judgement that no diff shows: safe"),
    ("All tests pass.", [TEST], [TESTED], "a judgement that no diff shows: tests pass"),
    ("Approved by the security team.", [SERVER], [EXPOSED], "a judgement that no diff shows: Approved"),
    ("It improves the performance.", [SERVER], [EXPOSED], "a judgement that no diff shows"),
    ("Billing uses Stripe.", [SERVER], [EXPOSED], "nothing it speaks of occurs there"),
]


def held(text: str, paths: list[str], lines: list[str]) -> Words:
    draft = Draft(headline="Observations.", claims=[Stated(text=text, paths=paths, lines=lines)], risks=[])
    return ground(draft, "m", FACTS, excerpt(DIFF, 100_000))


@pytest.mark.parametrize(("text", "paths", "lines"), ACCEPTED)
def test_p19_what_the_change_shows_is_accepted(text: str, paths: list[str], lines: list[str]) -> None:
    words = held(text, paths, lines)
    assert not words.claims[0].ungrounded
    assert words.flagged == ()


@pytest.mark.parametrize(("text", "paths", "lines", "objection"), REFUSED)
def test_p19_what_the_change_does_not_show_is_flagged(
    text: str, paths: list[str], lines: list[str], objection: str
) -> None:
    words = held(text, paths, lines)
    assert objection in words.claims[0].ungrounded
    assert len(words.flagged) == 1


@given(st.lists(st.text(min_size=1, max_size=30), max_size=5), st.text(min_size=1, max_size=80))
def test_p19_no_claim_stands_on_a_file_that_did_not_change(paths: list[str], text: str) -> None:
    if not held(text, paths, [EXPOSED]).claims[0].ungrounded:
        assert paths
        assert all(
            any(known == p or known.endswith(f"/{p}") or known.startswith(f"{p}/") for known in FACTS.paths)
            for p in paths
        )


@pytest.mark.parametrize("text", [text for text, _, _, reason in REFUSED if "judgement" in reason])
def test_p17_a_headline_is_held_against_the_change_too(text: str) -> None:
    words = ground(Draft(headline=text, claims=[], risks=[]), "m", FACTS, excerpt(DIFF, 100_000))
    assert words.flagged
    assert not words.bullets


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Sure! It is all fine.",
        "{}",
        '{"headline": "x", "claims": [], "risks": [], "approved": true}',
        '{"headline": "", "claims": [], "risks": []}',
        '{"headline": "x", "claims": [{"text": "y"}], "risks": []}',
        '{"headline": "x", "claims": "none", "risks": []}',
    ],
)
def test_an_answer_of_another_form_is_no_draft(answer: str) -> None:
    with pytest.raises(ValidationError):
        Draft.model_validate_json(answer)


def imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def test_p20_only_those_who_show_words_know_them_and_no_gate_does() -> None:
    root = Path(__file__).parents[3]
    files = [file for package in ("agents", "guardrails", "tools", "config") for file in (root / package).rglob("*.py")]
    readers = {file.relative_to(root).as_posix() for file in files if "agents.words.claims" in imports(file)}
    assert readers == {
        "agents/briefing.py",
        "agents/entrypoints/summarise.py",
        "agents/narrator.py",
        "agents/notices.py",
        "agents/pull_requests.py",
        "agents/words/summary.py",
    }
