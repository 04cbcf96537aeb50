"""Bringing images to the hosts while people still think: it only adds an image, and proves that the host can pull."""

import asyncio
from collections.abc import Sequence

from agents.toolbox import Server, Toolbox
from agents.wanted import Wanted
from guardrails.readiness import Unshipped, images_shipped
from guardrails.verdict import Verdict
from tools.errors import Denied, ToolError


async def ship(tools: Toolbox, wanted: Wanted) -> Verdict:
    """Have every host fetch exactly the images that it is to run, all hosts at once; what is there is not fetched."""
    missing = await asyncio.gather(*(_to(server, wanted) for server in tools.servers.values()))
    return images_shipped(one for of_host in missing for one in of_host)


async def _to(server: Server, wanted: Wanted) -> Sequence[Unshipped]:
    missing = []
    for image in wanted.images.values():
        reference = f"{image['image']}@{image['digest']}"
        try:
            if await server.images.image(reference) is None:
                await server.images.pull(reference)
        except ToolError as error:  # a host that cannot pull is a fact about the host, like one that cannot be reached
            refused = isinstance(error, Denied)
            missing.append(Unshipped(server.name, reference, error.happened, error.remedy, refused=refused))
    return missing
