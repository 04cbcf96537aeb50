"""What changes in how a service runs is told completely, removals first, and never with a variable's value."""

from dataclasses import replace

import pytest

from agents.words.differences import differences
from tools.compose_file import ComposeFile, ComposeService, Healthcheck, Mount, Port, Volume

FULL = ComposeService(
    name="observer",
    image="ghcr.io/acme/observer:${IMAGE_TAG:?IMAGE_TAG required}",
    environment={"KEPT": "1", "OBSERVER_LOG_DIR": "/app/logs"},
    mounts=(Mount("bind", "/opt/observer/data", "/app/data"), Mount("bind", "/opt/observer/logs", "/app/logs")),
    ports=(Port(8080, "8080", "127.0.0.1"),),
    cpus=1.0,
    memory=512 * 1024**2,
    healthcheck=Healthcheck(("CMD", "curl", "localhost")),
    user="10001",
    read_only=True,
    tmpfs=("/tmp",),
    raw={"cap_drop": ["ALL"], "restart": "unless-stopped"},
)


def told(changed: ComposeService, service: ComposeService = FULL) -> list[str]:
    old, new = (ComposeFile("observer", {"observer": s}) for s in (service, changed))
    return [str(difference) for difference in differences(old, new)]


REMOVALS = {
    "observer: health check removed": replace(FULL, healthcheck=None),
    "observer: mount /app/data removed": replace(FULL, mounts=FULL.mounts[1:]),
    "observer: mount /tmp removed": replace(FULL, tmpfs=()),
    "observer: setting memory limit removed": replace(FULL, memory=None),
    "observer: setting user removed": replace(FULL, user=""),
    "observer: setting read_only removed": replace(FULL, read_only=False),
    "observer: cap_drop ALL removed": replace(FULL, raw={"restart": "unless-stopped"}),
    "observer: setting restart removed": replace(FULL, raw={"cap_drop": ["ALL"]}),
    "observer: variable OBSERVER_LOG_DIR removed": replace(FULL, environment={"KEPT": "1"}),
    "observer: port 8080/tcp removed": replace(FULL, ports=()),
}
CHANGES = {
    "observer: health check changed (CMD curl localhost -> CMD true)": replace(
        FULL, healthcheck=Healthcheck(("CMD", "true"))
    ),
    "observer: variable KEPT changed (its value)": replace(FULL, environment={**FULL.environment, "KEPT": "2"}),
    "observer: port 8080/tcp changed (127.0.0.1:8080 -> *:8080)": replace(FULL, ports=(Port(8080, "8080"),)),
    "observer: mount /app/data changed (bind /opt/observer/data -> bind /opt/observer/data, read only)": replace(
        FULL, mounts=(replace(FULL.mounts[0], read_only=True), FULL.mounts[1])
    ),
    "observer: setting image changed (ghcr.io/acme/observer -> ghcr.io/other/observer)": replace(
        FULL, image="ghcr.io/other/observer:${IMAGE_TAG:?IMAGE_TAG required}"
    ),
}


@pytest.mark.parametrize(("sentence", "changed"), (REMOVALS | CHANGES).items(), ids=REMOVALS | CHANGES)
def test_p19_each_change_is_told_once_in_one_sentence(sentence: str, changed: ComposeService) -> None:
    assert told(changed) == [sentence]


@pytest.mark.parametrize(
    ("sentence", "changed"), REMOVALS.items(), ids=[sentence.replace("removed", "added") for sentence in REMOVALS]
)
def test_what_is_removed_one_way_is_added_the_other_way(sentence: str, changed: ComposeService) -> None:
    assert told(FULL, changed) == [sentence.replace("removed", "added")]


def test_a_disabled_health_check_is_a_removed_one() -> None:
    assert told(replace(FULL, healthcheck=Healthcheck(("NONE",), disabled=True))) == ["observer: health check removed"]


def test_removals_come_before_changes_and_additions() -> None:
    changed = replace(FULL, healthcheck=None, environment={"KEPT": "2", "OBSERVER_LOG_DIR": "/app/logs", "NEW": "1"})
    assert [line.split()[-1].strip("()") for line in told(changed)] == ["removed", "value", "added"]


def test_another_tag_alone_is_no_difference() -> None:
    old, new = (replace(FULL, image=f"127.0.0.1:5000/observer:{tag}") for tag in ("v1.2.2", "v1.2.3"))
    assert told(new, old) == []


def test_the_value_of_a_variable_is_never_told() -> None:
    value = "hunter" + "2" * 10
    assert value not in "".join(told(replace(FULL, environment={"KEPT": value, "NEW": value})))


@pytest.mark.parametrize("key", ["command", "entrypoint"])
@pytest.mark.parametrize("joined", [True, False])
def test_a_secret_taken_out_of_a_command_is_not_told(key: str, joined: bool) -> None:
    secret = "Harbor" + "2345Zinc"
    words = ["redis-server", "--requirepass", secret]
    old = replace(FULL, raw={**FULL.raw, key: " ".join(words) if joined else words})
    new = replace(FULL, raw={**FULL.raw, key: ["redis-server", "--requirepass", "${REDIS_PASSWORD}"]})
    sentence = f"observer: setting {key} changed (not shown: a secret is written out)"
    assert told(new, old) == told(old, new) == [sentence]


def test_a_command_without_a_secret_is_told_as_it_is_typed() -> None:
    old, new = (replace(FULL, raw={**FULL.raw, "command": ["serve", "--port", port]}) for port in ("80", "81"))
    assert told(new, old) == ["observer: setting command changed (serve --port 80 -> serve --port 81)"]


def test_a_secret_taken_out_of_a_health_check_is_not_told() -> None:
    secret = "Harbor" + "2345Zinc"
    old = replace(FULL, healthcheck=Healthcheck(("CMD", "redis-cli", "-a", secret, "ping")))
    assert told(FULL, old) == ["observer: health check changed (not shown: a secret is written out)"]


def test_a_dropped_volume_declaration_and_service_are_told() -> None:
    old = ComposeFile("x", {"a": FULL, "b": FULL}, {"data": Volume("x_data")})
    assert [str(d) for d in differences(old, ComposeFile("x", {"a": FULL}))] == [
        "service b removed",
        "volume declaration data removed",
    ]


def test_without_an_old_file_everything_is_new() -> None:
    assert [str(d) for d in differences(None, ComposeFile("x", {"observer": FULL}))] == ["service observer added"]
