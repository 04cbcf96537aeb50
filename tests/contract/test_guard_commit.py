"""P14: what is staged is looked at before the commit is made, with git itself."""

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from agents.entrypoints.guard import guard_secrets
from agents.entrypoints.guard_commit import guard_commit
from tests.corpora.secrets.rendering import github_token
from tools.scanner import Scanner

PASSWORD = "tulipgarden88"
COMPOSE = "a:\n  environment:\n    DB_PASSWORD: {}\n"
REFERENCE = "${DB_PASSWORD:?DB_PASSWORD required}"


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    return Scanner(tmp_path_factory.getbasetemp() / "scanner", b"k" * 32)


class Work:
    """A repository, and what somebody does in it."""

    def __init__(self, directory: Path, scanner: Scanner) -> None:
        self.directory = directory
        self.scanner = scanner
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str, allowed: tuple[int, ...] = (0,)) -> None:
        author = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        ran = subprocess.run(
            ("git", "-C", str(self.directory), *words), check=False, capture_output=True, env={**os.environ, **author}
        )
        assert ran.returncode in allowed, ran.stderr

    def stage(self, path: str, content: str | bytes) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--force", path)

    def commit(self) -> None:
        self.git("commit", "--quiet", "--no-verify", "-m", "x")

    def guard(self, *, as_json: bool = False) -> tuple[int, str]:
        out = io.StringIO()
        code = guard_commit(self.directory, as_json=as_json, out=out, scanner=self.scanner)
        return code, out.getvalue()


@pytest.fixture
def work(tmp_path: Path, scanner: Scanner) -> Work:
    return Work(tmp_path, scanner)


def test_a_secret_in_the_very_first_commit_stops_it_without_its_value(work: Work) -> None:
    work.stage("compose.yml", COMPOSE.format(PASSWORD))
    code, told = work.guard()
    assert code == 1
    assert "compose.yml:3: blocking: DB_PASSWORD is written out" in told
    assert "1 staged file looked at" in told
    assert "git commit --no-verify" in told
    assert "rotate" not in told.lower()  # nobody has seen it yet
    assert PASSWORD not in told


def test_nothing_staged_and_clean_files_pass(work: Work) -> None:
    assert work.guard()[0] == 0
    work.stage("compose.yml", COMPOSE.format(REFERENCE))
    assert work.guard()[0] == 0


def test_the_index_counts_and_not_the_working_tree(work: Work) -> None:
    work.stage("compose.yml", COMPOSE.format(REFERENCE))
    (work.directory / "compose.yml").write_text(COMPOSE.format(PASSWORD))
    assert work.guard()[0] == 0
    work.git("add", "compose.yml")
    (work.directory / "compose.yml").write_text(COMPOSE.format(REFERENCE))
    assert work.guard()[0] == 1


def test_what_was_there_before_does_not_stop_and_a_new_one_in_the_same_file_does(work: Work) -> None:
    work.stage("compose.yml", COMPOSE.format(PASSWORD))
    work.commit()
    work.stage("compose.yml", "# a word\n" + COMPOSE.format(PASSWORD))
    code, told = work.guard()
    assert (code, "1 known before" in told) == (0, True)
    work.stage("compose.yml", COMPOSE.format(PASSWORD) + f"    SMTP_PASSWORD: {PASSWORD[::-1]}\n")
    assert work.guard()[0] == 1


def test_a_secret_that_is_taken_out_is_to_be_rotated(work: Work) -> None:
    work.stage("compose.yml", COMPOSE.format(PASSWORD))
    work.stage("gone.yml", COMPOSE.format(PASSWORD[::-1]))
    work.commit()
    work.stage("compose.yml", COMPOSE.format(REFERENCE))
    work.git("rm", "--quiet", "gone.yml")
    code, told = work.guard()
    assert code == 0
    assert told.count("Rotate DB_PASSWORD") == 2
    assert PASSWORD not in told


def test_a_renamed_file_brings_nothing_new(work: Work) -> None:
    work.stage("a/compose.yml", COMPOSE.format(PASSWORD))
    work.commit()
    work.git("mv", "a/compose.yml", "b.yml")
    code, told = work.guard()
    assert code == 0
    assert "Rotate" not in told


def test_of_a_merge_only_what_differs_from_both_sides_is_judged(work: Work) -> None:
    work.stage("compose.yml", "a: 1\n")
    work.commit()
    work.git("switch", "--quiet", "-c", "other")
    work.stage("theirs.yml", COMPOSE.format(PASSWORD))
    work.stage("compose.yml", "a: 2\n")
    work.commit()
    work.git("switch", "--quiet", "main")
    work.stage("compose.yml", "a: 3\n")
    work.commit()
    work.git("merge", "--no-commit", "other", allowed=(1,))
    work.stage("compose.yml", "a: 4\n")
    code, told = work.guard()
    assert (code, "1 staged file looked at" in told) == (0, True)
    work.stage("compose.yml", COMPOSE.format(PASSWORD))
    assert work.guard()[0] == 1


def test_names_and_contents_that_are_no_text_are_no_trouble(work: Work) -> None:
    work.stage("müll ü\n.bin", b"\0\1\2" * 100 + b"\n" + github_token().encode() + b"\n")
    work.stage("latin.yml", "a: Müller\n".encode("latin-1"))
    (work.directory / "link").symlink_to("/etc/passwd")
    work.git("add", "link")
    code, told = work.guard()
    assert code == 1
    assert "latin.yml: blocking: The YAML cannot be read: it is not UTF-8." in told
    assert "secret-pattern" in {one["rule"] for one in json.loads(work.guard(as_json=True)[1])}
    assert github_token() not in told


def test_an_env_file_and_a_large_file_are_told(work: Work) -> None:
    work.stage(".env", "A=1\n")
    work.stage("model.bin", b"x" * 10_000_001)
    code, told = work.guard()
    assert code == 1
    assert ".env: blocking: An env file belongs on a machine" in told
    assert "model.bin: warning: The file has 10 MB" in told


def test_the_index_that_git_names_to_its_hook_is_the_one_looked_at(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.stage("a.txt", "x")
    work.commit()
    monkeypatch.setenv("GIT_INDEX_FILE", str(work.directory / ".git/next-index"))
    work.git("read-tree", "HEAD")
    work.stage("compose.yml", COMPOSE.format(PASSWORD))
    assert work.guard()[0] == 1
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert work.guard()[0] == 0


@pytest.mark.parametrize("as_json", [False, True])
def test_a_scanner_that_does_not_start_stops_the_commit_with_the_way_out(work: Work, as_json: bool) -> None:
    (work.directory / "file").write_text("in the way")
    work.stage("a.txt", "x")
    work.scanner = Scanner(work.directory / "file")
    code, told = work.guard(as_json=as_json)
    assert code == 2
    assert "The commit was not looked at: " in told
    assert "./shipmate doctor" in told


def test_outside_of_a_repository_it_says_so(tmp_path: Path, scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    out = io.StringIO()
    assert guard_commit(tmp_path, as_json=False, out=out, scanner=scanner) == 2
    assert out.getvalue() == (
        f"This is no git repository: {tmp_path}. Nothing was looked at. Change into one, and run it again.\n"
    )


def test_the_json_is_that_of_guard_secrets_in_the_order_of_lines(work: Work) -> None:
    work.stage("a.json", "{")
    work.stage("compose.yml", COMPOSE.format(PASSWORD) + "    API_TOKEN: changeme\n    A_SECRET: tulipgarden99\n")
    told = json.loads(work.guard(as_json=True)[1])
    out = io.StringIO()
    guard_secrets([work.directory / "compose.yml"], as_json=True, out=out, scanner=work.scanner)
    assert [list(one) for one in told[1:]] == [list(one) for one in json.loads(out.getvalue())]
    places = [(one["file"], one["line"], one["key"], one["layer"]) for one in told]
    assert places == [
        ("a.json", 1, "a.json", "file"),
        ("compose.yml", 3, "DB_PASSWORD", "structure"),
        ("compose.yml", 4, "API_TOKEN", "structure"),
        ("compose.yml", 5, "A_SECRET", "structure"),
    ]
    assert told[1]["fingerprint"] == work.scanner.seal(PASSWORD)
