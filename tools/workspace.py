"""The bot's own disk: each release has a directory of its own, and nothing stays of a release that has ended."""

import asyncio
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_RELEASE = re.compile(r"\d{8}-\d{6}-[0-9a-f]{7}")
SCRATCH = (".suite-*", ".export-*", ".build-*")
"""What a tool keeps beside the sources while it works; a killed one leaves it there."""


@dataclass(frozen=True, slots=True)
class Workspaces:
    """The directories of all releases, below one root that also holds what releases share."""

    root: Path

    def of(self, release: str) -> Path:
        """Name the directory of one release; whoever needs it makes it."""
        return self.root / release

    async def remove(self, release: str) -> None:
        """Remove a release's directory; what cannot be removed now is tried again by `sweep`."""
        await asyncio.to_thread(shutil.rmtree, self.of(release), ignore_errors=True)

    async def sweep(self, unfinished: Collection[str]) -> None:
        """Remove what earlier processes left: directories of ended releases, and the scratch of interrupted work.

        Nothing may be at work below the root meanwhile.
        """
        await asyncio.to_thread(self._sweep, frozenset(unfinished))

    def _sweep(self, unfinished: frozenset[str]) -> None:
        releases = (place for place in self.root.glob("*") if _RELEASE.fullmatch(place.name))
        for place in releases:
            remains = [place]
            if place.name in unfinished:
                remains = [found for pattern in SCRATCH for found in place.glob(pattern)]
            for remain in remains:
                shutil.rmtree(remain, ignore_errors=True)
