"""P19: what a change takes away is told once, under its right name, and never lost."""

import pytest

from agents.words.facts import ReleaseFacts
from agents.words.patch import removed_protections
from agents.words.settings import setting_changes
from tests.evaluation.shapes import COMPOSE, DOCKERFILE
from tests.unit.agents.test_patch import patch

FILE = "compose.yml"
HEALTH = """    healthcheck:
      test: ["CMD", "curl", "-fsS", "http://127.0.0.1:8080/health"]
      interval: 10s
"""
TIMED = COMPOSE + "      timeout: 5s\n      retries: 3\n"
MOUNT = "    volumes:\n      - ./data:/var/lib/api\n"
GONE_HEALTH = "health check removed (CMD curl -fsS http://127.0.0.1:8080/health, interval 10s, timeout 5s, retries 3)"


def facts(path: str, old: str, new: str) -> ReleaseFacts:
    """Compare two versions of a file as a change does; the whole of both stands in the diff."""
    settings, _ = setting_changes({path: old.encode()}, {path: new.encode()})
    diff = patch(path, old.splitlines(), new.splitlines())
    return ReleaseFacts("v2", "a" * 40, settings=settings, removed_protections=removed_protections(diff))


TAKEN = {
    "a health check is one": (FILE, TIMED, TIMED[: TIMED.index(HEALTH)], (f"{FILE} api: {GONE_HEALTH}",)),
    "a mount": (FILE, COMPOSE, COMPOSE.replace(MOUNT, ""), (f"{FILE} api: mount /var/lib/api removed (./data)",)),
    "a limit that is another is not gone": (FILE, COMPOSE, COMPOSE.replace("512M", "2G"), ()),
    "a limit": (
        FILE,
        COMPOSE,
        COMPOSE.replace("          memory: 512M\n", "          cpus: 2\n"),
        (f"{FILE} api: memory limit removed (512M)",),
    ),
    "a user": (
        FILE,
        COMPOSE,
        COMPOSE.replace('    user: "1000:1000"\n', ""),
        (f"{FILE} api: user removed (1000:1000)",),
    ),
    "a health check that says nothing": (
        FILE,
        COMPOSE,
        COMPOSE.replace('["CMD", "curl", "-fsS", "http://127.0.0.1:8080/health"]', '["CMD", "true"]'),
        (f"{FILE} api: health check changed (CMD curl -fsS http://127.0.0.1:8080/health -> CMD true)",),
    ),
    "a user of an image": (
        "Dockerfile",
        DOCKERFILE,
        DOCKERFILE.replace("USER api\n", ""),
        ("Dockerfile: user removed (api)",),
    ),
    "root instead of a user": (
        "Dockerfile",
        DOCKERFILE,
        DOCKERFILE.replace("USER api", "USER root"),
        ("Dockerfile: user changed (api -> root)",),
    ),
    "a user instead of root": ("Dockerfile", "FROM a\nUSER root\n", "FROM a\nUSER 10001\n", ()),
    "a user of an earlier stage": (
        "Dockerfile",
        "FROM a AS b\nUSER one\nFROM c\nUSER two\n",
        "FROM a AS b\nFROM c\nUSER two\n",
        ("Dockerfile: least privilege removed: USER one",),
    ),
    "a limit that no comparison knows": (
        FILE,
        COMPOSE + "    labels:\n      rate_limit: 10\n",
        COMPOSE + "    labels:\n      other: 10\n",
        (f"{FILE}: limit removed: rate_limit: 10",),
    ),
    "a file that cannot be read": (
        FILE,
        "{{\n" + MOUNT,
        "{{\n",
        (f"{FILE}: volume removed: volumes: - ./data:/var/lib/api",),
    ),
}


@pytest.mark.parametrize(("path", "old", "new", "taken"), TAKEN.values(), ids=TAKEN)
def test_p19_what_is_taken_away_is_told_once(path: str, old: str, new: str, taken: tuple[str, ...]) -> None:
    assert facts(path, old, new).removals == taken


def test_p19_a_change_of_many_kinds_counts_each_removal_once() -> None:
    found = facts(FILE, TIMED, TIMED[: TIMED.index(HEALTH)].replace(MOUNT, "").replace("512M", "2G"))
    assert len(found.removals) == 2
    assert [str(one) for one in found.settings if "health check" in one.subject] == [f"{FILE} api: {GONE_HEALTH}"]


def test_nothing_is_taken_away_where_all_of_it_comes() -> None:
    assert facts(FILE, TIMED[: TIMED.index(HEALTH)].replace(MOUNT, ""), TIMED).removals == ()


UNCOMPARED = {
    "the lines below a bare key go with it": (
        ["    healthcheck:", "      test: CMD true", "      timeout: 5s"],
        [],
        ["f: health check removed: healthcheck: test: CMD true timeout: 5s"],
    ),
    "two blocks of the same key are two": (
        ["volumes:", "- a:/a", "x: y", "volumes:", "- b:/b"],
        [],
        ["f: volume removed: volumes: - a:/a", "f: volume removed: volumes: - b:/b"],
    ),
    "unrelated lines are no pair": (
        ["  memory: 2G"],
        ['  test: ["CMD", "python"]', "  cpus: 1"],
        ["f: limit removed: memory: 2G"],
    ),
    "a key that comes back is a change": (
        ["  memory: 2G", "  cpus: 1"],
        ["  cpus: 2", "  memory: 4G"],
        ["f: limit changed: cpus: 1 -> cpus: 2", "f: limit changed: memory: 2G -> memory: 4G"],
    ),
    "a mount is known by its target": (
        ["  - ./a:/data"],
        ["  - ./c:/other", "  - ./b:/data"],
        ["f: volume changed: - ./a:/data -> - ./b:/data"],
    ),
    "whoever ceases to be root loses nothing": (["USER root", "USER 0:0", "user: root"], [], []),
}


@pytest.mark.parametrize(("gone", "came", "told"), UNCOMPARED.values(), ids=UNCOMPARED)
def test_p19_lines_that_go_are_named_for_what_they_are(gone: list[str], came: list[str], told: list[str]) -> None:
    assert [str(one) for one in removed_protections(patch("f", gone, came))] == told


def test_a_key_that_comes_back_in_another_hunk_is_another() -> None:
    hunks = "@@ -1,1 +1,0 @@\n-  memory: 1G\n@@ -90,0 +90,1 @@\n+  memory: 2G\n"
    (found,) = removed_protections(f"diff --git a/f b/f\n--- a/f\n+++ b/f\n{hunks}")
    assert not found.replaced_by
