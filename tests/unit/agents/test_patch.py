"""A diff is split into its files under their true names, and what its deletions take away is never missed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.words.excerpt import excerpt
from agents.words.patch import file_patches, removed_protections


def patch(path: str, removed: list[str], added: list[str]) -> str:
    lines = [f"-{line}" for line in removed] + [f"+{line}" for line in added]
    header = f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n"
    return header + f"@@ -1,{len(removed)} +1,{len(added)} @@\n" + "".join(f"{line}\n" for line in lines)


PROTECTIONS = [
    ("health check", "    healthcheck:"),
    ("health check", "HEALTHCHECK CMD curl -f localhost"),
    ("health check", '      test: ["CMD", "curl", "localhost"]'),
    ("health check", "  livenessProbe:"),
    ("volume", "      - ./data:/app/data/observer"),
    ("volume", "      - journal:/app/data:ro"),
    ("volume", "VOLUME /data"),
    ("volume", "    volumes:"),
    ("access check", "    @login_required"),
    ("access check", "    if not is_admin(user):"),
    ("access check", "    user: User = Depends(get_current_user)"),
    ("limit", "          memory: 512M"),
    ("limit", '          cpus: "1.0"'),
    ("limit", "    @rate_limit(10)"),
    ("least privilege", "USER qts"),
    ("least privilege", "    cap_drop: [ALL]"),
    ("encryption", "    verify=True,"),
]


@pytest.mark.parametrize(("kind", "line"), PROTECTIONS)
def test_p19_a_deleted_protection_is_never_missing(kind: str, line: str) -> None:
    (found,) = removed_protections(patch("some/file", [line], ["unrelated"]))
    assert (found.path, found.kind, found.line, found.replaced_by) == ("some/file", kind, line.strip(), "")


@pytest.mark.parametrize(("kind", "line"), PROTECTIONS)
def test_a_moved_line_is_no_removal(kind: str, line: str) -> None:
    assert removed_protections(patch("file", [line], [f"  {line}"])) == (), kind


def test_a_weakened_protection_shows_both_lines() -> None:
    (found,) = removed_protections(patch("compose.yml", ["memory: 512M"], ["memory: 8G"]))
    assert str(found) == "compose.yml: limit changed: memory: 512M -> memory: 8G"


NAMES = {
    "plain": ("--- a/x/y.py\n+++ b/x/y.py\n", "x/y.py"),
    "new": ("new file mode 100644\n--- /dev/null\n+++ b/x.py\n", "x.py"),
    "deleted": ("deleted file mode 100644\n--- a/x.py\n+++ /dev/null\n", "x.py"),
    "with a space": ("--- a/x y.py\t\n+++ b/x y.py\t\n", "x y.py"),
    "quoted": ('--- "a/\\303\\251\\t.py"\n+++ "b/\\303\\251\\t.py"\n', "é\t.py"),
    "moved": ("similarity index 100%\nrename from a.py\nrename to d/b.py\n", "d/b.py"),
}


@pytest.mark.parametrize(("header", "path"), NAMES.values(), ids=NAMES)
def test_a_file_goes_by_its_name_in_git(header: str, path: str) -> None:
    (found,) = file_patches(f"diff --git a/f b/f\n{header}")
    assert found.path == path


def test_a_line_that_looks_like_a_header_is_only_a_line() -> None:
    text = patch("real.py", ["-- a/fake.py", "++ b/fake.py"], ["diff --git a/fake b/fake"])
    (found,) = file_patches(text)
    assert found.path == "real.py"
    assert found.removed == ("-- a/fake.py", "++ b/fake.py")


FILES = st.dictionaries(st.sampled_from([f"f{n}" for n in range(6)]), st.text("ab \n", max_size=60), max_size=6)


@given(FILES, st.integers(0, 500))
def test_an_excerpt_fits_and_names_what_it_leaves_out(files: dict[str, str], budget: int) -> None:
    whole = "".join(patch(path, text.splitlines(), []) for path, text in files.items())
    chosen = excerpt(whole, budget)
    shown = {found.path for found in file_patches(chosen.text)}
    assert len(chosen.text.encode()) <= budget
    assert shown | set(chosen.left_out) == set(files)
    assert not shown & set(chosen.left_out)


def test_p19_a_removed_health_check_is_shown_before_anything_larger_or_smaller() -> None:
    deleted = patch("docker-compose.yml", ["    healthcheck:", *["      x: y"] * 50], [])
    others = "".join(patch(f"f{n}", [], ["x"]) for n in range(20))
    assert "healthcheck" in excerpt(others + deleted, len(deleted)).text


def test_each_removed_line_knows_what_stands_in_its_place() -> None:
    text = "@@ -1,4 +1,3 @@\n one\n-two\n three\n-four\n+five\n@@ -90,2 +40,1 @@\n nine\n-ten\n"
    (found,) = file_patches(f"diff --git a/f b/f\n--- a/f\n+++ b/f\n{text}")
    assert found.removed == ("two", "four", "ten")
    assert found.removed_at == (2, 3, 41)


def test_lines_end_only_where_git_ends_them() -> None:
    (found,) = file_patches(patch("f", ["a\u2028healthcheck:"], []))
    assert found.removed == ("a\u2028healthcheck:",)


def test_deletions_of_what_does_not_fit_are_shown_before_what_is_added() -> None:
    small = patch("small.py", [], ["x = 1"])
    large = patch("large.yml", ["healthcheck:"], ["filler"] * 1000)
    shown = excerpt(large + small, 400)
    assert shown.deletions_only == ("large.yml",)
    assert shown.left_out == ()
    assert "-healthcheck:" in shown.text
    assert "+filler" not in shown.text
    assert "+x = 1" in shown.text


def test_thousands_of_deleted_lines_do_not_push_out_the_rest() -> None:
    small = patch("small.py", ["healthcheck:"], ["x = 1"])
    large = patch("large.csv", ["filler"] * 1000, [])
    shown = excerpt(large + small, 400)
    assert shown.left_out == ("large.csv",)
    assert "-healthcheck:" in shown.text


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12), st.integers(10, 3000))
def test_p19_every_file_of_a_diff_is_shown_or_named_within_the_budget(
    sizes: list[tuple[int, int]], budget: int
) -> None:
    diff = "".join(patch(f"f{n}", ["- old"] * gone, ["+ new"] * came) for n, (gone, came) in enumerate(sizes))
    shown = excerpt(diff, budget)
    assert shown.size_bytes <= budget
    whole = {patch.path for patch in shown.patches} - set(shown.deletions_only)
    assert sorted([*whole, *shown.deletions_only, *shown.left_out]) == sorted(f"f{n}" for n in range(len(sizes)))
