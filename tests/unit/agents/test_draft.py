"""P2: a plan drawn twice from the same world has the same digest, and a changed world another one."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.draft import draft, redraw
from agents.destinations.compose.survey import Found, Surveyed
from config.service import Service
from guardrails.plan import Plan, digest, from_json, to_json
from guardrails.plan_changes import differences
from guardrails.plan_targets import Running
from tools.compose_file import ComposeFile, ComposeService, Mount
from tools.inspection import Container

SERVICE = Service.model_validate(
    {
        "service": "observer",
        "repository": {"url": "https://git.example.com/observer.git"},
        "components": {
            "api": {"image": "registry.example.com/api", "compose_service": "observer-api"},
            "worker": {"image": "registry.example.com/worker"},
        },
        "environments": {
            "production": {
                "target": {
                    "hosts": [{"name": "web-1"}, {"name": "web-2", "address": "192.0.2.2"}],
                    "directory": "/srv/observer",
                },
                "health": {"probe": {"url": "http://127.0.0.1:8080/health"}},
            }
        },
    }
)
DATA = Mount("bind", "/srv/observer/data", "/app/data/observer")
LOGS = Mount("bind", "/srv/observer/logs", "/app/logs")
API = ComposeService("observer-api", environment={"PYTHONPATH": "/app", "KIS_API_KEY": None}, mounts=(DATA, LOGS))
WORKER = ComposeService("worker", environment={"PYTHONPATH": "/app"}, mounts=(LOGS,))
OTHER = ComposeService("database", environment={"PGDATA": "/data"})
COMPOSE = ComposeFile("observer", {part.name: part for part in (API, WORKER, OTHER)})
IMAGES = {
    name: {"image": f"registry.example.com/{name}", "tag": "v1.2.3", "digest": f"sha256:{name}", "size_bytes": 10}
    for name in ("api", "worker")
}
WANTED = Composed("v1.2.3", "4f1c" * 10, "services: {}\n", COMPOSE, IMAGES)


def found(name: str, *, container: str = "c0ffee", kept: bool = True) -> Found:
    image = f"registry.example.com/{name}"
    running = Running(image, f"sha256:old-{name}", f"sha256:before-{name}", "v1.2.2", "services: {}\n", container)
    return Found(Container(container, name, f"{image}:v1.2.2", running.image_id, "running"), running, kept, ())


def host(name: str, **parts: Found) -> Surveyed:
    return Surveyed(name, free_bytes=10**10, variable_names=(), components=parts)


HOSTS = tuple(host(name, api=found("api"), worker=found("worker")) for name in ("web-1", "web-2"))


def drawn(wanted: Composed = WANTED, hosts: tuple[Surveyed, ...] = HOSTS, seconds: float = 0) -> Plan:
    return draft(SERVICE, "production", wanted, hosts, timedelta(seconds=seconds))


def test_every_component_moves_on_every_host_in_the_order_of_the_configuration() -> None:
    steps = [(step.component, step.place, step.before and step.before.tag, step.after.tag) for step in drawn().steps]
    assert steps == [
        ("api", "web-1", "v1.2.2", "v1.2.3"),
        ("worker", "web-1", "v1.2.2", "v1.2.3"),
        ("api", "web-2", "v1.2.2", "v1.2.3"),
        ("worker", "web-2", "v1.2.2", "v1.2.3"),
    ]


def test_a_plan_redrawn_after_the_world_changed_is_the_one_that_would_be_drawn_now() -> None:
    images = {**IMAGES, "api": {**IMAGES["api"], "digest": "absent"}}
    hosts = (host("web-1", api=found("api", kept=False), worker=found("worker")), Surveyed("web-2", fault="no answer"))
    redrawn = redraw(drawn(), SERVICE, images, hosts)
    assert redrawn == drawn(replace(WANTED, images=images), hosts)
    assert digest(redrawn) != digest(drawn())


def test_the_plan_speaks_of_its_own_services_only() -> None:
    plan = drawn()
    assert plan.compose.environment_names == ("KIS_API_KEY", "PYTHONPATH")
    assert {mount.compose_service for mount in plan.compose.mounts} == {"observer-api", "worker"}
    assert [one.compose_service for one in plan.compose.services] == ["observer-api", "worker"]
    assert (plan.compose.hosts, plan.compose.project) == (("web-1", "web-2"), "observer")


@given(st.randoms(use_true_random=False), st.text("0123456789abcdef", min_size=12, max_size=12), st.floats(0, 60))
def test_the_same_facts_have_one_digest_in_whatever_order_they_came(
    order: random.Random, container: str, seconds: float
) -> None:
    def shuffled(items: Any) -> list[Any]:
        return order.sample(list(items), k=len(items))

    services = {
        name: replace(part, environment=dict(shuffled(part.environment.items())), mounts=tuple(shuffled(part.mounts)))
        for name, part in shuffled(COMPOSE.services.items())
    }
    wanted = replace(WANTED, compose=replace(COMPOSE, services=services), images=dict(shuffled(IMAGES.items())))
    hosts = tuple(
        host(name, **dict(shuffled([(part, found(part, container=container)) for part in ("api", "worker")])))
        for name in ("web-1", "web-2")
    )
    assert digest(drawn(wanted, hosts, seconds)) == digest(drawn())


CHANGED: dict[str, tuple[Composed, tuple[Surveyed, ...]]] = {
    "another commit": (replace(WANTED, commit="beef" * 10), HOSTS),
    "another image behind the tag": (
        replace(WANTED, images={**IMAGES, "api": {**IMAGES["api"], "digest": "sha256:moved"}}),
        HOSTS,
    ),
    "another compose file": (replace(WANTED, compose_text="services: {}\n# more\n"), HOSTS),
    "another mount": (
        replace(WANTED, compose=ComposeFile("observer", {"observer-api": replace(API, mounts=(LOGS,))})),
        HOSTS,
    ),
    "another version on a host": (WANTED, (HOSTS[0], host("web-2", api=found("api")))),
    "no way back on a host": (
        WANTED,
        (HOSTS[0], host("web-2", api=found("api", kept=False), worker=found("worker"))),
    ),
}


SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "another mount is saved": ("paths", {"backup": {"mounts": ["/app/logs"]}}),
    "what must persist is saved, and is more": ("paths", {"persist": ["/app/data", "/app/logs"]}),
    "what writes is stopped": ("paths", {"backup": {"mounts": ["/app/data"], "stop": True}}),
    "a command is run": ("paths", {"backup": {"mounts": ["/app/data"], "dumps": {"db": ["rm", "-rf", "/"]}}}),
    "nothing is saved": ("paths", {"backup": None}),
    "canaries are compared less strictly": ("target", {"canary": {"error_points": 100}}),
    "canaries are not waited for": ("target", {"canary": {"unclear": "go-back"}}),
    "the proxy is told by another command": ("proxy", {"reload": ["sh", "-c", "true"]}),
    "the proxy is asked by another command": ("proxy", {"test": ["true"]}),
    "an instance is taken out by another file": ("proxy", {"marker": "/tmp/out"}),
    "images are sent": ("target", {"shipping": "copy"}),
}


def declared(section: str = "paths", changes: Mapping[str, Any] | None = None) -> Service:
    """Declare the service anew, as a canary with data that is saved."""
    text = SERVICE.model_dump(mode="json")
    production = text["environments"]["production"]
    production["target"] |= {"strategy": "canary", "proxy": {"kind": "nginx", "routes": {"api": {"port": 8080}}}}
    production["paths"] |= {"persist": ["/app/data"], "backup": {}}
    {**production, "proxy": production["target"]["proxy"]}[section].update(changes or {})
    return Service.model_validate(text)


@pytest.mark.parametrize("change", SETTINGS)
def test_p2_settings_that_a_release_goes_by_are_approved_with_its_plan(change: str) -> None:
    approved = draft(declared(), "production", WANTED, HOSTS, timedelta())
    assert redraw(approved, declared(), IMAGES, HOSTS) == approved
    now = redraw(approved, declared(*SETTINGS[change]), IMAGES, HOSTS)
    assert digest(now) != digest(approved)
    (told,) = differences(approved, now)
    assert told.startswith("Settings, ")


def test_p2_settings_left_as_they_are_by_default_leave_a_plan_as_it_was_stored() -> None:
    text = declared("paths", {"backup": None}).model_dump(mode="json")
    text["environments"]["production"]["target"]["canary"]["window"] = "2m"
    assert draft(Service.model_validate(text), "production", WANTED, HOSTS, timedelta()).compose.settings == ()


@pytest.mark.parametrize("change", CHANGED)
def test_a_changed_world_has_another_digest(change: str) -> None:
    assert digest(drawn(*CHANGED[change])) != digest(drawn())


def test_a_first_deploy_has_nothing_before_and_goes_back_by_removing() -> None:
    nothing = Found(None, None, image_kept=False, changes=())
    plan = drawn(hosts=tuple(host(name, api=nothing, worker=nothing) for name in ("web-1", "web-2")))
    assert {step.before for step in plan.steps} == {None}
    assert plan.can_roll_back
    assert "first deploy" in plan.ways_back[0].reason


def test_a_host_that_lost_its_image_or_its_voice_has_no_way_back() -> None:
    lost = host("web-1", api=found("api", kept=False), worker=found("worker"))
    plan = drawn(hosts=(lost, Surveyed("web-2", fault="no route to host")))
    assert [way.possible for way in plan.ways_back] == [False, False]
    assert "registry.example.com/api:v1.2.2 is gone" in plan.ways_back[0].reason
    assert not plan.can_roll_back


def test_a_drawn_plan_is_stored_and_read_without_loss() -> None:
    assert from_json(to_json(drawn(seconds=2.5))) == drawn(seconds=2.5)
