"""What counts as running, and under which name; what never ran well is nothing to go back to."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.destinations.compose.draft import draft
from agents.destinations.compose.moves import move_back
from agents.destinations.compose.running import adopt, recognised
from agents.destinations.compose.survey import Surveyed, named, survey_running
from agents.toolbox import Toolbox
from guardrails.plan import Plan
from guardrails.plan_targets import Running
from tests.unit.agents.test_draft import HOSTS, SERVICE, WANTED, drawn
from tools.host_images import HostImage
from tools.inspection import Container

DIGEST = "sha256:" + "a" * 64


def answering(value: object) -> Any:
    async def answer(*_: object) -> object:
        return value

    return answer


def crew(status: str, *known: str, image: str = "registry.example.com/api:v1.2.3") -> Toolbox:
    """Equip a release for one host that has one container of each component."""
    container = Container("c0ffee", "api", image, "sha256:1", status)
    kept = HostImage("sha256:1", (f"registry.example.com/api@{DIGEST}",))
    server = SimpleNamespace(
        name="web-1",
        containers=SimpleNamespace(find=answering(container)),
        compose=SimpleNamespace(installed=answering(None)),
        images=SimpleNamespace(image=answering(kept)),
        env=None,
    )
    deployed = {name: SimpleNamespace(current=None) for name in known}
    tools = SimpleNamespace(
        service=SERVICE,
        environment=SERVICE.environments["production"],
        servers={"web-1": server},
        deployed=answering(deployed),
        repository=SimpleNamespace(resolve=answering("4f1c")),
    )
    return cast("Toolbox", tools)


async def first(tools: Toolbox) -> Surveyed:
    (host,) = await survey_running(tools)
    return host


@pytest.mark.parametrize(
    ("status", "known", "counts"),
    [("running", (), True), ("exited", (), False), ("created", (), False), ("exited", ("api", "worker"), True)],
)
async def test_a_container_counts_while_it_runs_or_once_it_was_verified(
    status: str, known: tuple[str, ...], counts: bool
) -> None:
    host = await first(crew(status, *known))
    plan = draft(SERVICE, "production", WANTED, [host], drawn().expected_downtime)
    assert {step.before is not None for step in plan.steps} == {counts}
    assert ("first deploy" in plan.ways_back[0].reason) is not counts
    assert all(found.container for found in (host.components or {}).values())


async def test_a_failed_first_deploy_is_neither_a_version_nor_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = crew("exited")
    monkeypatch.setattr("agents.destinations.compose.running.survey", survey_running)
    assert await recognised(tools) == ("", None)
    await adopt(tools, "v1.2.3", "4f1c", [await first(tools)])  # there is no store that it could write to
    assert await recognised(crew("running")) == ("v1.2.3", "4f1c")


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("registry.example.com/api:v1.2.3", "registry.example.com/api", "v1.2.3"),
        ("127.0.0.1:5000/api", "127.0.0.1:5000/api", None),
        (f"registry.example.com/api@{DIGEST}", "registry.example.com/api", None),
        (f"127.0.0.1:5000/api:v1@{DIGEST}", "127.0.0.1:5000/api", "v1"),
        ("docker.io/library/busybox:1", "busybox", "1"),
        (DIGEST, DIGEST, None),
    ],
)
def test_an_image_is_taken_apart_as_docker_does_it(image: str, name: str, tag: str | None) -> None:
    assert named(image) == (name, tag)


async def test_an_image_adopted_by_its_digest_is_known_by_it_and_has_no_tag() -> None:
    host = await first(crew("running", image=f"registry.example.com/api@{DIGEST}"))
    running = (host.components or {})["api"].running
    assert running
    assert (running.image, running.tag, running.digest) == ("registry.example.com/api", None, DIGEST)


@pytest.mark.parametrize(
    ("image", "tagged"),
    [("registry.example.com/api", [("sha256:1", "registry.example.com/api:latest")]), (DIGEST, [])],
)
async def test_what_was_started_without_a_tag_is_put_back(image: str, tagged: list[tuple[str, str]]) -> None:
    names: list[tuple[str, str]] = []
    ups: list[tuple[str, str, str, int]] = []

    async def tag(*name: Any) -> None:
        names.append(name)

    async def up(*how: Any) -> None:
        ups.append(how)

    server = SimpleNamespace(
        images=SimpleNamespace(tag=tag),
        compose=SimpleNamespace(up=up),
        containers=SimpleNamespace(find=answering(None)),
        env=None,
    )
    tools = SimpleNamespace(
        servers={"web-1": server},
        service=SERVICE,
        environment=SERVICE.environments["production"],
        store=SimpleNamespace(targets=SimpleNamespace(take_fence=answering(7))),
    )
    plan: Plan = drawn(hosts=HOSTS)
    await move_back(cast("Toolbox", tools), plan, plan.steps[0], Running(image, "sha256:1", DIGEST, None, None))
    assert names == tagged
    assert ups == [("observer-api", "IMAGE_TAG", "latest", 7)]
