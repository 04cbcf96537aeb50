"""What an image brings to a place that a mount covers: nobody ever sees it, or only its first version."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from guardrails.mounts import clean, within
from guardrails.verdict import Finding, Level, Verdict
from tools.compose_file import ComposeService, Mount
from tools.layers import LayerFile

_REMOVED = ".wh."


def content_below(files: Iterable[LayerFile], targets: Collection[str]) -> dict[str, int]:
    """Count the files that an image has at each of these places; places without any are left out.

    `files` come from all layers, from below: `.wh.name` takes away what a layer below brought.
    """
    places, found = {clean(target) for target in targets}, dict[str, set[str]]()
    for file in sorted(files, key=lambda file: file.number):
        directory, _, name = file.path.rpartition("/")
        for place in (place for place in places if within(file.path, place)):
            there = found.setdefault(place, set())
            if name.startswith(_REMOVED):
                gone = directory if name == ".wh..wh..opq" else f"{directory}/{name.removeprefix(_REMOVED)}"
                there -= {path for path in there if within(path, gone)}
            else:
                there.add(file.path)
    return {place: len(paths) for place, paths in sorted(found.items()) if paths}


def image_content_seen(service: ComposeService, covered: Mapping[str, int]) -> Verdict:
    """Warn of mounts that lie over files of the image; `covered` is `content_below`'s."""
    return Verdict.of(finding for mount in service.mounts for finding in _covering(service.name, mount, covered))


def _covering(service: str, mount: Mount, covered: Mapping[str, int]) -> Iterator[Finding]:
    count = covered.get(clean(mount.target), 0)
    if not count or mount.kind not in {"bind", "volume"}:
        return
    files = "1 file" if count == 1 else f"{count} files"
    if mount.kind == "volume":
        rule = "volume-shadows-image"
        message = (
            f"The image has {files} at {mount.target}. Volume {mount.source} gets them once, when it is new; what a "
            "later image brings there never appears."
        )
    else:
        rule = "bind-hides-image"
        message = f"The image has {files} at {mount.target}, and {mount.source} hides them."
    remedy = f"Keep in the image what is released, and at {mount.target} only what the program writes."
    yield Finding(rule, f"{service}: {mount.target}", message, remedy, Level.WARNING)
