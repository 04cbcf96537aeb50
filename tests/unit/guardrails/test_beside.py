"""P9: what keeps two versions from standing next to each other is told before anything is touched, with the way out."""

import json
from typing import Any

import pytest

from guardrails.beside import port_free, stands_beside
from guardrails.verdict import Verdict
from tools.compose_file import ComposeFile, normalise


def judged(**service: Any) -> Verdict:
    raw = {"image": "ghcr.io/acme/kodex:v1", "restart": "unless-stopped", **service}
    read: ComposeFile = normalise(json.dumps({"services": {"kodex": raw}}))
    return stands_beside(read.services["kodex"])


PORT = {"target": 8000, "published": "8000", "host_ip": "127.0.0.1"}


@pytest.mark.parametrize(
    ("service", "rule", "remedy"),
    [
        ({"container_name": "kodex"}, "container-name-fixed", "Remove `container_name`"),
        ({"ports": [PORT]}, "port-published", "Remove it from `ports:`; requests reach 8000 through the proxy"),
        ({"network_mode": "host"}, "network-mode", "Remove `network_mode`"),
        ({"networks": {"inner": {"ipv4_address": "10.0.0.9"}}}, "address-fixed", "Remove `ipv4_address`"),
        ({"deploy": {"replicas": 3}}, "replicas", "more instances need more hosts"),
        ({"scale": 2}, "replicas", "Set `deploy.replicas` and `scale` to 1"),
        ({"restart": "no"}, "restart-absent", "Set `restart: unless-stopped`"),
        ({"restart": None}, "restart-absent", "Set `restart: unless-stopped`"),
        ({"image": "postgres:16"}, "single-writer", "Remove its route from `proxy.routes`"),
        ({"image": "registry.example.com:5000/mirror/redis@sha256:aa"}, "single-writer", "is recreated"),
    ],
)
def test_what_keeps_a_second_container_from_running_is_refused_with_the_way_out(
    service: dict[str, Any], rule: str, remedy: str
) -> None:
    verdict = judged(**service)
    (finding,) = verdict.findings
    assert (verdict.blocks, finding.rule) == (True, rule)
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    "service",
    [
        {},
        {"restart": "always", "deploy": {"replicas": 1, "resources": {}}},
        {"networks": {"inner": None}, "expose": ["8000"]},
        {"image": "ghcr.io/acme/postgres-viewer:v1"},
    ],
)
def test_a_service_that_is_bound_to_nothing_of_the_host_may_stand_twice(service: dict[str, Any]) -> None:
    assert judged(**service).findings == ()


@pytest.mark.parametrize(("listen", "held"), [(8000, True), (8080, False), (None, False)])
def test_a_container_that_holds_the_port_of_the_proxy_is_named(listen: int | None, held: bool) -> None:
    verdict = port_free("kodex-kodex-1", "kodex-1", listen, (8000, 9000))
    assert verdict.blocks is held
    assert [finding.subject for finding in verdict.findings] == ["kodex-kodex-1 on kodex-1: port 8000"] * held
