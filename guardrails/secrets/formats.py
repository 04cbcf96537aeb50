"""Which deploy format a file is of, told by its name and, where the name is silent, by its first lines."""

import re
from enum import StrEnum
from pathlib import PurePosixPath

from guardrails.secrets.names import word_set


class Format(StrEnum):
    """How a file is read. `NONE`: no deploy file, the pattern layer alone looks at it."""

    NONE = "none"
    DOCKERFILE = "Dockerfile"
    YAML = "YAML"
    JSON = "JSON"
    ENVIRONMENT = "env file"
    SETTINGS = "settings"
    EXPRESSIONS = "settings with expressions"
    DIRECTIVES = "directives"
    NETRC = "netrc"
    SHELL = "shell"
    KEY = "key file"
    XML = "XML"
    SOURCE = "source code"
    DIFF = "diff"


_EXAMPLE = re.compile(r"[._-](?:example|sample|template|tmpl|tpl|dist|j2|erb|tftpl|defaults?)(?=$|\.)", re.IGNORECASE)
_LOCK_FILES = word_set(
    """
    package-lock.json npm-shrinkwrap.json composer.lock yarn.lock pnpm-lock.yaml poetry.lock pipfile.lock
    uv.lock cargo.lock go.sum gemfile.lock bun.lock flake.lock tsconfig.json jsconfig.json .terraform.lock.hcl
    """
)
_NOT_DEPLOYED = re.compile(
    r"(^|/)(locales?|i18n|lang|translations|messages|node_modules|schemas?)/|\.schema\.json$|openapi|swagger"
)
_BROUGHT = re.compile(
    r"(^|/)(vendor|third[_-]party|site-packages|dist-packages|bower_components|dist|\.venv|venv|gems)/|[.-]min\.\w+$"
)
"""Source code that somebody else wrote, or a program."""
_CODE = word_set(
    """
    py pyw js jsx mjs cjs ts tsx mts cts go java kt kts scala cs fs vb php rb rs swift dart m mm c cc cpp h hpp ex exs
    erl lua pl pm r jl clj cljs vue svelte
    """
)
_BY_NAME: tuple[tuple[re.Pattern[str], Format], ...] = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (r"(.*[.-])?(dockerfile|containerfile)([.-].*)?", Format.DOCKERFILE),
        (r"\.env(rc)?(\..*)?|.*\.env(\.[\w-]+)?|env\.list|environment|\.flaskenv", Format.ENVIRONMENT),
        (r"\.netrc|_netrc|\.authinfo", Format.NETRC),
        (r"makefile|gnumakefile|justfile|procfile|.*\.(sh|bash|zsh|ksh|mk|mak)|crontab", Format.SHELL),
        (r"jenkinsfile(\..*)?|vagrantfile|.*\.(tf|tfvars|hcl|groovy|gradle|ps1|bat|cmd|nomad)", Format.EXPRESSIONS),
        (
            r"(redis|nginx|sentinel|mosquitto|haproxy|httpd|valkey).*\.conf|caddyfile|.*\.(conf|cnf|acl)",
            Format.DIRECTIVES,
        ),
        (
            r"\.?npmrc|\.yarnrc|\.pypirc|\.my\.cnf|pip\.conf|\.s3cfg|\.boto|credentials|config|\.git-credentials|\.pgpass",
            Format.SETTINGS,
        ),
        (r".*\.(ini|cfg|properties|toml|service|timer|container|kube|npmrc|sql)", Format.SETTINGS),
        (r".*\.(yml|yaml)", Format.YAML),
        (r".*\.(json|jsonc|json5|dockerconfigjson|tfstate)|\.dockercfg|\.dockerconfigjson", Format.JSON),
        (r"id_(rsa|dsa|ecdsa|ed25519|[a-z]+)|.*\.(pem|key|p8|ppk)", Format.KEY),
        (r".*\.(diff|patch)", Format.DIFF),
        (r".*\.(xml|config|csproj|props|pubxml)", Format.XML),
        (r".*\.(" + "|".join(sorted(_CODE)) + ")", Format.SOURCE),
    )
)
_OF_IMAGE = (
    (re.compile(r"(?:.*, )?history step \d+"), Format.SHELL),
    (re.compile(r"(?:.*, )?(?:environment|label) \S.*"), Format.ENVIRONMENT),
)
"""What an image carries beside its files, as `tools/engine.py` names it."""
_SCRIPT = re.compile(r"#!.*\b(?:ba|da|z|k)?sh\b")
_DIFF = re.compile(r"(?:diff --git |--- \S+.*\n\+\+\+ )", re.MULTILINE)


def is_example(path: str) -> bool:
    """Tell a file that people copy and fill in (`.env.example`) from one that is deployed."""
    return bool(re.search(r"[._-](example|sample|template|dist)(?=$|\.)", PurePosixPath(path).name, re.IGNORECASE))


def format_of(path: str, text: str) -> Format:
    """Classify a file."""
    name = PurePosixPath(path).name.lower()
    if name in _LOCK_FILES or _NOT_DEPLOYED.search(path.lower()):
        return Format.NONE
    form = _by_name(path, name)
    if form is Format.SOURCE and _BROUGHT.search(path.lower()):
        return Format.NONE
    return form or _by_content(text)


def _by_name(path: str, name: str) -> Format | None:
    in_image = next((form for pattern, form in _OF_IMAGE if pattern.fullmatch(path)), None)
    candidates = dict.fromkeys((name, _EXAMPLE.sub("", name)))
    named = (form for one in candidates for pattern, form in _BY_NAME if pattern.fullmatch(one))
    return in_image or next(named, None)


def _by_content(text: str) -> Format:
    if _SCRIPT.match(text):
        return Format.SHELL
    if _DIFF.match(text):
        return Format.DIFF
    return Format.KEY if text.startswith("-----BEGIN ") else Format.NONE
