"""Whether mounts still mean what they meant when a plan was judged: an env file may change while people think."""

from collections.abc import Sequence

from agents.destinations.compose.composed import composed
from agents.destinations.compose.judgement import judge_storage
from agents.destinations.compose.on_host import on_hosts
from agents.destinations.compose.survey import Surveyed
from agents.toolbox import Toolbox
from agents.wanted import Wanted
from guardrails.compose_text import mount_variables
from guardrails.verdict import Verdict


async def remounted(tools: Toolbox, wanted: Wanted, compose_text: str, surveyed: Sequence[Surveyed]) -> Verdict:
    """Object where a variable in a mount would now leave behind what the running containers keep."""
    services = map(tools.service.compose_service, tools.service.components)
    used = {name for service in services for name in mount_variables(compose_text, service)}
    if not used - {tools.environment.compose.image_tag_variable}:
        return Verdict()
    whole = await composed(tools, wanted)
    if isinstance(whole, Verdict):
        return whole
    return judge_storage(tools, whole, surveyed, await on_hosts(tools, whole, surveyed))
