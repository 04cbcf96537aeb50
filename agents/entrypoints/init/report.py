"""What is told: what was found, what was chosen, what becomes of each file."""

from collections.abc import Iterable, Iterator, Mapping

from agents.entrypoints.figures import count
from agents.entrypoints.init.filing import Fate
from agents.entrypoints.init.found import Component, Found

_MEANING = {
    Fate.NEW: "new",
    Fate.SAME: "is so already",
    Fate.KEPT: "KEPT: it exists and differs; --force replaces it",
    Fate.REPLACED: "replaced",
}


def found_text(found: Found) -> str:
    """Tell what was found and what was chosen."""
    lines = [f"{found.name}: {count(len(found.components), 'component')}, from {found.origin.url}", ""]
    for component in found.components:
        lines += _component(component)
    lines += [f"  Left out {one}" for one in found.left_out]
    if found.choices:
        lines += ["", "Chosen, since the sources do not say; look at each:"]
    for choice in found.choices:
        lines += [f"  {choice.about}: {choice.chosen}, since {choice.why}.", f"    Otherwise: {choice.otherwise}."]
    return "\n".join(lines) + "\n"


def unknown_text(found: Found) -> str:
    """Ask for what must be known."""
    lines = [f"{one.about}: {one.why}. Say it: {one.flag}" for one in found.unknown]
    return "\n".join([*lines, f"{count(len(lines), 'thing')} must be known first. Nothing was written."]) + "\n"


def files_text(fates: Mapping[str, Fate]) -> str:
    """Tell what becomes of each file."""
    width = max(map(len, fates))
    return "\n".join(["Files:", *(f"  {path:<{width}}  {_MEANING[fate]}" for path, fate in fates.items())]) + "\n"


def pull_request_body(found: Found, kept: Iterable[str], service: str) -> str:
    """Write the words of the pull request."""
    lines = ["What a release of this repository needs, written by `shipmate init` from what the sources say.", ""]
    lines += ["| component | is | started by | port | health |", "|---|---|---|---|---|"]
    for one in found.components:
        started = f"`{' '.join(one.command)}`" if one.command else "nginx"
        lines.append(f"| {one.name} | {one.framework} | {started} | {one.port} | `{one.health.path}` |")
    if found.choices:
        lines += ["", "**Look at these choices:** the sources do not settle them.", ""]
        lines += [f"* {one.about}: {one.chosen}, since {one.why}. Otherwise: {one.otherwise}." for one in found.choices]
    if kept := sorted(kept):
        lines += ["", f"Left as they are, since they exist: {', '.join(f'`{path}`' for path in kept)}."]
    lines += ["", f"The bot's own file for the service is `{service}`; it is no part of this repository.", ""]
    return "\n".join(lines)


def _component(component: Component) -> Iterator[str]:
    started = " ".join(component.command) if component.command else f"nginx serves {component.output}/"
    place = f" in {component.directory}/" if component.directory else ""
    language = f"{component.language.capitalize()} {component.version}"
    yield f"  {component.name}: {component.framework} ({language}){place}, started by `{started}`"
    health = component.health.path + (f" ({component.health.place})" if component.health.place else "")
    yield f"    image {component.image}, port {component.port}, health {health}"
    if component.readings:
        names = (f"{one.name}{'' if one.required else ' (optional)'}" for one in component.readings)
        yield f"    variables {', '.join(names)}"
    if component.storage:
        yield f"    must be kept: {', '.join(f'{one.path}/ ({one.place})' for one in component.storage)}"
