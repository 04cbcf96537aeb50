"""What an operator declares about saving a service's data before a release touches it."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from config.duration import Duration
from config.settings import ABSOLUTE_PATH, Name, Settings

AbsolutePath = Annotated[str, StringConstraints(pattern=ABSOLUTE_PATH)]


class Backup(Settings):
    """Data saved on its own host before the first effect of a release. A backup that fails stops the release."""

    mounts: tuple[AbsolutePath, ...] = ()
    """Paths in the containers, where volumes or directories of the host are mounted. Empty: `persist`, above."""
    stop: bool = False
    """Stop what writes there meanwhile. Otherwise files that belong together may be from different moments."""
    dumps: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    """Compose service -> command that is run in its container, and whose output is kept: `[pg_dump, -U, app, app]`."""
    keep: int = Field(default=3, ge=1, le=100)
    """How many backups stay on a host, newest first."""
    timeout: Duration = timedelta(minutes=10)
    """For one host."""
