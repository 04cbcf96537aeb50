"""Which changed files nobody wrote by hand, by their names alone: what a file says of itself may be a lie. Pure."""

import re
from collections.abc import Iterable, Mapping

_LOCKS = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|bun\.lockb?|go\.sum|gradle\.lockfile"
    r"|[\w.-]+\.lock)$"
)
_VENDORED = re.compile(r"(?:^|/)(?:vendor|node_modules|third[_-]party|external|bower_components|\.yarn)/")
_GENERATED = re.compile(
    r"(?:^|/)(?:dist|__generated__|generated|__snapshots__)/|\.min\.(?:js|css)$|\.(?:js|css)\.map$|\.snap$"
    r"|_pb2(?:_grpc)?\.pyi?$|\.pb\.go$|\.g\.dart$|\.generated\.\w+$"
)
_NEVER = re.compile(
    r"(?:^|/)(?:[^/]*Dockerfile[^/]*|Containerfile[^/]*|[^/]*compose[^/]*\.ya?ml|[^/]*\.sql|\.env[^/]*)$", re.IGNORECASE
)
"""How something runs is always looked at, wherever it lies."""
_KINDS = (("lock file", _LOCKS), ("vendored", _VENDORED), ("generated", _GENERATED))


def folded(paths: Iterable[str]) -> Mapping[str, str]:
    """Tell why a file is not shown line by line: path -> lock file, vendored or generated. Others are left out."""
    found = ((path, _kind(path)) for path in paths)
    return {path: kind for path, kind in found if kind}


def _kind(path: str) -> str:
    if _NEVER.search(path):
        return ""
    return next((kind for kind, pattern in _KINDS if pattern.search(path)), "")
