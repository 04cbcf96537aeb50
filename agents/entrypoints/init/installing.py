"""The commands that install what a program depends on, for its image and for its tests."""

from collections.abc import Mapping

from agents.entrypoints.init.found import Component, Installer
from agents.entrypoints.init.python_tests import POETRY

UV = "0.12.1"
_INTO = "/opt/venv/bin/python"
_UV = f"COPY --from=ghcr.io/astral-sh/uv:{UV} /uv /usr/local/bin/uv"
_NODE: Mapping[Installer, tuple[str, str]] = {
    "npm": ("npm ci", "npm ci --omit=dev"),
    "pnpm": (
        "corepack enable && pnpm install --frozen-lockfile",
        "corepack enable && pnpm install --frozen-lockfile --prod",
    ),
    "yarn": (
        "corepack enable && yarn install --frozen-lockfile",
        "corepack enable && yarn install --frozen-lockfile --production",
    ),
    "berry": (
        "corepack enable && yarn install --immutable",
        "corepack enable && yarn workspaces focus --all --production",
    ),
    "nothing": ("npm install", "npm install --omit=dev"),
}
"""Installer -> everything, and only what production needs."""


def copies(component: Component) -> str:
    """Write the lines that bring the manifests into a stage; the whole project where nothing less will do."""
    files = " ".join(one for one in component.manifests if not one.endswith("/"))
    directories = [f"COPY {one.rstrip('/')} ./{one.rstrip('/')}" for one in component.manifests if one.endswith("/")]
    return "\n".join([f"COPY {files} ./" if files else "COPY . .", *directories])


def python_install(component: Component) -> str:
    """Write the lines of the Dockerfile that fill /opt/venv."""
    if component.gpu:
        return "\n".join([copies(component), f"RUN {_by_uv(component)}"])
    if component.installer == "poetry":
        poetry = f"RUN python -m venv /opt/poetry && /opt/poetry/bin/pip install --no-cache-dir {POETRY}"
        run = (
            'RUN VIRTUAL_ENV=/opt/venv PATH="/opt/venv/bin:$PATH" /opt/poetry/bin/poetry install --only main --no-root'
        )
        return "\n".join([poetry, copies(component), run])
    if component.installer in {"uv", "pyproject"}:
        return "\n".join([_UV, "ENV UV_LINK_MODE=copy", copies(component), f"RUN {_by_uv(component)}"])
    pip = f"RUN python -m pip --python {_INTO} install --no-cache-dir"
    if component.installer == "setup":
        return f"COPY . .\n{pip} ."
    return f"{copies(component)}\n{pip} -r requirements.txt"


def _by_uv(component: Component) -> str:
    if component.installer == "uv":
        return "UV_PROJECT_ENVIRONMENT=/opt/venv uv sync --locked --no-dev --no-install-project --no-cache"
    file = "requirements.txt" if component.installer == "requirements" else "pyproject.toml"
    return f"uv pip install --python {_INTO} --no-cache -r {file}"


def node_install(component: Component) -> str:
    """Write the command that installs everything, for a build or for tests."""
    return _NODE[component.installer][0]


def node_production(component: Component) -> str:
    """Write the command that installs what production needs; the directory is there even where that is nothing."""
    return f"{_NODE[component.installer][1]} && mkdir -p node_modules"


def node_script(component: Component, script: str) -> str:
    """Write the command that runs a script of package.json."""
    tool = {"pnpm": "pnpm", "yarn": "yarn", "berry": "yarn"}.get(component.installer, "npm")
    return f"{tool} run {script}"
