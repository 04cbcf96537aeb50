"""What keeps releases from a target for a while: a person's lock, or a freeze.

Rollbacks, and releases in an emergency, are kept by neither. What GitHub sets off waits
for the end instead of being refused: nobody is there to ask for it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agents.answers import Refusal
from agents.events import HeldBack
from agents.triggers import MANUAL
from config.freezes import Freeze
from config.shipmate import Configuration
from guardrails.freezes import frozen_at
from tools.clock import Clock
from tools.history import Store
from tools.history.locks import Lock
from tools.history.releases import Release


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a target takes no releases now, and until when; `until` is None where nobody knows."""

    code: str
    """locked or frozen."""
    by: str
    """The person who locked; empty for a freeze."""
    reason: str
    until: datetime | None

    def told(self, service: str, environment: str) -> str:
        """Say it in one sentence."""
        by = f" by {self.by}" if self.by else ""
        until = f" until {self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"{service} in {environment} is {self.code}{by}{until}: {self.reason}."

    def event(self, over: str = "") -> HeldBack:
        """Make the event for a release that it holds back, or held back until it was over."""
        return HeldBack(self.code, self.by, self.reason, self.until.isoformat() if self.until else "", over)


def is_exempt(release: Release) -> bool:
    """Tell whether nothing holds a release back: the way back, an emergency, and what never touches the target."""
    return release.kind == "rollback" or release.break_glass is not None or release.stops_early


def waits(release: Release) -> bool:
    """Tell whether a release waits for the end of a hold instead of being refused."""
    return release.trigger != MANUAL and not is_exempt(release)


def freezes_of(configuration: Configuration, service: str, environment: str) -> tuple[Freeze, ...]:
    """List the windows of a target: everybody's, and its own."""
    return (*configuration.shipmate.freezes, *configuration.services[service].environments[environment].freezes)


async def hold_on(
    store: Store, freezes: Sequence[Freeze], service: str, environment: str, now: datetime
) -> Hold | None:
    """Tell what holds a target now."""
    lock = await store.locks.of(service, environment)
    return _by_lock(lock) if lock else _by_freeze(freezes, now)


def _by_lock(lock: Lock) -> Hold:
    return Hold("locked", lock.by, lock.reason, lock.until)


def _by_freeze(freezes: Sequence[Freeze], now: datetime) -> Hold | None:
    frozen = frozen_at(freezes, now)
    return Hold("frozen", "", frozen.reason, frozen.until) if frozen else None


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds of everything that is configured."""

    configuration: Configuration
    store: Store
    clock: Clock

    def knows(self, service: str, environment: str) -> bool:
        """Tell whether a target is configured."""
        declared = self.configuration.services.get(service)
        return declared is not None and environment in declared.environments

    async def on(self, service: str, environment: str) -> Hold | None:
        """Tell what holds a target now."""
        freezes = freezes_of(self.configuration, service, environment)
        return await hold_on(self.store, freezes, service, environment, self.clock.now())

    async def refusal(self, service: str, environment: str) -> Refusal | None:
        """Refuse a new release, where one cannot wait."""
        hold = await self.on(service, environment)
        if hold is None:
            return None
        way_out = "A rollback is still possible, and so is break-glass for those who are named for it."
        return self._refusal(hold, service, environment, way_out)

    async def closed(self, release: Release) -> Refusal | None:
        """Refuse to let a release through that waits for approval."""
        hold = None if is_exempt(release) else await self.on(release.service, release.environment)
        if hold is None:
            return None
        way_out = "The plan still waits: approve it afterwards, or reject or cancel it now."
        return self._refusal(hold, release.service, release.environment, way_out)

    def _refusal(self, hold: Hold, service: str, environment: str, way_out: str) -> Refusal:
        if hold.code == "locked":
            way_out += " Once the reason is gone, `unlock` lets releases in again."
        standing = f"{hold.told(service, environment)} {way_out}"
        return Refusal(hold.code, standing, f"status {service} {environment}")
