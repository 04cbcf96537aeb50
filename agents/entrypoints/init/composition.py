"""The compose file of the server: limits, a health check that proves something, storage that is kept, no rights."""

import json
from collections.abc import Iterable

from agents.entrypoints.init.found import Component, Found, Health, Reading
from agents.entrypoints.init.rendering import render

FILE = "docker-compose.prod.yml"
LIMITS = {"cpus": "1.0", "memory": "512M", "cpus_reserved": "0.5", "memory_reserved": "256M"}
GENEROUS = {"cpus": "4.0", "memory": "8G", "cpus_reserved": "1.0", "memory_reserved": "4G"}
"""For programs that load models."""
_DEVICES = "devices:\n  - driver: nvidia\n    count: 1\n    capabilities: [gpu]"


def compose_file(found: Found) -> str:
    """Write the compose file."""
    services = "\n\n".join(_service(one, found).rstrip() for one in found.components)
    volumes = sorted({volume_of(one, kept.label) for one in found.components for kept in one.storage})
    return render("compose.yml", services=services, volumes="\n".join(_volumes(volumes)))


def limits_of(found: Found) -> dict[str, str]:
    """Choose the limits; one set for all components, since the service's file has one."""
    return GENEROUS if any(one.gpu or one.weights for one in found.components) else LIMITS


def volume_of(component: Component, label: str) -> str:
    """Name a volume."""
    return f"{component.name}-{label}"


def health_url(component: Component, port: int) -> str:
    """Write where the health is asked."""
    return f"http://127.0.0.1:{port}{component.health.path}"


def why_health(health: Health) -> str:
    """Say, as a comment, why this is asked."""
    if health.place:
        return f"# Answered by {health.file}."
    return (
        "# A CHOICE: the sources answer no question about health, so any answer below 500 has to do.\n"
        "# Add a route /health that looks at what the program needs, and ask it here and in the service's file."
    )


def _service(component: Component, found: Found) -> str:
    kept = [f"/app/{one.path}" for one in component.storage]
    return render(
        "compose.service.yml",
        name=component.name,
        image=component.image,
        environment="\n".join(_environment(component.readings)),
        published=str(component.published),
        port=str(component.port),
        writable=" and ".join([*component.scratch, *kept]),
        scratch=json.dumps(component.scratch),
        volumes="\n".join(_mounts(component)),
        health=why_health(component.health),
        test=json.dumps(["CMD", *_question(component)]),
        start="60s" if component.weights else "20s",
        devices=_DEVICES if component.gpu else "",
        **limits_of(found),
    )


def _environment(readings: Iterable[Reading]) -> Iterable[str]:
    lines = [
        f"  {one.name}: ${{{one.name}:?{one.name} required}}"
        if one.required
        else f"  {one.name}: # passed on where .env sets it"
        for one in readings
    ]
    return ["environment:", *lines] if lines else []


def _mounts(component: Component) -> Iterable[str]:
    lines = [f"  - {volume_of(component, one.label)}:/app/{one.path} # {one.file}" for one in component.storage]
    return ["volumes:", *lines] if lines else []


def _volumes(names: Iterable[str]) -> Iterable[str]:
    lines = [f"  {name}:" for name in names]
    return ["", "# They outlive containers and versions. Back them up.", "volumes:", *lines] if lines else []


def _question(component: Component) -> tuple[str, ...]:
    """Write the command that asks the program itself, with what its image has anyway."""
    url, path, port = health_url(component, component.port), component.health.path, component.port
    if component.output:
        return ("wget", "-q", "-O", "/dev/null", url)
    if component.language == "node":
        well = "r.ok" if component.health.place else "r.status < 500"
        return ("node", "-e", f"fetch('{url}').then(r => process.exit({well} ? 0 : 1), () => process.exit(1))")
    if component.health.place:
        return ("python", "-c", f"import urllib.request; urllib.request.urlopen('{url}', timeout=4)")
    asked = f"c = http.client.HTTPConnection('127.0.0.1', {port}, timeout=4); c.request('GET', '{path}')"
    return ("python", "-c", f"import http.client; {asked}; raise SystemExit(c.getresponse().status >= 500)")
