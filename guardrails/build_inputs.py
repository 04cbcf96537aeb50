"""What an image is built from, before anything is built: Dockerfile, ignore file, and the files that are sent."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from config.sources import Component, DockerfileRules
from guardrails.dockerfile import dockerfile_sound
from guardrails.ignored import PatternError, ignored_as_agreed, kept_out, patterns
from guardrails.verdict import Finding, Verdict
from guardrails.weights import weights_outside

IGNORE = ".dockerignore"


def build_inputs_sound(component: Component, texts: Mapping[str, bytes], sizes: Mapping[str, int]) -> Verdict:
    """Judge what a component is built from by its rules.

    `texts` are the sources (path -> content) that a person could read, `sizes` all of them (path -> bytes).
    """
    place = str(component.dockerfile)
    if place not in texts:
        return _unread(place, component.rules, there=place in sizes)
    text = texts[place].decode(errors="replace")
    platform = next(iter(component.platforms), "linux/amd64")
    verdict = dockerfile_sound(place, text, component.rules, arguments=component.build_args, platform=platform)
    return verdict + _context_sound(component, texts, sizes)


def ignore_file(component: Component, sizes: Mapping[str, int]) -> str:
    """Name the ignore file that counts: one beside the Dockerfile, under its name, before the context's own."""
    own = f"{component.dockerfile}{IGNORE}"
    return own if own in sizes else str(component.context / IGNORE)


def _context_sound(component: Component, texts: Mapping[str, bytes], sizes: Mapping[str, int]) -> Verdict:
    file, rules = ignore_file(component, sizes), component.rules
    text = texts[file].decode(errors="replace") if file in texts else None
    context = _below(component.context, sizes)
    verdict = ignored_as_agreed(file, text, rules.ignore, context)
    try:
        lines = patterns(text or "")
    except PatternError:
        return verdict
    sent = {path: size for path, size in context.items() if not kept_out(path, lines)} if rules.weights else {}
    return verdict + weights_outside(sent, rules, file)


def _below(context: PurePosixPath, sizes: Mapping[str, int]) -> dict[str, int]:
    """List the files of the context as the ignore file sees them."""
    prefix = "" if context == PurePosixPath() else f"{context}/"
    return {path.removeprefix(prefix): size for path, size in sizes.items() if path.startswith(prefix)}


def _unread(place: str, rules: DockerfileRules, *, there: bool) -> Verdict:
    """Refuse what cannot be judged, unless there is nothing to judge; the build will tell then."""
    if rules == DockerfileRules():
        return Verdict()
    message = f"{place} is no text." if there else f"The version has no {place}."
    remedy = "Add the Dockerfile, or correct the component's `dockerfile`."
    return Verdict.of([Finding("dockerfile-absent", place, message, remedy)])
