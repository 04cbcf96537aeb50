"""What an operator declares about the migrations of a service's database."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from config.settings import Settings

PLACES = ("migrations/", "alembic/versions/", "prisma/", "drizzle/", "db/migrate/")


class Migrations(Settings):
    """Where migrations lie, and what is done about one with no way back."""

    paths: tuple[str, ...] = PLACES
    """Directories at any depth, `migrations/`, or globs of whole paths, `sql/V*.sql`."""
    no_way_back: Literal["warn", "refuse"] = "warn"
    """What happens to a release whose migration loses data or breaks the version before: told on the card, or refused.
    """
    declared: dict[str, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]] = Field(
        default_factory=dict
    )
    """Path of a migration, or a glob -> why the version before works with what it leaves."""
