"""The rollback registry: what runs now and what ran before, per service, environment and component."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tools.history.rows import Rows
from tools.history.tables import deployments


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a component runs.

    `current` and `previous` carry `version commit image tag digest`; each is None until there was one.
    """

    component: str
    current: Mapping[str, Any] | None
    previous: Mapping[str, Any] | None
    release: str


class Deployments(Rows):
    """The deployments table."""

    async def of(self, service: str, environment: str) -> Mapping[str, Deployment]:
        """Return what each component runs."""
        rows = await self._all(
            select(deployments).where(deployments.c.service == service, deployments.c.environment == environment)
        )
        return {
            row["component"]: Deployment(row["component"], row["current"], row["previous"], row["release"])
            for row in rows
        }

    async def everything(self) -> tuple[tuple[str, str, Deployment], ...]:
        """List (service, environment, deployment) for all that ever was deployed."""
        rows = await self._all(select(deployments).order_by(deployments.c.service, deployments.c.environment))
        return tuple(
            (
                row["service"],
                row["environment"],
                Deployment(row["component"], row["current"], row["previous"], row["release"]),
            )
            for row in rows
        )

    async def succeed(
        self, service: str, environment: str, component: str, release: str, running: Mapping[str, Any]
    ) -> None:
        """Note what a verified release runs now; the former becomes the previous. Repeating it changes nothing."""
        before = (await self.of(service, environment)).get(component)
        if before and before.release == release:
            return
        values = {
            "current": dict(running),
            "previous": dict(before.current) if before and before.current else None,
            "release": release,
            "at": self._now(),
        }
        insert = self._insert(deployments).values(
            service=service, environment=environment, component=component, **values
        )
        keys = ["service", "environment", "component"]
        await self._change(insert.on_conflict_do_update(index_elements=keys, set_=values))
