"""The part of a diff that a model is shown: deletions of protections first, small files before large ones. Pure."""

import re
from dataclasses import dataclass, field

from agents.words.patch import FilePatch, file_patches, removed_protections

_HEADING = re.compile(r"^@@ .*$")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What fits, and by name what does not; every file of the diff is in exactly one of the three."""

    text: str
    left_out: tuple[str, ...]
    """Shown by name only."""
    deletions_only: tuple[str, ...] = ()
    """Too large to be shown whole; the lines that go are shown."""
    patches: tuple[FilePatch, ...] = field(default=())
    """What is shown, file by file, as far as it is shown."""

    @property
    def size_bytes(self) -> int:
        """Tell how large the shown part is."""
        return len(self.text.encode())


def excerpt(diff: str, budget_bytes: int) -> Excerpt:
    """Choose what to show up to a size: files as a whole, and of those that do not fit the lines that they lose."""
    patches = file_patches(diff)
    protected = {removed.path for removed in removed_protections(diff)}

    def order(patch: FilePatch) -> tuple[bool, bool, int, str]:
        return (patch.path not in protected, not patch.removed, len(patch.text), patch.path)

    room, kept_free = budget_bytes, 0
    whole: list[FilePatch] = []
    large: list[FilePatch] = []
    for patch in sorted(patches, key=order):
        size = len(patch.text.encode())
        if size <= room - kept_free:
            room -= size
            whole.append(patch)
            continue
        large.append(patch)
        # What loses lines is not pushed out by what gains them: room for its deletions is kept.
        deletions = len(_deletions(patch).text.encode()) if patch.removed else 0
        kept_free += deletions if kept_free + deletions <= room else 0
    partly: list[FilePatch] = []
    for patch in map(_deletions, large):
        size = len(patch.text.encode())
        if patch.removed and size <= room:
            room -= size
            partly.append(patch)
    shown = (*whole, *partly)
    named = {patch.path for patch in shown}
    return Excerpt(
        text="".join(patch.text for patch in shown),
        left_out=tuple(sorted(patch.path for patch in patches if patch.path not in named)),
        deletions_only=tuple(sorted(patch.path for patch in partly)),
        patches=shown,
    )


def _deletions(patch: FilePatch) -> FilePatch:
    """Keep of a patch its header and the lines that go."""
    header, at, hunks = patch.text.partition("\n@@")
    lines = [line for line in (at + hunks).split("\n") if line.startswith("-") or _HEADING.match(line)]
    text = "\n".join([header, "[only the lines that go are shown]", *lines]) + "\n"
    return FilePatch(patch.path, text, patch.removed, (), patch.removed_at)
