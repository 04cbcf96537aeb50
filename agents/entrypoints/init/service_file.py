"""The service's file for the bot: `config/services/NAME.yaml`."""

import json
from collections.abc import Collection, Iterable

from agents.entrypoints.init.composition import FILE, health_url, limits_of, volume_of
from agents.entrypoints.init.dockerfile import bases_of, is_multi_stage, user_of
from agents.entrypoints.init.found import Component, Found, Wishes
from agents.entrypoints.init.ignored import must_ignore, weights_of
from agents.entrypoints.init.rendering import render
from agents.entrypoints.init.workflows import test_check

_LONGEST_HOST = 38


def service_file(found: Found, wishes: Wishes, kept: Collection[str] = ()) -> str:
    """Write the service's file; what nobody said stands in it as a commented choice.

    `kept` are files of the repository that stay as somebody wrote them: no rules of ours hold for those.
    """
    first, *others = found.components
    required = sorted({one.name for component in found.components for one in component.readings if one.required})
    read = any(component.readings for component in found.components)
    return render(
        "service.yaml",
        name=found.name,
        url=json.dumps(found.origin.url),
        github=f"github: {found.origin.github}" if found.origin.github else "",
        branch=json.dumps(found.origin.branch),
        suites="\n".join(_suites(found)),
        components="\n".join(_component(one, found, kept).rstrip() for one in found.components),
        host=f"{found.name[:_LONGEST_HOST]}-1",
        address=_address(wishes),
        user=f"user: {wishes.user}" if wishes.host else "",
        compose=FILE,
        env_file="" if read else "# No variable was found in the sources, so no .env has to lie there.\nenv_file: null",
        approvers=_approvers(wishes),
        health=_why_health(first),
        probe=health_url(first, first.published),
        status="" if first.health.place else "status: 200",
        smoke="\n".join(["smoke:", *(f"  - url: {health_url(one, one.published)}" for one in others)])
        if others
        else "",
        variables="\n".join(["variables:", "  required:", *(f"    - {name}" for name in required)]) if required else "",
        paths="\n".join(_paths(found.components)),
        **limits_of(found),
    )


def _component(component: Component, found: Found, kept: Collection[str]) -> str:
    alone = len(found.components) == 1
    within = component.directory
    return render(
        "service.component.yaml",
        name=component.name,
        image=component.image,
        dockerfile=f"dockerfile: {component.at('Dockerfile')}" if within else "",
        context=f"context: {within}" if within else "",
        paths=f"# Built only when something below it changed.\npaths: [{within}/]" if within and not alone else "",
        rules="\n".join(_rules(component, kept)),
    )


def _rules(component: Component, kept: Collection[str]) -> Iterable[str]:
    rules: list[str] = []
    if component.at("Dockerfile") not in kept:
        rules += [
            f"  bases: {json.dumps(bases_of(component))}",
            f"  multi_stage: {str(is_multi_stage(component)).lower()}",
        ]
        rules += [f"  user: {json.dumps(user_of(component))}"]
        rules += [f"  packages: {json.dumps(component.packages)}"] if component.packages else []
        rules += [f"  weights: {json.dumps(weights_of(component))}"] if component.weights else []
    if component.at(".dockerignore") not in kept:
        rules += [f"  ignore: {json.dumps(must_ignore(component))}"]
    return ["# What the Dockerfile must go on keeping to.", "rules:", *rules] if rules else []


def _suites(found: Found) -> Iterable[str]:
    """Take the checks of the commit as evidence: only GitHub has what the tests need installed."""
    alone = len(found.components) == 1
    tested = [(one, check) for one in found.components if (check := test_check(one, alone=alone)) and one.runner]
    if not tested:
        return [
            "# A CHOICE: the repository has no tests, so nothing is proved before the build. Add a suite with them."
        ]
    if not found.origin.github:
        return [
            "# A CHOICE: without GitHub nobody says whether the tests passed. Add a suite; observer.yaml shows one."
        ]
    lines = ["suites:", "  # Done by .github/workflows/test.yml; the check of the commit is the evidence."]
    for one, check in tested:
        lines += [f"  {'unit' if alone else one.name}:", "    kind: unit", f"    check: {check}", "    timeout: 15m"]
    return lines


def _address(wishes: Wishes) -> str:
    if wishes.host:
        return f"address: {wishes.host}"
    return "# A CHOICE: the machine the bot runs on. Write the server's name here, and its `user`.\naddress: null"


def _approvers(wishes: Wishes) -> str:
    if wishes.approvers:
        return f"approvers: {json.dumps(wishes.approvers)}"
    return "# Every release is refused until somebody stands here: Slack member ids, or terminal:LOGIN.\napprovers: []"


def _why_health(component: Component) -> str:
    if component.health.place:
        return f"# Answered by {component.health.file}."
    return "# A CHOICE: the sources have no route for it. Correct path and status, best after adding /health."


def _paths(components: Iterable[Component]) -> Iterable[str]:
    kept = [(volume_of(one, storage.label), f"/app/{storage.path}") for one in components for storage in one.storage]
    if not kept:
        return []
    mounts = [f"    {volume}: {path}" for volume, path in kept]
    return ["paths:", "  mounts:", *mounts, f"  persist: [{', '.join(path for _, path in kept)}]"]
