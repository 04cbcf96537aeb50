"""The Dockerfile of a component: two stages, no root, nothing in the image that only its build needs."""

import json

from agents.entrypoints.init.found import Component
from agents.entrypoints.init.installing import UV, copies, node_install, node_production, node_script, python_install
from agents.entrypoints.init.rendering import render

CUDA = "12.6.3-base-ubuntu22.04"
NGINX = "1.29.4-alpine"


def dockerfile(component: Component) -> str:
    """Write the Dockerfile."""
    if component.language == "python":
        return _python(component)
    if component.output:
        return _static(component)
    return _next(component) if component.standalone else _node(component)


def nginx_conf(component: Component) -> str:
    """Write how the web server serves a static site."""
    return render("nginx.conf", port=str(component.port))


def user_of(component: Component) -> str:
    """Name the user that the image runs as; by number where the base image brings it."""
    if component.language == "python":
        return "appuser"
    return "101" if component.output else "1000"


def bases_of(component: Component) -> tuple[str, ...]:
    """Name the base images that the final stage may be built on, as globs."""
    if component.gpu:
        return ("nvidia/cuda:12.*-base-ubuntu22.04",)
    if component.language == "python":
        return (f"python:{component.version}-slim",)
    return ("nginxinc/nginx-unprivileged:*",) if component.output else (f"node:{component.version}-slim",)


def is_multi_stage(component: Component) -> bool:
    """Tell whether there is anything to install in a stage of its own."""
    return component.gpu or component.installer != "nothing" or component.language == "node"


def _python(component: Component) -> str:
    values = {
        "title": f"{component.name}, {component.framework}",
        "version": component.version,
        "packages": _packages(component),
        "directories": _directories(component),
        "settings": "".join(f" \\\n    {name}={value}" for name, value in component.settings),
        "port": str(component.port),
        "command": json.dumps(component.command),
    }
    if not is_multi_stage(component):
        return render("Dockerfile.python-plain", **values)
    if component.gpu:
        install = "" if component.installer == "nothing" else python_install(component)
        return render("Dockerfile.python-gpu", **values, install=install, cuda=CUDA, uv=UV)
    return render("Dockerfile.python", **values, install=python_install(component))


def _node(component: Component) -> str:
    return render(
        "Dockerfile.node",
        **_of_node(component),
        production=node_production(component),
        directories=_directories(component),
        settings=_settings(component),
        command=json.dumps(component.command),
    )


def _next(component: Component) -> str:
    return render(
        "Dockerfile.next",
        **_of_node(component),
        public="COPY --from=build /app/public ./public" if component.public else "",
        directories=_directories(component),
        settings=_settings(component),
        command=json.dumps(component.command),
    )


def _static(component: Component) -> str:
    return render("Dockerfile.static", **_of_node(component), nginx=NGINX, output=component.output)


def _of_node(component: Component) -> dict[str, str]:
    """Give what every Node template asks for; what a build leaves behind must not hide what production needs."""
    built = node_script(component, "build") if component.builds else ""
    left = "" if component.output or component.standalone else "rm -rf node_modules"
    return {
        "title": f"{component.name}, {component.framework}",
        "version": component.version,
        "copies": copies(component),
        "install": node_install(component),
        "build": " && ".join(part for part in (built, left) if part),
        "port": str(component.port),
    }


def _settings(component: Component) -> str:
    return " \\\n    ".join(f"{name}={value}" for name, value in component.settings)


def _packages(component: Component) -> str:
    if not component.packages:
        return ""
    install = f"apt-get install -y --no-install-recommends {' '.join(component.packages)}"
    return (
        "# Their versions are those of the base image's release.\n# hadolint ignore=DL3008\n"
        f"RUN apt-get update && {install} && rm -rf /var/lib/apt/lists/*"
    )


def _directories(component: Component) -> str:
    """Make what must be kept belong to the program's user: a new volume takes that over."""
    if not component.storage:
        return ""
    paths = " ".join(f"/app/{one.path}" for one in component.storage)
    user = "appuser" if component.language == "python" else "node"
    return f"# A new volume takes over who these belong to.\nRUN mkdir -p {paths} && chown {user}:{user} {paths}"
