"""From the files of a repository to everything that is known about it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from agents.entrypoints.init.found import Component, Found, Origin, Unknown, Wishes
from agents.entrypoints.init.listing import MANIFESTS, Listing, is_aside
from agents.entrypoints.init.node_stack import node_component, read_package
from agents.entrypoints.init.notes import Notes
from agents.entrypoints.init.python_stack import python_component

_LONGEST_NAME = 40
_PLAIN = re.compile(r"[\w.-]+(?:/[\w.-]+)*", re.ASCII)
_WORKSPACES = ("pnpm-workspace.yaml", "lerna.json", "nx.json", "turbo.json")


def inspect(listing: Listing, origin: Origin, directory: str, wishes: Wishes) -> Found:
    """Find every program of a repository; `directory` is the name of its folder."""
    called = origin.github.partition("/")[2] if origin.github else PurePosixPath(directory).name
    name = wishes.name or slug(called)
    homes = frozenset(_homes(listing))
    shared = _shared_lock(listing)
    made: list[Component] = []
    left_out: list[str] = []
    notes: list[Notes] = []
    for home in sorted(homes):
        note = Notes(name if not home else slug(PurePosixPath(home).name))
        reason = _unfit(home, shared)
        component = None if reason else _component(listing.below(home, homes), wishes, note)
        if component is None:
            left_out.append(f"{home or 'the root'}: {reason or 'nothing in it starts a program or builds a site'}")
        else:
            made.append(_seen_from_root(replace(component, directory=home)))
            notes.append(note)
    components, unknown = _with_images(_apart(made), name, origin, wishes)
    return Found(
        name=name,
        origin=origin,
        components=components,
        choices=tuple(choice for note in notes for choice in note.choices),
        unknown=(*(one for note in notes for one in note.unknown), *unknown, *_nothing(made, left_out)),
        left_out=tuple(left_out),
    )


def slug(text: str) -> str:
    """Make a name that services, components and volumes may have."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    plain = plain if plain[:1].isalpha() else f"app-{plain}".rstrip("-")
    return plain[:_LONGEST_NAME].rstrip("-")


def _homes(listing: Listing) -> Iterator[str]:
    for path in listing.paths:
        home, _, file = path.rpartition("/")
        if file in MANIFESTS and not is_aside(f"{home}/" if home else ""):
            yield home


def _shared_lock(listing: Listing) -> str:
    """Name what makes the directories of a repository one workspace with one lock file; empty where nothing does."""
    package = read_package(listing.below("")) or {}
    if package.get("workspaces"):
        return "package.json"
    if re.search(r"^\[tool\.uv\.workspace\]", listing.text("pyproject.toml"), re.MULTILINE):
        return "pyproject.toml"
    return next((name for name in _WORKSPACES if name in listing.paths), "")


def _component(listing: Listing, wishes: Wishes, notes: Notes) -> Component | None:
    return python_component(listing, wishes, notes) or node_component(listing, wishes, notes)


def _seen_from_root(component: Component) -> Component:
    """Let every place that stands in a file be one of the repository."""
    health = component.health
    known = health.place and not health.place.startswith("-") and " " not in health.place
    return replace(
        component,
        health=replace(health, place=component.at(health.place)) if known else health,
        readings=tuple(replace(one, place=component.at(one.place)) for one in component.readings),
        storage=tuple(
            replace(one, place=one.place if " " in one.place else component.at(one.place)) for one in component.storage
        ),
    )


def _unfit(home: str, shared: str) -> str:
    """Say why a directory cannot be a component whatever is in it; empty where it can."""
    if home and not _PLAIN.fullmatch(home):
        return "its name has signs that do not belong into commands and workflows; rename it"
    if home and shared:
        return f"a member of the workspace in {shared}, whose lock file lies above it; write its Dockerfile by hand"
    return ""


def _apart(made: list[Component]) -> list[Component]:
    """Give each component a name and a port on the server of its own."""
    names: set[str] = set()
    ports: set[int] = set()
    apart: list[Component] = []
    for one in made:
        name, port = one.name, one.published
        if name in names:
            name = slug(one.directory or one.name)
        while port in ports:
            port += 1
        names.add(name)
        ports.add(port)
        apart.append(replace(one, name=name, published=port))
    return apart


def _with_images(
    made: list[Component], name: str, origin: Origin, wishes: Wishes
) -> tuple[tuple[Component, ...], tuple[Unknown, ...]]:
    owner = origin.github.partition("/")[0].lower() if origin.github else ""
    base = wishes.image or (f"ghcr.io/{owner}/{name}" if owner else "")
    if not base:
        why = "the repository has no origin on GitHub whose registry could be taken"
        return tuple(made), (Unknown("image", why, "--image REGISTRY/OWNER/NAME"),)
    alone = len(made) == 1
    return tuple(replace(one, image=base if alone else f"{base}-{one.name}") for one in made), ()


def _nothing(made: list[Component], left_out: list[str]) -> Iterator[Unknown]:
    if not made:
        why = "; ".join(left_out) or "there is no pyproject.toml, requirements.txt, setup.py or package.json"
        yield Unknown(
            "program", f"nothing was found that could be released: {why}", "the path of a program's directory"
        )
