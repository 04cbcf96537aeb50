"""Every file that `init` writes, by its path in the repository."""

from collections.abc import Mapping

from agents.entrypoints.init.composition import FILE, compose_file
from agents.entrypoints.init.dockerfile import dockerfile, nginx_conf
from agents.entrypoints.init.found import Found
from agents.entrypoints.init.ignored import dockerignore
from agents.entrypoints.init.variables import env_example
from agents.entrypoints.init.workflows import build_workflow, deploy_workflow, test_workflow


def texts(found: Found) -> Mapping[str, str]:
    """Write everything that belongs into the repository; the service's file belongs to the bot."""
    written: dict[str, str] = {}
    for component in found.components:
        written[component.at("Dockerfile")] = dockerfile(component)
        written[component.at(".dockerignore")] = dockerignore(component)
        if component.output:
            written[component.at("nginx.conf")] = nginx_conf(component)
    return {
        **written,
        FILE: compose_file(found),
        ".env.example": env_example(found),
        ".github/workflows/test.yml": test_workflow(found),
        ".github/workflows/build.yml": build_workflow(found),
        ".github/workflows/deploy.yml": deploy_workflow(found),
    }
