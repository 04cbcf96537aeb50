from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.changes import ChangedFile, Commit, pull_request, read_changes, read_commits, touched
from tools.errors import Garbled

SHAS = f"{'a' * 40} {'b' * 40}"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
PATH = TEXT.filter(lambda text: bool(text) and not text.startswith("/"))


def test_all_kinds_of_change_are_read() -> None:
    raw = "".join(
        (
            f":000000 100644 {SHAS} A\0new.py\0",
            f":100644 000000 {SHAS} D\0gone.py\0",
            f":100644 100644 {SHAS} M\0logo.png\0",
            f":100644 120000 {SHAS} T\0link\0",
            f":100644 100644 {SHAS} R087\0old name\0new name\0",
        )
    )
    counts = "3\t0\tnew.py\0" + "0\t9\tgone.py\0" + "-\t-\tlogo.png\0" + "1\t1\tlink\0" + "2\t1\t\0old name\0new name\0"
    assert read_changes(raw + counts) == (
        ChangedFile("gone.py", "deleted", deleted=9),
        ChangedFile("link", "modified", added=1, deleted=1),
        ChangedFile("logo.png", "modified", binary=True),
        ChangedFile("new name", "renamed", "old name", added=2, deleted=1),
        ChangedFile("new.py", "added", added=3),
    )


@given(PATH, st.integers(0, 10**6), st.integers(0, 10**6))
def test_any_file_name_survives_the_reading(path: str, added: int, deleted: int) -> None:
    output = f":100644 100644 {SHAS} M\0{path}\0{added}\t{deleted}\t{path}\0"
    assert read_changes(output) == (ChangedFile(path, "modified", added=added, deleted=deleted),)


@given(PATH, PATH)
def test_any_pair_of_names_of_a_renamed_file_survives_the_reading(old: str, new: str) -> None:
    output = f":100644 100644 {SHAS} R100\0{old}\0{new}\x000\t0\t\0{old}\0{new}\0"
    assert read_changes(output) == (ChangedFile(new, "renamed", old),)


@pytest.mark.parametrize(
    "output", ["nonsense", "nonsense\0", ":1 2\0", f":1 1 {SHAS} R1\0only\0", f":1 1 {SHAS} X\0a\0", "1\t1\tunknown\0"]
)
def test_what_git_never_prints_is_refused(output: str) -> None:
    with pytest.raises(Garbled):
        read_changes(output)


def test_no_output_is_no_change() -> None:
    assert read_changes("") == ()
    assert read_commits("") == ()


@given(st.lists(st.tuples(TEXT, TEXT, TEXT)))
def test_any_words_in_commits_survive_the_reading(words: list[tuple[str, str, str]]) -> None:
    output = "".join(
        f"{'c' * 40}\0{author}\x002026-01-02T03:04:05+00:00\0{subject}\0{body}\0" for author, subject, body in words
    )
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert read_commits(output) == tuple(
        Commit("c" * 40, author, subject, body.strip(), when, pull_request(subject)) for author, subject, body in words
    )


@pytest.mark.parametrize("output", ["x\0", "sha\0author\0yesterday\0subject\0body\0", "a\0b\0c\0d\0e\0f\0"])
def test_a_garbled_log_is_refused(output: str) -> None:
    with pytest.raises(Garbled):
        read_commits(output)


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Serve faster (#12)", 12),
        ("Merge pull request #7 from hana/faster", 7),
        ("Revert (#12) by hand", None),
        ("See #12", None),
        ("Fix (#0x12)", None),
        (f"Too long (#{'9' * 30})", None),
    ],
)
def test_a_subject_names_its_pull_request(subject: str, number: int | None) -> None:
    assert pull_request(subject) == number


def test_the_old_name_of_a_renamed_file_counts_as_touched() -> None:
    files = (ChangedFile("docs/a.md", "renamed", "server/a.py"), ChangedFile("b", "added"))
    assert touched(files) == ("server/a.py", "docs/a.md", "b")
