"""Paths on the machine the bot runs on: written relative to the YAML file that names them."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo


def resolve_against(directory: Path, path: Path) -> Path:
    """Make a path absolute, seen from a directory; `~` is the bot's home."""
    return Path(directory, path.expanduser()).resolve()


def _seen_from_the_file(path: Path, info: ValidationInfo) -> Path:
    directory = (info.context or {}).get("directory")
    return path if directory is None else resolve_against(directory, path)


def _origin_seen_from_the_file(url: str, info: ValidationInfo) -> str:
    return str(_seen_from_the_file(Path(url), info)) if url.startswith(("./", "../", "~/")) else url


LocalPath = Annotated[Path, AfterValidator(_seen_from_the_file)]

Origin = Annotated[str, AfterValidator(_origin_seen_from_the_file)]
"""Anything git can clone; a local path starts with `/`, `./`, `../` or `~/`."""
