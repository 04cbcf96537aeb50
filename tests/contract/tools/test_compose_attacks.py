"""P15 no data dies with a container: compose files that would lose data, read by compose itself, and judged."""

from pathlib import PurePosixPath

import pytest

from config.contracts import PathContract
from guardrails.compose_text import text_sound
from guardrails.volumes import storage_kept
from tools.compose_reading import read_compose
from tools.errors import Garbled

HERE = PurePosixPath("/srv/observer")
PATHS = PathContract(persist=("/app/data",))
STATE = "volumes: {state: {}}\n"
KEPT = 'volumes: ["state:/app/data"]'
pytestmark = pytest.mark.usefixtures("on_path")


def service(keys: str, rest: str = "", before: str = "") -> str:
    """A compose file with one service, with more keys, and what stands after and before it."""
    image = 'image: "ghcr.io/acme/observer:${IMAGE_TAG:?x}"'
    body = "".join(f"    {line}\n" for line in [image, *keys.splitlines()])
    return f"{before}services:\n  observer:\n{body}{rest}"


async def rules(text: str) -> set[str]:
    """Judge a file as the analysis of a release does."""
    compose = await read_compose(text.encode(), project_directory=HERE, project="observer")
    verdict = storage_kept(compose, ["observer"], PATHS, HERE)
    verdict += text_sound(text, "observer", image="ghcr.io/acme/observer", tag_variable="IMAGE_TAG")
    return {finding.rule for finding in verdict.findings}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("persist-on-tmpfs", service(f"tmpfs: *t\n{KEPT}", STATE, 'x-t: &t ["/app/data/db"]\n')),
        ("persist-on-tmpfs", service("profiles: [rarely]\ntmpfs: /app/data")),
        ("persist-on-tmpfs", service("tmpfs: [/app]")),
        ("persist-on-tmpfs", service("volumes: [{type: tmpfs, target: /app/data/, tmpfs: {size: 10}}]")),
        ("persist-on-tmpfs", service(KEPT, "volumes: {state: {driver_opts: {type: tmpfs, device: tmpfs}}}")),
        ("persist-on-tmpfs", service(KEPT, "volumes: {state: {driver: local, driver_opts: {type: ramfs}}}")),
        ("persist-on-anonymous", service("<<: *m", before='x-m: &m {volumes: ["/app/data"]}\n')),
        ("persist-on-anonymous", service("extends: base", '  base: {image: y, volumes: ["/app/data"]}\n')),
        ("persist-on-volatile", service("volumes: [/dev/shm/x:/app/data]")),
        ("persist-on-volatile", service("volumes: ['${D:-/tmp/x}:/app/data']")),
        ("persist-read-only", service('volumes: ["state:/app/data:ro"]', STATE)),
        ("persist-read-only", service("configs: [{source: c, target: /app/data}]", "configs: {c: {file: ./c}}")),
        ("persist-not-mounted", service('volumes: ["state:/app/Data"]', STATE)),
        ("persist-not-mounted", service('volumes: ["state:/app/data/../other"]', STATE)),
        ("mount-per-version", service(KEPT, 'volumes: {state: {name: "state_${IMAGE_TAG}"}}')),
        (
            "mount-per-version",
            service(
                'volumes: [{type: volume, source: state, target: /app/data, volume: {subpath: "${IMAGE_TAG}"}}]', STATE
            ),
        ),
        ("mounts-borrowed", service(f"volumes_from: [base]\n{KEPT}", f"  base: {{image: y}}\n{STATE}")),
        ("mount-doubled", service(f"tmpfs: /app/data\n{KEPT}", STATE)),
        ("bind-climbs-out", service("extends: base", '  base: {image: y, volumes: ["../x:/app/data"]}\n')),
        ("bind-in-home", service("volumes: ['~/x:/app/data']")),
        (
            "engine-socket",
            service(f"secrets: [s]\n{KEPT}", f"secrets: {{s: {{file: /var/run/docker.sock}}}}\n{STATE}"),
        ),
        ("", service('volumes: ["state://app//data/"]', STATE)),
        ("", service(KEPT, STATE, "name: other\n")),
        ("", service(f"develop: {{watch: [{{action: sync, path: ., target: /app/data}}]}}\n{KEPT}", STATE)),
    ],
)
async def test_p15_a_file_that_loses_data_is_seen_through(rule: str, text: str) -> None:
    found = await rules(text)
    assert rule in found if rule else not found


@pytest.mark.parametrize(
    "text",
    [
        service(KEPT, STATE, "include: [other.yml]\n"),
        service("extends: {file: other.yml, service: observer}"),
        service('volumes: !override ["state:/app/data"]', STATE),
        service("volumes: [{type: image, source: y, target: /app/data}]"),
        service(f"{KEPT}\nvolumes: []", STATE),
    ],
    ids=["include", "extends", "override", "image", "twice"],
)
async def test_p15_what_cannot_be_judged_is_not_read(text: str) -> None:
    with pytest.raises(Garbled):
        await rules(text)
