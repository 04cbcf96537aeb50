"""What JavaScript and TypeScript sources say about their program."""

import re
from collections.abc import Iterable, Iterator

from agents.entrypoints.init.found import Reading

_COMMENT = re.compile(r"^\s*(?://|\*|/\*)")
_READ = re.compile(r"process\.env(?:\.(?P<dot>[A-Z][A-Z0-9_]+)|\[[\"'`](?P<key>[A-Z][A-Z0-9_]+)[\"'`]\])")
_ROUTE = re.compile(r"\.(?:get|all|use|route|head)\(\s*[\"'`](?P<path>/[\w/-]*)[\"'`]")
_COMPARED = re.compile(r"(?:url|path|pathname)\s*={2,3}\s*[\"'`](?P<path>/[\w/-]*)[\"'`]")
_PORT = re.compile(
    r"(?:\bPORT\b[\"'`\])]*\s*(?:\|\||\?\?|,)\s*|\blisten\(\s*|\bport\s*[:=]\s*)[\"'`]?(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"[\"'`](?P<path>(?:\./|/app/)?[a-z]+/[\w./${}-]*)[\"'`]|join\([^()]*[\"'`](?P<joined>[a-z/]+)[\"'`]"
)
_PAGE = re.compile(r"(?:src/)?(?:app/(?P<app>.*?)/?route\.[jt]sx?|pages/(?P<page>api/.*)\.[jt]sx?)")

Files = Iterable[tuple[str, str]]


def readings(files: Files) -> Iterator[Reading]:
    """Find the environment variables that are read; a language with `undefined` never says which are required."""
    for place, line in _lines(files):
        for found in _READ.finditer(line):
            yield Reading(found["dot"] or found["key"], place, required=False)


def routes(files: Files) -> Iterator[tuple[str, str]]:
    """Find the paths that are answered, each with its place."""
    for place, line in _lines(files):
        for pattern in (_ROUTE, _COMPARED):
            yield from ((found["path"], place) for found in pattern.finditer(line))


def pages(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find the routes that Next.js makes of file names."""
    for path in sorted(paths):
        if found := _PAGE.fullmatch(path):
            parts = (found["app"] if found["app"] is not None else found["page"]).split("/")
            yield "/" + "/".join(part for part in parts if not part.startswith("(") and part != "index"), path


def ports(files: Files) -> Iterator[tuple[int, str]]:
    """Find the ports that the sources name, each with its place."""
    for place, line in _lines(files):
        yield from ((int(found["port"]), place) for found in _PORT.finditer(line))


def places(files: Files) -> Iterator[tuple[str, str]]:
    """Find the texts that look like paths of files, each with its place."""
    for place, line in _lines(files):
        yield from ((found["path"] or found["joined"], place) for found in _PATH.finditer(line))


def _lines(files: Files) -> Iterator[tuple[str, str]]:
    for path, text in files:
        for number, line in enumerate(text.splitlines(), start=1):
            if not _COMMENT.match(line):
                yield f"{path}:{number}", line
