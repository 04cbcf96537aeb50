"""Commands that delete volumes, wherever a release's scripts and workflows hide them."""

import re
from collections.abc import Iterator, Mapping

from guardrails.command_lines import command_lines
from guardrails.verdict import Finding, Level, Verdict

_ENGINE = re.compile(r"(?:.*/)?(?:docker|podman|nerdctl)(?:\.exe)?|\$[({]?\w*(?:DOCKER|docker|PODMAN)\w*[)}]?")
_COMPOSE = re.compile(r"(?:.*/)?(?:docker|podman)-compose(?:\.exe)?|\$[({]?\w*(?:COMPOSE|compose|DC|dc)\w*[)}]?")
_VOLUMES = re.compile(r"-[a-uw-z]*v[a-z]*|--volumes(?:=.*)?")
_RENEWS = re.compile(r"-[a-zA-U]*V[a-zA-Z]*|--renew-anon-volumes(?:=.*)?")
_ELSEWHERE = {"exec", "run"}
"""What follows is a command of the container's own."""
_MOST_ENGINES = 20
_SEPARATORS = re.compile(r"&&|\|\||;|\|| #.*")
_AROUND = "(){}`&"
_BY_PROGRAM = re.compile(r"\w\.volumes\.prune\(")
_ONLY_SAID = re.compile(r"(?:-\s+)?(?:run:\s*)?@?(?:echo|printf)\b[^|;&`]*(?:>&2)?")
_QUOTING = re.compile(r"[\"'\[\],]+")
_PROSE = re.compile(r"\.(?:md|markdown|rst|adoc|txt)$", re.IGNORECASE)
_OF_TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|e2e|spec)/|(?:^|/)(?:conftest\.py|test_[^/]*|[^/]*[._](?:test|spec)\.\w+)$"
)


def no_volume_deleted(files: Mapping[str, str]) -> Verdict:
    """Object to every command of the given files (path -> text) that would delete or renew volumes.

    In prose, which somebody may follow, and in tests, which have volumes of their own, it is only told.
    """
    return Verdict.of(
        Finding(
            rule=rule,
            subject=path,
            message=f"`{line}` deletes data that outlives containers.",
            remedy="Remove the flag or the command; delete a volume by hand, after a backup, never in a script.",
            level=Level.WARNING if _PROSE.search(path) or _OF_TESTS.search(path) else Level.BLOCKING,
            place=f"{path}:{number}",
        )
        for path, text in files.items()
        for number, line in _suspects(path, text)
        for rule in [_broken(line)]
        if rule
    )


def _suspects(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield what may be a command, of files that speak of volumes or flags of compose at all."""
    if re.search(r"volume|down|\brm\b|-[a-zA-Z]*V", text):
        yield from command_lines(path, text)


def _broken(line: str) -> str:
    """Name the rule that a line breaks, also when it is written as an argument list."""
    plain = " ".join(_QUOTING.sub(" ", line).split())
    if _ONLY_SAID.fullmatch(plain):
        return ""
    if _BY_PROGRAM.search(plain):
        return "volume-destroyed"
    return next((rule for part in _SEPARATORS.split(plain) for rule in _of_command(part.split())), "")


def _of_command(words: list[str]) -> Iterator[str]:
    """Yield the rules that the commands to an engine break that begin somewhere in these words."""
    plain = [re.sub(r"^[@-](?=\$)", "", word) for word in words]
    bare = [word if word.startswith("$") else word.strip(_AROUND) for word in plain]
    begins = [place for place, word in enumerate(bare) if _ENGINE.fullmatch(word) or _COMPOSE.fullmatch(word)]
    for place in begins[:_MOST_ENGINES]:
        rest = bare[place + 1 :]
        end = next((at for at, word in enumerate(rest) if word in _ELSEWHERE), len(rest))
        if _COMPOSE.fullmatch(bare[place]):
            yield from _of_compose(rest[:end])
        elif "compose" in rest[:end]:
            yield from _of_compose(rest[rest.index("compose") + 1 : end])
        else:
            yield from _of_engine(rest[:end])


def _of_compose(words: list[str]) -> Iterator[str]:
    if any(map(_VOLUMES.fullmatch, _after(words, "down", "rm"))):
        yield "volume-destroyed"
    if any(map(_RENEWS.fullmatch, _after(words, "up", "create"))):
        yield "volume-renewed"


def _of_engine(words: list[str]) -> Iterator[str]:
    pruned = "--volumes" in {word.partition("=")[0] for word in _after(_after(words, "system", "pod"), "prune")}
    if pruned or {"rm", "remove", "prune"} & set(_after(words, "volume", "volumes")):
        yield "volume-destroyed"


def _after(words: list[str], *commands: str) -> list[str]:
    """Return what follows the first of these words."""
    return next((words[place + 1 :] for place, word in enumerate(words) if word in commands), [])
