"""What somebody does to a target by hand, outside of any release: who may, and that nobody is at work there."""

import uuid
from collections.abc import Iterable

from agents import policy
from agents.answers import Person
from agents.membership import Membership
from config.shipmate import Configuration
from tools.clock import Clock
from tools.errors import Denied, Superseded
from tools.history import Store
from tools.history.leases import PATIENCE
from tools.history.releases import Release, Status

Where = tuple[str, str]
"""Service and environment."""


async def require_right(where: Where, person: Person, configuration: Configuration, clock: Clock, doing: str) -> None:
    """Raise `Denied` for whoever may not lock the target; `doing` says what else that right is asked for."""
    membership = Membership(clock, configuration.shipmate.groups)
    refusal = await policy.may_lock(*where, person, configuration, membership)
    if refusal:
        raise Denied(
            refusal.standing,
            standing=f"Only they may {doing}, too. Nothing was changed.",
            remedy="Ask an approver or owner to do it.",
        )


async def require_free(targets: Iterable[Where], store: Store, clock: Clock) -> None:
    """Raise `Superseded` where a release, or anybody else, is at work on one of them."""
    for service, environment in targets:
        held = await store.leases.of(service, environment)
        if held and clock.now() - held.heartbeat < PATIENCE:
            raise Superseded(
                f"{held.release} is at work there: {service} in {environment}.",
                standing="Nothing was changed.",
                remedy="Wait for its end, or cancel it.",
            )


def stands_for(kind: str, where: Where, person: Person, clock: Clock, version: str = "") -> Release:
    """Make what holds the target meanwhile: it is no release, and is stored nowhere."""
    now = clock.now()
    return Release(
        id=f"{now:%Y%m%d-%H%M%S}-{kind}",
        request=uuid.uuid4().hex,
        kind=kind,
        service=where[0],
        environment=where[1],
        version=version,
        trigger="manual",
        requested_by=person.id,
        origin={},
        requested_at=now,
        status=Status.RUNNING,
        stage="",
        finished_at=None,
        outcome=None,
        cause="",
        commit="",
        from_version="",
        cancelled_by=None,
    )
