"""The rollback registry: what runs now and what ran before, per service, environment and component."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tools.history.rows import Rows
from tools.history.tables import deployments

ADOPTED = "adopted"
"""Stands for the release of something that Shipmate did not deploy."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a component runs.

    `current` and `previous` carry `version commit image tag digest`; each is None until there was one.
    """

    component: str
    current: Mapping[str, Any] | None
    previous: Mapping[str, Any] | None
    release: str

    def runs(self, digest: str | None) -> bool:
        """Tell whether exactly this image is what the component runs; an unknown one never is."""
        return digest is not None and (self.current or {}).get("digest") == digest


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
        former = (await self.of(service, environment)).get(component)
        await self._note(service, environment, component, release, running, former.current if former else None)

    async def go_back(
        self,
        service: str,
        environment: str,
        component: str,
        release: str,
        running: Mapping[str, Any],
        before: Mapping[str, Any] | None,
    ) -> None:
        """Note what a verified rollback runs again; the previous is what ran before that, not what it went away from.

        Repeating it changes nothing.
        """
        await self._note(service, environment, component, release, running, before)

    async def _note(
        self,
        service: str,
        environment: str,
        component: str,
        release: str,
        running: Mapping[str, Any],
        previous: Mapping[str, Any] | None,
    ) -> None:
        """Replace a row; an image that ran already has not become its own predecessor."""
        former = (await self.of(service, environment)).get(component)
        if former and former.release == release:
            return
        if former and former.runs(running.get("digest")):
            previous = former.previous
        values = {
            "current": dict(running),
            "previous": dict(previous) if previous else None,
            "release": release,
            "at": self._now(),
        }
        insert = self._insert(deployments).values(
            service=service, environment=environment, component=component, **values
        )
        keys = ["service", "environment", "component"]
        await self._change(insert.on_conflict_do_update(index_elements=keys, set_=values))
