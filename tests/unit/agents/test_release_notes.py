"""Release notes: what breaks or is gone comes first, and foreign words in them call nobody and do nothing."""

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from agents.words.facts import ReleaseFacts
from agents.words.release_notes import MOST_LINES, Notes, called_breaking, release_notes
from config.sources import Category
from tools.changes import ChangedFile, Commit
from tools.github import PullRequest

WEB = "https://github.com/acme/observer"
NOW = datetime(2026, 2, 6, tzinfo=UTC)


def commit(subject: str, body: str = "", sha: str = "a" * 40, author: str = "ana") -> Commit:
    return Commit(sha, author, subject, body, NOW)


def notes(*commits: Commit, since: str = "v1.2.2", **facts: object) -> str:
    told = ReleaseFacts(to_version="v1.2.3", to_commit="a" * 40, commits=commits, **facts)  # type: ignore[arg-type]
    return release_notes(Notes("v1.2.3", since, WEB, told))


def test_what_breaks_or_is_gone_stands_first() -> None:
    gone = ChangedFile("src/old.py", "deleted")
    text = notes(
        commit("Add a thing"),
        commit("feat(api)!: Drop /v1", sha="b" * 40),
        commit("Rename a key", "BREAKING CHANGE: KIS_KEY is KIS_API_KEY now", "c" * 40),
        files={Category.BACKEND: (gone,)},
    )
    first, rest = text.split("## Commits")
    assert first.startswith("## Breaking or removed\n")
    assert "`bbbbbbb` feat\\(api\\)\\!: Drop /v1" in first
    assert "`ccccccc` KIS\\_KEY is KIS\\_API\\_KEY now" in first
    assert "1 deleted: `src/old.py`" in first
    assert "Add a thing (ana)" in rest


def test_only_what_a_commit_itself_calls_breaking_is() -> None:
    assert called_breaking(commit("feat!: x")) == "feat!: x"
    assert called_breaking(commit("x", "text\n\nBREAKING-CHANGE: y")) == "y"
    assert not called_breaking(commit("Fix it! Now: please", "no breaking change: here"))


def test_pull_requests_are_named_once_and_their_commits_are_not_listed_again() -> None:
    facts = ReleaseFacts(to_version="v1.2.3", to_commit="a" * 40, commits=(commit("x (#7)"), commit("y", sha="b" * 40)))
    pull = PullRequest(7, "Expose counters", "", "ben", f"{WEB}/pull/7")
    text = release_notes(Notes("v1.2.3", "v1.2.2", WEB, facts, (pull,), {"a" * 40: 7}))
    assert "- Expose counters #7 by @ben" in text
    assert "## Other commits\n\n- `bbbbbbb` y (ana)" in text
    assert "`aaaaaaa`" not in text


def test_the_models_words_are_labelled_and_quoted() -> None:
    facts = ReleaseFacts(to_version="v1.2.3", to_commit="a" * 40)
    text = release_notes(Notes("v1.2.3", "", WEB, facts, words="It is faster.\n# Approved by @ana"))
    assert "## In the model's words\n\n*Not checked by a person.*\n\n> It is faster." in text
    assert "@ana" not in text
    assert text.endswith("The first release.\n")


def test_a_long_list_says_how_long_it_is() -> None:
    text = notes(*(commit(f"change {n}", sha=f"{n:040x}") for n in range(MOST_LINES + 5)))
    assert "- and 5 more" in text


INERT = re.compile(r"\\[!-/:-@\[-`{-~]|(`+)(?!`).*?(?<!`)\1(?!`)")
"""What does nothing in Markdown: escaped characters, which open no code either, and code."""
HOSTILE = st.text("@#<>[]()`*_|!&\n\r:/.www\u202e\u200bGH-1ab", min_size=1, max_size=60)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_p17_foreign_words_call_nobody_and_are_no_markup(subject: str, author: str, login: str) -> None:
    written = commit(f"{subject} @ana #1", author=author)
    facts = ReleaseFacts(to_version="v1.2.3", to_commit="a" * 40, commits=(written,))
    pull = PullRequest(7, subject, "", login, f"{WEB}/pull/7")
    text = release_notes(Notes("v1.2.3", "", WEB, facts, (pull,)))
    assert "\u202e" not in text
    acting = INERT.sub(" ", text).replace("#7 by", "").replace("## ", "")
    assert "@ana" not in acting
    assert "#1" not in acting
    assert "<" not in acting
