"""Proxies that cannot work are told before anything is released."""

from pathlib import Path

import pytest

from config.backups import Backup
from config.checks import contradictions
from config.loading import load
from config.rollout import ReverseProxy, Route
from config.routing import proxy_collisions, proxy_contradictions
from config.service import Service
from config.targets import ComposeTarget

SETTINGS = Path(__file__).parents[3] / "config/shipmate.yaml"
WEB = Route(port=8000, listen=80)


def told(proxy: ReverseProxy | None) -> list[str]:
    target = ComposeTarget.model_validate(
        {"hosts": [{"name": "shop-1"}], "directory": "/opt/shop", "strategy": "rolling", "proxy": proxy}
    )
    found = proxy_contradictions((), target, ["web", "api"])
    return [f"{'.'.join(map(str, one.location))} {one.message}" for one in found]


def test_a_proxy_that_can_work_is_let_through() -> None:
    assert told(ReverseProxy(routes={"web": WEB, "api": Route(port=8001, listen=81)})) == []
    assert told(ReverseProxy(kind="nginx", routes={"web": Route(port=8000)})) == []


@pytest.mark.parametrize(
    ("proxy", "fault"),
    [
        (None, "target.strategy needs `proxy`"),
        (
            ReverseProxy(routes={"web": Route(port=1)}),
            "target.proxy.routes.web.listen is missing: the port of the host",
        ),
        (
            ReverseProxy(kind="caddy", routes={"web": WEB}),
            "routes.web.listen belongs into the configuration of your own",
        ),
        (ReverseProxy(routes={"wep": WEB}), "routes.wep is no component, did you mean 'web'?"),
        (ReverseProxy(routes={"web": WEB, "api": WEB}), "routes.api.listen is already the port of another route"),
        (ReverseProxy(routes={"web": WEB}, subnet="10.0.0.1/24"), "target.proxy.subnet is no subnet"),
        (ReverseProxy(routes={"web": WEB}, subnet="10.0.0.0/29"), "target.proxy.subnet is too small"),
        (ReverseProxy(routes={"web": Route(port=1, listen=2, address="here")}), "routes.web.address is no address"),
    ],
)
def test_one_that_cannot_is_told_with_its_place(proxy: ReverseProxy | None, fault: str) -> None:
    (found,) = told(proxy)
    assert fault in found


@pytest.mark.parametrize(
    ("stop", "strategy", "refused"), [(True, "rolling", True), (False, "rolling", False), (True, "recreate", False)]
)
def test_a_backup_may_not_stop_what_is_moved_without_a_gap(stop: bool, strategy: str, refused: bool) -> None:
    sample = load(SETTINGS, {}).services["kodex"]
    environment = sample.environments["production"]
    target = environment.compose.model_copy(update={"strategy": strategy})
    paths = environment.paths.model_copy(update={"backup": Backup(mounts=("/app/data",), stop=stop)})
    changed = environment.model_copy(update={"target": target, "paths": paths})
    service = sample.model_copy(update={"environments": {**sample.environments, "production": changed}})
    found = [one for one in contradictions(service, "kodex") if "paths" in one.location]
    assert [one.location[-2:] for one in found] == ([("backup", "stop")] if refused else [])


def service(listen: int, memory: str = "256M") -> Service:
    proxy = ReverseProxy(routes={"web": Route(port=8000, listen=listen)}, memory=memory)
    target = ComposeTarget.model_validate({"hosts": [{"name": "shop-1"}], "directory": "/opt/shop", "proxy": proxy})
    sample = load(SETTINGS, {}).services["observer"]
    environment = sample.environments["production"].model_copy(update={"target": target})
    return sample.model_copy(update={"environments": {"production": environment}})


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        (service(81), []),
        (service(80), ["80 is where shop in production listens on the same host"]),
        (service(81, "1G"), ["wants another image, memory or subnet than shop in production; a host has one proxy: "]),
    ],
)
def test_services_that_want_the_same_proxy_differently_are_told(other: Service, fault: list[str]) -> None:
    found = [one.message for _, one in proxy_collisions({"shop": service(80), "blog": other})]
    assert [one.startswith(start) for one, start in zip(found, fault, strict=True)] == [True] * len(fault)
