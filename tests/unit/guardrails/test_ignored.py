"""`.dockerignore` as Docker reads it, and the entries that must really be kept out of a build."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.ignored import PatternError, ignored_as_agreed, kept_out, patterns

AGREED = (".git", "**/__pycache__", ".env", "data/", "static/tts/")
GOOD = ".git\n**/__pycache__\n.env\ndata/\nstatic/tts\n"


@pytest.mark.parametrize(
    ("text", "path", "out"),
    [
        ("data", "data", True),
        ("data", "data/a/b.bin", True),
        ("data", "app/data", False),
        ("data/", "data/x", True),
        ("/data", "data/x", True),
        ("./data/../data", "data/x", True),
        ("data/**", "data/a/b", True),
        ("data/**", "data", False),
        ("data/*", "data/a/b", True),
        ("**/data", "app/data/x", True),
        ("**/data", "data", True),
        ("**/*.pyc", "a/b/c.pyc", True),
        ("*.pyc", "a/c.pyc", False),
        ("**", "anything/at/all", True),
        ("*", "a/b", True),
        ("**data", "app/mydata", True),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z/f", True),
        ("da?a", "data", True),
        ("d[a-c]ta", "data", True),
        ("d[^a]ta", "data", False),
        ("# data\n #data", "data", False),
        ("\ufeffdata\r\n", "data", True),
        ("data\n!data/keep", "data/keep", False),
        ("data\n!data/keep", "data/other", True),
        ("!data/keep\ndata", "data/keep", True),
        ("data\n!data\ndata", "data/x", True),
        ("*\n!src", "src/app.py", False),
        ("*\n!src\n**/*.key", "src/app.key", True),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        ("a.b", "axb", False),
    ],
)
def test_the_last_line_that_matters_decides_whether_a_path_is_kept_out(text: str, path: str, out: bool) -> None:
    assert kept_out(path, patterns(text)) is out


@pytest.mark.parametrize("line", ["!", "a[", "a[]", "[z-a]", "a\\"])
def test_a_line_that_docker_refuses_is_told(line: str) -> None:
    with pytest.raises(PatternError):
        patterns(f"data\n{line}\n")
    (finding,) = ignored_as_agreed(".dockerignore", line, ["data"], ()).findings
    assert finding.rule == "ignore-unreadable"
    assert f"`{line}`" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("data/", "data"),
        GOOD.replace("data/", "/data/**"),
        GOOD.replace("data/", "d*"),
        f"{GOOD}!datasheet.txt\n!static/index.html\n",
        "*\n!app\n**/__pycache__\n",
        f"!data/x\n{GOOD}",
    ],
)
def test_entries_may_be_kept_out_in_any_way_that_works(text: str) -> None:
    assert not ignored_as_agreed(".dockerignore", text, AGREED, ("app/main.py", "data/a", ".env")).findings


@pytest.mark.parametrize(
    ("text", "entry", "told"),
    [
        (GOOD.replace(".env\n", ""), ".env", "does not keep .env out of the build, among it .env"),
        (GOOD.replace("data/", "data/index"), "data/", "does not keep data/ out"),
        (GOOD.replace("data/", "*.data"), "data/", "does not keep data/ out"),
        (GOOD.replace("data/", "data/*.bin"), "data/", "does not keep data/ out"),
        (GOOD.replace("**/__pycache__", "__pycache__"), "**/__pycache__", "does not keep **/__pycache__ out"),
        (GOOD.replace("static/tts", "static/tts/*.wav"), "static/tts/", "does not keep static/tts/ out"),
        (f"{GOOD}!data/seed\n", "data/", "lets parts of data/ into the build again: `!data/seed`"),
        (f"{GOOD}!data\n", "data/", "again: `!data`"),
        (f"{GOOD}!**/*.json\n", "data/", "again: `!**/*.json`"),
        (f"{GOOD}!static/*/hello.wav\n", "static/tts/", "again: `!static/*/hello.wav`"),
        (f"{GOOD}!*/seed\n", "data/", "again: `!*/seed`"),
        ("*\n!app\n", "**/__pycache__", "lets parts of **/__pycache__ into the build again: `!app`"),
    ],
)
def test_an_entry_that_reaches_the_build_is_refused_with_the_way_out(text: str, entry: str, told: str) -> None:
    verdict = ignored_as_agreed(".dockerignore", text, AGREED, ("app/main.py", "data/index.bin", ".env"))
    findings = {finding.subject: finding for finding in verdict.findings}
    finding = findings[f".dockerignore: {entry}"]
    assert told in finding.message
    assert verdict.blocks
    assert f"`{entry}`" in finding.remedy or "Take the line" in finding.remedy


def test_a_name_that_means_the_top_only_is_explained() -> None:
    (finding,) = ignored_as_agreed(".dockerignore", "__pycache__", ["**/__pycache__"], ()).findings
    assert "`__pycache__` alone means the top of the context only." in finding.remedy


def test_without_the_file_everything_is_sent_and_one_finding_names_all_lines() -> None:
    (finding,) = ignored_as_agreed(".dockerignore", None, AGREED, ()).findings
    assert finding.rule == "ignore-absent"
    assert ", ".join(AGREED) in finding.remedy
    assert not ignored_as_agreed(".dockerignore", None, (), ()).findings


words = st.text(alphabet="ab/*?!#[]^-\\. \n\t&|~d", max_size=24)


@given(words, words, st.text(alphabet="ab/d.", min_size=1, max_size=12))
def test_no_text_is_too_strange(text: str, entry: str, path: str) -> None:
    ignored_as_agreed(".dockerignore", text, [entry] if entry.strip() else [], [path])


@given(st.text())
def test_no_unicode_is_too_strange(text: str) -> None:
    ignored_as_agreed(".dockerignore", text, AGREED, ("a", "data/x"))
