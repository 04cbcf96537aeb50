"""P19: each claim of the model is grounded in the change or flagged."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.words.claims import Draft, Stated, ground

PATHS = frozenset({"src/observer/server.py", "docker-compose.server.yml", "README.md"})
SHOWN = "+def exposition(observations):\n+    return observations\n"

CLAIMS = [
    ("Counters are exposed.", ["src/observer/server.py"], ""),
    ("Counters come from `exposition`.", ["src/observer/server.py"], ""),
    ("The file server.py answers one more path.", ["src/observer/server.py"], ""),
    ("Counters are exposed.", [], "names no file"),
    ("Counters are exposed.", ["src/observer/metrics.py"], "not in this change: src/observer/metrics.py"),
    ("It also touches infra/prod.tf/main.", ["README.md"], "not in this change: infra/prod.tf/main"),
    ("The settings.py file changes.", ["README.md"], "not in this change: settings.py"),
    ("It calls `drop_table`.", ["README.md"], "does not occur in this change: drop_table"),
]


@pytest.mark.parametrize(("text", "paths", "objection"), CLAIMS)
def test_p19_a_claim_is_held_against_the_change(text: str, paths: list[str], objection: str) -> None:
    words = ground(Draft(headline="x", claims=[Stated(text=text, paths=paths)], risks=[]), "m", PATHS, SHOWN)
    assert words.claims[0].ungrounded == objection
    assert bool(words.flagged) == bool(objection)


@given(st.lists(st.text(min_size=1, max_size=30), max_size=5), st.text(min_size=1, max_size=80))
def test_p19_no_claim_stands_on_a_file_that_did_not_change(paths: list[str], text: str) -> None:
    words = ground(Draft(headline="x", claims=[], risks=[Stated(text=text, paths=paths)]), "m", PATHS, "")
    if not words.risks[0].ungrounded:
        assert paths
        assert all(
            any(known == p or known.endswith(f"/{p}") or known.startswith(f"{p}/") for known in PATHS) for p in paths
        )


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
        "agents/words/summary.py",
    }
