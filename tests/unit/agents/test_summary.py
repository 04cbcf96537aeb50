"""P19: the summary without a model has every section, counts every file, and says what was not run."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.words.claims import Claim, Words
from agents.words.differences import Difference, Sort
from agents.words.facts import ImageFact, ReleaseFacts, SuiteFact, by_category
from agents.words.patch import RemovedProtection
from agents.words.summary import MOST_LINES, markdown, plain
from guardrails.verdict import Finding
from tools.changes import ChangedFile, Commit
from tools.github import PullRequest

TITLES = (
    "What changes",
    "Taken away",
    "Risks",
    "Migrations",
    "How it runs",
    "Dependencies",
    "Tests that ran",
    "Not run",
    "Findings",
    "Images",
    "Way back",
    "Commits",
    "Files",
)
EMPTY = ReleaseFacts(to_version="v1.2.3", to_commit="a" * 40)
FACTS = ReleaseFacts(
    service="observer",
    environment="production",
    from_version="v1.2.2",
    from_commit="b" * 40,
    to_version="v1.2.3",
    to_commit="a" * 40,
    commits=(Commit("a" * 40, "ben", "Expose counters (#7)", "", datetime(2026, 1, 1, tzinfo=UTC), 7),),
    pull_request=PullRequest(7, "Expose counters", "For Prometheus.", "ben", "https://github.example/7"),
    files=by_category(
        [ChangedFile("src/server.py", "modified", None, 3, 1), ChangedFile("logo.png", "added", binary=True)]
    ),
    migrations=("migrations/1.sql",),
    differences=(Difference(Sort.REMOVED, "observer", "health check"),),
    removed_protections=(RemovedProtection("Dockerfile", "least privilege", "USER qts"),),
    tests=(SuiteFact("unit", "passed", 15, 99.5),),
    not_run={"e2e": "only the back end changed"},
    findings=(Finding("port-public", "observer", "It is published.", "Publish it privately."),),
    images=(ImageFact("observer", "ghcr.io/acme/observer:v1.2.3", 50_000_000, 48_000_000),),
    rollback="v1.2.2 is kept on every host",
)


@pytest.mark.parametrize("facts", [EMPTY, FACTS])
def test_p19_every_section_is_there_with_something_in_it(facts: ReleaseFacts) -> None:
    assert tuple(section.title for section in plain(facts)) == TITLES
    assert all(section.lines and all(section.lines) for section in plain(facts))


@pytest.mark.parametrize(
    "sentence",
    [
        "From v1.2.2 to v1.2.3: 1 commit, 2 files, +3 -1 lines, 2 removals.",
        "observer: health check removed",
        "Dockerfile: least privilege removed: USER qts",
        "migrations/1.sql",
        "unit passed, 15 tests, coverage 100 %",
        "e2e: only the back end changed",
        "port-public: observer - It is published.",
        "observer: 50.0 MB (+2.0 MB)",
        "v1.2.2 is kept on every host",
        "Pull request 7 by ben: Expose counters",
        "modified src/server.py +3 -1",
        "added logo.png binary",
    ],
)
def test_p19_each_fact_is_told(sentence: str) -> None:
    assert sentence in [line for section in plain(FACTS) for line in section.lines]


def test_p19_without_tests_the_summary_says_so() -> None:
    assert "- No test was run for this summary." in markdown(EMPTY)


def test_p19_without_a_model_the_summary_says_so() -> None:
    assert markdown(FACTS).endswith("no model took part.*\n")


@given(st.sets(st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}\.(py|tsx|sql|md)", fullmatch=True), max_size=MOST_LINES * 3))
def test_p19_every_changed_file_is_counted_even_where_it_is_not_listed(paths: set[str]) -> None:
    facts = ReleaseFacts("v2", "a" * 40, files=by_category(ChangedFile(path, "modified") for path in paths))
    (section,) = [section for section in plain(facts) if section.title == "Files"]
    listed = [line for line in section.lines if line.startswith("modified ")]
    more = sum(int(line.split()[1]) for line in section.lines if line.startswith("and "))
    assert len(listed) + more == len(paths)


def test_hidden_characters_are_told_and_shown() -> None:
    commit = Commit("c" * 40, "eve", "fix\u202etxt", "", datetime(2026, 1, 1, tzinfo=UTC))
    text = markdown(ReleaseFacts("v2", "a" * 40, commits=(commit,)))
    assert "Hidden characters" in text
    assert "fix[U+202E]txt" in text


def test_foreign_words_do_nothing_on_github() -> None:
    commit = Commit(
        "c" * 40, "eve", "@everyone closes #1 ![x](https://e.example) `", "", datetime(2026, 1, 1, tzinfo=UTC)
    )
    text = markdown(ReleaseFacts("v2", "a" * 40, commits=(commit,)))
    assert "- ``cccccccccccc @everyone closes #1 ![x](https://e.example) ` (eve)``" in text


def test_the_words_of_a_model_come_last_labelled_and_flagged() -> None:
    claims = (Claim("Counters are exposed.", ("src/server.py",)), Claim("All is safe.", (), "names no file"))
    text = markdown(FACTS, Words("claude-x", "Counters for @everyone.", claims, ()))
    label = text.index("### In other words (written by `claude-x` from texts nobody has checked)")
    assert label > text.index("### Files")
    assert "> - Counters are exposed." in text[label:]
    assert "> - All is safe. **(not backed by the change: names no file)**" in text[label:]
    assert "@everyone" not in text
