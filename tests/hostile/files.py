"""Readers of what lies in a repository or on a host: configuration, compose files, Dockerfiles, diffs, env files."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from agents.discretion import hush
from agents.entrypoints.init.found import Origin, Wishes
from agents.entrypoints.init.inspection import inspect
from agents.entrypoints.init.listing import Listing
from agents.words.dependencies import dependency_changes
from agents.words.discreet import without_secrets
from agents.words.excerpt import excerpt
from agents.words.locks import dependency_files
from agents.words.patch import removed_protections
from agents.words.settings import setting_changes
from config.document import read_document
from config.faults import model_faults
from config.service import Service
from config.sources import DockerfileRules
from guardrails.compose_text import demanded, text_sound
from guardrails.destructive import no_volume_deleted
from guardrails.dockerfile import dockerfile_sound
from guardrails.healthcheck import health_proved
from guardrails.ignored import ignored_as_agreed
from guardrails.secrets import secret_uses
from tests.hostile.reader import Reader, text
from tools.compose_reading import literal, require_self_contained, unresolved
from tools.compose_variables import bare, spelled_out
from tools.env_file import settings_of
from tools.errors import Garbled, ToolError
from tools.gitops_pins import pins

_ROOT = Path(__file__).parents[2]
_SERVICES = _ROOT / "config/services"


def _configuration(content: bytes) -> Any:
    """Read a service's file as loading does."""
    document = read_document(content)
    try:
        return Service.model_validate(document.content, context={"directory": _SERVICES})
    except ValidationError as error:
        return model_faults("service.yaml", document, Service, error)


def _composed(content: bytes) -> Any:
    """Do everything that is done to a compose file before docker sees it."""
    require_self_contained(content)
    written = literal(content).decode(errors="replace")
    unknown = unresolved(written, {})
    return (
        bare(written),
        spelled_out(written, unknown),
        text_sound(written, "observer", image="acme/observer", tag_variable="IMAGE_TAG"),
        demanded(written),
    )


def _dockerfile(content: bytes) -> Any:
    rules = DockerfileRules(
        bases=("python:*",), multi_stage=True, user="app", packages=("curl",), weights=("*.safetensors",)
    )
    return dockerfile_sound("Dockerfile", text(content), rules)


def _secrets(content: bytes) -> Any:
    names = ("compose.yml", "Dockerfile", ".env", "deploy.sh", "values.yaml", "a.json", "a.toml", "a.py", "x.diff")
    return [secret_uses(name, content) for name in names]


def _words(content: bytes) -> Any:
    compared = dict.fromkeys(("compose.yml", "Dockerfile", ".env", "config/a.json", "config/a.toml"), content)
    declared = dict.fromkeys(("pyproject.toml", "package.json", "requirements.txt"), content)
    locks = dict.fromkeys(("uv.lock", "package-lock.json", "poetry.lock", "yarn.lock"), content)
    return (
        setting_changes(dict.fromkeys(compared), compared),
        dependency_changes(dict.fromkeys(declared), declared),
        dependency_files(tuple(locks), (), dict.fromkeys(locks), locks),
    )


def _diff(content: bytes) -> Any:
    diff = without_secrets(text(content))
    return removed_protections(diff), excerpt(diff, 20_000)


def _swept(content: bytes) -> Any:
    return no_volume_deleted({"deploy.sh": text(content), "ci.yml": text(content)}), health_proved("a", text(content))


_PYTHON = (
    "pyproject.toml",
    "requirements.txt",
    "app/main.py",
    "app/__init__.py",
    "setup.cfg",
    "Dockerfile",
    ".env.example",
)
_NODE = (
    "package.json",
    "package-lock.json",
    "server.js",
    "tsconfig.json",
    "next.config.js",
    ".nvmrc",
    "docker-compose.yml",
)


def _inspected(content: bytes) -> Any:
    """Look at a repository in which every file says the same."""
    said = text(content)
    repositories = ({**dict.fromkeys(names, said), "app/wsgi.py": "app = 1"} for names in (_PYTHON, _NODE))
    origin = Origin("https://example.com/a.git", None, "main")
    return [inspect(Listing(frozenset(texts), texts), origin, "a", Wishes()) for texts in repositories]


_COMPOSE = b"""services:
  observer:
    image: acme/observer:${IMAGE_TAG:?IMAGE_TAG required}
    env_file: [.env]
    ports: ["${HOST:-127.0.0.1}:${PORT}:8000/tcp", "9000"]
    environment: &env {API_KEY: "${API_KEY:?}", DATA: "${DATA:-${OTHER:-x}}"}
    volumes: ["./data:/data", "logs:/var/log"]
    healthcheck: {test: ["CMD", "curl", "-f", "http://127.0.0.1:8000/health"], interval: 5s}
    deploy: {resources: {limits: {cpus: "0.5", memory: 128M}}}
  other: {environment: *env}
volumes: {logs: {}}
"""
_DOCKERFILE = b"""# syntax=docker/dockerfile:1
ARG BASE=python:3.11
FROM ${BASE} AS build
RUN --mount=type=cache,target=/root apt-get update && apt-get install -y curl
COPY --chown=app . /app
FROM python:3.11-slim
ENV TOKEN=${TOKEN} A="b c"
RUN <<EOF
echo hi
EOF
COPY --from=build /app /app
USER app
HEALTHCHECK CMD ["curl", "-f", "http://127.0.0.1"]
"""
_PATCH = b"""diff --git a/compose.yml b/compose.yml
index 1..2 100644
--- a/compose.yml
+++ b/compose.yml
@@ -1,4 +1,3 @@ services:
 a: b
-    healthcheck:
-      test: x
+    cpus: 1
diff --git "a/na\\303\\257ve" "b/na\\303\\257ve"
rename from "na\\303\\257ve"
rename to b
"""
_ENV = b"# a\nexport TOKEN='abc def'\nB=\"x\\ny ${TOKEN}\"\nC=$B # d\nPASSWORD=hunter2hunter2\nmulti='a\nb'\n"
_SCRIPT = b"set -e\ndocker compose down -v && rm -rf /data || true\ncurl -f http://x || exit 1\n"
_VALUES = b"core:\n  image: {repository: ghcr.io/acme/astrago, tag: v1.2.3}\nimages:\n- name: a\n  newTag: v1\n"
_IGNORE = b"# c\n.git\n**/*.pem\n!keep.pem\ndata/[a-z]*\n\\#x\n"
_MAIN = (
    b"import os\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    b"@app.get('/health')\ndef health(): return {'ok': os.environ['A']}\n"
)
_MANIFEST = (
    b'[project]\nname = "a"\ndependencies = ["fastapi>=0.1", "uvicorn"]\n[project.scripts]\na = "app.main:app"\n'
)
_PACKAGE = b'{"name": "a", "scripts": {"start": "node server.js", "test": "vitest"}, "dependencies": {"express": "4"}}'
_PLACES = {"core": "core.image.tag"}

FILES: Mapping[str, Reader] = {
    "service file": Reader(_configuration, tuple(path.read_bytes() for path in sorted(_SERVICES.glob("*.yaml")))),
    "compose file": Reader(_composed, (_COMPOSE,), (Garbled,)),
    "Dockerfile": Reader(_dockerfile, (_DOCKERFILE,)),
    "dockerignore": Reader(
        lambda c: ignored_as_agreed(".dockerignore", text(c), (".git", "*.pem"), ("a/b.pem", ".git/x")), (_IGNORE,)
    ),
    "diff": Reader(_diff, (_PATCH,)),
    "env file": Reader(lambda c: settings_of(text(c)), (_ENV,)),
    "masking by an env file": Reader(lambda c: hush(text(c), text(c[:3000])), (_ENV,)),
    "secrets": Reader(_secrets, (_COMPOSE, _DOCKERFILE, _ENV, _SCRIPT, _PATCH)),
    "summary's files": Reader(_words, (_COMPOSE, _DOCKERFILE, _ENV, b'{"dependencies": {"a": "1"}}', b"a==1\nb>=2\n")),
    "scripts and health checks": Reader(_swept, (_SCRIPT, b"curl -f http://127.0.0.1 || exit 1")),
    "repository for init": Reader(_inspected, (_MAIN, _MANIFEST, _PACKAGE, _ENV)),
    "deployment repository": Reader(
        lambda c: pins(text(c), PurePosixPath("values.yaml"), _PLACES), (_VALUES,), (ToolError,)
    ),
}
