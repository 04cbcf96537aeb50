"""P15 no data dies with a container: what the program really writes, against what is mapped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contracts import PathContract
from guardrails.mounts import is_under_any
from guardrails.verdict import Level
from guardrails.written import MountUse, contract_kept, doomed, dying, nothing_dies
from tools.inspection import Container, ContainerMount, PathChange, path_changes_in

DATA = ContainerMount("bind", "/srv/observer/data", "/app/data/observer")
NONE = PathContract()


def container(*mounts: ContainerMount) -> Container:
    return Container("c0ffee", "observer", "observer:v1", "sha256:1", "running", mounts=mounts)


def changes(*lines: str) -> list[PathChange]:
    return list(path_changes_in("\n".join(lines)))


ARCHIVES = [f"A /app/config/archive/observer-{n}.jsonl" for n in range(5)]


@pytest.mark.parametrize(
    ("lines", "lost"),
    [
        ([], []),
        (["C /app", "C /app/data", "C /app/data/observer", "A /app/data/observer/x"], []),
        (["C /app", "C /app/config", "A /app/config/archive", ARCHIVES[0]], ["/app/config/archive/observer-0.jsonl"]),
        (["C /app/settings.json"], ["/app/settings.json"]),
        (["D /app/settings.json"], []),
        (["C /tmp", "A /tmp/x", "A /run/observer.pid", "A /var/run/a.sock", "A /root/.cache/pip/x"], []),
        (["A /app/src/__pycache__/m.cpython-311.pyc", "A /app/src/m.pyc"], []),
        (["A /app/worker/cache/one", "A /app/deep/er/two"], ["/app/deep/er/two"]),
        (["A /tmpfile"], ["/tmpfile"]),
        (["A /app/xpid", "A /app/pid"], ["/app/pid", "/app/xpid"]),
        (["A /srv/tmp/x", "A /app/run/y"], ["/app/run/y", "/srv/tmp/x"]),
        (["A /app/data/observer2/x"], ["/app/data/observer2/x"]),
    ],
)
def test_p15_data_in_the_containers_own_layer_is_found_without_the_noise(lines: list[str], lost: list[str]) -> None:
    paths = PathContract(ephemeral=("/app/*/cache",))
    assert list(dying(changes(*lines), container(DATA), paths)) == lost


def test_p15_a_path_declared_persistent_is_never_ephemeral() -> None:
    paths = PathContract(persist=("/tmp/models",), ephemeral=("/tmp/models",))
    assert dying(changes("A /tmp/models/one.bin", "A /tmp/other"), container(), paths) == ("/tmp/models/one.bin",)


def test_known_directories_are_not_data() -> None:
    assert dying(changes("A /app/empty"), container(), NONE, directories=["/app/empty/"]) == ()


def test_p15_before_a_deploy_doomed_data_blocks_with_the_way_to_save_it() -> None:
    files = dying(changes(*ARCHIVES, "C /app/settings.json"), container(DATA), NONE)
    verdict = nothing_dies("observer", files)
    assert [finding.subject for finding in verdict.findings] == ["observer: /app", "observer: /app/config/archive"]
    assert verdict.blocks
    assert "(5 files)" in verdict.findings[1].message
    assert "docker cp observer:/app/config/archive" in verdict.findings[1].remedy


def test_p15_what_is_saved_brings_the_directories_that_the_image_lacks() -> None:
    found = changes("C /app", "A /app/new", "A /app/new/deep", "A /app/new/deep/x", "A /app/other", "A /app/other/y")
    assert doomed(found, ["/app/new/deep/x"]) == ("/app/new", "/app/new/deep", "/app/new/deep/x")


def test_a_waived_place_still_warns() -> None:
    reasons = {"/app/old/": "moved to the archive", "/app": "wrong", "/app/old/deep": "a cache"}
    verdict = nothing_dies("observer", ["/app/old/x", "/app/old/deep/y"], reasons=reasons)
    assert verdict.level is Level.WARNING
    assert [finding.message.partition(" Waived: ")[2] for finding in verdict.findings] == [
        "moved to the archive",
        "a cache",
    ]
    assert nothing_dies("observer", ["/app/old/x", "/app/new/x"], reasons={"/app/old": "old"}).blocks
    assert nothing_dies("observer", ["/app/older/x"], reasons={"/app/old": "old"}).blocks


def test_p15_a_waiver_frees_its_own_place_and_no_other_however_many_there_are() -> None:
    files = [f"/app/{name}/{n:02}/x" for name in ("old", "new") for n in range(30)]
    verdict = nothing_dies("observer", files, reasons={"/app/old": "old"})
    assert [(f.subject, f.level) for f in verdict.findings] == [
        ("observer: /app/new", Level.BLOCKING),
        ("observer: /app/old", Level.WARNING),
    ]


def test_many_places_are_gathered_into_few() -> None:
    files = [f"/app/cache/{n:02}/{m}" for n in range(30) for m in range(2)]
    (finding,) = nothing_dies("observer", files).findings
    assert finding.subject == "observer: /app/cache"
    assert "(60 files)" in finding.message


def test_p15_both_faults_of_the_path_contract_make_one_sentence() -> None:
    files = dying(changes(*ARCHIVES), container(DATA), NONE)
    (finding,) = contract_kept("observer", files, [MountUse("/app/data/observer", ())]).findings
    assert finding.rule == "path-contract"
    assert finding.level is Level.BLOCKING
    assert finding.message == (
        "/app/data/observer is mapped but idle; /app/config/archive (5 files) is written but not mapped."
    )


CONFIG = MountUse("/app/config", ("observer/observer.jsonl",))


@pytest.mark.parametrize(
    ("rule", "level", "files", "uses", "used_before"),
    [
        ("", Level.NOTE, [], [], []),
        ("", Level.NOTE, [], [CONFIG], []),
        ("", Level.NOTE, [], [MountUse("/app/data", None)], ["/app/data"]),
        ("mapped-not-written", Level.WARNING, [], [MountUse("/app/data", ())], []),
        ("mapped-not-written", Level.BLOCKING, [], [MountUse("/app/data", ()), CONFIG], ["/app/data"]),
        ("written-not-mapped", Level.BLOCKING, ["/app/x"], [CONFIG], []),
        ("path-contract", Level.BLOCKING, ["/app/x"], [MountUse("/app/data", ())], []),
    ],
)
def test_p15_the_path_contract_holds_both_ways(
    rule: str, level: Level, files: list[str], uses: list[MountUse], used_before: list[str]
) -> None:
    verdict = contract_kept("observer", files, uses, used_before=used_before)
    assert [finding.rule for finding in verdict.findings] == ([rule] if rule else [])
    assert verdict.level is level


def test_a_mount_that_was_deserted_is_told_with_where_the_program_writes_now() -> None:
    uses = [MountUse("/app/data/observer", ()), CONFIG]
    (finding,) = contract_kept("observer", [], uses, used_before=["/app/data/observer"]).findings
    assert finding.message == (
        "/app/data/observer is mapped but idle; the program writes to /app/config (observer/observer.jsonl)."
    )


names = st.lists(st.sampled_from(["a", "b", "tmp", "data"]), min_size=1, max_size=4).map(lambda p: "/" + "/".join(p))
changed = st.lists(st.builds(PathChange, names, st.sampled_from(["added", "changed", "deleted"])), max_size=12)


@given(changed, names, names)
def test_p15_nothing_on_a_mount_is_reported_and_nothing_persistent_beside_it_is_missed(
    found: list[PathChange], mount: str, persist: str
) -> None:
    running = container(ContainerMount("bind", "/srv/x", mount))
    lost = dying(found, running, PathContract(persist=(persist,)))
    assert not any(is_under_any(path, [mount]) for path in lost)
    written = {change.path for change in found if change.change != "deleted"}
    files = {path for path in written if not any(other.startswith(f"{path}/") for other in {*written, mount})}
    assert {p for p in files if is_under_any(p, [persist]) and not is_under_any(p, [mount])} <= set(lost)
