"""Two trees of a repository compared by content, for changes that are too large for GitHub's own comparison. Pure."""

from collections.abc import Mapping

from tools.changes import ChangedFile


def tree_changes(older: Mapping[str, str], newer: Mapping[str, str]) -> tuple[ChangedFile, ...]:
    """Compare two trees (path -> content hash), sorted by path; a moved file with the same content is a rename.

    Lines are not counted: the trees do not tell them.
    """
    gone = {path for path in older if path not in newer}
    came = {path for path in newer if path not in older}
    renames = _renames({path: older[path] for path in gone}, {path: newer[path] for path in came})
    changes = [ChangedFile(path, "renamed", previous) for path, previous in renames.items()]
    changes += [ChangedFile(path, "deleted") for path in gone - set(renames.values())]
    changes += [ChangedFile(path, "added") for path in came - set(renames)]
    changes += [ChangedFile(path, "modified") for path, blob in newer.items() if older.get(path, blob) != blob]
    return tuple(sorted(changes, key=lambda change: change.path))


def _renames(gone: Mapping[str, str], came: Mapping[str, str]) -> dict[str, str]:
    by_content: dict[str, list[str]] = {}
    for path in sorted(gone, reverse=True):
        by_content.setdefault(gone[path], []).append(path)
    return {path: by_content[blob].pop() for path, blob in sorted(came.items()) if by_content.get(blob)}
