"""What in a change speaks against going back to the version before it. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from agents.words.differences import Difference, Sort
from agents.words.patch import FilePatch

DESTRUCTIVE = re.compile(
    r"\b(?:DROP\s+(?:TABLE|COLUMN|INDEX|SCHEMA|TYPE|CONSTRAINT)|TRUNCATE|DELETE\s+FROM|RENAME\s+(?:TO|COLUMN|TABLE)"
    r"|ALTER\s+COLUMN|MODIFY\s+COLUMN|SET\s+NOT\s+NULL)\b"
    r"|\b(?:drop_table|drop_column|drop_index|drop_constraint|rename_table|rename_column|alter_column|remove_column"
    r"|change_column|RemoveField|DeleteModel|RenameField|RenameModel|AlterField|dropTable|dropColumn|renameColumn)\b",
    re.IGNORECASE,
)
UNHINDERED = "Nothing in the change speaks against going back to the version before."
_STORAGE = re.compile(r"^(?:mount|volume)\b")
_DOWN = re.compile(r"(?:\.down\.|[._-]down\.|/down/|rollback)")


def destructive_lines(patches: Iterable[FilePatch], migrations: Sequence[str]) -> tuple[str, ...]:
    """List the added lines of migrations that destroy or rename what the version before reads."""
    names = {path for path in migrations if not _DOWN.search(path)}
    found = ((p.path, line.strip()) for p in patches if p.path in names for line in p.added if DESTRUCTIVE.search(line))
    return tuple(f"{path}: {line}" for path, line in dict.fromkeys(found) if not line.startswith(("--", "#")))


def way_back(
    migrations: Sequence[str], destructive: Sequence[str], settings: Iterable[Difference], unread: Iterable[str]
) -> tuple[str, ...]:
    """Tell in sentences what going back has to reckon with; one sentence where nothing does."""
    found = [*_schema(migrations, destructive), *_running(settings)]
    found += [f"Not known, for its lines were not read: {path}" for path in unread if path in migrations]
    return tuple(found) or (UNHINDERED,)


def _schema(migrations: Sequence[str], destructive: Sequence[str]) -> Iterator[str]:
    for line in destructive:
        yield f"Going back loses or misses data: {line}"
    if migrations:
        yield f"The version before must work with the schema as these leave it: {', '.join(migrations)}"


def _running(settings: Iterable[Difference]) -> Iterator[str]:
    for one in settings:
        if _STORAGE.match(one.subject) and one.sort is not Sort.ADDED:
            yield f"Data written until then lies elsewhere: {one}"
        elif one.subject.startswith("variable ") and one.sort is Sort.REMOVED:
            yield f"The version before still reads it, so keep it on the hosts: {one}"
