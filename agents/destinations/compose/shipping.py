"""Bringing images to the hosts while people still think: it only adds an image, and proves that the host can get it."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.events import ArrivalLine, Shipped
from agents.toolbox import Server, Toolbox
from agents.wanted import Wanted
from guardrails.readiness import Unshipped, images_shipped
from guardrails.verdict import Verdict
from tools.errors import Denied, ToolError
from tools.fitting import require_fit
from tools.tasks import side_by_side


@dataclass(frozen=True, slots=True)
class _Delivery:
    """What one host got, and what it could not get."""

    arrivals: Sequence[ArrivalLine]
    missing: Sequence[Unshipped]


async def ship(tools: Toolbox, wanted: Wanted) -> Verdict:
    """Have every host get exactly the images that it is to run, hosts side by side; what is there does not travel."""
    begun = tools.clock.monotonic()
    deliveries = await side_by_side(tools.servers.values(), lambda server: _to(server, wanted))
    arrivals = tuple(one for delivery in deliveries for one in delivery.arrivals)
    if arrivals:
        await tools.report(Shipped(arrivals, round(tools.clock.monotonic() - begun, 3)))
    return images_shipped(one for delivery in deliveries for one in delivery.missing)


async def _to(server: Server, wanted: Wanted) -> _Delivery:
    arrivals, missing = [], []
    for component, image in wanted.images.items():
        reference = f"{image['image']}@{image['digest']}"
        try:
            if await server.images.image(reference) is None:
                came = await server.images.bring(reference)
                arrivals.append(ArrivalLine(component, server.name, came.way, came.why, came.sent_bytes))
            await require_fit(server.host, reference)
        except ToolError as error:  # a host that cannot get it is a fact about the host, like one that is away
            refused = isinstance(error, Denied)
            missing.append(Unshipped(server.name, reference, error.happened, error.remedy, refused=refused))
    return _Delivery(arrivals, missing)
