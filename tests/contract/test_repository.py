import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.stage.sources import Sources
from tools import repository as copies
from tools.changes import ChangedFile
from tools.errors import Denied, Garbled, NotFound
from tools.repository import Repository

LINES = b"".join(b"line %d\n" % number for number in range(20))


def _names(directory: Path, pattern: str) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.glob(pattern))


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path / "work")


@pytest.fixture
def repository(sources: Sources, tmp_path: Path) -> Repository:
    return Repository(str(sources.directory), tmp_path / "copies" / "observer.git")


async def test_a_tag_wins_over_a_branch_of_the_same_name(sources: Sources, repository: Repository) -> None:
    first = sources.commit("First", {"a": b"1"})
    sources.git("tag", "--annotate", "--message", "x", "v1.0.0")
    second = sources.commit("Second", {"a": b"2"})
    sources.git("branch", "v1.0.0")
    await repository.refresh()
    assert await repository.resolve("v1.0.0") == first
    assert await repository.resolve("main") == second
    assert await repository.resolve(second[:8]) == second
    assert await repository.resolve("v9.9.9") is None
    assert await repository.resolve("main~1") is None


async def test_a_moved_tag_and_a_deleted_branch_are_seen_after_a_refresh(
    sources: Sources, repository: Repository
) -> None:
    sources.commit("First", {"a": b"1"})
    sources.git("tag", "v1.0.0")
    sources.git("branch", "old")
    await repository.refresh()
    moved = sources.commit("Second", {"a": b"2"})
    sources.git("tag", "--force", "v1.0.0")
    sources.git("branch", "--delete", "--force", "old")
    await repository.refresh()
    assert await repository.resolve("v1.0.0") == moved
    assert await repository.resolve("old") is None


async def test_tags_are_listed_newest_version_first_and_others_left_out(
    sources: Sources, repository: Repository
) -> None:
    sources.commit("First", {"a": b"1"})
    for tag in ("v1.2.0", "v1.10.0", "v1.9.0", "nightly", "v1.2.0-rc"):
        sources.git("tag", tag)
    await repository.refresh()
    assert await repository.tags(r"v\d+\.\d+\.\d+") == ("v1.10.0", "v1.9.0", "v1.2.0")


async def test_every_kind_of_change_is_told(sources: Sources, repository: Repository) -> None:
    base = sources.commit("First", {"old.py": LINES, "gone": b"x\n", "logo.png": b"\0\1", "näme with\ttab\n": b"a\n"})
    head = sources.commit(
        "Second (#12)",
        {
            "old.py": None,
            "new.py": LINES + b"more\n",
            "gone": None,
            "logo.png": b"\0\2",
            "näme with\ttab\n": b"b\n",
            "n": b"1\n",
        },
    )
    await repository.refresh()
    assert await repository.changed_files(base, head) == (
        ChangedFile("gone", "deleted", deleted=1),
        ChangedFile("logo.png", "modified", binary=True),
        ChangedFile("n", "added", added=1),
        ChangedFile("new.py", "renamed", "old.py", added=1),
        ChangedFile("näme with\ttab\n", "modified", added=1, deleted=1),
    )
    assert [file.status for file in await repository.changed_files(None, base)] == ["added"] * 4
    assert await repository.changed_files(head, head) == ()


async def test_more_changes_than_github_compares_are_all_told(sources: Sources, repository: Repository) -> None:
    base = sources.commit("First", {"a": b"1"})
    head = sources.commit("Many", {f"many/{number:04}": b"%d\n" % number for number in range(450)})
    await repository.refresh()
    assert len(await repository.changed_files(base, head)) == 450


async def test_an_attribute_in_the_repository_hides_nothing_from_the_diff(
    sources: Sources, repository: Repository
) -> None:
    base = sources.commit("First", {"app.py": b"a\n", ".gitattributes": b"*.py -diff export-ignore\n"})
    head = sources.commit("Second", {"app.py": b"b\n"})
    await repository.refresh()
    assert "\n-a\n+b\n" in await repository.diff(base, head)
    assert (await repository.changed_files(base, head))[0].binary is False
    assert await repository.diff(base, head, ["*.py"]) == ""


async def test_commits_are_listed_newest_first_with_their_pull_requests(
    sources: Sources, repository: Repository
) -> None:
    base = sources.commit("First", {"a": b"1"})
    sources.commit("Serve faster (#12)\n\nBy half.\n", {"a": b"2"})
    head = sources.commit("Fix", {"a": b"3"})
    await repository.refresh()
    commits = await repository.commits(base, head)
    assert [(c.subject, c.body, c.pull_request, c.author) for c in commits] == [
        ("Fix", "", None, "Hana"),
        ("Serve faster (#12)", "By half.", 12, "Hana"),
    ]
    assert abs(datetime.now(UTC) - commits[0].committed_at) < timedelta(minutes=5)
    assert len(await repository.commits(None, head)) == 3
    assert len(await repository.commits(None, head, most=2)) == 2
    assert await repository.commits(head, base) == ()


async def test_a_file_is_read_as_it_was_byte_for_byte(sources: Sources, repository: Repository) -> None:
    content = bytes(range(256)) + b"\r\n"
    (sources.directory / "link").symlink_to("bin")
    (sources.directory / "outside").symlink_to("../../etc/passwd")
    first = sources.commit("First", {"bin": content, "dir/a": b""})
    second = sources.commit("Second", {"bin": b"other"})
    await repository.refresh()
    assert await repository.read(first, "bin") == content
    assert await repository.read(first, "link") == content
    assert await repository.read(second, "bin") == b"other"
    assert await repository.read(first, "dir/a") == b""
    for missing in ("dir", "nothing", "../bin", "/bin", "outside", "a\nb"):
        assert await repository.read(first, missing) is None
    assert await repository.files(first) == ("bin", "dir/a", "link", "outside")


async def test_a_file_beyond_the_limit_is_refused_not_cut(sources: Sources, repository: Repository) -> None:
    head = sources.commit("First", {"big": b"x" * (11 * 1024**2)})
    await repository.refresh()
    with pytest.raises(Garbled):
        await repository.read(head, "big")


async def test_an_export_is_what_a_checkout_would_be(sources: Sources, repository: Repository, tmp_path: Path) -> None:
    (sources.directory / "run").write_text("#!/bin/sh\n")
    (sources.directory / "run").chmod(0o755)
    (sources.directory / "link").symlink_to("run")
    head = sources.commit("First", {"dir/a.py": b"1\n", ".gitattributes": b"*.py export-ignore\n"})
    await repository.refresh()
    target = tmp_path / "sources"
    (target / "left").mkdir(parents=True)
    await repository.export(head, target)
    assert _names(target, "**/*") == [".gitattributes", "dir", "dir/a.py", "link", "run"]
    assert (target / "run").stat().st_mode & 0o777 == 0o755
    assert (target / "link").is_symlink()
    assert _names(tmp_path, "*") == ["copies", "sources", "work"]


async def test_a_copy_that_a_killed_git_left_locked_is_made_again(sources: Sources, tmp_path: Path) -> None:
    sources.commit("First", {"a": b"1"})
    sources.git("tag", "v1")
    repository = Repository(str(sources.directory), tmp_path / "copy")
    await repository.refresh()
    moved = sources.commit("Second", {"a": b"2"})
    (tmp_path / "copy" / "refs" / "heads" / "main.lock").touch()
    await repository.refresh()
    assert await repository.resolve("main") == moved


async def test_a_half_made_copy_is_made_again(sources: Sources, tmp_path: Path) -> None:
    head = sources.commit("First", {"a": b"1"})
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "config").write_text("[core\n")
    repository = Repository(str(sources.directory), tmp_path / "copy")
    await repository.refresh()
    assert await repository.resolve("main") == head


async def test_a_repository_that_does_not_exist_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as raised:
        await Repository(str(tmp_path / "nowhere"), tmp_path / "copy").refresh()
    assert raised.value.remedy


@pytest.mark.parametrize("url", ["--upload-pack=touch hacked", "-x"])
async def test_a_url_is_never_taken_for_an_option(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await Repository(url, tmp_path / "copy").refresh()


async def test_an_unknown_version_is_said_so_by_name(sources: Sources, repository: Repository) -> None:
    head = sources.commit("First", {"a": b"1"})
    await repository.refresh()
    with pytest.raises(NotFound, match=r"v9\.9\.9"):
        await repository.changed_files("v9.9.9", head)
    with pytest.raises(NotFound):
        await repository.changed_files("0" * 40, head)


async def test_a_pull_request_of_a_fork_is_fetched_and_an_unknown_one_is_none(
    sources: Sources, repository: Repository
) -> None:
    sources.commit("First", {"a": b"1"})
    sources.git("checkout", "--quiet", "-b", "theirs")
    theirs = sources.commit("Theirs", {"a": b"2"})
    sources.git("update-ref", "refs/pull/7/head", theirs)
    sources.git("checkout", "--quiet", "main")
    sources.git("branch", "--delete", "--force", "theirs")
    assert await repository.pull_request(7) == theirs
    assert await repository.pull_request(8) is None
    sources.git("update-ref", "-d", "refs/pull/7/head")
    assert await repository.pull_request(7) is None


async def test_a_pull_request_that_would_fill_the_disk_is_not_fetched(
    sources: Sources, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "STRANGERS_LIMIT_BYTES", 1024**2)
    base = sources.commit("Start", {"file": b"0"})
    sources.git("checkout", "--quiet", "--detach")
    small = sources.commit("Small", {"file": b"1"})
    sources.git("update-ref", "refs/pull/7/head", small)
    sources.git("update-ref", "refs/pull/8/head", sources.commit("Large", {"large": os.urandom(3 * 1024**2)}))
    sources.git("checkout", "--quiet", "--force", "-B", "main", base)
    with pytest.raises(Denied, match="more than 1 MB"):
        await repository.pull_request(8)
    assert list((tmp_path / "copies").rglob("tmp_*")) == []
    assert await repository.pull_request(7) == small


async def test_a_branch_is_found_whatever_else_has_its_name(sources: Sources, repository: Repository) -> None:
    tagged = sources.commit("First", {"a": b"1"})
    sources.git("tag", "main")
    newest = sources.commit("Second", {"a": b"2"})
    await repository.refresh()
    assert await repository.branch("main") == newest != tagged
    assert await repository.branch("main\nmain") is None
    assert await repository.branch("other") is None


async def test_two_commits_have_the_commit_where_they_parted_or_nothing_in_common(
    sources: Sources, repository: Repository
) -> None:
    start = sources.commit("First", {"a": b"1"})
    sources.git("checkout", "--quiet", "-b", "side")
    side = sources.commit("Side", {"a": b"2"})
    sources.git("checkout", "--quiet", "main")
    main = sources.commit("Main", {"b": b"1"})
    sources.git("checkout", "--quiet", "--orphan", "alone")
    alone = sources.commit("Alone", {"c": b"1"})
    await repository.refresh()
    assert await repository.merge_base(main, side) == start
    assert await repository.merge_base(main, alone) is None


async def test_many_files_are_read_at_once_and_only_those_that_are_there_and_small(
    sources: Sources, repository: Repository
) -> None:
    files: dict[str, bytes | None] = {f"d/{n}": b"%d\nx\0" % n * n for n in range(300)}
    strange: dict[str, bytes | None] = {"a b.txt": b"1", "\u00e9\u2028.txt": b"2", "large": b"x" * 2000}
    commit = sources.commit("First", files | strange)
    await repository.refresh()
    read = await repository.texts(commit, [*files, *strange, "not there", "two\nlines"], largest_bytes=1999)
    assert read == {path: content for path, content in (files | strange).items() if path != "large"}
