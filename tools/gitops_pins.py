"""Which images a deployment file names: read from it, and written back into it with nothing else changed. Pure.

`values.yaml` of a chart names an image by a dotted path to its tag (`core.image.tag`). Beside a key called `tag`,
`repository`, `registry` and `digest` are understood. A kustomization names it by the entry of `images` that carries
its name, with `newTag`, `newName` and `digest`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tools.errors import Garbled, NotFound
from tools.gitops_yaml import Spot, child, node_at, read_tree, replaced, spot

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_TAGS = ("tag", "newTag")


@dataclass(frozen=True, slots=True)
class Pin:
    """One image as a deployment file names it. None: the file has no place for it; empty: the place is empty."""

    tag: str | None
    image: str | None = None
    """Repository without a tag, as the file says it, which may be a part of its name only."""
    digest: str | None = None

    def __str__(self) -> str:
        named = f"{self.image}:{self.tag}" if self.image and self.tag else self.tag or self.image or "no tag"
        return f"{named}@{self.digest}" if self.digest else named


def pins(text: str, file: PurePosixPath, places: Mapping[str, str]) -> dict[str, Pin]:
    """Read the image of every component; `places` is `GitopsTarget.images`.

    Raises `NotFound` for a place that is not there, `Garbled` for one that holds no single value.
    """
    return {component: _pin(spots) for component, spots in _all_spots(text, file, places).items()}


def edited(text: str, file: PurePosixPath, places: Mapping[str, str], wanted: Mapping[str, Pin]) -> str:
    """Write images into the text; nothing but their values changes, and what the file says already stays as it is."""
    known = _all_spots(text, file, {component: places[component] for component in wanted})
    values: dict[Spot, str] = {}
    for component, pin in wanted.items():
        for place, value in _written(known[component], pin).items():
            if values.setdefault(place, value) != value:
                raise Garbled(
                    f"{component} shares its place in {file} with another component, which has another image.",
                    standing="Nothing was written.",
                    remedy="Give each component a place of its own in `target.images` of the environment.",
                )
    return replaced(text, {place: value for place, value in values.items() if place.value != value})


def aim(stands: Pin, built: Pin, own: str, fallback: str | None = None) -> Pin:
    """Tell what shall stand where an image stands now, given the image that was built.

    `own` and `fallback` are the component's repositories. Another name that stands in the file (a mirror, a part of
    the name) is the operator's and stays; raises `NotFound` where the file then could not name the fallback.
    """
    digest = built.digest if stands.digest else stands.digest
    tag = None if stands.tag is None else built.tag
    if stands.image in (own, fallback) and stands.image is not None:
        return Pin(tag, built.image, digest)
    if built.image != own:
        raise NotFound(
            f"The image was pushed to the fallback {built.image}, but the deployment file has no place for that name.",
            standing="Nothing was written.",
            remedy=f"Write `repository: {own}` beside the tag (`newName` in a kustomization), then release again.",
        )
    return Pin(tag, stands.image, digest)


def _all_spots(text: str, file: PurePosixPath, places: Mapping[str, str]) -> dict[str, dict[str, Spot]]:
    root = read_tree(text, str(file))
    find = _in_kustomization if file.name in KUSTOMIZATIONS else _in_values
    return {component: find(text, root, place, str(file)) for component, place in places.items()}


def _in_values(text: str, root: Node, place: str, file: str) -> dict[str, Spot]:
    path = place.split(".")
    node, key = node_at(root, path, file)
    found = {"tag": spot(text, node, key, f"{place} in {file}")}
    if path[-1] not in _TAGS:
        return found
    parent, _ = node_at(root, path[:-1], file)
    return found | _beside(text, parent, {"image": "repository", "registry": "registry", "digest": "digest"})


def _in_kustomization(text: str, root: Node, name: str, file: str) -> dict[str, Spot]:
    entry = _entry(root, name, file)
    if entry is None:
        raise NotFound(
            f"{file} has no entry named {name} under `images`.",
            standing="Nothing was written.",
            remedy=f"Add `- name: {name}` with its `newTag`, or correct `target.images` of the environment.",
        )
    found = _beside(text, entry, {"tag": "newTag", "image": "newName", "digest": "digest"})
    if not {"tag", "digest"} & found.keys():
        raise NotFound(
            f"The image {name} in {file} has neither `newTag` nor `digest`.",
            standing="Nothing was written.",
            remedy=f"Add `newTag` to the entry of {name}.",
        )
    return found


def _entry(root: Node, name: str, file: str) -> Node | None:
    images = child(root, "images")
    entries = images[1].value if images and isinstance(images[1], SequenceNode) else ()
    found = [number for number, entry in enumerate(entries) if _is_named(entry, name)]
    if len(found) > 1:
        raise Garbled(
            f"{file} has {len(found)} entries named {name} under `images`.",
            standing="Nothing was written.",
            remedy="Keep one of them: kustomize applies them all, one after the other.",
        )
    return node_at(root, ["images", str(found[0])], file)[0] if found else None


def _is_named(entry: Node, name: str) -> bool:
    named = child(entry, "name") if isinstance(entry, MappingNode) else None
    return named is not None and isinstance(named[1], ScalarNode) and named[1].value == name


def _beside(text: str, parent: Node, keys: Mapping[str, str]) -> dict[str, Spot]:
    """Find those of a mapping's own values that say what an image is called."""
    found: dict[str, Spot] = {}
    for field, name in keys.items():
        pair = child(parent, name)
        if pair and pair[0] is not None and isinstance(pair[1], ScalarNode):
            node, key = node_at(parent, [name], name)
            found[field] = spot(text, node, key, name)
    return found


def _pin(spots: Mapping[str, Spot]) -> Pin:
    value = {field: place.value for field, place in spots.items()}
    image = value.get("image")
    if image and value.get("registry"):
        image = f"{value['registry']}/{image}"
    return Pin(value.get("tag"), image, value.get("digest"))


def _written(spots: Mapping[str, Spot], pin: Pin) -> dict[Spot, str]:
    stands = _pin(spots)
    values = {"tag": pin.tag, "digest": pin.digest}
    if pin.image is not None and pin.image != stands.image:
        registry, _, path = pin.image.partition("/")
        split = "registry" in spots and spots["registry"].value
        values |= {"registry": registry, "image": path} if split else {"image": pin.image}
    return {spots[field]: value for field, value in values.items() if value is not None and field in spots}
