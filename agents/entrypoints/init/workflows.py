"""The GitHub workflows: least permissions, pinned actions, nothing of an event's text in a script."""

import json

from agents.entrypoints.init.actions import pinned
from agents.entrypoints.init.found import Component, Found
from agents.entrypoints.init.installing import UV, node_install, node_script
from agents.entrypoints.init.rendering import render

_GHCR = "ghcr.io"


def test_workflow(found: Found) -> str:
    """Write the workflow that proves every change."""
    alone = len(found.components) == 1
    jobs = [job for one in found.components for job in (_tests(one, alone=alone), _image(one, alone=alone)) if job]
    return render("test.yml", branch=json.dumps(found.origin.branch), jobs="\n\n".join(job.rstrip() for job in jobs))


def build_workflow(found: Found) -> str:
    """Write the workflow that pushes an image of every commit on the main branch."""
    alone = len(found.components) == 1
    jobs = "\n\n".join(_push(one, alone=alone).rstrip() for one in found.components)
    return render("build.yml", branch=json.dumps(found.origin.branch), jobs=jobs)


def deploy_workflow(found: Found) -> str:
    """Write the workflow that asks Shipmate for a release."""
    return render("deploy.yml", name=found.name)


def test_check(component: Component, *, alone: bool) -> str:
    """Name the check of the test job, as GitHub shows it beside a commit; empty where there is nothing to test."""
    return _named("Test", component, alone=alone) if component.checks else ""


def _named(what: str, component: Component, *, alone: bool) -> str:
    return what if alone else f"{what} {component.name}"


def _job(what: str, component: Component, *, alone: bool) -> str:
    return what if alone else f"{what}-{component.name}"


def _tests(component: Component, *, alone: bool) -> str:
    if not component.checks:
        return ""
    values = {
        "job": _job("test", component, alone=alone),
        "check": test_check(component, alone=alone),
        "checkout": pinned("actions/checkout"),
        "version": component.version,
        "defaults": f"defaults:\n  run:\n    working-directory: {component.directory}" if component.directory else "",
    }
    if component.language == "node":
        return render("test.node.yml", **values, setup=pinned("actions/setup-node"), steps=_node_steps(component))
    by_uv = component.installer in {"uv", "pyproject"}
    return render(
        "test.python.yml",
        **values,
        setup=pinned("astral-sh/setup-uv" if by_uv else "actions/setup-python"),
        caching=f'version: "{UV}"\nenable-cache: false' if by_uv else "",
        env="env:\n  PYTHONPATH: src" if dict(component.settings).get("PYTHONPATH") == "/app/src" else "",
        steps="\n".join(_step(check.name, check.run) for check in component.checks if check.run),
    )


def _node_steps(component: Component) -> str:
    scripts = [_step(check.name, node_script(component, check.run)) for check in component.checks]
    return "\n".join([_step("Install", node_install(component)), *scripts])


def _step(name: str, run: str) -> str:
    if "\n" not in run:
        return f"- name: {name}\n  run: {run}"
    lines = "".join(f"\n    {line}" for line in run.splitlines())
    return f"- name: {name}\n  run: |{lines}"


def _image(component: Component, *, alone: bool) -> str:
    return render(
        "test.image.yml",
        job=_job("image", component, alone=alone),
        check=_named("Image", component, alone=alone),
        checkout=pinned("actions/checkout"),
        dockerfile=component.at("Dockerfile"),
        context=component.directory or ".",
    )


def _push(component: Component, *, alone: bool) -> str:
    host = component.image.partition("/")[0]
    registry = host if "." in host or ":" in host else "docker.io"
    own = registry == _GHCR
    return render(
        "build.job.yml",
        job=_job("image", component, alone=alone),
        check=_named("Build", component, alone=alone),
        checkout=pinned("actions/checkout"),
        buildx=pinned("docker/setup-buildx-action"),
        login=pinned("docker/login-action"),
        build=pinned("docker/build-push-action"),
        registry=registry,
        packages="packages: write # to push the image" if own else "",
        username="${{ github.actor }}" if own else "${{ secrets.REGISTRY_USERNAME }}",
        password="${{ secrets.GITHUB_TOKEN }}" if own else "${{ secrets.REGISTRY_PASSWORD }}",
        context=component.directory or ".",
        dockerfile=component.at("Dockerfile"),
        image=component.image,
    )
