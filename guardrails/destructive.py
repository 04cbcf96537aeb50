"""Commands that delete volumes, wherever a release's scripts and workflows hide them."""

import re
from collections.abc import Iterator, Mapping

from guardrails.verdict import Finding, Verdict

_REST = r"(?:(?!&&|\|\||;|\s#).)*?"
_COMPOSE = rf"\bdocker(?:-|\s+){_REST}compose\b|\bdocker-compose\b"
_RULES = (
    (
        "volume-destroyed",
        re.compile(rf"(?:{_COMPOSE}){_REST}\sdown\b{_REST}\s(?:-[a-uw-z]*v[a-z]*|--volumes)(?:[=\s\"',;\]]|$)"),
    ),
    (
        "volume-destroyed",
        re.compile(rf"(?:{_COMPOSE}){_REST}\srm\b{_REST}\s(?:-[a-uw-z]*v[a-z]*|--volumes)(?:[=\s\"',;\]]|$)"),
    ),
    (
        "volume-renewed",
        re.compile(rf"(?:{_COMPOSE}){_REST}\sup\b{_REST}\s(?:-[a-zA-U]*V[a-zA-Z]*|--renew-anon-volumes)(?:\s|$)"),
    ),
    ("volume-destroyed", re.compile(rf"\bdocker\b{_REST}\s(?:volume\s+(?:rm|remove|prune))\b")),
    ("volume-destroyed", re.compile(rf"\bdocker\b{_REST}\ssystem\s+prune\b{_REST}\s--volumes\b")),
)
_QUOTING = re.compile(r"[\"'\[\],]+")


def no_volume_deleted(files: Mapping[str, str]) -> Verdict:
    """Object to every line of the given files (path -> text) that would delete or renew volumes."""
    return Verdict.of(
        Finding(
            rule=rule,
            subject=path,
            message=f"`{line}` deletes data that outlives containers.",
            remedy="Remove the flag or the command; delete a volume by hand, after a backup, never in a script.",
            place=f"{path}:{number}",
        )
        for path, text in files.items()
        for number, line in _commands(text)
        for rule in [_broken(line)]
        if rule
    )


def _broken(line: str) -> str:
    """Name the rule that a line breaks, also when it is written as an argument list."""
    plain = " ".join(_QUOTING.sub(" ", line).split())
    return next((rule for rule, pattern in _RULES if pattern.search(plain)), "")


def _commands(text: str) -> Iterator[tuple[int, str]]:
    """Yield each command line with its first line's number; continued lines are joined, comments dropped."""
    held, start = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        start = start if held else number
        held = f"{held} {line.strip()}".strip()
        if held.endswith("\\"):
            held = held[:-1].rstrip()
            continue
        if held and not held.startswith("#"):
            yield start, held
        held = ""
    if held:
        yield start, held
