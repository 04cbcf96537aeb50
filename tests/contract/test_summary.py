"""`shipmate summary` over a real repository."""

import io
import json
from pathlib import Path

import pytest

from agents.entrypoints.summarise import summary
from agents.words.foreign import prose
from tests.contract.pull_house import git
from tests.stage.observer.repository import build_observer


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_observer(tmp_path_factory.mktemp("sample") / "observer")


async def told(repository: Path, base: str, head: str) -> dict[str, object]:
    out = io.StringIO()
    assert await summary(repository, base, head, as_json=True, narrator=None, out=out) == 0
    document: dict[str, object] = json.loads(out.getvalue())
    return document


async def test_p19_a_summary_without_a_model_is_marked_and_complete(repository: Path) -> None:
    document = await told(repository, "v1.2.2", "v1.2.3")
    assert (document["author"], document["words"], document["flagged"]) == ("facts", None, [])
    text = str(document["markdown"])
    assert "From `v1.2.2` to `v1.2.3`: 3 commits, 6 files," in text
    assert f"{prose('Expose counters for Prometheus (#7)')} (ben)" in text
    assert "`added src/observer/metrics.py +12 -0`" in text
    assert "no model took part" in text


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        ("v1.2.5", "docker-compose.server.yml observer: mount /app/data/observer removed (./data)"),
        ("v1.3.4", "docker-compose.server.yml observer: health check changed (CMD python3"),
        ("v1.3.4", "Dockerfile: health check changed (--interval"),
    ],
)
async def test_p19_what_a_trap_takes_away_is_never_missing(repository: Path, version: str, taken: str) -> None:
    document = await told(repository, "v1.2.3" if version < "v1.3" else "v1.2.8", version)
    section = str(document["markdown"]).partition("### Taken away\n")[2].partition("###")[0].replace("`", "")
    assert section.count(taken) == 1


async def test_anything_git_understands_names_a_commit(repository: Path) -> None:
    document = await told(repository, "main~2", "HEAD")
    assert "2 commits" in str(document["markdown"])


@pytest.mark.parametrize(("base", "answer"), [("v9.9.9", "has no commit 'v9.9.9'"), ("--all", "has no commit '--all'")])
async def test_an_unknown_name_is_refused_with_the_way_out(repository: Path, base: str, answer: str) -> None:
    out = io.StringIO()
    assert await summary(repository, base, "main", as_json=False, narrator=None, out=out) == 2
    assert answer in out.getvalue()
    assert "git tag --list" in out.getvalue()


async def test_a_directory_without_a_repository_is_refused(tmp_path: Path) -> None:
    out = io.StringIO()
    assert await summary(tmp_path, "a", "b", as_json=False, narrator=None, out=out) == 2
    assert "is not a git repository" in out.getvalue()


async def test_p17_what_hides_in_a_change_is_a_finding_with_its_place(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "-b", "main")
    for name, content in (
        ("a.py", "x = 1\n"),
        ("a.py", "x = 1\nif level != 'user\u202e \u2066# admins\u2069 \u2066':\n"),
    ):
        (tmp_path / name).write_text(content)
        git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "--quiet", "--message", "Small\u200b fix")
    document = await told(tmp_path, "main~1", "main")
    section = str(document["markdown"]).partition("### Findings\n")[2].partition("###")[0]
    assert "`hidden-characters`: `a.py:2`" in section
    assert "U+202E RIGHT-TO-LEFT OVERRIDE" in section
    assert "`hidden-characters`: `commit " in section
    assert not {"\u202e", "\u2066"} & set(section)
