"""Warnings that do not go away: how often in a row a suite ended with one, counted from what the journal keeps."""

from agents.events import SuiteRan
from agents.toolbox import Toolbox
from guardrails.failures import warnings_before

_LOOK_BACK = 4
"""Times the number that counts as critical: so many releases back, those included in which the suite did not run."""


async def warned_before(suite: str, tools: Toolbox) -> int:
    """Tell in how many ended releases in a row, up to now, a suite of this target ended with a warning."""
    most = _LOOK_BACK * tools.failures.warnings_raised_at
    past = await tools.store.journal.in_ended(tools.service.service, tools.environment_name, SuiteRan.KIND, most)
    return warnings_before(
        (str(entry.body["outcome"]), int(entry.body.get("warnings_in_a_row", 0)))
        for entry in past
        if entry.body["name"] == suite
    )
