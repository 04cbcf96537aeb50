"""The part of a diff that a model is shown: deletions of protections first, small files before large ones. Pure."""

from dataclasses import dataclass

from agents.words.patch import FilePatch, file_patches, removed_protections


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What fits, and by name what does not."""

    text: str
    left_out: tuple[str, ...]


def excerpt(diff: str, budget_bytes: int) -> Excerpt:
    """Choose whole files of a diff up to a size; a file is shown whole or not at all."""
    protected = {removed.path for removed in removed_protections(diff)}

    def order(patch: FilePatch) -> tuple[bool, bool, int, str]:
        return (patch.path not in protected, not patch.removed, len(patch.text), patch.path)

    shown: list[str] = []
    left_out: list[str] = []
    room = budget_bytes
    for patch in sorted(file_patches(diff), key=order):
        size = len(patch.text.encode())
        if size > room:
            left_out.append(patch.path)
            continue
        room -= size
        shown.append(patch.text)
    return Excerpt("".join(shown), tuple(sorted(left_out)))
