"""What a commit may not bring beside secrets: env files, files too large for git, JSON and YAML nobody can read."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from guardrails.secrets.formats import is_example
from guardrails.secrets.nodes import Unparsed
from guardrails.secrets.yaml_nodes import documents
from guardrails.verdict import Finding, Level, Verdict
from tools.staged import LARGEST_READ_BYTES, StagedFile

_ENV_FILE = re.compile(r"\.env(\.[\w.-]+)?|[\w.-]+\.env", re.IGNORECASE)
_COMMENTED_JSON = re.compile(
    r"(.*/)?(\.vscode/.*|(ts|js)config.*|devcontainer|\.eslintrc|\.babelrc|\.swcrc|deno)\.json"
)
_TEMPLATE = re.compile(r"(.*/)?(templates|cookiecutter[^/]*)/.*")


def staged_sound(files: Iterable[StagedFile]) -> Verdict:
    """Object to what is staged; what a commit deletes is always right."""
    return Verdict.of(finding for file in files if not file.deleted for finding in _about(file))


def _about(file: StagedFile) -> Iterator[Finding]:
    if is_env_file(file.path):
        yield _env_file(file)
    if file.size_bytes > LARGEST_READ_BYTES:
        yield _large(file)
        return
    fault = _fault(file.path.lower(), file.content)
    if fault:
        yield Finding("syntax", file.path, fault, "Mend it, then stage the file again.", place=file.path)


def is_env_file(path: str) -> bool:
    """Tell a file that holds a deployment's own settings; an example to be copied is none."""
    return bool(_ENV_FILE.fullmatch(PurePosixPath(path).name)) and not is_example(path)


def _env_file(file: StagedFile) -> Finding:
    known = bool(file.before)
    message = "The env file is already in the repository." if known else "An env file belongs on a machine, not in git."
    remedy = (
        f"Run `git rm --cached {file.path}`, add it to .gitignore, and commit a {file.path}.example without values."
    )
    return Finding("env-file", file.path, message, remedy, Level.WARNING if known else Level.BLOCKING, file.path)


def _large(file: StagedFile) -> Finding:
    message = (
        f"The file has {file.size_bytes / 1e6:.0f} MB; every clone will carry it for ever. Nothing looked into it."
    )
    remedy = "Keep it in Git LFS, a release's assets or an object store; commit it only if it has to be here."
    return Finding("large-file", file.path, message, remedy, Level.WARNING, file.path)


def _fault(path: str, content: bytes) -> str:
    if path.endswith(".json") and not _COMMENTED_JSON.fullmatch(path):
        return _json_fault(content)
    if path.endswith((".yml", ".yaml")) and not _TEMPLATE.fullmatch(path):
        return _yaml_fault(content)
    return ""


def _json_fault(content: bytes) -> str:
    try:
        json.loads(content.removeprefix(b"\xef\xbb\xbf"), parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        return f"The JSON cannot be read: {error.msg} in line {error.lineno}, column {error.colno}."
    except UnicodeDecodeError:
        return "The JSON cannot be read: it is not UTF-8."
    except RecursionError:
        return "The JSON is nested too deeply to be read."
    return ""


def _yaml_fault(content: bytes) -> str:
    try:
        for _ in documents(content.decode()):
            pass
    except UnicodeDecodeError:
        return "The YAML cannot be read: it is not UTF-8."
    except Unparsed as error:
        return f"The YAML cannot be read: {error}."
    return ""
